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
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/access.h"
#include "catalog/registry.h"
#include "frame/column.h"
#include "frame/frame.h"
#include "frame/source.h"
#include "learn/metrics.h"
#include "model/model_type.h"
#include "score/scorer.h"

typedef struct Evaluation
{
	DestReceiver receiver;		/* first: the executor knows this */
	const CvmModel *model;
	CvmScorer  *scorer;
	CvmScoreSheet *sheet;
	CvmColumnReader *target_number; /* regression */
	CvmColumnReader *target_text;	/* classes that are text or an enum */
	Oid			target_type;
	Oid			target_output;	/* other classes: the type's output function */
	CvmColumnReader *weight;	/* NULL: every row counts once */
	MemoryContext row_context;
	int64		rows;
} Evaluation;

/* ---- one row ---- */

/* The label that a target value has in a model, as training wrote it. */
static const char *
label_text(const Evaluation *evaluation, Datum value, int *length)
{
	const char *label;

	if (evaluation->target_text != NULL)
		return cvm_column_text(evaluation->target_text, value, false, length);
	label = evaluation->target_type == BOOLOID ? (DatumGetBool(value) ? "true" : "false")
		: OidOutputFunctionCall(evaluation->target_output, value);
	*length = strlen(label);
	return label;
}

/* false: the row has no label. */
static bool
read_label(const Evaluation *evaluation, Datum value, bool isnull, double *label)
{
	const CvmModel *model = evaluation->model;
	const char *text;
	int			length;

	if (model->class_count == 0)
	{
		*label = cvm_column_number(evaluation->target_number, value, isnull);
		return !isnan(*label);
	}
	if (isnull)
		return false;
	text = label_text(evaluation, value, &length);
	for (int k = 0; k < model->class_count; k++)
		if (strlen(model->classes[k]) == length && memcmp(model->classes[k], text, length) == 0)
		{
			*label = k;
			return true;
		}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("target \"%s\" has the value \"%.*s\", which the model does not know",
					model->target, length, text),
			 errhint("Evaluate on rows of the classes that the model was trained on, or train it again.")));
	return false;
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
		const double *scores = cvm_scorer_row(evaluation->scorer,
											  slot->tts_values + 1 + weight_column,
											  slot->tts_isnull + 1 + weight_column);

		MemoryContextSwitchTo(caller);
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
	(void) cvm_source_column(columns, definition->target, "target");
	appendStringInfo(&query, "SELECT source.%s", quote_identifier(definition->target));
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

static const CvmModel *
active_model(const CvmDefinition *definition)
{
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(definition->model),
	Int32GetDatum(definition->active_version)};
	bool		isnull;

	cvm_catalog_execute("SELECT fitted FROM cvm.model_versions WHERE model = $1 AND version = $2",
						2, types, values, NULL, true);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no active version", definition->model),
				 errhint("cvm.promote(model, version) makes one active.")));
	return cvm_model_unpack((struct varlena *) DatumGetPointer(cvm_catalog_datum(0, 1, &isnull)));
}

static void
prepare_target(Evaluation *evaluation, const char *name, Oid type)
{
	CvmInputKind kind;
	bool		integral;
	bool		is_varlena;

	if (evaluation->model->class_count == 0)
		evaluation->target_number = cvm_column_reader_create(name, type, CVM_INPUT_NUMBER, 0);
	else if (cvm_column_kind(type, &kind, &integral) && kind == CVM_INPUT_CATEGORY)
		evaluation->target_text = cvm_column_reader_create(name, type, kind, 0);
	evaluation->target_type = getBaseType(type);
	getTypeOutputInfo(type, &evaluation->target_output, &is_varlena);
}

/* Scores the whole source; SPI is connected. */
static Evaluation *
evaluate(const char *name, const char *source)
{
	CvmDefinition *definition = cvm_definition_require_use(name);
	Evaluation *evaluation = palloc0(sizeof(Evaluation));
	const CvmModel *model = active_model(definition);
	char	   *item = cvm_source_from_item(source);
	TupleDesc	columns = cvm_source_describe(item);
	char	   *query = evaluation_query(definition, model, item, columns);
	Oid			target_type = column_type(columns, definition->target, "target");
	Oid		   *types = palloc(sizeof(Oid) * Max(model->encoder.input_count, 1));
	CvmScan    *scan;

	evaluation->model = model;
	for (int i = 0; i < model->encoder.input_count; i++)
		types[i] = column_type(columns, model->encoder.inputs[i].name, "feature");
	evaluation->scorer = cvm_scorer_create(model, types);
	prepare_target(evaluation, definition->target, target_type);
	if (definition->weight != NULL)
		evaluation->weight = cvm_column_reader_create(definition->weight,
													  column_type(columns, definition->weight,
																  "weight"),
													  CVM_INPUT_NUMBER, 0);
	evaluation->sheet = cvm_score_sheet_create(model->family, model->task, model->class_count);
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
						   definition->target)));
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

static void
put_row(FunctionCallInfo fcinfo, Datum *values)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		nulls[3] = {false};

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

		put_row(fcinfo, values);
	}
	put_row(fcinfo, rows);
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

			put_row(fcinfo, values);
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

		put_row(fcinfo, values);
	}
	SPI_finish();
	return (Datum) 0;
}
