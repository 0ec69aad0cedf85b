/*
 * segment_choice.c
 *		What segments decide together: how strong they are pulled, and where to.
 *
 * Some rows of each segment, a fifth of which is left out to check with, decide
 *
 *	  the strength of the pull	by the loss of the checked rows, from strong to
 *								weak until it only grows
 *	  where the common ones are	each round moves them to the mean of the
 *								segments' parameters (Reptile: Nichol, Achiam and
 *								Schulman, 2018, with a proximal inner loop), as
 *								often as the checked rows like it
 *
 * For that, common parameters are learned once more, from the rows that are not
 * checked: those of all rows know the checked ones, and no pull could be strong
 * enough.
 */
#include "model/segment_fit_state.h"

#include <math.h>

#include "base/memory.h"
#include "learn/prediction_loss.h"

/* Rows that decide on strength and common parameters: of all segments about so
 * many, and no fewer of each. */
#define SAMPLE_ROWS 131072
#define LEAST_SAMPLE_ROWS 1280

/* Strengths that are tried, in the unit of the loss: powers of 8, and between. */
#define STRONGEST 5
#define WEAKEST -2
#define STRENGTH_STEP 8.0
#define MOST_RISES 2

/* Relative gradient norm at which a fit to a sample is good enough. */
#define SAMPLE_TOLERANCE 1e-3

/* A round has to make the loss of checked rows smaller by this, relative. */
#define ROUND_GAIN 1e-4

/* Adds the losses of these rows as the model predicts them. */
static void
add_losses(const CvmSegmentFit *fit, const CvmModel *model, const CvmRowList *rows,
		   double *loss, double *weight)
{
	void	   *prepared = fit->learner->prepare(model);

	for (int b = 0; b < rows->count; b++)
	{
		const CvmBlock *block = rows->blocks[b];

		fit->learner->predict(prepared, block, fit->predictions);
		for (int row = 0; row < block->rows; row++)
		{
			*loss += block->weight[row] *
				cvm_prediction_loss(&fit->measure, block->target[row],
									fit->predictions + (size_t) row * model->outputs);
			*weight += block->weight[row];
		}
	}
	fit->learner->finish(prepared);
}

static void
take_sample(CvmSegmentFit *fit)
{
	int			count = fit->set->count;
	int64_t		most = SAMPLE_ROWS / count > LEAST_SAMPLE_ROWS ? SAMPLE_ROWS / count :
		LEAST_SAMPLE_ROWS;
	size_t		memory = fit->lesson->memory;

	/* most rows of it are there twice */
	while (memory > 0 && most > CVM_BLOCK_ROWS &&
		   2 * cvm_row_list_size(&fit->layout, most) * count > memory)
		most /= 2;
	cvm_segment_sample(&fit->layout, fit->lesson->training, fit->set, most, &fit->sample);
}

/*
 * The mean loss of the checked rows where every segment is fitted to the others
 * of its sample.  moved: if not NULL, a model with the common parameters, which
 * go to the mean of the segments'.
 */
static CvmStatus
try_strength(CvmSegmentFit *fit, double shrinkage, CvmModel *moved, double *mean_loss)
{
	int			count = fit->set->count;
	double		loss = 0;
	double		weight = 0;

	for (int i = 0; i < count; i++)
	{
		CvmBlockSource rows;
		CvmModel	adapted;
		CvmStatus	status;

		cvm_check_interrupt();
		cvm_row_list_source(&fit->layout, &fit->sample.learned[i], &rows);
		status = cvm_segments_adapt(fit, i, &rows, shrinkage, SAMPLE_TOLERANCE, &adapted);
		if (status != CVM_OK)
			return status;
		add_losses(fit, &adapted, &fit->sample.checked[i], &loss, &weight);
		if (moved != NULL)
			fit->learner->move(moved, fit->set->term, &fit->common[i], &adapted, 1.0 / count);
		fit->learner->release(adapted.payload);
	}
	*mean_loss = isfinite(loss) ? loss / weight : INFINITY;
	return CVM_OK;
}

/*
 * Losses grow with the square of a number's unit, and so does the pull that
 * weighs as much as a row.
 */
static double
unit_of_loss(const CvmModel *model)
{
	return (model->family == CVM_LINEAR || model->family == CVM_HUBER) && model->loss > 0 ?
		2 * model->loss : 1;
}

static CvmStatus
choose_shrinkage(CvmSegmentFit *fit)
{
	double		unit = unit_of_loss(fit->model);
	double		best = unit * pow(STRENGTH_STEP, STRONGEST);
	double		best_loss = INFINITY;
	double		center;
	double		loss;
	int			rises = 0;
	CvmStatus	status;

	for (int power = STRONGEST; power >= WEAKEST && rises < MOST_RISES; power--)
	{
		double		strength = unit * pow(STRENGTH_STEP, power);

		if ((status = try_strength(fit, strength, NULL, &loss)) != CVM_OK)
			return status;
		rises = loss < best_loss ? 0 : rises + 1;
		if (loss < best_loss)
		{
			best = strength;
			best_loss = loss;
		}
	}
	center = best;
	for (int side = -1; side <= 1; side += 2)
	{
		double		strength = center * pow(STRENGTH_STEP, 0.5 * side);

		if ((status = try_strength(fit, strength, NULL, &loss)) != CVM_OK)
			return status;
		if (loss < best_loss)
		{
			best = strength;
			best_loss = loss;
		}
	}
	fit->set->shrinkage = best;
	return CVM_OK;
}

/* A copy with parameters of its own. */
static CvmModel
copy_of(const CvmSegmentFit *fit, const CvmModel *model)
{
	CvmModel	copy = *model;

	copy.payload = fit->learner->at_level(model, -1, 0, &model->encoder);
	return copy;
}

/*
 * Reptile: the common parameters go where adapting from them is worth most.
 * pooled: the model that the rounds begin with; it is moved.
 */
static CvmStatus
choose_rounds(CvmSegmentFit *fit, CvmModel *pooled)
{
	CvmModel	next = copy_of(fit, pooled);
	double		loss;
	CvmStatus	status = try_strength(fit, fit->set->shrinkage, &next, &loss);

	while (status == CVM_OK && fit->set->rounds < fit->lesson->options->segment_rounds)
	{
		double		moved_loss;

		fit->learner->release(pooled->payload);
		*pooled = next;
		next = copy_of(fit, pooled);
		cvm_segments_set_common(fit, pooled);
		status = try_strength(fit, fit->set->shrinkage, &next, &moved_loss);
		if (!(moved_loss < loss - ROUND_GAIN * fabs(loss)))
			break;
		fit->set->rounds++;
		loss = moved_loss;
	}
	fit->learner->release(next.payload);
	return status;
}

/* Moves the common parameters of the model as often as was chosen. */
static CvmStatus
move_common(CvmSegmentFit *fit)
{
	CvmStatus	status = CVM_OK;

	for (int round = 0; round < fit->set->rounds && status == CVM_OK; round++)
	{
		CvmModel	moved = copy_of(fit, fit->model);
		double		loss;

		status = try_strength(fit, fit->set->shrinkage, &moved, &loss);
		fit->learner->release(fit->model->payload);
		fit->model->payload = moved.payload;
		cvm_segments_set_common(fit, fit->model);
	}
	return status;
}

/* Learns common parameters from the rows of the sample that are not checked. */
static CvmStatus
learn_pooled(CvmSegmentFit *fit, CvmModel *pooled)
{
	CvmLesson	lesson = *fit->lesson;
	CvmBlockSource rows;
	CvmStatus	status;

	cvm_segment_sample_pooled(&fit->layout, &fit->sample, &rows);
	lesson.training = &rows;
	lesson.start = NULL;
	lesson.progress = NULL;
	*pooled = *fit->model;
	status = fit->learner->fit(&lesson, pooled, fit->error);
	if (status != CVM_ONE_CLASS)
		return status;
	*pooled = copy_of(fit, fit->model);
	return CVM_OK;
}

CvmStatus
cvm_segments_decide(CvmSegmentFit *fit)
{
	const CvmOptions *options = fit->lesson->options;
	CvmModel	pooled;
	CvmStatus	status;

	take_sample(fit);
	status = learn_pooled(fit, &pooled);
	if (status == CVM_OK)
	{
		cvm_segments_set_common(fit, &pooled);
		if (options->segment_shrinkage == 0)
			status = choose_shrinkage(fit);
		if (status == CVM_OK && options->segment_rounds > 0)
			status = choose_rounds(fit, &pooled);
		fit->learner->release(pooled.payload);
		cvm_segments_set_common(fit, fit->model);
	}
	if (status == CVM_OK)
		status = move_common(fit);
	cvm_segment_sample_release(fit->set, &fit->sample);
	return status;
}
