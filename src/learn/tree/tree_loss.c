/*
 * tree_loss.c
 *		What boosted trees minimize.
 *
 * The losses are those of the linear families (row_loss.c) with the score in
 * the place of the linear predictor; quantile is the pinball loss (Koenker
 * and Bassett, 1978), which has no curvature: its rows count with weight 1 and
 * the leaf looks for its own quantile.
 */
#include "learn/tree/tree_loss.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/linear/row_loss.h"
#include "learn/tree/tree_quantile.h"

/* Scores of classes that are (nearly) all of the rows. */
#define LARGEST_BASE 20.0

static double
bounded(double value, double limit)
{
	return value < -limit ? -limit : value > limit ? limit : value;
}

/* ---- quantiles ---- */

static double
quantile_loss(double quantile, size_t rows, const double *scores, const double *target,
			  const double *weight, float *g, float *h)
{
	double		sum = 0;

	for (size_t row = 0; row < rows; row++)
	{
		double		left = target[row] - scores[row];

		sum += weight[row] * (left >= 0 ? quantile * left : (quantile - 1) * left);
		if (g == NULL)
			continue;
		g[row] = (float) (weight[row] * (left >= 0 ? -quantile : 1 - quantile));
		h[row] = (float) weight[row];
	}
	return sum;
}

/* numbers: of the rows, or NULL for the first ones; without scores they are 0. */
static double
quantile_of_rows(double quantile, const int32_t *numbers, size_t count, const double *scores,
				 const double *target, const double *weight)
{
	CvmQuantileSearch search;

	cvm_quantile_begin(&search);
	for (int step = 0; step < CVM_QUANTILE_STEPS; step++)
	{
		cvm_check_interrupt();
		for (size_t i = 0; i < count; i++)
		{
			size_t		row = numbers == NULL ? i : (size_t) numbers[i];

			cvm_quantile_add(&search, target[row] - (scores == NULL ? 0 : scores[row]),
							 weight[row]);
		}
		cvm_quantile_step(&search, quantile);
	}
	return cvm_quantile_value(&search);
}

/* ---- rows ---- */

static CvmFamily
family_of(CvmTreeObjective objective)
{
	return objective == CVM_OBJECTIVE_LOGISTIC ? CVM_LOGISTIC :
		objective == CVM_OBJECTIVE_POISSON ? CVM_POISSON : CVM_LINEAR;
}

void
cvm_tree_loss_add_targets(const CvmTreeLoss *loss, size_t rows, const double *target,
						  const double *weight, CvmTargetSums *sums)
{
	for (size_t row = 0; row < rows; row++)
	{
		sums->total += weight[row];
		sums->sum += weight[row] * target[row];
		if (loss->objective == CVM_OBJECTIVE_SOFTMAX)
			sums->classes[(int) target[row]] += weight[row];
	}
}

void
cvm_tree_loss_base_of(const CvmTreeLoss *loss, const CvmTargetSums *sums, double *base)
{
	switch (loss->objective)
	{
		case CVM_OBJECTIVE_SOFTMAX:
			for (int k = 0; k < loss->outputs; k++)
				base[k] = bounded(log(sums->classes[k] / sums->total), LARGEST_BASE);
			break;
		case CVM_OBJECTIVE_LOGISTIC:
			base[0] = bounded(log(sums->sum / (sums->total - sums->sum)), LARGEST_BASE);
			break;
		case CVM_OBJECTIVE_POISSON:
			base[0] = bounded(log(sums->sum / sums->total), LARGEST_BASE);
			break;
		default:
			base[0] = sums->sum / sums->total;
			break;
	}
}

void
cvm_tree_loss_base(const CvmTreeLoss *loss, size_t rows, const double *target,
				   const double *weight, double *base)
{
	CvmTargetSums sums = {.classes = CVM_NEW_ZERO(double, loss->outputs)};

	cvm_tree_loss_add_targets(loss, rows, target, weight, &sums);
	if (loss->objective == CVM_OBJECTIVE_QUANTILE)
		base[0] = quantile_of_rows(loss->quantile, NULL, rows, NULL, target, weight);
	else
		cvm_tree_loss_base_of(loss, &sums, base);
	cvm_release(sums.classes);
}

static void
store(int rows, const double *from, float *to)
{
	for (int row = 0; row < rows; row++)
		to[row] = (float) from[row];
}

static double
sum_of(int rows, const double *values)
{
	double		sum = 0;

	for (int row = 0; row < rows; row++)
		sum += values[row];
	return sum;
}

/* The arrays begin at the first of the rows. */
static double
softmax_chunk(const CvmTreeLoss *loss, size_t all, int rows,
			  const double *scores, const double *target, const double *weight,
			  double *work, float *g, float *h)
{
	size_t		size = (size_t) loss->outputs * CVM_BLOCK_ROWS;
	double	   *p = work;
	double	   *rest = work + size;
	double	   *gradient = work + 2 * size;
	double		losses[CVM_BLOCK_ROWS];
	double		curvature[CVM_BLOCK_ROWS];

	for (int k = 0; k < loss->outputs; k++)
		memcpy(p + (size_t) k * CVM_BLOCK_ROWS, scores + k * all, rows * sizeof(double));
	cvm_softmax_losses(loss->outputs, rows, p, rest, target, weight, losses, gradient);
	for (int k = 0; k < loss->outputs && g != NULL; k++)
	{
		cvm_softmax_curvature(k, k, rows, p, rest, weight, curvature);
		store(rows, gradient + (size_t) k * CVM_BLOCK_ROWS, g + k * all);
		store(rows, curvature, h + k * all);
	}
	return sum_of(rows, losses);
}

double
cvm_tree_loss_rows(const CvmTreeLoss *loss, size_t all, size_t rows, const double *scores,
				   const double *target, const double *weight, float *g, float *h)
{
	CvmShape	shape = {.family = family_of(loss->objective),.outputs = 1};
	double	   *work = CVM_NEW(double, 3 * (size_t) loss->outputs * CVM_BLOCK_ROWS);
	double		sum = 0;

	for (size_t first = 0; first < rows; first += CVM_BLOCK_ROWS)
	{
		int			count = rows - first < CVM_BLOCK_ROWS ? (int) (rows - first) : CVM_BLOCK_ROWS;
		float	   *own_g = g == NULL ? NULL : g + first;
		float	   *own_h = h == NULL ? NULL : h + first;
		double		losses[CVM_BLOCK_ROWS];

		if (first % (128 * CVM_BLOCK_ROWS) == 0)
			cvm_check_interrupt();
		if (loss->objective == CVM_OBJECTIVE_SOFTMAX)
			sum += softmax_chunk(loss, all, count, scores + first, target + first,
								 weight + first, work, own_g, own_h);
		else if (loss->objective == CVM_OBJECTIVE_QUANTILE)
			sum += quantile_loss(loss->quantile, count, scores + first, target + first,
								 weight + first, own_g, own_h);
		else
		{
			cvm_row_losses(&shape, 0, count, scores + first, target + first, weight + first,
						   losses, work, work + CVM_BLOCK_ROWS);
			sum += sum_of(count, losses);
			if (g != NULL)
			{
				store(count, work, own_g);
				store(count, work + CVM_BLOCK_ROWS, own_h);
			}
		}
	}
	cvm_release(work);
	return sum;
}

/* ---- leaves ---- */

/* Rows of a leaf are far apart: they are asked for so many ahead. */
#define PREFETCH_ROWS 16

/* Sums over the rows with these numbers. */
static void
sum_rows(const int32_t *numbers, size_t count, const float *g, const float *h,
		 const double *weight, double *gradient, double *curvature, double *total)
{
	*gradient = *curvature = *total = 0;
	for (size_t i = 0; i < count; i++)
	{
		if (i + PREFETCH_ROWS < count)
		{
			__builtin_prefetch(g + numbers[i + PREFETCH_ROWS]);
			__builtin_prefetch(h + numbers[i + PREFETCH_ROWS]);
			__builtin_prefetch(weight + numbers[i + PREFETCH_ROWS]);
		}
		*gradient += g[numbers[i]];
		*curvature += h[numbers[i]];
		*total += weight[numbers[i]];
	}
}

double
cvm_tree_loss_value(const CvmTreeLoss *loss, double gradient, double curvature, double lower,
					double upper)
{
	double		value = curvature + loss->l2 > 0 ? -gradient / (curvature + loss->l2) : 0;

	/* of exp(score) - y score the step is y/mean - 1, the optimum log(y/mean) */
	if (loss->objective == CVM_OBJECTIVE_POISSON && value > 1)
		value = log1p(value);
	return value < lower ? lower : value > upper ? upper : value;
}

double
cvm_tree_loss_leaf(const CvmTreeLoss *loss, const int32_t *numbers, size_t count,
				   const float *g, const float *h, const double *scores,
				   const double *target, const double *weight, double lower, double upper,
				   double *total)
{
	double		gradient;
	double		curvature;

	sum_rows(numbers, count, g, h, weight, &gradient, &curvature, total);
	if (loss->objective == CVM_OBJECTIVE_QUANTILE)
		return fmin(fmax(quantile_of_rows(loss->quantile, numbers, count, scores, target, weight),
						 lower), upper);
	return cvm_tree_loss_value(loss, gradient, curvature, lower, upper);
}
