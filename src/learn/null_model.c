/*
 * null_model.c
 *		What the rows look like before anything is learned.
 *
 * Shares of classes and means of counts are kept off their limits by half a
 * row, so that their logarithms are finite.
 */
#include "learn/null_model.h"

#include <math.h>

#include "base/memory.h"
#include "linalg/dense.h"

/* Weighted sums over the rows. */
typedef struct Sums
{
	double		weight;
	double		mean;			/* of the target */
	double		squares;		/* of its deviations from the mean (Welford, 1962) */
	double		square_length;
	double	   *class_weight;	/* softmax */
} Sums;

static void
add_row(Sums *sums, const CvmShape *shape, const CvmBlock *block, int row)
{
	const double *x = block->dense + (size_t) row * shape->dense_columns;
	const int32_t *codes = block->codes + (size_t) row * shape->coded_columns;
	double		weight = block->weight[row];
	double		difference = block->target[row] - sums->mean;
	double		square_length = 1 + cvm_dot(shape->dense_columns, x, x);

	for (int c = 0; c < shape->coded_columns; c++)
		square_length += codes[c] < shape->slots;
	sums->weight += weight;
	sums->mean += weight / sums->weight * difference;
	sums->squares += weight * difference * (block->target[row] - sums->mean);
	sums->square_length += weight * square_length;
	if (shape->family == CVM_SOFTMAX)
		sums->class_weight[(int) block->target[row]] += weight;
}

/* The mean of centered log shares is zero, as that of softmax coefficients is. */
static void
set_softmax(const Sums *sums, int classes, double half_row, CvmNullModel *null_model)
{
	double		mean = 0;

	null_model->curvature = 0;
	for (int k = 0; k < classes; k++)
	{
		double		share = sums->class_weight[k] / sums->weight;

		null_model->intercepts[k] = log(fmax(share, half_row));
		mean += null_model->intercepts[k] / classes;
		/* the largest eigenvalue of diag(p) - pp' (Gershgorin) */
		null_model->curvature = fmax(null_model->curvature, 2 * share * (1 - share));
	}
	for (int k = 0; k < classes; k++)
		null_model->intercepts[k] -= mean;
}

void
cvm_null_model(const CvmShape *shape, CvmBlockSource *source, CvmNullModel *null_model)
{
	Sums		sums = {.class_weight = CVM_NEW_ZERO(double, shape->outputs)};
	double		half_row = 0.5 / source->rows;
	double		share;

	for (int i = 0; i < source->blocks; i++)
	{
		const CvmBlock *block = source->read(source->state, i);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++)
			add_row(&sums, shape, block, row);
	}

	null_model->center = 0;
	null_model->scale = 1;
	null_model->square_length = sums.square_length / sums.weight;
	null_model->intercepts = CVM_NEW_ZERO(double, shape->outputs);
	switch (shape->family)
	{
		case CVM_LINEAR:
		case CVM_HUBER:
			null_model->center = sums.mean;
			null_model->scale = sqrt(sums.squares / sums.weight);
			if (!(null_model->scale > 0))
				null_model->scale = 1;
			/* huber: about the share of residuals within delta */
			null_model->curvature = shape->family == CVM_LINEAR ? 1 :
				fmin(1, shape->delta / null_model->scale);
			break;
		case CVM_LOGISTIC:
			share = fmin(fmax(sums.mean, half_row), 1 - half_row);
			null_model->intercepts[0] = log(share / (1 - share));
			null_model->curvature = share * (1 - share);
			break;
		case CVM_SVM:
			null_model->intercepts[0] = 2 * sums.mean - 1;
			null_model->curvature = 1;
			break;
		case CVM_POISSON:
			null_model->intercepts[0] = log(fmax(sums.mean, half_row));
			null_model->curvature = fmax(sums.mean, half_row);
			break;
		case CVM_SOFTMAX:
			set_softmax(&sums, shape->outputs, half_row, null_model);
			break;
	}
	cvm_release(sums.class_weight);
}
