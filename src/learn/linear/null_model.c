/*
 * null_model.c
 *		What the rows look like before anything is learned.
 *
 * Shares of classes and means of counts are kept off their limits by half a
 * row, so that their logarithms are finite.
 */
#include "learn/linear/null_model.h"

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

/* The logarithm of a share, or of a mean of counts. */
static double
log_off_limits(double share, uint64_t rows)
{
	return log(fmax(share, 0.5 / rows));
}

void
cvm_null_intercepts(CvmFamily family, int outputs, const double *means, uint64_t rows,
					double *intercepts)
{
	double		center = 0;

	switch (family)
	{
		case CVM_LINEAR:
		case CVM_HUBER:
			intercepts[0] = means[0];
			break;
		case CVM_LOGISTIC:
			intercepts[0] = log_off_limits(means[0], rows) - log_off_limits(1 - means[0], rows);
			break;
		case CVM_SVM:
			intercepts[0] = 2 * means[0] - 1;
			break;
		case CVM_POISSON:
			intercepts[0] = log_off_limits(means[0], rows);
			break;
		case CVM_SOFTMAX:
			for (int k = 0; k < outputs; k++)
			{
				intercepts[k] = log_off_limits(means[k], rows);
				center += intercepts[k] / outputs;
			}
			for (int k = 0; k < outputs; k++)
				intercepts[k] -= center;
			break;
	}
}

/* A bound of the mean second derivative of the row losses. */
static double
curvature_of(const CvmShape *shape, const double *means, double scale, uint64_t rows)
{
	double		largest = 0;

	switch (shape->family)
	{
		case CVM_HUBER:
			/* about the share of residuals within delta */
			return fmin(1, shape->delta / scale);
		case CVM_LOGISTIC:
		case CVM_SOFTMAX:
			for (int k = 0; k < shape->outputs; k++)
				largest = fmax(largest, means[k] * (1 - means[k]));
			/* softmax: the largest eigenvalue of diag(p) - pp' (Gershgorin) */
			return fmax(largest * (shape->family == CVM_SOFTMAX ? 2 : 1), 0.5 / rows);
		case CVM_POISSON:
			return fmax(means[0], 0.5 / rows);
		default:
			return 1;
	}
}

void
cvm_null_model(const CvmShape *shape, CvmBlockSource *source, CvmNullModel *null_model)
{
	bool		scaled = shape->family == CVM_LINEAR || shape->family == CVM_HUBER;
	Sums		sums = {.class_weight = CVM_NEW_ZERO(double, shape->outputs)};
	double	   *means = sums.class_weight;

	for (int i = 0; i < source->blocks; i++)
	{
		const CvmBlock *block = source->read(source->state, i);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++)
			add_row(&sums, shape, block, row);
	}

	for (int k = 0; k < shape->outputs; k++)
		means[k] = shape->family == CVM_SOFTMAX ? sums.class_weight[k] / sums.weight : sums.mean;
	null_model->center = scaled ? sums.mean : 0;
	null_model->scale = scaled ? sqrt(sums.squares / sums.weight) : 1;
	if (!(null_model->scale > 0))
		null_model->scale = 1;
	null_model->square_length = sums.square_length / sums.weight;
	null_model->curvature = curvature_of(shape, means, null_model->scale, source->rows);
	if (scaled)
		means[0] = 0;
	null_model->intercepts = CVM_NEW(double, shape->outputs);
	cvm_null_intercepts(shape->family, shape->outputs, means, source->rows,
						null_model->intercepts);
	cvm_release(means);
}
