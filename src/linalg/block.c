/*
 * block.c
 *		Blocks of rows and sources over arrays of them.
 */
#include "linalg/block.h"

#include "base/memory.h"

CvmBlock *
cvm_block_create(int dense_columns, int coded_columns)
{
	size_t		doubles = (size_t) CVM_BLOCK_ROWS * (dense_columns + 2);
	CvmBlock   *block = cvm_alloc(1, sizeof(CvmBlock) + doubles * sizeof(double)
								  + (size_t) CVM_BLOCK_ROWS * coded_columns * sizeof(int32_t));

	block->rows = 0;
	block->target = (double *) (block + 1);
	block->weight = block->target + CVM_BLOCK_ROWS;
	block->dense = block->weight + CVM_BLOCK_ROWS;
	block->codes = (int32_t *) (block->target + doubles);
	return block;
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
	for (int i = 0; i < block_count; i++)
	{
		source->rows += blocks[i]->rows;
		for (int row = 0; row < blocks[i]->rows; row++)
			source->total_weight += blocks[i]->weight[row];
	}
	source->read = read_from_array;
	source->state = (void *) blocks;
}
