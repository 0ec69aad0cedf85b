/*
 * segment_set.c
 *		Models with segments: their encoder, their rows, one of them as a model.
 *
 * The encoder without the segment column has the terms in the same order, and
 * the slots after those of the segment column move forward by as many as it
 * had.  Numbers stay where they are: slots of categories come after them.
 */
#include "model/segments/segment_set.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* The encoder without a term, which has an input to itself. */
static CvmStatus
encoder_without(const CvmEncoder *encoder, int term, CvmEncoder *rest, CvmError *error)
{
	int			input = encoder->terms[term].input;

	memset(rest, 0, sizeof(*rest));
	rest->inputs = CVM_NEW(CvmInput, encoder->input_count);
	rest->terms = CVM_NEW(CvmTerm, encoder->term_count);
	for (int i = 0; i < encoder->input_count; i++)
		if (i != input)
			rest->inputs[rest->input_count++] = encoder->inputs[i];
	for (int i = 0; i < encoder->term_count; i++)
		if (i != term)
		{
			CvmTerm    *copy = &rest->terms[rest->term_count++];

			*copy = encoder->terms[i];
			copy->input -= copy->input > input;
		}
	return cvm_model_assign_slots(rest, error);
}

CvmStatus
cvm_segment_set_index(CvmModel *model, CvmError *error)
{
	CvmSegmentSet *segments = model->segments;
	int			levels = model->encoder.terms[segments->term].level_count;

	segments->by_level = CVM_NEW(int, levels);
	for (int level = 0; level < levels; level++)
		segments->by_level[level] = -1;
	for (int i = 0; i < segments->count; i++)
		segments->by_level[segments->segments[i].level] = i;
	return encoder_without(&model->encoder, segments->term, &segments->encoder, error);
}

CvmModel
cvm_segment_model(const CvmModel *model, int segment)
{
	CvmModel	result = *model;

	result.encoder = model->segments->encoder;
	result.payload = model->segments->segments[segment].payload;
	result.segments = NULL;
	result.knowledge = NULL;
	result.rows = model->segments->segments[segment].rows;
	result.loss = model->segments->segments[segment].loss;
	return result;
}

void
cvm_model_importance(const CvmModel *model, double *gains, int64_t *splits)
{
	const CvmSegmentSet *set = model->segments;
	int			terms = model->encoder.term_count;
	double		rest = model->rows;
	double	   *own_gains;
	int64_t    *own_splits;

	model->learner->importance(model, gains, splits);
	if (set == NULL || model->rows == 0)
		return;
	own_gains = CVM_NEW(double, terms);
	own_splits = CVM_NEW(int64_t, terms);
	for (int i = 0; i < set->count; i++)
		rest -= set->segments[i].rows;
	for (int term = 0; term < terms; term++)
		if (term != set->term)
			gains[term] *= fmax(0, rest) / model->rows;
	for (int i = 0; i < set->count; i++)
	{
		CvmModel	own = cvm_segment_model(model, i);

		model->learner->importance(&own, own_gains, own_splits);
		for (int term = 0; term < terms; term++)
			if (term != set->term)
				gains[term] += own_gains[term - (term > set->term)] *
					set->segments[i].rows / model->rows;
	}
	cvm_release(own_splits);
	cvm_release(own_gains);
}

void
cvm_segment_layout(const CvmEncoder *encoder, int term, CvmSegmentLayout *layout)
{
	layout->dense_columns = encoder->dense_columns;
	layout->coded_columns = encoder->coded_columns;
	layout->column = 0;
	for (int i = 0; i < term; i++)
		layout->column += encoder->terms[i].kind == CVM_TERM_CATEGORY;
	layout->first = encoder->terms[term].slot;
	layout->width = encoder->terms[term].level_count - 1;
	layout->slots = encoder->slots;
}

static void
add_numbers(const CvmSegmentLayout *layout, const CvmBlock *from, int row, CvmBlock *to)
{
	size_t		columns = layout->dense_columns;

	memcpy(to->dense + to->rows * columns, from->dense + row * columns, columns * sizeof(double));
}

void
cvm_segment_add_whole_row(const CvmSegmentLayout *layout, const CvmBlock *from, int row,
						  CvmBlock *to)
{
	size_t		columns = layout->coded_columns;

	add_numbers(layout, from, row, to);
	memcpy(to->codes + to->rows * columns, from->codes + row * columns,
		   columns * sizeof(int32_t));
	to->rows++;
}

void
cvm_segment_add_row(const CvmSegmentLayout *layout, const CvmBlock *from, int row, CvmBlock *to)
{
	size_t		columns = layout->coded_columns;
	const int32_t *codes = from->codes + row * columns;
	int32_t    *rest = to->codes + to->rows * (columns - 1);

	add_numbers(layout, from, row, to);
	for (size_t i = 0; i < columns; i++)
	{
		if ((int) i == layout->column)
			continue;
		/* those after the segment's, and the place of reference levels */
		*rest++ = codes[i] >= layout->first + layout->width ? codes[i] - layout->width : codes[i];
	}
	to->rows++;
}
