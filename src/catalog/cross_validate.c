/*
 * cross_validate.c
 *		cvm.cross_validate(): every row is held out once.
 *
 * Each fold is a training of its own, from reading the source on, so that
 * nothing is learned from the rows that it is measured with: neither the
 * encoding nor the classes.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "catalog/cross_validate.h"
#include "catalog/train_function.h"
#include "frame/frame.h"
#include "frame/source.h"
#include "pg/options_json.h"

/* ---- folds by time ---- */

/*
 * Times that cut the rows into folds + 1 parts of like size: part i is held out
 * from a model of the parts before it.  Each as text, folds of them.
 */
static char **
find_boundaries(const CvmDefinition *definition, int folds)
{
	CvmOptions	options;
	char	   *item = cvm_source_from_item(definition->source);
	TupleDesc	columns = cvm_source_describe(item);
	char	  **boundaries = palloc(sizeof(char *) * folds);
	const char *column;
	StringInfoData query;
	char	   *found;

	cvm_options_for_train(&options);
	cvm_options_apply_json(&options, definition->options, definition->algorithm);
	column = NameStr(TupleDescAttr(columns, cvm_split_time_column(&options, columns))->attname);
	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT pg_catalog.array_to_string(pg_catalog.percentile_disc('{");
	for (int i = 0; i < folds; i++)
		appendStringInfo(&query, "%s%.17g", i > 0 ? "," : "", (i + 1.0) / (folds + 1));
	appendStringInfo(&query, "}'::float8[]) WITHIN GROUP (ORDER BY source.%s), E'\\n') FROM %s AS source",
					 quote_identifier(column), item);
	found = cvm_source_value(query.data);
	if (found == NULL || *found == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("no row has a time in column \"%s\"", column),
				 errhint("Name another one with option \"time_column\".")));
	for (int i = 0; i < folds; i++)
	{
		char	   *end = strchr(found, '\n');

		if (end != NULL)
			*end = '\0';
		boundaries[i] = found;
		found = end != NULL ? end + 1 : found;
	}
	return boundaries;
}

/* ---- all folds ---- */

static CvmFoldedMetric *
folded_metric(CvmCrossValidation *validation, const char *name)
{
	CvmFoldedMetric *metric;

	for (int i = 0; i < validation->metric_count; i++)
		if (strcmp(validation->metrics[i].name, name) == 0)
			return &validation->metrics[i];
	metric = &validation->metrics[validation->metric_count++];
	metric->name = name;
	metric->values = palloc(sizeof(double) * validation->folds);
	for (int i = 0; i < validation->folds; i++)
		metric->values[i] = NAN;
	return metric;
}

static void
summarize(CvmFoldedMetric *metric, int folds)
{
	double		squares = 0;

	metric->mean = 0;
	for (int i = 0; i < folds; i++)
		if (isfinite(metric->values[i]))
		{
			metric->mean += metric->values[i];
			metric->count++;
		}
	metric->mean = metric->count > 0 ? metric->mean / metric->count : NAN;
	for (int i = 0; i < folds; i++)
		if (isfinite(metric->values[i]))
			squares += (metric->values[i] - metric->mean) * (metric->values[i] - metric->mean);
	metric->deviation = metric->count > 1 ? sqrt(squares / (metric->count - 1)) : NAN;
}

CvmCrossValidation *
cvm_cross_validate_definition(CvmDefinition *definition, int folds, bool by_time, double share)
{
	CvmCrossValidation *validation = palloc0(sizeof(CvmCrossValidation));
	char	  **boundaries = by_time ? find_boundaries(definition, folds) : NULL;
	int			nest_level = NewGUCNestLevel();

	validation->folds = folds;
	for (int i = 0; i < folds; i++)
	{
		CvmFold		fold = {.number = i,.count = folds,.by_time = by_time,.share = share};
		CvmMetric	metrics[CVM_MAX_METRICS];
		int			count;

		if (by_time)
		{
			fold.after = boundaries[i];
			fold.until = i + 1 < folds ? boundaries[i + 1] : NULL;
		}
		count = cvm_training_measure(definition, &fold, metrics, &validation->primary,
									 &validation->more_is_better);
		for (int j = 0; j < count; j++)
			folded_metric(validation, metrics[j].name)->values[i] = metrics[j].value;
		/* notices of one fold are those of all */
		if (i == 0)
			(void) set_config_option("client_min_messages", "warning", PGC_USERSET, PGC_S_SESSION,
									 GUC_ACTION_SAVE, true, 0, false);
	}
	AtEOXact_GUC(false, nest_level);
	for (int i = 0; i < validation->metric_count; i++)
		summarize(&validation->metrics[i], folds);
	return validation;
}

const CvmFoldedMetric *
cvm_folded_primary(const CvmCrossValidation *validation)
{
	for (int i = 0; i < validation->metric_count; i++)
		if (strcmp(validation->metrics[i].name, validation->primary) == 0)
			return &validation->metrics[i];
	return NULL;
}

void
cvm_check_folds(int folds)
{
	if (folds < 2 || folds > CVM_MOST_FOLDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d folds cannot be made", folds),
				 errhint("Take 2 to %d.", CVM_MOST_FOLDS)));
}

/* ---- SQL ---- */

static bool
wants_time(const char *by)
{
	if (strcmp(by, "time") != 0 && strcmp(by, "rows") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("folds cannot be made by \"%s\"", by),
				 errhint("Use 'rows' (rows of one key stay together, classes are dealt out evenly) or 'time'.")));
	return strcmp(by, "time") == 0;
}

static void
put_metric(ReturnSetInfo *result, const CvmFoldedMetric *metric, int folds)
{
	Datum		values[4];
	bool		nulls[4] = {false};
	Datum	   *elements = palloc(sizeof(Datum) * folds);
	bool	   *element_nulls = palloc(sizeof(bool) * folds);
	int			dimensions[1] = {folds};
	int			lower_bounds[1] = {1};

	for (int i = 0; i < folds; i++)
	{
		element_nulls[i] = !isfinite(metric->values[i]);
		elements[i] = Float8GetDatum(metric->values[i]);
	}
	values[0] = CStringGetTextDatum(metric->name);
	values[1] = Float8GetDatum(metric->mean);
	nulls[1] = isnan(metric->mean);
	values[2] = Float8GetDatum(metric->deviation);
	nulls[2] = isnan(metric->deviation);
	values[3] = PointerGetDatum(construct_md_array(elements, element_nulls, 1, dimensions,
												   lower_bounds, FLOAT8OID, sizeof(float8),
												   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * cvm.cross_validate(source, target, algorithm, features, key, weight, options,
 * folds, by) -> metric, mean, deviation, folds
 */
PG_FUNCTION_INFO_V1(cvm_cross_validate);
Datum
cvm_cross_validate(PG_FUNCTION_ARGS)
{
	CvmDefinition definition;
	CvmCrossValidation *validation;
	int			folds = PG_ARGISNULL(7) ? 5 : PG_GETARG_INT32(7);
	bool		by_time = !PG_ARGISNULL(8) && wants_time(text_to_cstring(PG_GETARG_TEXT_PP(8)));

	cvm_check_folds(folds);
	cvm_definition_from_arguments(fcinfo, 0, &definition);
	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	validation = cvm_cross_validate_definition(&definition, folds, by_time, 1);
	for (int i = 0; i < validation->metric_count; i++)
		put_metric((ReturnSetInfo *) fcinfo->resultinfo, &validation->metrics[i], folds);
	SPI_finish();
	return (Datum) 0;
}
