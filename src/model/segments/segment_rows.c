/*
 * segment_rows.c
 *		The rows of segments, each in blocks of its own.
 */
#include "model/segments/segment_rows.h"

#include <string.h>

#include "base/memory.h"

void
cvm_segment_count(const CvmSegmentLayout *layout, CvmBlockSource *source, int levels,
				  CvmSegmentCount *counts)
{
	memset(counts, 0, levels * sizeof(CvmSegmentCount));
	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++)
		{
			CvmSegmentCount *count = &counts[cvm_segment_level(layout, block, row)];

			count->rows++;
			count->weight += block->weight[row];
		}
	}
}

/* Adds a row with its target and weight to a block. */
static void
add_row(const CvmSegmentLayout *layout, const CvmBlock *from, int row, CvmBlock *to)
{
	to->target[to->rows] = from->target[row];
	to->weight[to->rows] = from->weight[row];
	cvm_segment_add_row(layout, from, row, to);
}

/* ---- in memory ---- */

size_t
cvm_row_list_size(const CvmSegmentLayout *layout, int64_t rows)
{
	size_t		blocks = (rows + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS;
	size_t		row = layout->dense_columns * sizeof(double) +
		(layout->coded_columns - 1) * sizeof(int32_t) + 2 * sizeof(double);

	return blocks * CVM_BLOCK_ROWS * row;
}

/* The block that the next row goes to. */
static CvmBlock *
last_block(CvmRowList *list, int dense_columns, int coded_columns)
{
	if (list->count > 0 && list->blocks[list->count - 1]->rows < CVM_BLOCK_ROWS)
		return list->blocks[list->count - 1];
	if (list->count == list->capacity)
	{
		list->capacity = list->capacity == 0 ? 4 : 2 * list->capacity;
		list->blocks = list->blocks == NULL ? CVM_NEW(CvmBlock *, list->capacity) :
			cvm_resize(list->blocks, list->capacity, sizeof(CvmBlock *));
	}
	list->blocks[list->count] = cvm_block_create(dense_columns, coded_columns);
	return list->blocks[list->count++];
}

static void
add_to_list(const CvmSegmentLayout *layout, const CvmBlock *from, int row, CvmRowList *list)
{
	add_row(layout, from, row,
			last_block(list, layout->dense_columns, layout->coded_columns - 1));
}

void
cvm_segment_gather(const CvmSegmentLayout *layout, CvmBlockSource *source,
				   const CvmSegmentSet *set, int first, int last, CvmRowList *lists)
{
	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++)
		{
			int			segment = set->by_level[cvm_segment_level(layout, block, row)];

			if (segment >= first && segment < last)
				add_to_list(layout, block, row, &lists[segment - first]);
		}
	}
}

void
cvm_row_list_source(const CvmSegmentLayout *layout, const CvmRowList *list,
					CvmBlockSource *source)
{
	cvm_block_source_from_array(source, list->blocks, list->count, layout->dense_columns,
								layout->coded_columns - 1, layout->slots - layout->width);
}

void
cvm_row_list_release(CvmRowList *list)
{
	for (int i = 0; i < list->count; i++)
		cvm_release(list->blocks[i]);
	cvm_release(list->blocks);
	memset(list, 0, sizeof(*list));
}

/* ---- samples ---- */

static void
add_to_sample(const CvmSegmentLayout *layout, const CvmBlock *from, int row, int segment,
			  bool checked, CvmSegmentSample *sample)
{
	CvmBlock   *pooled;

	if (checked)
	{
		add_to_list(layout, from, row, &sample->checked[segment]);
		return;
	}
	add_to_list(layout, from, row, &sample->learned[segment]);
	pooled = last_block(&sample->pooled, layout->dense_columns, layout->coded_columns);
	pooled->target[pooled->rows] = from->target[row];
	pooled->weight[pooled->rows] = from->weight[row];
	cvm_segment_add_whole_row(layout, from, row, pooled);
}

void
cvm_segment_sample(const CvmSegmentLayout *layout, CvmBlockSource *source,
				   const CvmSegmentSet *set, int64_t most, int fold, CvmSegmentSample *sample)
{
	int64_t    *seen = CVM_NEW_ZERO(int64_t, set->count);
	int64_t    *strides = CVM_NEW(int64_t, set->count);

	memset(sample, 0, sizeof(*sample));
	sample->learned = CVM_NEW_ZERO(CvmRowList, set->count);
	sample->checked = CVM_NEW_ZERO(CvmRowList, set->count);
	for (int i = 0; i < set->count; i++)
		strides[i] = (set->segments[i].rows + most - 1) / most;
	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++)
		{
			int			segment = set->by_level[cvm_segment_level(layout, block, row)];

			if (segment >= 0 && seen[segment]++ % strides[segment] == 0)
				add_to_sample(layout, block, row, segment,
							  (seen[segment] - 1) / strides[segment] % CVM_SAMPLE_FOLDS == fold,
							  sample);
		}
	}
	cvm_release(strides);
	cvm_release(seen);
}

void
cvm_segment_sample_pooled(const CvmSegmentLayout *layout, const CvmSegmentSample *sample,
						  CvmBlockSource *source)
{
	cvm_block_source_from_array(source, sample->pooled.blocks, sample->pooled.count,
								layout->dense_columns, layout->coded_columns, layout->slots);
}

void
cvm_segment_sample_release(const CvmSegmentSet *set, CvmSegmentSample *sample)
{
	for (int i = 0; i < set->count; i++)
	{
		cvm_row_list_release(&sample->learned[i]);
		cvm_row_list_release(&sample->checked[i]);
	}
	cvm_row_list_release(&sample->pooled);
	cvm_release(sample->learned);
	cvm_release(sample->checked);
}

/* ---- picked out as they are read ---- */

struct CvmSegmentStream
{
	CvmSegmentLayout layout;
	CvmBlockSource *source;
	int			level;
	int			position;		/* of the block that is made next */
	int			from_block;		/* where its rows begin in the source */
	int			from_row;
	CvmBlock   *blocks[2];		/* taken in turn */
	int			last;			/* index in blocks[] of the one read last */
};

static void
fill_block(CvmSegmentStream *stream, CvmBlock *to)
{
	CvmBlockSource *source = stream->source;

	to->rows = 0;
	while (stream->from_block < source->blocks)
	{
		const CvmBlock *from = source->read(source->state, stream->from_block);

		cvm_check_interrupt();
		for (; stream->from_row < from->rows; stream->from_row++)
		{
			if (cvm_segment_level(&stream->layout, from, stream->from_row) != stream->level)
				continue;
			if (to->rows == CVM_BLOCK_ROWS)
				return;
			add_row(&stream->layout, from, stream->from_row, to);
		}
		stream->from_block++;
		stream->from_row = 0;
	}
}

static const CvmBlock *
read_stream(void *state, int index)
{
	CvmSegmentStream *stream = state;

	if (index > 0 && index == stream->position - 1)
		return stream->blocks[stream->last];
	if (index == 0)
		stream->position = stream->from_block = stream->from_row = 0;
	stream->position++;
	stream->last = 1 - stream->last;
	fill_block(stream, stream->blocks[stream->last]);
	return stream->blocks[stream->last];
}

CvmSegmentStream *
cvm_segment_stream_open(const CvmSegmentLayout *layout, CvmBlockSource *source, int level,
						const CvmSegmentCount *count, CvmBlockSource *result)
{
	CvmSegmentStream *stream = CVM_NEW_ZERO(CvmSegmentStream, 1);

	stream->layout = *layout;
	stream->source = source;
	stream->level = level;
	for (int i = 0; i < 2; i++)
		stream->blocks[i] = cvm_block_create(layout->dense_columns, layout->coded_columns - 1);
	memset(result, 0, sizeof(*result));
	result->dense_columns = layout->dense_columns;
	result->coded_columns = layout->coded_columns - 1;
	result->slots = layout->slots - layout->width;
	result->blocks = (int) ((count->rows + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS);
	result->rows = count->rows;
	result->total_weight = count->weight;
	result->in_order = true;
	result->read = read_stream;
	result->state = stream;
	return stream;
}

void
cvm_segment_stream_close(CvmSegmentStream *stream)
{
	cvm_release(stream->blocks[0]);
	cvm_release(stream->blocks[1]);
	cvm_release(stream);
}
