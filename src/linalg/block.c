/*
 * block.c
 *		Blocks of rows in memory.
 *
 * A block is one allocation: the struct, then its arrays, each aligned to a
 * cache line.  cvm_release(block) frees all of it.
 */
#include "linalg/block.h"

#include <stddef.h>

#include "base/memory.h"

#define CACHE_LINE 64

static size_t
round_up(size_t size)
{
	return (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

CvmBlock *
cvm_block_create(int dense_columns, int coded_columns)
{
	size_t		dense_size = round_up((size_t) CVM_BLOCK_ROWS * dense_columns * sizeof(double));
	size_t		codes_size = round_up((size_t) CVM_BLOCK_ROWS * coded_columns * sizeof(int32_t));
	size_t		vector_size = round_up(CVM_BLOCK_ROWS * sizeof(double));
	size_t		head_size = round_up(sizeof(CvmBlock)) + CACHE_LINE;
	CvmBlock   *block = cvm_alloc(head_size + dense_size + codes_size + 2 * vector_size, 1);
	char	   *arrays = (char *) round_up((uintptr_t) (block + 1));

	block->rows = 0;
	block->dense = (double *) arrays;
	arrays += dense_size;
	block->codes = (int32_t *) arrays;
	arrays += codes_size;
	block->target = (double *) arrays;
	arrays += vector_size;
	block->weight = (double *) arrays;
	return block;
}

void
cvm_block_rows(const CvmBlock *block, int from, int most,
			   int dense_columns, int coded_columns, CvmBlock *view)
{
	view->rows = block->rows - from < most ? block->rows - from : most;
	view->dense = block->dense + (size_t) from * dense_columns;
	view->codes = block->codes + (size_t) from * coded_columns;
	view->target = block->target + from;
	view->weight = block->weight + from;
}

static const CvmBlock *
read_from_array(void *state, int index)
{
	return ((CvmBlock *const *) state)[index];
}

void
cvm_block_source_from_array(CvmBlockSource *source, CvmBlock *const *blocks,
							int block_count, int dense_columns,
							int coded_columns, int slots)
{
	source->dense_columns = dense_columns;
	source->coded_columns = coded_columns;
	source->slots = slots;
	source->blocks = block_count;
	source->rows = 0;
	source->total_weight = 0;
	source->in_order = false;
	source->read = read_from_array;
	source->state = (void *) blocks;
	for (int i = 0; i < block_count; i++)
	{
		source->rows += blocks[i]->rows;
		for (int row = 0; row < blocks[i]->rows; row++)
			source->total_weight += blocks[i]->weight[row];
	}
}
