/*
 * rows_fixture.h
 *		Made-up encoded rows of every family, for the tests of src/learn.
 */
#ifndef CVM_ROWS_FIXTURE_H
#define CVM_ROWS_FIXTURE_H

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/linear/fit.h"

typedef struct Rows
{
	CvmShape	shape;
	CvmBlockSource source;
	CvmBlock  **blocks;
	int			reads;			/* of spilled_source */
	CvmBlock   *buffers[2];
} Rows;

/* Levels of each coded column; the first one is the reference. */
#define FIXTURE_LEVELS 4

/* A random target whose mean the linear predictors of the row determine. */
static inline double
rows_draw_target(const CvmShape *shape, const double *eta, CvmRandom *random)
{
	double		mean[8];
	double		left = cvm_random_uniform(random);

	if (shape->family == CVM_LINEAR || shape->family == CVM_HUBER)
		return eta[0] + cvm_random_normal(random);
	if (shape->family == CVM_SOFTMAX)
	{
		cvm_family_mean(CVM_SOFTMAX, shape->outputs, eta, mean);
		for (int k = 0; k < shape->outputs - 1; k++)
			if ((left -= mean[k]) < 0)
				return k;
		return shape->outputs - 1;
	}
	if (shape->family == CVM_POISSON)
	{
		/* by inversion */
		double		probability = exp(-exp(eta[0]));
		int			count = 0;

		while (left > probability && count < 1000)
		{
			left -= probability;
			probability *= exp(eta[0]) / ++count;
		}
		return count;
	}
	return left < cvm_sigmoid(eta[0]);
}

/*
 * rows of standard normal columns and coded columns, with random coefficients
 * of deviation "signal", and weights from 0.5 to 1.5.
 */
static inline void
rows_create(Rows *rows, CvmFamily family, int outputs, int dense, int coded,
			int count, double signal, uint64_t seed)
{
	CvmShape   *shape = &rows->shape;
	int			block_count = (count + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS;
	double	   *truth;
	CvmRandom	random;

	memset(rows, 0, sizeof(*rows));
	cvm_random_seed(&random, seed);
	shape->family = family;
	shape->outputs = outputs;
	shape->dense_columns = dense;
	shape->coded_columns = coded;
	shape->slots = dense + coded * (FIXTURE_LEVELS - 1);
	shape->delta = 1.345;
	truth = CVM_NEW(double, CVM_PARAMETERS(shape));
	for (int i = 0; i < CVM_PARAMETERS(shape); i++)
		truth[i] = signal * cvm_random_normal(&random);

	rows->blocks = CVM_NEW(CvmBlock *, block_count);
	for (int i = 0; i < block_count; i++)
	{
		CvmBlock   *block = cvm_block_create(dense, coded);

		block->rows = count - i * CVM_BLOCK_ROWS < CVM_BLOCK_ROWS ?
			count - i * CVM_BLOCK_ROWS : CVM_BLOCK_ROWS;
		rows->blocks[i] = block;
		for (int row = 0; row < block->rows; row++)
		{
			double	   *x = block->dense + row * dense;
			int32_t    *codes = block->codes + row * coded;
			double		eta[8];

			for (int j = 0; j < dense; j++)
				x[j] = cvm_random_normal(&random);
			for (int c = 0; c < coded; c++)
			{
				int			level = (int) cvm_random_below(&random, FIXTURE_LEVELS);

				codes[c] = level == 0 ? CVM_SINK(shape->slots)
					: dense + c * (FIXTURE_LEVELS - 1) + level - 1;
			}
			for (int k = 0; k < outputs; k++)
			{
				const double *b = truth + k * (shape->slots + 1);

				eta[k] = b[shape->slots];
				for (int j = 0; j < dense; j++)
					eta[k] += b[j] * x[j];
				for (int c = 0; c < coded; c++)
					eta[k] += codes[c] < shape->slots ? b[codes[c]] : 0;
			}
			block->target[row] = rows_draw_target(shape, eta, &random);
			block->weight[row] = 0.5 + cvm_random_uniform(&random);
		}
	}
	cvm_block_source_from_array(&rows->source, rows->blocks, block_count, dense, coded,
								shape->slots);
	cvm_release(truth);
}

static inline void
rows_free(Rows *rows)
{
	for (int i = 0; i < rows->source.blocks; i++)
		cvm_release(rows->blocks[i]);
	cvm_release(rows->blocks);
	cvm_release(rows->buffers[0]);
	cvm_release(rows->buffers[1]);
}

static inline const CvmBlock *
rows_read_copy(void *state, int index)
{
	Rows	   *rows = state;
	const CvmBlock *block = rows->blocks[index];
	CvmBlock   *buffer = rows->buffers[rows->reads++ % 2];
	size_t		dense = rows->shape.dense_columns;
	size_t		coded = rows->shape.coded_columns;

	buffer->rows = block->rows;
	memcpy(buffer->dense, block->dense, block->rows * dense * sizeof(double));
	memcpy(buffer->codes, block->codes, block->rows * coded * sizeof(int32_t));
	memcpy(buffer->target, block->target, block->rows * sizeof(double));
	memcpy(buffer->weight, block->weight, block->rows * sizeof(double));
	return buffer;
}

/* The same rows, each block valid until the next two reads only, as from a file. */
static inline CvmBlockSource
rows_spilled(Rows *rows)
{
	CvmBlockSource source = rows->source;

	for (int i = 0; i < 2; i++)
		if (rows->buffers[i] == NULL)
			rows->buffers[i] = cvm_block_create(rows->shape.dense_columns,
												rows->shape.coded_columns);
	source.read = rows_read_copy;
	source.state = rows;
	return source;
}

#endif							/* CVM_ROWS_FIXTURE_H */
