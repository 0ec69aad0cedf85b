/*
 * first_scores.c
 *		What rows are scored before the first tree of boosting.
 */
#include "learn/tree/first_scores.h"

#include "base/memory.h"

/* The scores of a block, outputs so far apart; work: rows x outputs. */
static void
score_block(const CvmFirstScores *first, const CvmBlock *block, double *work, double *scores,
			size_t stride)
{
	int			outputs = first->outputs;

	for (int i = 0; i < block->rows * outputs; i++)
		work[i] = first->base[i % outputs];
	cvm_forest_walk(first->walk, block, first->trees, outputs, work);
	for (int row = 0; row < block->rows; row++)
		for (int k = 0; k < outputs; k++)
			scores[k * stride + row] = work[row * outputs + k];
}

static double *
work_of(const CvmFirstScores *first)
{
	return CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * first->outputs);
}

void
cvm_first_scores_fill(const CvmFirstScores *first, CvmBlockSource *source, double *scores)
{
	double	   *work = work_of(first);
	size_t		next = 0;

	for (int b = 0; b < source->blocks && first->walk != NULL; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		score_block(first, block, work, scores + next, source->rows);
		next += block->rows;
	}
	for (int k = 0; k < first->outputs && first->walk == NULL; k++)
		for (size_t row = 0; row < source->rows; row++)
			scores[k * source->rows + row] = first->base[k];
	cvm_release(work);
}

void
cvm_first_scores_store(const CvmFirstScores *first, CvmBlockSource *source, CvmTreeStream *stream)
{
	double	   *scores = cvm_tree_stream_buffer(stream, CVM_PART_SCORE);
	double	   *work = work_of(first);
	size_t		next = 0;
	size_t		count;

	for (int b = 0; b < source->blocks && first->walk != NULL; b++, next += count)
	{
		const CvmBlock *block = source->read(source->state, b);

		count = block->rows;
		score_block(first, block, work, scores, CVM_STREAM_ROWS);
		cvm_tree_stream_store(stream, CVM_PART_SCORE, next, count);
	}
	for (int k = 0; k < first->outputs && first->walk == NULL; k++)
		for (size_t i = 0; i < CVM_STREAM_ROWS; i++)
			scores[(size_t) k * CVM_STREAM_ROWS + i] = first->base[k];
	for (; next < source->rows; next += count)
	{
		count = source->rows - next < CVM_STREAM_ROWS ? source->rows - next : CVM_STREAM_ROWS;
		cvm_tree_stream_store(stream, CVM_PART_SCORE, next, count);
	}
	cvm_release(work);
}
