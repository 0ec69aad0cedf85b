/*
 * segment_section.c
 *		The segments of a model as a section of its bytes and its JSON.
 *
 * How long a segment's payload is follows from the encoder without the segment
 * column, so column and levels are looked at before the payloads are read.
 */
#include "model/segments/segment_section.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/segments/segment_set.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

/* Doubles hold whole numbers up to here. */
#define LARGEST_COUNT 9007199254740992.0

bool
cvm_model_has_segments(const CvmModel *model)
{
	return model->segments != NULL;
}

/* Whether the term can make segments and these levels can be some. */
static bool
can_be_segments(const CvmModel *model, const CvmSegmentSet *set, const int32_t *levels)
{
	const CvmTerm *term;
	int			last = 0;

	if (model->learner->at_level == NULL || set->term >= model->encoder.term_count ||
		set->count < 1 || set->count > CVM_MAX_SEGMENTS || levels == NULL)
		return false;
	term = &model->encoder.terms[set->term];
	/* the inputs have been read, but not checked yet */
	if (term->kind != CVM_TERM_CATEGORY || term->other_level != 0 ||
		term->input < 0 || term->input >= model->encoder.input_count ||
		model->encoder.inputs[term->input].kind != CVM_INPUT_CATEGORY ||
		model->encoder.term_count == 1)
		return false;
	for (int i = 0; i < set->count; i++)
	{
		if (levels[i] <= last || levels[i] >= term->level_count ||
			levels[i] == term->missing_level)
			return false;
		last = levels[i];
	}
	return true;
}

static double *
numbers_of(const CvmSegmentSet *set)
{
	return CVM_NEW_ZERO(double, set->count);
}

/* Fields that are one number of each segment. */
static void
describe_numbers(CvmSegmentSet *set, CvmFields *fields)
{
	const double *columns[5];
	static const char *const names[] = {
		"rows", "validation_rows", "losses", "validation_losses", "common_validation_losses"
	};

	for (int column = 0; column < 5; column++)
	{
		double	   *numbers = fields->reading ? NULL : numbers_of(set);

		for (int i = 0; i < set->count && !fields->reading; i++)
		{
			const CvmSegment *segment = &set->segments[i];

			numbers[i] = column == 0 ? (double) segment->rows :
				column == 1 ? (double) segment->validation_rows : column == 2 ? segment->loss :
				column == 3 ? segment->validation_loss : segment->common_validation_loss;
		}
		columns[column] = numbers;
		cvm_field_numbers(fields, names[column], &columns[column], set->count, column >= 2);
	}
	for (int i = 0; i < set->count && fields->reading; i++)
	{
		CvmSegment *segment = &set->segments[i];

		for (int column = 0; column < 5; column++)
			if (columns[column] == NULL)
				return;			/* cut short */
		/* -1 is found out by the check */
		segment->rows = columns[0][i] >= 0 && columns[0][i] <= LARGEST_COUNT &&
			columns[0][i] == floor(columns[0][i]) ? (int64_t) columns[0][i] : -1;
		segment->validation_rows = columns[1][i] >= 0 && columns[1][i] <= LARGEST_COUNT &&
			columns[1][i] == floor(columns[1][i]) ? (int64_t) columns[1][i] : -1;
		segment->loss = columns[2][i];
		segment->validation_loss = columns[3][i];
		segment->common_validation_loss = columns[4][i];
	}
}

static void
describe_payload(void *state, int index, CvmFields *fields)
{
	CvmModel   *model = state;
	CvmModel	own = cvm_segment_model(model, index);

	model->learner->describe(&own, fields);
	model->segments->segments[index].payload = own.payload;
}

/* false: the terms have more slots than can be. */
static bool
take_levels(CvmModel *model, const int32_t *levels)
{
	CvmSegmentSet *set = model->segments;

	set->segments = CVM_NEW_ZERO(CvmSegment, set->count);
	for (int i = 0; i < set->count; i++)
		set->segments[i].level = levels[i];
	return cvm_segment_set_index(model, NULL) == CVM_OK;
}

void
cvm_model_describe_segments(CvmModel *model, CvmFields *fields)
{
	CvmSegmentSet *set;
	const int32_t *levels;
	int32_t    *written = NULL;

	if (fields->reading)
		model->segments = CVM_NEW_ZERO(CvmSegmentSet, 1);
	else
	{
		written = CVM_NEW(int32_t, model->segments->count);
		for (int i = 0; i < model->segments->count; i++)
			written[i] = model->segments->segments[i].level;
	}
	levels = written;
	set = model->segments;
	cvm_field_count(fields, "term", &set->term);
	cvm_field_number(fields, "shrinkage", &set->shrinkage, false);
	cvm_field_count(fields, "rounds", &set->rounds);
	cvm_field_count(fields, "count", &set->count);
	cvm_field_integers(fields, "levels", &levels, set->count);
	if (fields->reading)
	{
		if (!can_be_segments(model, set, levels) || !take_levels(model, levels))
		{
			set->count = 0;
			cvm_field_refuse(fields, "levels", "must be levels of the category, rising, and not its shared or missing one");
			return;
		}
	}
	describe_numbers(set, fields);
	cvm_field_groups(fields, "segments", set->count, describe_payload, model);
	cvm_release(written);
}

static bool
is_loss(double value)
{
	return !isinf(value);
}

CvmStatus
cvm_model_check_segments(const CvmModel *model, CvmError *error)
{
	const CvmSegmentSet *set = model->segments;

	if (set->count == 0)
		return BAD("its segments do not fit its inputs");
	if (!isfinite(set->shrinkage) || set->shrinkage < 0)
		return BAD("the shrinkage of its segments cannot be");
	for (int i = 0; i < set->count; i++)
	{
		const CvmSegment *segment = &set->segments[i];
		CvmModel	own = cvm_segment_model(model, i);
		CvmStatus	status;

		cvm_check_interrupt();
		if (segment->rows < 0 || segment->validation_rows < 0)
			return BAD("segment %d has a wrong number of rows", i + 1);
		if (!is_loss(segment->loss) || !is_loss(segment->validation_loss) ||
			!is_loss(segment->common_validation_loss))
			return BAD("losses of segment %d must be finite", i + 1);
		if (segment->payload == NULL)
			return BAD("segment %d has no parameters", i + 1);
		status = model->learner->check(&own, error);
		if (status != CVM_OK)
			return status;
	}
	return CVM_OK;
}
