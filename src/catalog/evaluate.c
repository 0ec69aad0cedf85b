/*
 * evaluate.c
 *		How good a model is on any labelled source: metrics, confusion matrix,
 *		ROC curve.
 *
 * The source is run once with the rights of the caller, read-only; its rows
 * pass through the scorer into a score sheet, which keeps a label and a score
 * a row and nothing else.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"

#include "catalog/access.h"
#include "catalog/registry.h"
#include "frame/column.h"
#include "frame/frame.h"
#include "frame/source.h"
#include "learn/metrics.h"
#include "model/learner.h"
#include "model/model_type.h"
#include "score/scorer.h"

typedef struct Evaluation
{
	DestReceiver receiver;		/* first: the executor knows this */
	const CvmModel *model;
	CvmScorer  *scorer;
	CvmScoreSheet *sheet;
	CvmColumnReader *target;
	CvmInputKind target_kind;	/* NUMBER, BOOLEAN or CATEGORY */
	double	   *class_numbers;	/* classes as the column's numbers, NaN: none */
	CvmColumnReader *weight;	/* NULL: every row counts once */
	MemoryContext context;		/* outlives the query, whose own ends with it */
	MemoryContext row_context;
	int64		rows;
} Evaluation;

/* ---- one row ---- */

static void
unknown_class(const Evaluation *evaluation, const char *text, int length)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("target \"%s\" has the value \"%.*s\", which the model does not know",
					evaluation->model->target, length, text),
			 errhint("Evaluate on rows of the classes that the model was trained on, or train it again.")));
}

static int
class_of_text(const Evaluation *evaluation, Datum value)
{
	const CvmModel *model = evaluation->model;
	int			length;
	const char *text = cvm_column_text(evaluation->target, value, false, &length);

	for (int k = 0; k < model->class_count; k++)
		if (strlen(model->classes[k]) == length && memcmp(model->classes[k], text, length) == 0)
			return k;
	unknown_class(evaluation, text, length);
	return 0;
}

static int
class_of_number(const Evaluation *evaluation, double number)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];

	for (int k = 0; k < evaluation->model->class_count; k++)
		if (evaluation->class_numbers[k] == number)
			return k;
	double_to_shortest_decimal_buf(number, text);
	unknown_class(evaluation, text, strlen(text));
	return 0;
}

/* false: the row has no label. */
static bool
read_label(const Evaluation *evaluation, Datum value, bool isnull, double *label)
{
	if (isnull)
		return false;
	if (evaluation->target_kind == CVM_INPUT_CATEGORY)
	{
		*label = class_of_text(evaluation, value);
		return true;
	}
	*label = cvm_column_number(evaluation->target, value, false);
	if (isnan(*label))
		return false;
	if (evaluation->model->class_count > 0)
		*label = class_of_number(evaluation, *label);
	return true;
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	Evaluation *evaluation = (Evaluation *) self;
	MemoryContext caller = MemoryContextSwitchTo(evaluation->row_context);
	int			weight_column = evaluation->weight != NULL ? 1 : 0;
	double		label;
	double		weight = 1;

	slot_getallattrs(slot);
	if (weight_column)
		weight = cvm_column_number(evaluation->weight,
								   slot->tts_values[1], slot->tts_isnull[1]);
	if (weight > 0 &&
		read_label(evaluation, slot->tts_values[0], slot->tts_isnull[0], &label))
	{
		const double *scores = cvm_scorer_row(evaluation->scorer, slot->tts_values,
											  slot->tts_isnull);

		if (!cvm_task_has_target(evaluation->model->task))
			scores += evaluation->model->outputs - 1;	/* the distance */

		MemoryContextSwitchTo(evaluation->context);
		cvm_score_sheet_add(evaluation->sheet, label, scores, weight);
		evaluation->rows++;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(evaluation->row_context);
	return true;
}

static void
start_rows(DestReceiver *self, int operation, TupleDesc columns)
{
}

static void
end_rows(DestReceiver *self)
{
}

/* ---- the source ---- */

static char *
evaluation_query(const CvmDefinition *definition, const CvmModel *model, const char *item,
				 TupleDesc columns)
{
	StringInfoData query;

	initStringInfo(&query);
	if (cvm_task_has_target(model->task))
	{
		(void) cvm_source_column(columns, model->target, "target");
		appendStringInfo(&query, "SELECT source.%s", quote_identifier(model->target));
	}
	else
		appendStringInfoString(&query, "SELECT 0::float8");
	if (definition->weight != NULL)
	{
		(void) cvm_source_column(columns, definition->weight, "weight");
		appendStringInfo(&query, ", source.%s", quote_identifier(definition->weight));
	}
	for (int i = 0; i < model->encoder.input_count; i++)
	{
		(void) cvm_source_column(columns, model->encoder.inputs[i].name, "feature");
		appendStringInfo(&query, ", source.%s",
						 quote_identifier(model->encoder.inputs[i].name));
	}
	appendStringInfo(&query, " FROM %s AS source", item);
	return query.data;
}

static Oid
column_type(TupleDesc columns, const char *name, const char *role)
{
	return TupleDescAttr(columns, cvm_source_column(columns, name, role))->atttypid;
}

/* The number that a class is in a column of numbers or booleans; NaN: none. */
static double
class_number(const char *label, CvmInputKind kind)
{
	bool		truth;
	char	   *end;
	double		number;

	if (kind == CVM_INPUT_BOOLEAN)
		return parse_bool(label, &truth) ? truth : NAN;
	number = strtod(label, &end);
	return *label != '\0' && *end == '\0' ? number : NAN;
}

static void
prepare_target(Evaluation *evaluation, Oid type)
{
	const CvmModel *model = evaluation->model;
	bool		integral;

	if (model->class_count == 0 ||
		!cvm_column_kind(type, &evaluation->target_kind, &integral) ||
		(evaluation->target_kind != CVM_INPUT_BOOLEAN &&
		 evaluation->target_kind != CVM_INPUT_CATEGORY))
		evaluation->target_kind = CVM_INPUT_NUMBER;
	evaluation->target = cvm_column_reader_create(model->target, type,
												  evaluation->target_kind, 0);
	if (model->class_count == 0 || evaluation->target_kind == CVM_INPUT_CATEGORY)
		return;
	evaluation->class_numbers = palloc(sizeof(double) * model->class_count);
	for (int k = 0; k < model->class_count; k++)
		evaluation->class_numbers[k] = class_number(model->classes[k], evaluation->target_kind);
}

/* Scores the whole source; SPI is connected. */
static Evaluation *
evaluate(const char *name, const char *source)
{
	CvmDefinition *definition = cvm_definition_require_use(name);
	Evaluation *evaluation = palloc0(sizeof(Evaluation));
	const CvmModel *model = cvm_model_unpack(cvm_version_fitted(definition,
																   cvm_active_version(definition),
																   false));
	char	   *item = cvm_source_from_item(source);
	TupleDesc	columns = cvm_source_describe(item);
	char	   *query = evaluation_query(definition, model, item, columns);
	Oid		   *types = palloc(sizeof(Oid) * Max(model->encoder.input_count, 1));
	int		   *positions = palloc(sizeof(int) * Max(model->encoder.input_count, 1));
	CvmScan    *scan;

	evaluation->model = model;
	evaluation->context = CurrentMemoryContext;
	for (int i = 0; i < model->encoder.input_count; i++)
	{
		types[i] = column_type(columns, model->encoder.inputs[i].name, "feature");
		positions[i] = (definition->weight != NULL ? 2 : 1) + i;
	}
	evaluation->scorer = cvm_scorer_create(model, positions, types);
	prepare_target(evaluation, cvm_task_has_target(model->task) ?
				   column_type(columns, model->target, "target") : FLOAT8OID);
	if (definition->weight != NULL)
		evaluation->weight = cvm_column_reader_create(definition->weight,
													  column_type(columns, definition->weight,
																  "weight"),
													  CVM_INPUT_NUMBER, 0);
	evaluation->sheet = cvm_score_sheet_create(model->family,
											   cvm_measured_task(model->task),
											   model->class_count);
	evaluation->row_context = AllocSetContextCreate(CurrentMemoryContext, "cvm evaluation row",
													ALLOCSET_DEFAULT_SIZES);
	evaluation->receiver.receiveSlot = receive_row;
	evaluation->receiver.rStartup = start_rows;
	evaluation->receiver.rShutdown = end_rows;
	evaluation->receiver.rDestroy = end_rows;
	evaluation->receiver.mydest = DestNone;

	scan = cvm_scan_open(query);
	(void) cvm_scan_run(scan, 0, &evaluation->receiver);
	cvm_scan_close(scan);
	if (evaluation->rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("the source has no row to evaluate model \"%s\" on", name),
				 errdetail("Rows whose target \"%s\" is NULL do not count.",
						   model->target),
				 errhint("Evaluate on rows whose outcome is known.")));
	return evaluation;
}

/* ---- SQL functions ---- */

/* Connects, evaluates, and makes the result a tuplestore of the caller. */
static Evaluation *
begin(FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	return evaluate(text_to_cstring(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1)));
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
require_task(const Evaluation *evaluation, bool fits, const char *what)
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
	Evaluation *evaluation = begin(fcinfo);
	CvmMetric	metrics[CVM_MAX_METRICS];
	int			count = cvm_score_sheet_metrics(evaluation->sheet, metrics);
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
	Evaluation *evaluation = begin(fcinfo);
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

/* cvm.roc_curve(model text, source text) -> threshold, two rates */
PG_FUNCTION_INFO_V1(cvm_roc_curve);
Datum
cvm_roc_curve(PG_FUNCTION_ARGS)
{
	Evaluation *evaluation = begin(fcinfo);
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
