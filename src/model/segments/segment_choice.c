/*
 * segment_choice.c
 *		What segments decide together: how strong they are pulled, and where to.
 *
 * Some rows of each segment, a fifth of which is left out to check with, decide
 * two things; where there are few rows, all fifths are left out in turn.
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
#include "model/segments/segment_fit_state.h"

#include <math.h>

#include "base/memory.h"
#include "learn/measure/prediction_loss.h"

/* Rows that decide on strength and common parameters: of all segments about so
 * many, and no fewer of each; and of all folds together. */
#define SAMPLE_ROWS 131072
#define LEAST_SAMPLE_ROWS 1280
#define FOLD_ROWS 262144.0

/* Strengths that are tried, in the unit of the loss: powers of 8, and between. */
#define STRONGEST 5
#define WEAKEST -2
#define STRENGTH_STEP 8.0
#define MOST_RISES 2

/* Relative gradient norm at which a fit to a sample is good enough. */
#define SAMPLE_TOLERANCE 1e-3

/* A round has to make the loss of checked rows smaller by this, relative. */
#define ROUND_GAIN 1e-4

/* A fifth that is checked, and what is learned from the other ones. */
typedef struct Fold
{
	CvmSegmentSample sample;
	CvmModel	pooled;			/* has common parameters that do not know checked rows */
	CvmModel   *common;			/* these by segment, see CvmSegmentFit */
	CvmModel	next;			/* the same after a round */
} Fold;

typedef struct Choice
{
	CvmSegmentFit *fit;
	CvmModel   *common;			/* fit->common of all rows */
	Fold		folds[CVM_SAMPLE_FOLDS];
	int			fold_count;
} Choice;

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

/* ---- folds ---- */

/* Rows of each segment in a sample, at most. */
static int64_t
sample_rows(const CvmSegmentFit *fit)
{
	int			count = fit->set->count;
	int64_t		most = SAMPLE_ROWS / count > LEAST_SAMPLE_ROWS ? SAMPLE_ROWS / count :
		LEAST_SAMPLE_ROWS;
	size_t		memory = fit->lesson->memory;
	int64_t		total = 0;
	int64_t		largest = 0;

	for (int i = 0; i < count; i++)
	{
		int64_t		rows = fit->set->segments[i].rows;

		total += rows;
		largest = rows > largest ? rows : largest;
	}
	if (total <= SAMPLE_ROWS)
		most = largest;
	/* most rows of it are there twice */
	while (memory > 0 && most > CVM_BLOCK_ROWS &&
		   2 * cvm_row_list_size(&fit->layout, most) * count > memory)
		most /= 2;
	return most;
}

/* So many as there is time and memory for; one where the sample has not all rows. */
static int
choose_folds(const CvmSegmentFit *fit, int64_t most)
{
	size_t		row = cvm_row_list_size(&fit->layout, CVM_BLOCK_ROWS) / CVM_BLOCK_ROWS;
	double		rows = 0;
	double		folds;

	for (int i = 0; i < fit->set->count; i++)
	{
		if (fit->set->segments[i].rows > most)
			return 1;
		rows += fit->set->segments[i].rows;
	}
	folds = FOLD_ROWS / rows;
	if (fit->lesson->memory > 0)
		folds = fmin(folds, fit->lesson->memory / (2 * rows * row));
	return (int) fmax(1, fmin(CVM_SAMPLE_FOLDS, folds));
}

/* The common parameters of a fold at the level of each segment. */
static void
set_fold_common(Choice *choice, Fold *fold)
{
	choice->fit->common = fold->common;
	cvm_segments_set_common(choice->fit, &fold->pooled);
	choice->fit->common = choice->common;
}

/* A copy with parameters of its own. */
static CvmModel
copy_of(const CvmSegmentFit *fit, const CvmModel *model)
{
	CvmModel	copy = *model;

	copy.payload = fit->learner->at_level(model, -1, 0, &model->encoder);
	return copy;
}

/* Takes the rows of a fold and learns common parameters from those not checked. */
static CvmStatus
begin_fold(Choice *choice, int number, int64_t most)
{
	CvmSegmentFit *fit = choice->fit;
	Fold	   *fold = &choice->folds[number];
	CvmLesson	lesson = *fit->lesson;
	CvmBlockSource rows;
	CvmStatus	status;

	cvm_segment_sample(&fit->layout, fit->lesson->training, fit->set, most, number,
					   &fold->sample);
	cvm_segment_sample_pooled(&fit->layout, &fold->sample, &rows);
	lesson.training = &rows;
	lesson.start = NULL;
	lesson.progress = NULL;
	fold->pooled = *fit->model;
	status = fit->learner->fit(&lesson, &fold->pooled, fit->error);
	if (status == CVM_ONE_CLASS)
	{
		fold->pooled = copy_of(fit, fit->model);
		status = CVM_OK;
	}
	if (status != CVM_OK)
		return status;
	fold->common = CVM_NEW_ZERO(CvmModel, fit->set->count);
	set_fold_common(choice, fold);
	return CVM_OK;
}

static void
end_fold(Choice *choice, Fold *fold)
{
	const CvmSegmentFit *fit = choice->fit;

	for (int i = 0; i < fit->set->count; i++)
		fit->learner->release(fold->common[i].payload);
	cvm_release(fold->common);
	fit->learner->release(fold->pooled.payload);
	cvm_segment_sample_release(fit->set, &fold->sample);
}

/* ---- trying ---- */

/*
 * Fits every segment to the rows of a sample, from fit->common, and adds the
 * losses of those that are checked.  moved: if not NULL, a model with the common
 * parameters, which go to the mean of the segments'.
 */
static CvmStatus
try_sample(CvmSegmentFit *fit, const CvmSegmentSample *sample, double shrinkage,
		   CvmModel *moved, double *loss, double *weight)
{
	int			count = fit->set->count;

	for (int i = 0; i < count; i++)
	{
		CvmBlockSource rows;
		CvmModel	adapted;
		CvmStatus	status;

		cvm_check_interrupt();
		cvm_row_list_source(&fit->layout, &sample->learned[i], &rows);
		status = cvm_segments_adapt(fit, i, &rows, shrinkage, SAMPLE_TOLERANCE, &adapted);
		if (status != CVM_OK)
			return status;
		add_losses(fit, &adapted, &sample->checked[i], loss, weight);
		if (moved != NULL)
			fit->learner->move(moved, fit->set->term, &fit->common[i], &adapted, 1.0 / count);
		fit->learner->release(adapted.payload);
	}
	return CVM_OK;
}

/* The mean loss of the checked rows of all folds; moves: into the folds' next. */
static CvmStatus
try_strength(Choice *choice, double shrinkage, bool moves, double *mean_loss)
{
	double		loss = 0;
	double		weight = 0;
	CvmStatus	status = CVM_OK;

	for (int f = 0; f < choice->fold_count && status == CVM_OK; f++)
	{
		Fold	   *fold = &choice->folds[f];

		if (moves)
			fold->next = copy_of(choice->fit, &fold->pooled);
		choice->fit->common = fold->common;
		status = try_sample(choice->fit, &fold->sample, shrinkage,
							moves ? &fold->next : NULL, &loss, &weight);
		choice->fit->common = choice->common;
	}
	*mean_loss = isfinite(loss) && weight > 0 ? loss / weight : INFINITY;
	return status;
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
choose_shrinkage(Choice *choice)
{
	double		unit = unit_of_loss(choice->fit->model);
	double		best = unit * pow(STRENGTH_STEP, STRONGEST);
	double		best_loss = INFINITY;
	double		center;
	double		loss;
	int			rises = 0;
	CvmStatus	status;

	for (int power = STRONGEST; power >= WEAKEST && rises < MOST_RISES; power--)
	{
		double		strength = unit * pow(STRENGTH_STEP, power);

		if ((status = try_strength(choice, strength, false, &loss)) != CVM_OK)
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

		if ((status = try_strength(choice, strength, false, &loss)) != CVM_OK)
			return status;
		if (loss < best_loss)
		{
			best = strength;
			best_loss = loss;
		}
	}
	choice->fit->set->shrinkage = best;
	return CVM_OK;
}

/* Reptile: the common parameters go where adapting from them is worth most. */
static CvmStatus
choose_rounds(Choice *choice)
{
	CvmSegmentFit *fit = choice->fit;
	double		loss;
	CvmStatus	status = try_strength(choice, fit->set->shrinkage, true, &loss);

	while (status == CVM_OK && fit->set->rounds < fit->lesson->options->segment_rounds)
	{
		double		moved_loss;

		for (int f = 0; f < choice->fold_count; f++)
		{
			Fold	   *fold = &choice->folds[f];

			fit->learner->release(fold->pooled.payload);
			fold->pooled = fold->next;
			set_fold_common(choice, fold);
		}
		status = try_strength(choice, fit->set->shrinkage, true, &moved_loss);
		if (!(moved_loss < loss - ROUND_GAIN * fabs(loss)))
			break;
		fit->set->rounds++;
		loss = moved_loss;
	}
	for (int f = 0; f < choice->fold_count && status == CVM_OK; f++)
		fit->learner->release(choice->folds[f].next.payload);
	return status;
}

/* Moves the common parameters of the model as often as was chosen. */
static CvmStatus
move_common(Choice *choice)
{
	CvmSegmentFit *fit = choice->fit;
	CvmStatus	status = CVM_OK;

	for (int round = 0; round < fit->set->rounds && status == CVM_OK; round++)
	{
		CvmModel	moved = copy_of(fit, fit->model);
		double		loss = 0;
		double		weight = 0;

		status = try_sample(fit, &choice->folds[0].sample, fit->set->shrinkage, &moved, &loss,
							&weight);
		fit->learner->release(fit->model->payload);
		fit->model->payload = moved.payload;
		cvm_segments_set_common(fit, fit->model);
	}
	return status;
}

CvmStatus
cvm_segments_decide(CvmSegmentFit *fit)
{
	const CvmOptions *options = fit->lesson->options;
	int64_t		most = sample_rows(fit);
	Choice		choice = {.fit = fit,.common = fit->common,.fold_count = choose_folds(fit, most)};
	CvmStatus	status = CVM_OK;

	for (int f = 0; f < choice.fold_count && status == CVM_OK; f++)
		status = begin_fold(&choice, f, most);
	if (status == CVM_OK && options->segment_shrinkage == 0)
		status = choose_shrinkage(&choice);
	if (status == CVM_OK && options->segment_rounds > 0)
		status = choose_rounds(&choice);
	if (status == CVM_OK)
		status = move_common(&choice);
	for (int f = 0; f < choice.fold_count && status == CVM_OK; f++)
		end_fold(&choice, &choice.folds[f]);
	return status;
}
