/*
 * partial_dependence.c
 *		How the mean prediction goes with one feature: partial dependence.
 *
 * Every row of the source gets the same value of the feature, one after
 * another of some values, and is predicted (Friedman, 2001).  Of a number
 * these are quantiles of the values in the source, of a category its levels.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/sampled_rows.h"
#include "model/predictor.h"

#define MOST_POINTS 1000

/* Columns of the result. */
enum
{
	VALUE, NUMBER, PREDICTION, CLASS, COLUMN_COUNT
};

typedef struct Dependence
{
	const CvmSampledRows *rows;
	const CvmTerm *term;
	int			coded;			/* of a category: its column */
	CvmPredictor *predictor;
	CvmBlock   *changed;
	double	   *predictions;
	double	   *means;			/* [output] */
} Dependence;

static const CvmTerm *
find_term(const CvmModel *model, const char *feature, int *coded)
{
	*coded = 0;
	for (int i = 0; i < model->encoder.term_count; i++)
	{
		const CvmTerm *term = &model->encoder.terms[i];

		if (strcmp(term->name, feature) == 0)
			return term;
		*coded += term->kind == CVM_TERM_CATEGORY;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the model has no feature \"%s\"", feature),
			 errhint("SELECT DISTINCT feature FROM cvm.feature_importance(model) lists its features.")));
	return NULL;
}

/* ---- the points ---- */

static int
compare_numbers(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return left < right ? -1 : left > right;
}

/* The values that are not missing, on the scale of the column, sorted. */
static double *
present_values(const Dependence *dependence, int64 *count)
{
	const CvmTerm *term = dependence->term;
	int			columns = dependence->rows->model->encoder.dense_columns;
	double	   *values = palloc_extended(sizeof(double) * dependence->rows->rows,
										 MCXT_ALLOC_HUGE);

	*count = 0;
	for (int b = 0; b < dependence->rows->block_count; b++)
	{
		const CvmBlock *block = dependence->rows->blocks[b];

		for (int row = 0; row < block->rows; row++)
		{
			const double *own = block->dense + (Size) row * columns;

			if (isnan(own[term->slot]) || (term->flag_slot >= 0 && own[term->flag_slot] != 0))
				continue;
			values[(*count)++] = own[term->slot] * term->scale + term->center;
		}
	}
	qsort(values, *count, sizeof(double), compare_numbers);
	return values;
}

/* So many quantiles, each value once. */
static int
choose_points(const Dependence *dependence, int wanted, double *points)
{
	int64		count;
	double	   *values = present_values(dependence, &count);
	int			chosen = 0;

	for (int i = 0; i < wanted && count > 0; i++)
	{
		double		value = values[wanted == 1 ? count / 2 : (count - 1) * i / (wanted - 1)];

		if (chosen == 0 || value > points[chosen - 1])
			points[chosen++] = value;
	}
	pfree(values);
	return chosen;
}

/* ---- predictions ---- */

static void
set_value(Dependence *dependence, double number, int level)
{
	const CvmEncoder *encoder = &dependence->rows->model->encoder;
	const CvmTerm *term = dependence->term;
	CvmBlock   *block = dependence->changed;

	for (int row = 0; row < block->rows; row++)
	{
		double	   *dense = block->dense + (Size) row * encoder->dense_columns;

		if (term->kind == CVM_TERM_CATEGORY)
		{
			block->codes[(Size) row * encoder->coded_columns + dependence->coded] =
				level == 0 ? CVM_SINK(encoder->slots) : term->slot + level - 1;
			continue;
		}
		dense[term->slot] = (number - term->center) * (1 / term->scale);
		if (term->flag_slot >= 0)
			dense[term->flag_slot] = 0;
	}
}

/* Fills means with the mean predictions where every row has this value. */
static void
predict_all(Dependence *dependence, double number, int level)
{
	const CvmModel *model = dependence->rows->model;
	const CvmEncoder *encoder = &model->encoder;
	double		total = 0;

	memset(dependence->means, 0, sizeof(double) * model->outputs);
	for (int b = 0; b < dependence->rows->block_count; b++)
	{
		const CvmBlock *block = dependence->rows->blocks[b];
		CvmBlock   *changed = dependence->changed;

		CHECK_FOR_INTERRUPTS();
		changed->rows = block->rows;
		memcpy(changed->dense, block->dense,
			   sizeof(double) * block->rows * encoder->dense_columns);
		memcpy(changed->codes, block->codes,
			   sizeof(int32) * block->rows * encoder->coded_columns);
		set_value(dependence, number, level);
		cvm_predictor_predict(dependence->predictor, changed, dependence->predictions);
		for (int row = 0; row < block->rows; row++)
		{
			for (int k = 0; k < model->outputs; k++)
				dependence->means[k] += block->weight[row] *
					dependence->predictions[row * model->outputs + k];
			total += block->weight[row];
		}
	}
	for (int k = 0; k < model->outputs; k++)
		dependence->means[k] /= total;
}

static void
put_point(FunctionCallInfo fcinfo, const Dependence *dependence, const char *value, double number)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const CvmModel *model = dependence->rows->model;

	for (int k = 0; k < model->outputs; k++)
	{
		Datum		values[COLUMN_COUNT] = {0};
		bool		nulls[COLUMN_COUNT] = {false};

		values[VALUE] = CStringGetTextDatum(value);
		values[NUMBER] = Float8GetDatum(number);
		nulls[NUMBER] = isnan(number);
		values[PREDICTION] = Float8GetDatum(dependence->means[k]);
		nulls[CLASS] = model->outputs == 1;
		if (!nulls[CLASS])
			values[CLASS] = CStringGetTextDatum(model->classes[k]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

static void
begin(Dependence *dependence, const CvmSampledRows *rows, const char *feature)
{
	const CvmModel *model = rows->model;

	if (!cvm_task_has_target(model->task))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a %s model predicts nothing that could depend on a feature",
						cvm_task_name(model->task)),
				 errhint("cvm.segment_profile and cvm.components tell of such models.")));
	dependence->rows = rows;
	dependence->term = find_term(model, feature, &dependence->coded);
	dependence->predictor = cvm_predictor_create(model);
	dependence->changed = cvm_block_create(model->encoder.dense_columns,
										   model->encoder.coded_columns);
	dependence->predictions = palloc(sizeof(double) * CVM_BLOCK_ROWS * model->outputs);
	dependence->means = palloc(sizeof(double) * model->outputs);
}

/* model, feature, source, points -> value, number, prediction, class */
PG_FUNCTION_INFO_V1(cvm_partial_dependence);
Datum
cvm_partial_dependence(PG_FUNCTION_ARGS)
{
	char	   *feature = text_to_cstring(PG_GETARG_TEXT_PP(1));
	int			wanted = PG_GETARG_INT32(3);
	double		points[MOST_POINTS];
	Dependence	dependence;
	int			count;

	if (wanted < 1 || wanted > MOST_POINTS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("points is %d and must be between 1 and %d", wanted, MOST_POINTS),
				 errhint("Twenty make a curve.")));
	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	begin(&dependence, cvm_sampled_rows_read(text_to_cstring(PG_GETARG_TEXT_PP(0)),
											text_to_cstring(PG_GETARG_TEXT_PP(2))), feature);
	if (dependence.term->kind == CVM_TERM_CATEGORY)
		for (int level = 0; level < dependence.term->level_count; level++)
		{
			predict_all(&dependence, 0, level);
			put_point(fcinfo, &dependence, dependence.term->levels[level], NAN);
		}
	else
	{
		count = choose_points(&dependence, wanted, points);
		for (int i = 0; i < count; i++)
		{
			predict_all(&dependence, points[i], 0);
			put_point(fcinfo, &dependence, psprintf("%.15g", points[i]), points[i]);
		}
	}
	SPI_finish();
	return (Datum) 0;
}
