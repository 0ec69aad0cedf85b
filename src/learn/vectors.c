/*
 * vectors.c
 *		Rows as vectors: of blocks, and of a sample in memory.
 */
#include "learn/vectors.h"

#include <string.h>

#include "base/memory.h"

/* ---- of blocks ---- */

typedef struct BlockVectors
{
	CvmBlockSource *source;
	const CvmExpansion *expansion;
	double	   *expanded;		/* NULL: rows are vectors as they are */
} BlockVectors;

static const double *
read_block(void *argument, int chunk, int *rows, const double **weights)
{
	BlockVectors *state = (BlockVectors *) argument;
	const CvmBlock *block = state->source->read(state->source->state, chunk);

	*rows = block->rows;
	*weights = block->weight;
	if (state->expanded == NULL)
		return block->dense;
	cvm_expand_block(state->expansion, block, state->expanded);
	return state->expanded;
}

void
cvm_vectors_of_blocks(CvmVectors *vectors, CvmBlockSource *source, const CvmExpansion *expansion)
{
	BlockVectors *state = CVM_NEW_ZERO(BlockVectors, 1);

	state->source = source;
	state->expansion = expansion;
	if (expansion->level_total > 0)
		state->expanded = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * expansion->width);
	vectors->width = expansion->width;
	vectors->chunks = source->blocks;
	vectors->total_weight = source->total_weight;
	vectors->read = read_block;
	vectors->state = state;
}

/* ---- a sample ---- */

static const double *
read_sample(void *argument, int chunk, int *rows, const double **weights)
{
	const CvmVectorSample *sample = (const CvmVectorSample *) argument;
	int			first = chunk * CVM_BLOCK_ROWS;

	*rows = sample->rows - first < CVM_BLOCK_ROWS ? sample->rows - first : CVM_BLOCK_ROWS;
	*weights = sample->weights + first;
	return sample->values + (size_t) first * sample->width;
}

void
cvm_vectors_of_sample(CvmVectors *vectors, const CvmVectorSample *sample)
{
	vectors->width = sample->width;
	vectors->chunks = (sample->rows + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS;
	vectors->total_weight = 0;
	for (int row = 0; row < sample->rows; row++)
		vectors->total_weight += sample->weights[row];
	vectors->read = read_sample;
	vectors->state = (void *) sample;
}

/* Marks "count" of the chunks at random. */
static bool *
choose_chunks(int chunks, int count, CvmRandom *random)
{
	int32_t    *order = CVM_NEW(int32_t, chunks);
	bool	   *chosen = CVM_NEW_ZERO(bool, chunks);

	for (int i = 0; i < chunks; i++)
		order[i] = i;
	cvm_random_shuffle(random, order, chunks);
	for (int i = 0; i < count; i++)
		chosen[order[i]] = true;
	cvm_release(order);
	return chosen;
}

void
cvm_vector_sample(const CvmVectors *vectors, int most, CvmRandom *random,
				  CvmVectorSample *sample)
{
	int			width = vectors->width;
	int			count = (most + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS;
	bool	   *chosen;

	if (count > vectors->chunks)
		count = vectors->chunks;
	chosen = choose_chunks(vectors->chunks, count, random);
	sample->rows = 0;
	sample->width = width;
	sample->values = CVM_NEW(double, (size_t) count * CVM_BLOCK_ROWS * width);
	sample->weights = CVM_NEW(double, (size_t) count * CVM_BLOCK_ROWS);
	/* in order, whatever is chosen: a source may be able to do nothing else */
	for (int chunk = 0; chunk < vectors->chunks; chunk++)
	{
		int			rows;
		const double *weights;
		const double *values = vectors->read(vectors->state, chunk, &rows, &weights);

		cvm_check_interrupt();
		if (!chosen[chunk])
			continue;
		memcpy(sample->values + (size_t) sample->rows * width, values,
			   (size_t) rows * width * sizeof(double));
		memcpy(sample->weights + sample->rows, weights, rows * sizeof(double));
		sample->rows += rows;
	}
	cvm_release(chosen);
}

void
cvm_vector_sample_free(CvmVectorSample *sample)
{
	cvm_release(sample->values);
	cvm_release(sample->weights);
}
