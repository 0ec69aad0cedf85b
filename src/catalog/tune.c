/*
 * tune.c
 *		cvm.tune(): tries options by cross-validation and trains with the best.
 *
 * All trials are measured before anything is written: then the best options
 * are trained on all rows through the door of cvm.train(), with its gate, and
 * every trial is recorded beside the model.
 *
 * "halving" (Jamieson and Talwalkar, 2016) measures all combinations on few
 * rows, keeps the best third, takes three times the rows, and so on.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "catalog/access.h"
#include "catalog/cross_validate.h"
#include "catalog/search_space.h"
#include "catalog/train_function.h"
#include "pg/options_json.h"

#define HALVING_FACTOR 3

/* Halving does not go below this share of the rows. */
#define LEAST_SHARE 0.02

typedef struct Attempt
{
	Jsonb	   *options;		/* those that are tried */
	double		share;			/* of the rows */
	const char *metric;
	double		mean;			/* NaN: no value */
	double		deviation;
	double		seconds;
	bool		more_is_better;
	bool		chosen;
	struct Attempt *next;		/* in the order in which they were made */
} Attempt;

typedef struct Tuning
{
	CvmDefinition *definition;	/* options: those that all trials have */
	int			folds;
	Attempt    *first;
	Attempt   **end;
} Tuning;

/* ---- trials ---- */

static Jsonb *
with_options(Jsonb *options, Jsonb *tried)
{
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(options),
											  JsonbPGetDatum(tried)));
}

static Attempt *
try(Tuning *tuning, Jsonb *options, double share)
{
	CvmDefinition definition = *tuning->definition;
	Attempt    *attempt = palloc0(sizeof(Attempt));
	TimestampTz started = GetCurrentTimestamp();
	CvmCrossValidation *validation;
	const CvmFoldedMetric *metric;

	definition.model = NULL;
	definition.options = with_options(definition.options, options);
	validation = cvm_cross_validate_definition(&definition, tuning->folds, false, share);
	metric = cvm_folded_primary(validation);
	attempt->options = options;
	attempt->share = share;
	attempt->metric = validation->primary;
	attempt->more_is_better = validation->more_is_better;
	attempt->mean = metric != NULL ? metric->mean : NAN;
	attempt->deviation = metric != NULL ? metric->deviation : NAN;
	attempt->seconds = (GetCurrentTimestamp() - started) / 1e6;
	*tuning->end = attempt;
	tuning->end = &attempt->next;
	return attempt;
}

/* Those without a value come last; equals keep their order. */
static bool
is_better(const Attempt *a, const Attempt *b)
{
	if (isnan(a->mean) || isnan(b->mean))
		return !isnan(a->mean);
	return a->more_is_better ? a->mean > b->mean : a->mean < b->mean;
}

static void
sort_attempts(Attempt **attempts, int count)
{
	for (int i = 1; i < count; i++)
	{
		Attempt    *moved = attempts[i];
		int			place = i;

		while (place > 0 && is_better(moved, attempts[place - 1]))
		{
			attempts[place] = attempts[place - 1];
			place--;
		}
		attempts[place] = moved;
	}
}

/* Tries all on a share of the rows; the result is sorted, the best first. */
static Attempt **
try_all(Tuning *tuning, Jsonb **options, int count, double share)
{
	Attempt   **attempts = palloc(sizeof(Attempt *) * count);

	for (int i = 0; i < count; i++)
		attempts[i] = try(tuning, options[i], share);
	sort_attempts(attempts, count);
	return attempts;
}

static Attempt *
halve(Tuning *tuning, Jsonb **options, int count)
{
	double		share = 1;
	Attempt   **attempts;

	for (int left = count; left > 1 && share > LEAST_SHARE * HALVING_FACTOR; left /= HALVING_FACTOR)
		share /= HALVING_FACTOR;
	for (;;)
	{
		attempts = try_all(tuning, options, count, share);
		if (share >= 1 || count == 1)
			return attempts[0];
		count = Max(1, count / HALVING_FACTOR);
		share = Min(1, share * HALVING_FACTOR);
		/* thirds of thirds do not quite make one again */
		if (share > 0.99)
			share = 1;
		for (int i = 0; i < count; i++)
			options[i] = attempts[i]->options;
	}
}

static Attempt *
search_options(Tuning *tuning, Jsonb *search, const char *method, int budget)
{
	CvmOptions	defaults;
	Jsonb	  **options;
	int			count;

	cvm_options_for_train(&defaults);
	cvm_options_apply_json(&defaults, tuning->definition->options,
						   tuning->definition->algorithm);
	if (strcmp(method, "grid") == 0)
		options = cvm_search_grid(search, budget, &count);
	else if (strcmp(method, "random") == 0 || strcmp(method, "halving") == 0)
		options = cvm_search_random(search, budget, (uint64) defaults.seed, &count);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method \"%s\" is not known", method),
				 errhint("Methods are grid, random and halving.")));
	return strcmp(method, "halving") == 0 ? halve(tuning, options, count) :
		try_all(tuning, options, count, 1)[0];
}

/* ---- the record ---- */

static int
next_tuning(const char *model)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model)};

	cvm_catalog_execute("SELECT coalesce(max(tuning), 0) + 1 FROM cvm.tuning_trials WHERE model = $1",
						1, types, values, NULL, false);
	return cvm_catalog_integer(0, 1);
}

static void
record_attempts(const Tuning *tuning, const char *model)
{
	Oid			types[] = {TEXTOID, INT4OID, INT4OID, JSONBOID, TEXTOID, FLOAT8OID, FLOAT8OID,
	INT4OID, FLOAT8OID, BOOLOID, FLOAT8OID};
	int			number = next_tuning(model);
	int			trial = 0;

	for (const Attempt *attempt = tuning->first; attempt != NULL; attempt = attempt->next)
	{
		Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(number),
			Int32GetDatum(++trial), JsonbPGetDatum(attempt->options),
			CStringGetTextDatum(attempt->metric), Float8GetDatum(attempt->mean),
			Float8GetDatum(attempt->deviation), Int32GetDatum(tuning->folds),
			Float8GetDatum(attempt->share), BoolGetDatum(attempt->chosen),
		Float8GetDatum(attempt->seconds)};
		char		nulls[] = "           ";

		if (isnan(attempt->mean))
			nulls[5] = 'n';
		if (isnan(attempt->deviation))
			nulls[6] = 'n';
		cvm_catalog_execute("INSERT INTO cvm.tuning_trials (model, tuning, trial, options, metric,"
							" mean, deviation, folds, share, chosen, seconds)"
							" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
							11, types, values, nulls, false);
	}
}

/* ---- SQL ---- */

static int
check_budget(int budget)
{
	if (budget < 1 || budget > CVM_MOST_TRIALS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a budget of %d trials cannot be used", budget),
				 errhint("Take 1 to %d.", CVM_MOST_TRIALS)));
	return budget;
}

/*
 * cvm.tune(model, source, target, algorithm, features, key, weight, options,
 * search, method, budget, folds) -> cvm.training_result
 */
PG_FUNCTION_INFO_V1(cvm_tune);
Datum
cvm_tune(PG_FUNCTION_ARGS)
{
	CvmDefinition definition;
	Tuning		tuning = {.definition = &definition};
	MemoryContext caller = CurrentMemoryContext;
	CvmTrainResult *result;
	Attempt    *best;
	TupleDesc	columns;
	MemoryContext spi;
	Datum		row;
	int			budget = check_budget(PG_ARGISNULL(10) ? 20 : PG_GETARG_INT32(10));

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "cvm.tune must return a row");
	PreventCommandDuringRecovery("cvm.tune()");
	PreventCommandIfReadOnly("cvm.tune()");
	cvm_definition_from_arguments(fcinfo, 1, &definition);
	definition.model = cvm_model_argument(fcinfo);
	tuning.folds = PG_ARGISNULL(11) ? 3 : PG_GETARG_INT32(11);
	tuning.end = &tuning.first;
	cvm_check_folds(tuning.folds);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	cvm_check_may_train(definition.model);
	best = search_options(&tuning, PG_ARGISNULL(8) ? NULL : PG_GETARG_JSONB_P(8),
						  PG_ARGISNULL(9) ? "grid" : text_to_cstring(PG_GETARG_TEXT_PP(9)),
						  budget);
	best->chosen = true;
	definition.options = with_options(definition.options, best->options);
	result = cvm_train(&definition);
	record_attempts(&tuning, definition.model);
	spi = MemoryContextSwitchTo(caller);
	row = cvm_train_result_datum(definition.model, result, columns);
	MemoryContextSwitchTo(spi);
	SPI_finish();
	PG_RETURN_DATUM(row);
}
