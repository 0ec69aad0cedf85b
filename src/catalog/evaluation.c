/*
 * evaluation.c
 *		The active version of a model on the rows of a labelled source.
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
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/access.h"
#include "catalog/evaluation.h"
#include "catalog/registry.h"
#include "frame/column.h"
#include "frame/frame.h"
#include "frame/row_receiver.h"
#include "frame/source.h"
#include "model/learner.h"
#include "model/model_type.h"

typedef struct Evaluation
{
	CvmEvaluation result;
	CvmBlock   *encoded;		/* one row, for lists */
	CvmEvaluatedRow row;		/* or NULL */
	void	   *state;
	CvmColumnReader *target;
	CvmInputKind target_kind;	/* NUMBER, BOOLEAN or CATEGORY */
	double	   *class_numbers;	/* classes as the column's numbers, NaN: none */
	CvmColumnReader *weight;	/* NULL: every row counts once */
	MemoryContext context;		/* outlives the query, whose own ends with it */
} Evaluation;

/* ---- one row ---- */

static void
unknown_class(const Evaluation *evaluation, const char *text, int length)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("target \"%s\" has the value \"%.*s\", which the model does not know",
					evaluation->result.model->target, length, text),
			 errhint("Evaluate on rows of the classes that the model was trained on, or train it again.")));
}

static int
class_of_text(const Evaluation *evaluation, Datum value)
{
	const CvmModel *model = evaluation->result.model;
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

	for (int k = 0; k < evaluation->result.model->class_count; k++)
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
	if (evaluation->result.model->class_count > 0)
		*label = class_of_number(evaluation, *label);
	return true;
}

static void
add_to_lists(Evaluation *evaluation, double label, double weight)
{
	CvmBlock   *block = evaluation->encoded;

	cvm_scorer_encode(evaluation->result.scorer, block, 0);
	block->target[0] = label;
	block->weight[0] = weight;
	cvm_assessment_add(evaluation->result.lists, block, NULL);
}

static void
receive_row(void *state, TupleTableSlot *slot)
{
	Evaluation *evaluation = state;
	int			weight_column = evaluation->weight != NULL ? 1 : 0;
	double		label;
	double		weight = 1;

	if (weight_column)
		weight = cvm_column_number(evaluation->weight,
								   slot->tts_values[1], slot->tts_isnull[1]);
	if (weight > 0 &&
		read_label(evaluation, slot->tts_values[0], slot->tts_isnull[0], &label))
	{
		const double *scores = cvm_scorer_row(evaluation->result.scorer, slot->tts_values,
											  slot->tts_isnull);

		if (cvm_task_judging(evaluation->result.model->task) == CVM_BY_DISTANCE)
			scores += evaluation->result.model->outputs - 1;	/* the distance */

		MemoryContextSwitchTo(evaluation->context);
		if (evaluation->result.lists != NULL)
			add_to_lists(evaluation, label, weight);
		else
			cvm_score_sheet_add(evaluation->result.sheet, label, scores, weight);
		evaluation->result.rows++;
		if (evaluation->row != NULL)
			evaluation->row(evaluation->state, &evaluation->result, label, weight);
	}
}

/* ---- the source ---- */

static char *
evaluation_query(const CvmDefinition *definition, const CvmModel *model, const char *item,
				 TupleDesc columns)
{
	StringInfoData query;

	initStringInfo(&query);
	if (cvm_model_reads_target(model))
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
	const CvmModel *model = evaluation->result.model;
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

CvmEvaluation *
cvm_evaluation_run(const char *name, const char *source, CvmEvaluatedRow row, void *state)
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
	CvmMeasure	scale;

	evaluation->row = row;
	evaluation->state = state;
	evaluation->result.model = model;
	evaluation->context = CurrentMemoryContext;
	for (int i = 0; i < model->encoder.input_count; i++)
	{
		types[i] = column_type(columns, model->encoder.inputs[i].name, "feature");
		positions[i] = (definition->weight != NULL ? 2 : 1) + i;
	}
	evaluation->result.scorer = cvm_scorer_create(model, positions, types);
	prepare_target(evaluation, cvm_model_reads_target(model) ?
				   column_type(columns, model->target, "target") : FLOAT8OID);
	if (definition->weight != NULL)
		evaluation->weight = cvm_column_reader_create(definition->weight,
													  column_type(columns, definition->weight,
																  "weight"),
													  CVM_INPUT_NUMBER, 0);
	scale = cvm_model_measure(model);
	if (cvm_task_judging(model->task) == CVM_BY_LIST)
	{
		evaluation->result.lists = cvm_assessment_create(model, false);
		evaluation->encoded = cvm_block_create(model->encoder.dense_columns,
											   model->encoder.coded_columns);
		evaluation->encoded->rows = 1;
	}
	else
		evaluation->result.sheet = cvm_score_sheet_create(&scale);

	cvm_scan_rows(query, receive_row, evaluation);
	if (evaluation->result.rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("the source has no row to evaluate model \"%s\" on", name),
				 errdetail("Rows whose target \"%s\" is NULL do not count.",
						   model->target),
				 errhint("Evaluate on rows whose outcome is known.")));
	return &evaluation->result;
}

int
cvm_evaluation_metrics(CvmEvaluation *evaluation, CvmMetric *metrics)
{
	return evaluation->lists != NULL ? cvm_assessment_metrics(evaluation->lists, metrics) :
		cvm_score_sheet_metrics(evaluation->sheet, metrics);
}
