/*
 * partial_function.c
 *		cvm.partial_fit().
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "catalog/retraining.h"
#include "catalog/train_function.h"

/* The options of the call on top of those of the model; decay: NaN if not given. */
static void
add_options(CvmDefinition *definition, Jsonb *options, double decay)
{
	Datum		merged = JsonbPGetDatum(definition->options);
	if (!isnan(decay))
		merged = DirectFunctionCall2(jsonb_concat, merged,
									 DirectFunctionCall1(jsonb_in,
														 CStringGetDatum(psprintf("{\"decay\": %.17g}", decay))));
	if (options != NULL)
		merged = DirectFunctionCall2(jsonb_concat, merged, JsonbPGetDatum(options));
	definition->options = DatumGetJsonbP(merged);
}

/* As an option has to be; NaN: not given. */
static double
decay_argument(FunctionCallInfo fcinfo, int argument)
{
	double		decay;

	if (PG_ARGISNULL(argument))
		return NAN;
	decay = PG_GETARG_FLOAT8(argument);
	if (!(decay >= 1e-6 && decay <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("decay must be between 1e-06 and 1, not %g", decay),
				 errhint("It is the factor that earlier rows count less by.")));
	return decay;
}

static void
refuse(const char *model, const char *obstacle)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("model \"%s\" cannot be fitted to new rows: %s", model, obstacle),
			 errhint("Let it learn from all rows (cvm.train, cvm.retrain). New rows past a watermark need options {\"incremental\": true, \"watermark\": a column that grows}.")));
}

/* NULL: there are no new rows. */
static CvmTrainResult *
fit(CvmDefinition *definition, const char *source)
{
	char	   *obstacle;
	CvmTraining *training = cvm_training_read_partial(definition, source, CVM_PROMOTE_ALWAYS,
													  false, &obstacle);

	if (training == NULL)
		refuse(definition->model, obstacle);
	if (!cvm_training_has_rows(training))
	{
		cvm_training_abandon(training);
		return NULL;
	}
	cvm_training_learn(training);
	return cvm_training_store(training, 0);
}

/* cvm.partial_fit(model text, source text, decay float8, options jsonb) -> cvm.training_result */
PG_FUNCTION_INFO_V1(cvm_partial_fit_sql);
Datum
cvm_partial_fit_sql(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *source = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	CvmDefinition *definition;
	CvmTrainResult *result;
	TupleDesc	columns;
	Datum		row = (Datum) 0;
	char	   *name;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "cvm.partial_fit must return a row");
	PreventCommandDuringRecovery("cvm.partial_fit()");
	PreventCommandIfReadOnly("cvm.partial_fit()");
	name = cvm_model_argument(fcinfo);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	definition = cvm_definition_require_owner(name, false);
	add_options(definition, PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3),
				decay_argument(fcinfo, 2));
	if (source == NULL)
	{
		CvmOwnerScope scope = cvm_owner_begin(definition);

		result = fit(definition, NULL);
		cvm_owner_end(scope);
	}
	else
		result = fit(definition, source);
	if (result != NULL)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		row = cvm_train_result_datum(name, result, columns);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	if (result == NULL)
	{
		ereport(NOTICE, (errmsg("model \"%s\" has no new rows to learn from", name)));
		PG_RETURN_NULL();
	}
	PG_RETURN_DATUM(row);
}
