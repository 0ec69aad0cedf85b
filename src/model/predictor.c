/*
 * predictor.c
 *		The one place where models predict blocks.
 *
 * Of a model with segments, the rows of a block are grouped by segment; each
 * group goes to the learner as a block of its own, and the predictions back to
 * the places of the rows.  Everything is prepared beforehand: a predictor may
 * live longer than the memory context of a call.
 */
#include "model/predictor.h"

#include <string.h>

#include "base/memory.h"
#include "model/segments/segment_set.h"

/* What a model with segments needs in addition. */
typedef struct SegmentWork
{
	CvmSegmentLayout layout;
	CvmModel   *models;			/* by segment */
	void	  **prepared;		/* by segment */
	CvmBlock   *group;			/* rows of a segment, or of none */
	CvmBlock   *whole;
	double	   *predictions;	/* of the group */
	int		   *heads;			/* by segment, and last of none: its first row, or -1 */
	int			next[CVM_BLOCK_ROWS];	/* by row: the next one of its group, or -1 */
	int			place[CVM_BLOCK_ROWS];	/* by row of the group */
} SegmentWork;

struct CvmPredictor
{
	const CvmModel *model;
	void	   *prepared;		/* by the learner */
	SegmentWork *segments;		/* or NULL */
};

static SegmentWork *
segment_work(const CvmModel *model)
{
	const CvmSegmentSet *set = model->segments;
	SegmentWork *work = CVM_NEW_ZERO(SegmentWork, 1);
	int			coded = model->encoder.coded_columns;

	cvm_segment_layout(&model->encoder, set->term, &work->layout);
	work->models = CVM_NEW(CvmModel, set->count);
	work->prepared = CVM_NEW(void *, set->count);
	work->heads = CVM_NEW(int, set->count + 1);
	for (int i = 0; i <= set->count; i++)
		work->heads[i] = -1;
	for (int i = 0; i < set->count; i++)
	{
		cvm_check_interrupt();
		work->models[i] = cvm_segment_model(model, i);
		work->prepared[i] = model->learner->prepare(&work->models[i]);
	}
	work->whole = cvm_block_create(model->encoder.dense_columns, coded);
	work->group = cvm_block_create(model->encoder.dense_columns, coded - 1);
	work->predictions = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * model->outputs);
	return work;
}

CvmPredictor *
cvm_predictor_create(const CvmModel *model)
{
	CvmPredictor *predictor = CVM_NEW_ZERO(CvmPredictor, 1);

	predictor->model = model;
	predictor->prepared = model->learner->prepare(model);
	if (model->segments != NULL)
		predictor->segments = segment_work(model);
	return predictor;
}

/* ---- segments ---- */

static int
segment_of(const CvmPredictor *predictor, const CvmBlock *block, int row)
{
	return predictor->model->segments->by_level[
												cvm_segment_level(&predictor->segments->layout, block, row)];
}

/* Chains the rows of each segment, and of none, in their order. */
static void
chain_rows(CvmPredictor *predictor, const CvmBlock *block)
{
	SegmentWork *work = predictor->segments;
	int			count = predictor->model->segments->count;

	for (int row = block->rows - 1; row >= 0; row--)
	{
		int			segment = segment_of(predictor, block, row);
		int		   *head = &work->heads[segment < 0 ? count : segment];

		work->next[row] = *head;
		*head = row;
	}
}

/* Predicts the rows of the chain that begins with this row, and ends the chain. */
static void
predict_group(CvmPredictor *predictor, const CvmBlock *block, int first, double *predictions)
{
	const CvmModel *model = predictor->model;
	SegmentWork *work = predictor->segments;
	int			segment = segment_of(predictor, block, first);
	CvmBlock   *group = segment < 0 ? work->whole : work->group;
	size_t		size = model->outputs * sizeof(double);

	group->rows = 0;
	for (int row = first; row >= 0; row = work->next[row])
	{
		work->place[group->rows] = row;
		if (segment < 0)
			cvm_segment_add_whole_row(&work->layout, block, row, group);
		else
			cvm_segment_add_row(&work->layout, block, row, group);
	}
	model->learner->predict(segment < 0 ? predictor->prepared : work->prepared[segment],
							group, work->predictions);
	for (int i = 0; i < group->rows; i++)
		memcpy(predictions + (size_t) work->place[i] * model->outputs,
			   work->predictions + (size_t) i * model->outputs, size);
	work->heads[segment < 0 ? model->segments->count : segment] = -1;
}

static void
predict_segments(CvmPredictor *predictor, const CvmBlock *block, double *predictions)
{
	SegmentWork *work = predictor->segments;
	int			count = predictor->model->segments->count;

	chain_rows(predictor, block);
	for (int row = 0; row < block->rows; row++)
	{
		int			segment = segment_of(predictor, block, row);

		/* the first of its group, which is not done yet */
		if (work->heads[segment < 0 ? count : segment] == row)
			predict_group(predictor, block, row, predictions);
	}
}

/*
 * Of a row of a segment: what the segment's terms contribute, over the base of
 * the common parameters; what the bases differ by is due to the segment column.
 */
static void
explain_segment(CvmPredictor *predictor, const CvmBlock *row, int segment, double *base,
				double *contributions)
{
	const CvmModel *model = predictor->model;
	SegmentWork *work = predictor->segments;
	int			term = model->segments->term;
	size_t		outputs = model->outputs;
	double	   *own_base = CVM_NEW(double, outputs);

	work->group->rows = 0;
	cvm_segment_add_row(&work->layout, row, 0, work->group);
	model->learner->explain(predictor->prepared, row, base, contributions);
	model->learner->explain(work->prepared[segment], work->group, own_base, contributions);
	/* those of the terms after the segment's make room for it */
	memmove(contributions + (term + 1) * outputs, contributions + term * outputs,
			(model->encoder.term_count - term - 1) * outputs * sizeof(double));
	for (size_t k = 0; k < outputs; k++)
		contributions[term * outputs + k] = own_base[k] - base[k];
	cvm_release(own_base);
}

/* ---- for everybody ---- */

void
cvm_predictor_predict(CvmPredictor *predictor, const CvmBlock *block, double *predictions)
{
	if (predictor->segments != NULL)
		predict_segments(predictor, block, predictions);
	else
		predictor->model->learner->predict(predictor->prepared, block, predictions);
	cvm_model_calibrate(predictor->model, block->rows, predictions);
}

int
cvm_model_class(const CvmModel *model, const double *prediction)
{
	int			best = 0;

	if (model->task == CVM_BINARY)
		return prediction[0] > cvm_model_threshold(model);
	for (int k = 1; k < model->class_count; k++)
		if (prediction[k] > prediction[best])
			best = k;
	return best;
}

void
cvm_predictor_transform(CvmPredictor *predictor, const CvmBlock *block, double *values)
{
	predictor->model->learner->transform(predictor->prepared, block, values);
}

void
cvm_predictor_explain(CvmPredictor *predictor, const CvmBlock *row, double *base,
					  double *contributions)
{
	int			segment = predictor->segments == NULL ? -1 : segment_of(predictor, row, 0);

	if (segment >= 0)
		explain_segment(predictor, row, segment, base, contributions);
	else
		predictor->model->learner->explain(predictor->prepared, row, base, contributions);
}

const CvmModel *
cvm_predictor_model(const CvmPredictor *predictor)
{
	return predictor->model;
}

const CvmRecommender *
cvm_predictor_recommender(const CvmPredictor *predictor)
{
	const CvmLearner *learner = predictor->model->learner;

	return learner->recommender != NULL ? learner->recommender(predictor->prepared) : NULL;
}
