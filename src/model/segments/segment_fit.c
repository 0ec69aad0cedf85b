/*
 * segment_fit.c
 *		Learning a model, with segments where options ask for them.
 *
 * First the common parameters, as those of any model; then what samples of the
 * segments say of them and of the pull (segment_choice.c); then every segment is
 * fitted to all of its rows.  Held-out rows decide nothing.  As many segments as
 * there is memory for are gathered in a pass over the rows; one that is larger
 * than that is picked out of them as it is read.
 */
#include "model/segments/segment_fit.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/measure/prediction_loss.h"
#include "model/segments/segment_fit_state.h"

/* What a learner of mini-batches takes to adapt to a segment: about so many
 * steps, in no fewer and no more epochs. */
#define ADAPTING_STEPS 300.0
#define LEAST_EPOCHS 3
#define MOST_EPOCHS 100

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
is_segment(const CvmSegmentFit *fit, const CvmTerm *term, int level)
{
	return level > 0 && level != term->other_level && level != term->missing_level &&
		fit->counts[level].rows >= fit->lesson->options->segment_min_rows;
}

/* Counts the rows of each level and makes those that have enough segments. */
static CvmStatus
choose_segments(CvmSegmentFit *fit)
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
begin(CvmSegmentFit *fit, const CvmLesson *lesson, CvmModel *model, CvmError *error)
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
segment_model(const CvmSegmentFit *fit, void *payload)
{
	CvmModel	result = *fit->model;

	result.encoder = fit->set->encoder;
	result.segments = NULL;
	result.payload = payload;
	return result;
}

void
cvm_segments_set_common(CvmSegmentFit *fit, const CvmModel *model)
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

CvmStatus
cvm_segments_adapt(const CvmSegmentFit *fit, int segment, CvmBlockSource *rows, double shrinkage,
	  double tolerance, CvmModel *adapted)
{
	CvmOptions	options = *fit->lesson->options;
	CvmLesson	lesson = *fit->lesson;

	options.l2 = shrinkage;
	options.tolerance = fmax(options.tolerance, tolerance);
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

/* ---- all rows ---- */

/* Keeps what a segment has learned; one that went astray stays at the common parameters. */
static void
keep(CvmSegmentFit *fit, int index, const CvmModel *adapted)
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
adapt_to_all(CvmSegmentFit *fit, int index, CvmBlockSource *rows)
{
	CvmModel	adapted;
	CvmStatus	status;

	cvm_check_interrupt();
	status = cvm_segments_adapt(fit, index, rows, fit->set->shrinkage, 0, &adapted);
	if (status == CVM_OK)
		keep(fit, index, &adapted);
	return status;
}

/* One that does not fit into memory. */
static CvmStatus
adapt_to_stream(CvmSegmentFit *fit, int index)
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
adapt_group(CvmSegmentFit *fit, int first, int last)
{
	CvmRowList *lists = CVM_NEW_ZERO(CvmRowList, last - first);
	CvmStatus	status = CVM_OK;

	cvm_segment_gather(&fit->layout, fit->lesson->training, fit->set, first, last, lists);
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
adapt_segments(CvmSegmentFit *fit)
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
check_block(CvmSegmentFit *fit, void *common, void *const *own, const CvmBlock *block,
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
check_segments(CvmSegmentFit *fit)
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
fit_segments(CvmSegmentFit *fit)
{
	const CvmOptions *options = fit->lesson->options;
	CvmStatus	status = CVM_OK;

	fit->model->segments = fit->set;
	status = cvm_segment_set_index(fit->model, fit->error);
	if (status != CVM_OK)
		return status;
	fit->common = CVM_NEW_ZERO(CvmModel, fit->set->count);
	cvm_segments_set_common(fit, fit->model);
	fit->set->shrinkage = options->segment_shrinkage;
	if (options->segment_shrinkage == 0 || options->segment_rounds > 0)
		status = cvm_segments_decide(fit);
	if (status == CVM_OK)
		status = adapt_segments(fit);
	if (status == CVM_OK)
		check_segments(fit);
	return status;
}

CvmStatus
cvm_learn_model(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	CvmSegmentFit	fit;
	CvmStatus	status;

	if (lesson->options->segment_by == NULL)
		return model->learner->fit(lesson, model, error);
	status = begin(&fit, lesson, model, error);
	if (status == CVM_OK)
		status = model->learner->fit(lesson, model, error);
	return status == CVM_OK && model->outcome != CVM_DIVERGED ? fit_segments(&fit) : status;
}
