/*
 * importance.c
 *		Which features a model needs: permutation importance.
 *
 * The values of one column are dealt out to other rows, which leaves its
 * distribution as it is and takes away what it says (Breiman, 2001).  What
 * the metric by which versions are compared loses is its importance.  All
 * terms that come from the column are moved together.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/random.h"
#include "catalog/sampled_rows.h"
#include "model/predictor.h"

#define MOST_REPEATS 1000

typedef struct Permutation
{
	const CvmSampledRows *rows;
	CvmPredictor *predictor;
	CvmBlock   *changed;		/* a block with a column of other rows */
	double	   *predictions;
	int32	   *order;			/* row -> the row whose value it gets */
	const char *metric;
	bool		more_is_better;
} Permutation;

static void
copy_block(const CvmEncoder *encoder, const CvmBlock *from, CvmBlock *to)
{
	to->rows = from->rows;
	memcpy(to->dense, from->dense, sizeof(double) * from->rows * encoder->dense_columns);
	memcpy(to->codes, from->codes, sizeof(int32) * from->rows * encoder->coded_columns);
}

/* Puts the values of an input, in rows from "first" on, that the order says. */
static void
deal_out(Permutation *permutation, int input, int64 first)
{
	const CvmEncoder *encoder = &permutation->rows->model->encoder;
	CvmBlock   *to = permutation->changed;
	int			coded = 0;

	for (int t = 0; t < encoder->term_count; t++)
	{
		const CvmTerm *term = &encoder->terms[t];
		bool		category = term->kind == CVM_TERM_CATEGORY;

		for (int row = 0; row < to->rows && term->input == input; row++)
		{
			int32		other = permutation->order[first + row];
			const CvmBlock *from = permutation->rows->blocks[other / CVM_BLOCK_ROWS];
			int			place = other % CVM_BLOCK_ROWS;

			if (category)
			{
				to->codes[row * encoder->coded_columns + coded] =
					from->codes[place * encoder->coded_columns + coded];
				continue;
			}
			to->dense[row * encoder->dense_columns + term->slot] =
				from->dense[place * encoder->dense_columns + term->slot];
			if (term->flag_slot >= 0)
				to->dense[row * encoder->dense_columns + term->flag_slot] =
					from->dense[place * encoder->dense_columns + term->flag_slot];
		}
		coded += category;
	}
}

/* The metric of all rows, with one input dealt out, or -1 for none. */
static double
measure(Permutation *permutation, int input)
{
	const CvmModel *model = permutation->rows->model;
	CvmMeasure	scale = cvm_model_measure(model);
	CvmScoreSheet *sheet = cvm_score_sheet_create(&scale);
	CvmMetric	metrics[CVM_MAX_METRICS];
	double		value = NAN;
	int			count;

	for (int b = 0; b < permutation->rows->block_count; b++)
	{
		const CvmBlock *block = permutation->rows->blocks[b];

		CHECK_FOR_INTERRUPTS();
		copy_block(&model->encoder, block, permutation->changed);
		if (input >= 0)
			deal_out(permutation, input, (int64) b * CVM_BLOCK_ROWS);
		cvm_predictor_predict(permutation->predictor, permutation->changed,
							  permutation->predictions);
		cvm_measured_predictions(model, block->rows, permutation->predictions);
		cvm_score_sheet_add_rows(sheet, block->rows, block->target, permutation->predictions,
								 block->weight);
	}
	count = cvm_score_sheet_metrics(sheet, metrics);
	for (int i = 0; i < count; i++)
		if (strcmp(metrics[i].name, permutation->metric) == 0)
			value = metrics[i].value;
	cvm_score_sheet_free(sheet);
	return value;
}

static void
begin(Permutation *permutation, const CvmSampledRows *rows)
{
	const CvmModel *model = rows->model;
	CvmMeasure	scale = cvm_model_measure(model);

	if (cvm_task_judging(model->task) == CVM_BY_LIST)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a %s model needs its user and its item, and their importance means nothing",
						cvm_task_name(model->task)),
				 errhint("cvm.evaluate(model, source) tells how good its lists are.")));
	permutation->rows = rows;
	permutation->predictor = cvm_predictor_create(model);
	permutation->changed = cvm_block_create(model->encoder.dense_columns,
											model->encoder.coded_columns);
	permutation->predictions = palloc(sizeof(double) * CVM_BLOCK_ROWS * model->outputs);
	permutation->order = palloc_extended(sizeof(int32) * rows->rows, MCXT_ALLOC_HUGE);
	permutation->metric = cvm_primary_metric(&scale, &permutation->more_is_better);
}

/* Mean and deviation of what is lost over the repeats. */
static void
importance_of(Permutation *permutation, int input, double whole, int repeats,
			  double *mean, double *deviation)
{
	double		sum = 0;
	double		squares = 0;
	CvmRandom	random;

	for (int repeat = 0; repeat < repeats; repeat++)
	{
		double		value;
		double		loss;

		cvm_random_seed(&random, (uint64) repeat + 1);
		for (int64 row = 0; row < permutation->rows->rows; row++)
			permutation->order[row] = (int32) row;
		cvm_random_shuffle(&random, permutation->order, permutation->rows->rows);
		value = measure(permutation, input);
		loss = permutation->more_is_better ? whole - value : value - whole;
		sum += loss;
		squares += loss * loss;
	}
	*mean = sum / repeats;
	*deviation = repeats > 1 ?
		sqrt(Max(0, squares - sum * *mean) / (repeats - 1)) : NAN;
}

/* model, source, repeats -> feature, importance, deviation, metric */
PG_FUNCTION_INFO_V1(cvm_permutation_importance);
Datum
cvm_permutation_importance(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			repeats = PG_GETARG_INT32(2);
	Permutation permutation;
	CvmSampledRows *rows;
	double		whole;

	if (repeats < 1 || repeats > MOST_REPEATS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("repeats is %d and must be between 1 and %d", repeats, MOST_REPEATS),
				 errhint("Five give an idea of the deviation.")));
	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	rows = cvm_sampled_rows_read(text_to_cstring(PG_GETARG_TEXT_PP(0)),
								 text_to_cstring(PG_GETARG_TEXT_PP(1)));
	begin(&permutation, rows);
	whole = measure(&permutation, -1);
	for (int input = 0; input < rows->model->encoder.input_count; input++)
	{
		double		mean;
		double		deviation;
		Datum		values[4];
		bool		nulls[4] = {false};

		importance_of(&permutation, input, whole, repeats, &mean, &deviation);
		values[0] = CStringGetTextDatum(rows->model->encoder.inputs[input].name);
		values[1] = Float8GetDatum(mean);
		values[2] = Float8GetDatum(deviation);
		values[3] = CStringGetTextDatum(permutation.metric);
		nulls[1] = isnan(mean);
		nulls[2] = isnan(deviation);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}
