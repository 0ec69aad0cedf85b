/*
 * evaluate.c
 *		How good a model is on any labelled source: metrics, confusion matrix,
 *		ROC curve.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "catalog/evaluation.h"

/* ---- SQL functions ---- */

/* Connects, evaluates, and makes the result a tuplestore of the caller. */
static CvmEvaluation *
begin(FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	return cvm_evaluation_run(text_to_cstring(PG_GETARG_TEXT_PP(0)),
							  text_to_cstring(PG_GETARG_TEXT_PP(1)), NULL, NULL);
}

/* texts stand before numbers; a number that is NaN has no value and is NULL. */
static void
put_row(FunctionCallInfo fcinfo, int texts, Datum *values)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		nulls[3] = {false};

	for (int i = texts; i < result->setDesc->natts; i++)
		nulls[i] = isnan(DatumGetFloat8(values[i]));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
require_task(const CvmEvaluation *evaluation, bool fits, const char *what)
{
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a %s model has no %s", cvm_task_name(evaluation->model->task), what),
				 errhint("cvm.evaluate(model, source) gives the metrics of every model.")));
}

/* cvm.evaluate(model text, source text) -> metric, value */
PG_FUNCTION_INFO_V1(cvm_evaluate);
Datum
cvm_evaluate(PG_FUNCTION_ARGS)
{
	CvmEvaluation *evaluation = begin(fcinfo);
	CvmMetric	metrics[CVM_MAX_METRICS];
	int			count = cvm_evaluation_metrics(evaluation, metrics);
	Datum		rows[] = {CStringGetTextDatum("rows"), Float8GetDatum((double) evaluation->rows)};

	for (int i = 0; i < count; i++)
	{
		Datum		values[] = {CStringGetTextDatum(metrics[i].name),
		Float8GetDatum(metrics[i].value)};

		put_row(fcinfo, 1, values);
	}
	put_row(fcinfo, 1, rows);
	SPI_finish();
	return (Datum) 0;
}

/* cvm.confusion_matrix(model text, source text) -> actual, predicted, count */
PG_FUNCTION_INFO_V1(cvm_confusion_matrix);
Datum
cvm_confusion_matrix(PG_FUNCTION_ARGS)
{
	CvmEvaluation *evaluation = begin(fcinfo);
	int			classes = evaluation->model->class_count;
	const double *counts;

	require_task(evaluation, classes > 0, "confusion matrix");
	counts = cvm_score_sheet_confusion(evaluation->sheet);
	for (int actual = 0; actual < classes; actual++)
		for (int predicted = 0; predicted < classes; predicted++)
		{
			Datum		values[] = {CStringGetTextDatum(evaluation->model->classes[actual]),
				CStringGetTextDatum(evaluation->model->classes[predicted]),
			Float8GetDatum(counts[actual * classes + predicted])};

			put_row(fcinfo, 2, values);
		}
	SPI_finish();
	return (Datum) 0;
}

/* cvm.profit_curve(model text, source text) -> threshold, share_of_rows, profit */
PG_FUNCTION_INFO_V1(cvm_profit_curve);
Datum
cvm_profit_curve(PG_FUNCTION_ARGS)
{
	CvmEvaluation *evaluation = begin(fcinfo);
	const CvmProfit *profit = evaluation->model->profit;
	const double *counts;
	double		positives;
	double		negatives;
	CvmRocPoint *points;
	int			count;

	require_task(evaluation, evaluation->model->task == CVM_BINARY, "profit curve");
	if (profit == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the model was trained without option \"profit\""),
				 errhint("cvm.profit_curve(source, label, score, true_positive => ..., false_positive => ...) takes scores of any model.")));
	counts = cvm_score_sheet_confusion(evaluation->sheet);
	negatives = counts[0] + counts[1];
	positives = counts[2] + counts[3];
	count = cvm_score_sheet_roc(evaluation->sheet, &points);
	for (int i = 0; i < count; i++)
	{
		double		contacted_positive = positives > 0 ? points[i].true_positive_rate * positives : 0;
		double		contacted_negative = negatives > 0 ? points[i].false_positive_rate * negatives : 0;
		Datum		values[] = {Float8GetDatum(points[i].threshold),
			Float8GetDatum((contacted_positive + contacted_negative) / (positives + negatives)),
		Float8GetDatum(cvm_profit_of(profit, contacted_positive, contacted_negative, positives,
									 negatives))};

		put_row(fcinfo, 0, values);
	}
	SPI_finish();
	return (Datum) 0;
}

/* cvm.roc_curve(model text, source text) -> threshold, two rates */
PG_FUNCTION_INFO_V1(cvm_roc_curve);
Datum
cvm_roc_curve(PG_FUNCTION_ARGS)
{
	CvmEvaluation *evaluation = begin(fcinfo);
	CvmRocPoint *points;
	int			count;

	require_task(evaluation, evaluation->model->task == CVM_BINARY, "ROC curve");
	count = cvm_score_sheet_roc(evaluation->sheet, &points);
	for (int i = 0; i < count; i++)
	{
		Datum		values[] = {Float8GetDatum(points[i].threshold),
			Float8GetDatum(points[i].false_positive_rate),
		Float8GetDatum(points[i].true_positive_rate)};

		put_row(fcinfo, 0, values);
	}
	SPI_finish();
	return (Datum) 0;
}
