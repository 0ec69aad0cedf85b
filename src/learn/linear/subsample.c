/*
 * subsample.c
 *		Every n-th block of a source, as a source.
 *
 * Blocks are taken from the middle of each stride, so that a table in the
 * order of time or of the target gives rows of all of it.  The last block,
 * which need not be full, is never among them.
 */
#include "learn/linear/subsample.h"

#include <string.h>

#include "base/memory.h"

static int
block_of(const CvmSubsample *subsample, int index)
{
	return index * subsample->stride + subsample->stride / 2;
}

static int
block_count(const CvmBlockSource *whole, int stride)
{
	return (whole->blocks - 1 + (stride - 1) - stride / 2) / stride;
}

double
cvm_subsample_size(const CvmBlockSource *whole, int stride)
{
	return (double) block_count(whole, stride) * CVM_BLOCK_ROWS *
		((whole->dense_columns + 2.0) * sizeof(double) +
		 (double) whole->coded_columns * sizeof(int32_t));
}

static const CvmBlock *
read_block(void *state, int index)
{
	CvmSubsample *subsample = (CvmSubsample *) state;

	if (subsample->copies != NULL)
		return subsample->copies[index];
	return subsample->whole->read(subsample->whole->state, block_of(subsample, index));
}

static CvmBlock *
copy_block(const CvmBlockSource *source, const CvmBlock *block)
{
	size_t		rows = block->rows;
	CvmBlock   *copy = cvm_block_create(source->dense_columns, source->coded_columns);

	copy->rows = block->rows;
	memcpy(copy->dense, block->dense, rows * source->dense_columns * sizeof(double));
	memcpy(copy->codes, block->codes, rows * source->coded_columns * sizeof(int32_t));
	memcpy(copy->target, block->target, rows * sizeof(double));
	memcpy(copy->weight, block->weight, rows * sizeof(double));
	return copy;
}

static void
copy_in_order(CvmSubsample *subsample)
{
	CvmBlockSource *whole = subsample->whole;
	int			index = 0;

	subsample->copies = CVM_NEW(CvmBlock *, subsample->source.blocks);
	for (int i = 0; i < whole->blocks; i++)
	{
		const CvmBlock *block = whole->read(whole->state, i);

		cvm_check_interrupt();
		if (index < subsample->source.blocks && i == block_of(subsample, index))
			subsample->copies[index++] = copy_block(whole, block);
	}
}

void
cvm_subsample_open(CvmSubsample *subsample, CvmBlockSource *whole, int stride)
{
	CvmBlockSource *source = &subsample->source;

	*source = *whole;
	source->blocks = block_count(whole, stride);
	source->in_order = false;
	source->read = read_block;
	source->state = subsample;
	source->rows = 0;
	source->total_weight = 0;
	subsample->whole = whole;
	subsample->stride = stride;
	subsample->copies = NULL;
	if (whole->in_order)
		copy_in_order(subsample);
	for (int i = 0; i < source->blocks; i++)
	{
		const CvmBlock *block = read_block(subsample, i);

		cvm_check_interrupt();
		source->rows += block->rows;
		for (int row = 0; row < block->rows; row++)
			source->total_weight += block->weight[row];
	}
}

void
cvm_subsample_close(CvmSubsample *subsample)
{
	if (subsample->copies == NULL)
		return;
	for (int i = 0; i < subsample->source.blocks; i++)
		cvm_release(subsample->copies[i]);
	cvm_release(subsample->copies);
}
