/*
 * plain_objective.h
 *		Loss, gradient and Hessian by the book: the naive twin of the kernels.
 *
 * Every row is expanded to its whole design vector, and every formula of
 * family.h is written down once more, in long double.
 */
#ifndef CVM_PLAIN_OBJECTIVE_H
#define CVM_PLAIN_OBJECTIVE_H

#include <math.h>

#include "base/memory.h"
#include "learn/linear/fit.h"

#define PLAIN_OUTPUTS 8

/* The design of a row: slots numbers and a one. */
static inline void
plain_design(const CvmShape *shape, const CvmBlock *block, int row, double *design)
{
	for (int j = 0; j < shape->slots; j++)
		design[j] = 0;
	design[shape->slots] = 1;
	for (int j = 0; j < shape->dense_columns; j++)
		design[j] = block->dense[row * shape->dense_columns + j];
	for (int c = 0; c < shape->coded_columns; c++)
	{
		int			code = block->codes[row * shape->coded_columns + c];

		if (code < shape->slots)
			design[code] = 1;
	}
}

/* Loss of a row, its derivatives by eta. */
static inline long double
plain_row(const CvmShape *shape, const long double *eta, double y,
		  long double *g, long double (*h)[PLAIN_OUTPUTS])
{
	long double s = 2 * y - 1;
	long double r = y - eta[0];
	long double sum = 0;
	long double delta = shape->delta;

	switch (shape->family)
	{
		case CVM_LINEAR:
			g[0] = -r;
			h[0][0] = 1;
			return r * r / 2;
		case CVM_LOGISTIC:
			g[0] = -s / (1 + expl(s * eta[0]));
			h[0][0] = 1 / ((1 + expl(eta[0])) * (1 + expl(-eta[0])));
			return s * eta[0] > 0 ? log1pl(expl(-s * eta[0]))
				: log1pl(expl(s * eta[0])) - s * eta[0];
		case CVM_POISSON:
			g[0] = expl(eta[0]) - y;
			h[0][0] = expl(eta[0]);
			return expl(eta[0]) - y * eta[0];
		case CVM_SVM:
			if (1 - s * eta[0] <= 0)
				return g[0] = h[0][0] = 0;
			g[0] = -s * (1 - s * eta[0]);
			h[0][0] = 1;
			return (1 - s * eta[0]) * (1 - s * eta[0]) / 2;
		case CVM_HUBER:
			h[0][0] = fabsl(r) <= delta;
			g[0] = fabsl(r) <= delta ? -r : r > 0 ? -delta : delta;
			return fabsl(r) <= delta ? r * r / 2 : delta * (fabsl(r) - delta / 2);
		case CVM_SOFTMAX:
			for (int k = 0; k < shape->outputs; k++)
				sum += expl(eta[k]);
			for (int k = 0; k < shape->outputs; k++)
			{
				g[k] = expl(eta[k]) / sum - (k == (int) y);
				for (int l = 0; l < shape->outputs; l++)
					h[k][l] = expl(eta[k]) / sum * ((k == l) - expl(eta[l]) / sum);
			}
			return logl(sum) - eta[(int) y];
	}
	return 0;
}

/*
 * Sums over a source.  hessian: parameters x parameters, all of it; gradient
 * and hessian may be NULL.
 */
static inline double
plain_objective(const CvmShape *shape, CvmBlockSource *source, const double *parameters,
				double *gradient, double *hessian)
{
	size_t		stride = (size_t) shape->slots + 1;
	size_t		count = CVM_PARAMETERS(shape);
	double	   *design = CVM_NEW(double, stride);
	long double loss = 0;

	for (size_t i = 0; gradient != NULL && i < count; i++)
		gradient[i] = 0;
	for (size_t i = 0; hessian != NULL && i < count * count; i++)
		hessian[i] = 0;
	for (int i = 0; i < source->blocks; i++)
	{
		const CvmBlock *block = source->read(source->state, i);

		for (int row = 0; row < block->rows; row++)
		{
			long double eta[PLAIN_OUTPUTS] = {0};
			long double g[PLAIN_OUTPUTS];
			long double h[PLAIN_OUTPUTS][PLAIN_OUTPUTS];
			double		weight = block->weight[row];

			plain_design(shape, block, row, design);
			for (int k = 0; k < shape->outputs; k++)
				for (size_t j = 0; j < stride; j++)
					eta[k] += (long double) parameters[k * stride + j] * design[j];
			loss += weight * plain_row(shape, eta, block->target[row], g, h);
			for (int k = 0; k < shape->outputs; k++)
				for (size_t j = 0; j < stride; j++)
				{
					if (gradient != NULL)
						gradient[k * stride + j] += weight * g[k] * design[j];
					if (hessian == NULL || design[j] == 0)
						continue;
					for (int l = 0; l < shape->outputs; l++)
						for (size_t i2 = 0; i2 < stride; i2++)
							hessian[l * stride + i2 + (k * stride + j) * count] +=
								weight * h[k][l] * design[j] * design[i2];
				}
		}
	}
	cvm_release(design);
	return loss;
}

#endif							/* CVM_PLAIN_OBJECTIVE_H */
