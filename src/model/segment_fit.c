/*
 * segment_fit.c
 *		Learning a model, with segments where options ask for them.
 *
 * The common parameters are first those of all rows.  The first rows of each
 * segment, a fifth of which is left out to check with, then decide two things
 * that no segment could decide alone:
 *
 *	  the strength of the pull	by the loss of the checked rows, from strong to
 *								weak until it only grows
 *	  where the common ones are	each round moves them to the mean of the
 *								segments' parameters (Reptile: Nichol, Achiam and
 *								Schulman, 2018, with a proximal inner loop), as
 *								long as the checked rows like it
 *
 * and at last every segment is fitted to all of its rows.  Held-out rows decide
 * nothing.  As many segments as there is memory for are gathered in a pass over
 * the rows; one that is larger than that is picked out of them as it is read.
 */
#include "model/segment_fit.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/prediction_loss.h"
#include "model/segment_rows.h"

/* Of each segment, rows that decide on strength and common parameters. */
#define SAMPLE_ROWS 1280

/* What a learner of mini-batches takes to adapt to a segment: about so many
 * steps, in no fewer and no more epochs. */
#define ADAPTING_STEPS 300.0
#define LEAST_EPOCHS 3
#define MOST_EPOCHS 100

/* Strengths that are tried, in the unit of the loss: powers of 8, and between. */
#define STRONGEST 7
#define WEAKEST -2
#define STRENGTH_STEP 8.0
#define MOST_RISES 3

/* A round has to make the loss of checked rows smaller by this, relative. */
#define ROUND_GAIN 1e-4

typedef struct SegmentFit
{
	const CvmLesson *lesson;
	const CvmLearner *learner;
	CvmModel   *model;
	CvmSegmentSet *set;
	CvmSegmentLayout layout;
	CvmSegmentCount *counts;	/* by level */
	CvmModel   *common;			/* by segment: the common parameters at its level */
	CvmRowList *sample;			/* by segment, then again the rows to check with */
	double	   *predictions;	/* of a block */
	CvmMeasure	measure;
	CvmError   *error;
} SegmentFit;

/* ---- which segments ---- */

CvmStatus
cvm_segments_check_options(const CvmLearner *learner, const CvmOptions *options,
						   CvmError *error)
{
	char		able[512];

	if (options->segment_by == NULL)
		return CVM_OK;
	if (learner->at_level == NULL)
	{
		cvm_learner_list_with_segments(able, sizeof(able));
		cvm_fail(error, CVM_BAD_OPTION, "algorithm \"%s\" cannot have segments", learner->name);
		cvm_hint(error, "Option \"segment_by\" is for %s.", able);
		return CVM_BAD_OPTION;
	}
	if (options->incremental)
	{
		cvm_fail(error, CVM_BAD_OPTION,
				 "options \"segment_by\" and \"incremental\" do not go together");
		cvm_hint(error, "Segments are fitted to all of their rows; leave one of the two out.");
		return CVM_BAD_OPTION;
	}
	return CVM_OK;
}

static int
find_term(const CvmEncoder *encoder, const char *name)
{
	for (int i = 0; i < encoder->term_count; i++)
		if (encoder->terms[i].kind == CVM_TERM_CATEGORY &&
			strcmp(encoder->inputs[encoder->terms[i].input].name, name) == 0)
			return i;
	return -1;
}

static CvmStatus
no_segment(const CvmOptions *options, CvmError *error)
{
	cvm_fail(error, CVM_NO_ROWS, "no value of column \"%s\" has %d training rows, so there is no segment",
			 options->segment_by, options->segment_min_rows);
	cvm_hint(error, "Lower option \"segment_min_rows\", or leave out \"segment_by\".");
	return CVM_NO_ROWS;
}

static bool
is_segment(const SegmentFit *fit, const CvmTerm *term, int level)
{
	return level > 0 && level != term->other_level && level != term->missing_level &&
		fit->counts[level].rows >= fit->lesson->options->segment_min_rows;
}

/* Counts the rows of each level and makes those that have enough segments. */
static CvmStatus
choose_segments(SegmentFit *fit)
{
	const CvmOptions *options = fit->lesson->options;
	const CvmTerm *term = &fit->model->encoder.terms[fit->set->term];
	int			count = 0;

	fit->counts = CVM_NEW(CvmSegmentCount, term->level_count);
	cvm_segment_count(&fit->layout, fit->lesson->training, term->level_count, fit->counts);
	for (int level = 0; level < term->level_count; level++)
		count += is_segment(fit, term, level);
	if (count == 0)
		return no_segment(options, fit->error);
	if (count > options->segment_limit)
	{
		cvm_fail(fit->error, CVM_LIMIT, "column \"%s\" has %d values with %d rows or more, and at most %d segments are allowed",
				 options->segment_by, count, options->segment_min_rows, options->segment_limit);
		cvm_hint(fit->error, "Raise option \"segment_limit\" or \"segment_min_rows\".");
		return CVM_LIMIT;
	}
	fit->set->segments = CVM_NEW_ZERO(CvmSegment, count);
	for (int level = 0; level < term->level_count; level++)
		if (is_segment(fit, term, level))
		{
			CvmSegment *segment = &fit->set->segments[fit->set->count++];

			segment->level = level;
			segment->rows = fit->counts[level].rows;
		}
	return CVM_OK;
}

/* Before anything is fitted: options that cannot be, cost little. */
static CvmStatus
begin(SegmentFit *fit, const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	const CvmOptions *options = lesson->options;
	CvmStatus	status = cvm_segments_check_options(model->learner, options, error);
	int			term;

	if (status != CVM_OK)
		return status;
	memset(fit, 0, sizeof(*fit));
	fit->lesson = lesson;
	fit->learner = model->learner;
	fit->model = model;
	fit->error = error;
	term = find_term(lesson->encoder, options->segment_by);
	if (term < 0)
		return no_segment(options, error);
	if (lesson->encoder->term_count == 1)
	{
		cvm_fail(error, CVM_NO_FEATURES, "there is no column to learn from but \"%s\"",
				 options->segment_by);
		cvm_hint(error, "A model of the values of a single column needs no segments: leave out option \"segment_by\".");
		return CVM_NO_FEATURES;
	}
	fit->measure.family = lesson->family;
	fit->measure.task = lesson->task;
	fit->measure.classes = lesson->class_count;
	fit->set = CVM_NEW_ZERO(CvmSegmentSet, 1);
	fit->set->term = term;
	cvm_segment_layout(lesson->encoder, term, &fit->layout);
	fit->predictions = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * model->outputs);
	return choose_segments(fit);
}

/* ---- one segment ---- */

/* A model over the segments' encoder. */
static CvmModel
segment_model(const SegmentFit *fit, void *payload)
{
	CvmModel	result = *fit->model;

	result.encoder = fit->set->encoder;
	result.segments = NULL;
	result.payload = payload;
	return result;
}

/* The common parameters of a model at the level of each segment. */
static void
set_common(SegmentFit *fit, const CvmModel *model)
{
	for (int i = 0; i < fit->set->count; i++)
	{
		if (fit->common[i].payload != NULL)
			fit->learner->release(fit->common[i].payload);
		fit->common[i] = segment_model(fit, fit->learner->at_level(model, fit->set->term,
																   fit->set->segments[i].level,
																   &fit->set->encoder));
	}
}

static int
adapting_epochs(const CvmOptions *options, uint64_t rows)
{
	double		epochs = ceil(ADAPTING_STEPS * options->batch_size / rows);

	epochs = fmin(fmax(epochs, LEAST_EPOCHS), MOST_EPOCHS);
	return options->epochs > 0 && options->epochs < epochs ? options->epochs : (int) epochs;
}

/* Fits the parameters of a segment to these rows. */
static CvmStatus
adapt(const SegmentFit *fit, int segment, CvmBlockSource *rows, double shrinkage,
	  CvmModel *adapted)
{
	CvmOptions	options = *fit->lesson->options;
	CvmLesson	lesson = *fit->lesson;

	options.l2 = shrinkage;
	if (cvm_model_linear(fit->model) == NULL)
		options.epochs = adapting_epochs(&options, rows->rows);
	lesson.encoder = &fit->set->encoder;
	lesson.training = rows;
	lesson.validation = NULL;
	lesson.options = &options;
	lesson.start = &fit->common[segment];
	lesson.toward_start = true;
	lesson.progress = NULL;
	*adapted = fit->common[segment];
	return fit->learner->fit(&lesson, adapted, fit->error);
}

/* Adds the losses of these rows as the model predicts them. */
static void
add_losses(const SegmentFit *fit, const CvmModel *model, const CvmRowList *rows,
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

/* ---- what the samples decide ---- */

static void
gather_samples(SegmentFit *fit)
{
	int			count = fit->set->count;
	int64_t		most = SAMPLE_ROWS;
	size_t		memory = fit->lesson->memory;

	while (memory > 0 && most > CVM_BLOCK_ROWS &&
		   cvm_row_list_size(&fit->layout, most) * count > memory)
		most /= 2;
	fit->sample = CVM_NEW_ZERO(CvmRowList, 2 * count);
	cvm_segment_gather(&fit->layout, fit->lesson->training, fit->set, 0, count, true, most,
					   fit->sample);
}

static void
release_samples(SegmentFit *fit)
{
	for (int i = 0; i < 2 * fit->set->count; i++)
		cvm_row_list_release(&fit->sample[i]);
	cvm_release(fit->sample);
}

/*
 * The mean loss of the checked rows where every segment is fitted to the others
 * of its sample.  moved: if not NULL, a model with the common parameters, which
 * go to the mean of the segments'.
 */
static CvmStatus
try_strength(SegmentFit *fit, double shrinkage, CvmModel *moved, double *mean_loss)
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
		cvm_row_list_source(&fit->layout, &fit->sample[i], &rows);
		status = adapt(fit, i, &rows, shrinkage, &adapted);
		if (status != CVM_OK)
			return status;
		add_losses(fit, &adapted, &fit->sample[count + i], &loss, &weight);
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
choose_shrinkage(SegmentFit *fit)
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

/* A copy of the model with parameters of its own. */
static CvmModel
copy_of_model(const SegmentFit *fit)
{
	CvmModel	copy = *fit->model;

	copy.payload = fit->learner->at_level(fit->model, -1, 0, &fit->model->encoder);
	return copy;
}

/* Reptile: the common parameters go where adapting from them is worth most. */
static CvmStatus
move_common(SegmentFit *fit)
{
	CvmModel	next = copy_of_model(fit);
	double		loss;
	CvmStatus	status = try_strength(fit, fit->set->shrinkage, &next, &loss);

	while (status == CVM_OK && fit->set->rounds < fit->lesson->options->segment_rounds)
	{
		CvmModel	candidate = next;
		double		moved_loss;

		next.payload = fit->learner->at_level(&candidate, -1, 0, &candidate.encoder);
		set_common(fit, &candidate);
		status = try_strength(fit, fit->set->shrinkage, &next, &moved_loss);
		if (status == CVM_OK && moved_loss < loss - ROUND_GAIN * fabs(loss))
		{
			fit->learner->release(fit->model->payload);
			fit->model->payload = candidate.payload;
			fit->set->rounds++;
			loss = moved_loss;
			continue;
		}
		fit->learner->release(candidate.payload);
		set_common(fit, fit->model);
		break;
	}
	fit->learner->release(next.payload);
	return status;
}

/* ---- all rows ---- */

/* Keeps what a segment has learned; one that went astray stays at the common parameters. */
static void
keep(SegmentFit *fit, int index, const CvmModel *adapted)
{
	CvmSegment *segment = &fit->set->segments[index];
	CvmError	ignored;

	if (adapted->outcome != CVM_DIVERGED && fit->learner->check(adapted, &ignored) == CVM_OK)
		segment->payload = adapted->payload;
	else
		segment->payload = fit->learner->at_level(fit->model, fit->set->term, segment->level,
												  &fit->set->encoder);
	segment->loss = segment->payload == adapted->payload ? adapted->loss : NAN;
}

static CvmStatus
adapt_to_all(SegmentFit *fit, int index, CvmBlockSource *rows)
{
	CvmModel	adapted;
	CvmStatus	status;

	cvm_check_interrupt();
	status = adapt(fit, index, rows, fit->set->shrinkage, &adapted);
	if (status == CVM_OK)
		keep(fit, index, &adapted);
	return status;
}

/* One that does not fit into memory. */
static CvmStatus
adapt_to_stream(SegmentFit *fit, int index)
{
	int			level = fit->set->segments[index].level;
	CvmBlockSource rows;
	CvmSegmentStream *stream = cvm_segment_stream_open(&fit->layout, fit->lesson->training,
													   level, &fit->counts[level], &rows);
	CvmStatus	status = adapt_to_all(fit, index, &rows);

	cvm_segment_stream_close(stream);
	return status;
}

/* The segments first <= i < last, whose rows fit into memory together. */
static CvmStatus
adapt_group(SegmentFit *fit, int first, int last)
{
	CvmRowList *lists = CVM_NEW_ZERO(CvmRowList, last - first);
	CvmStatus	status = CVM_OK;

	cvm_segment_gather(&fit->layout, fit->lesson->training, fit->set, first, last, false, 0,
					   lists);
	for (int i = first; i < last && status == CVM_OK; i++)
	{
		CvmBlockSource rows;

		cvm_row_list_source(&fit->layout, &lists[i - first], &rows);
		status = adapt_to_all(fit, i, &rows);
		cvm_row_list_release(&lists[i - first]);
	}
	cvm_release(lists);
	return status;
}

static CvmStatus
adapt_segments(SegmentFit *fit)
{
	const CvmSegmentSet *set = fit->set;
	size_t		memory = fit->lesson->memory;
	CvmStatus	status = CVM_OK;
	int			last;

	for (int first = 0; first < set->count && status == CVM_OK; first = last)
	{
		size_t		size = cvm_row_list_size(&fit->layout, set->segments[first].rows);

		last = first + 1;
		if (memory > 0 && size > memory)
		{
			status = adapt_to_stream(fit, first);
			continue;
		}
		for (; last < set->count; last++)
		{
			size += cvm_row_list_size(&fit->layout, set->segments[last].rows);
			if (memory > 0 && size > memory)
				break;
		}
		status = adapt_group(fit, first, last);
	}
	return status;
}

/* ---- held-out rows ---- */

/* What segments and common parameters make of a block. */
static void
check_block(SegmentFit *fit, void *common, void *const *own, const CvmBlock *block,
			CvmBlock *row_block, double *own_prediction, double *weights)
{
	const CvmModel *model = fit->model;

	fit->learner->predict(common, block, fit->predictions);
	for (int row = 0; row < block->rows; row++)
	{
		int			index = fit->set->by_level[cvm_segment_level(&fit->layout, block, row)];
		CvmSegment *segment = &fit->set->segments[index];

		if (index < 0)
			continue;
		row_block->rows = 0;
		cvm_segment_add_row(&fit->layout, block, row, row_block);
		fit->learner->predict(own[index], row_block, own_prediction);
		segment->validation_rows++;
		weights[index] += block->weight[row];
		segment->validation_loss += block->weight[row] *
			cvm_prediction_loss(&fit->measure, block->target[row], own_prediction);
		segment->common_validation_loss += block->weight[row] *
			cvm_prediction_loss(&fit->measure, block->target[row],
								fit->predictions + (size_t) row * model->outputs);
	}
}

static void
check_segments(SegmentFit *fit)
{
	CvmBlockSource *source = fit->lesson->validation;
	int			count = fit->set->count;
	void	   *common = fit->learner->prepare(fit->model);
	void	  **own = CVM_NEW(void *, count);
	CvmModel   *models = CVM_NEW(CvmModel, count);
	double	   *weights = CVM_NEW_ZERO(double, count);
	double	   *prediction = CVM_NEW(double, fit->model->outputs);
	CvmBlock   *row_block = cvm_block_create(fit->layout.dense_columns,
											 fit->layout.coded_columns - 1);

	for (int i = 0; i < count; i++)
	{
		models[i] = segment_model(fit, fit->set->segments[i].payload);
		own[i] = fit->learner->prepare(&models[i]);
	}
	for (int b = 0; source != NULL && b < source->blocks; b++)
	{
		cvm_check_interrupt();
		check_block(fit, common, own, source->read(source->state, b), row_block, prediction,
					weights);
	}
	for (int i = 0; i < count; i++)
	{
		CvmSegment *segment = &fit->set->segments[i];

		/* NaN without rows */
		segment->validation_loss /= weights[i];
		segment->common_validation_loss /= weights[i];
		fit->learner->finish(own[i]);
	}
	fit->learner->finish(common);
	cvm_release(row_block);
	cvm_release(prediction);
	cvm_release(weights);
	cvm_release(models);
	cvm_release(own);
}

/* ---- a model ---- */

static CvmStatus
fit_segments(SegmentFit *fit)
{
	const CvmOptions *options = fit->lesson->options;
	CvmStatus	status = CVM_OK;

	fit->model->segments = fit->set;
	status = cvm_segment_set_index(fit->model, fit->error);
	if (status != CVM_OK)
		return status;
	fit->common = CVM_NEW_ZERO(CvmModel, fit->set->count);
	set_common(fit, fit->model);
	fit->set->shrinkage = options->segment_shrinkage;
	if (options->segment_shrinkage == 0 || options->segment_rounds > 0)
	{
		gather_samples(fit);
		if (options->segment_shrinkage == 0)
			status = choose_shrinkage(fit);
		if (status == CVM_OK && options->segment_rounds > 0)
			status = move_common(fit);
		release_samples(fit);
	}
	if (status == CVM_OK)
		status = adapt_segments(fit);
	if (status == CVM_OK)
		check_segments(fit);
	return status;
}

CvmStatus
cvm_learn_model(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	SegmentFit	fit;
	CvmStatus	status;

	if (lesson->options->segment_by == NULL)
		return model->learner->fit(lesson, model, error);
	status = begin(&fit, lesson, model, error);
	if (status == CVM_OK)
		status = model->learner->fit(lesson, model, error);
	return status == CVM_OK && model->outcome != CVM_DIVERGED ? fit_segments(&fit) : status;
}
