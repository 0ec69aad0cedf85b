/*
 * vectors.h
 *		Rows as vectors: of blocks, and of a sample in memory.
 */
#ifndef CVM_VECTORS_H
#define CVM_VECTORS_H

#include "base/random.h"
#include "linalg/expansion.h"

/*
 * Rows as vectors, a chunk of at most CVM_BLOCK_ROWS at a time; read in order.
 * What read gives is valid until the next call.
 */
typedef struct CvmVectors
{
	int			width;
	int			chunks;
	double		total_weight;
	const double *(*read) (void *state, int chunk, int *rows, const double **weights);
	void	   *state;
} CvmVectors;

/* All rows of a source of blocks, expanded as they are read. */
extern void cvm_vectors_of_blocks(CvmVectors *vectors, CvmBlockSource *source,
								  const CvmExpansion *expansion);

/* Some of the rows, in memory; weights are kept. */
typedef struct CvmVectorSample
{
	int			rows;
	int			width;
	double	   *values;			/* rows x width, row-major */
	double	   *weights;
} CvmVectorSample;

/* Rows of random chunks, at most "most" of them; all where there are no more. */
extern void cvm_vector_sample(const CvmVectors *vectors, int most, CvmRandom *random,
							  CvmVectorSample *sample);
extern void cvm_vector_sample_free(CvmVectorSample *sample);
extern void cvm_vectors_of_sample(CvmVectors *vectors, const CvmVectorSample *sample);

#endif							/* CVM_VECTORS_H */
