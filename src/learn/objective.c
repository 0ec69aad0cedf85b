/*
 * objective.c
 *		Loss, gradient and Hessian of one block of rows.
 *
 * With x a row of the design (dense columns, indicators of the coded columns,
 * 1 for the intercept) and eta_k = x'b_k, everything is made of the first and
 * second derivatives of the row's loss by eta:
 *
 *	  gradient_k   = sum over rows of  g_k x			g_k = w dloss/deta_k
 *	  Hessian_kl   = sum over rows of  h_kl x x'		h_kl = w d2loss/(deta_k deta_l)
 *
 * The design is never expanded: a coded column adds to the slot of its code.
 * The code of a reference level is one past the intercept; it reads as zero,
 * and what it would add is added as zero to the intercept.
 */
#include "learn/fit.h"

#include <math.h>
#include <string.h>

#include "linalg/dense.h"

/* ---- linear predictors ---- */

size_t
cvm_objective_work_size(const CvmShape *shape)
{
	size_t		outputs = shape->outputs;

	/* eta and g (outputs), h (one pair of outputs), scaled dense rows */
	return (size_t) CVM_BLOCK_ROWS * (2 * outputs + 1 + shape->dense_columns);
}

void
cvm_predict_block(const CvmShape *shape, const CvmBlock *block,
				  const double *parameters, double *work, double *eta)
{
	int			dense = shape->dense_columns;
	int			coded = shape->coded_columns;
	int			outputs = shape->outputs;
	int			intercept = shape->slots;

	for (int row = 0; row < block->rows; row++)
		for (int k = 0; k < outputs; k++)
		{
			const double *b = parameters + (size_t) k * (intercept + 1);
			const int32_t *codes = block->codes + (size_t) row * coded;
			double		sum = b[intercept] +
				cvm_dot(dense, b, block->dense + (size_t) row * dense);

			for (int c = 0; c < coded; c++)
				sum += codes[c] > intercept ? 0 : b[codes[c]];
			eta[(size_t) row * outputs + k] = sum;
		}
}

/* ---- derivatives of the row losses ---- */

/* One output: loss, first and second derivative by eta. */
static double
row_loss(const CvmShape *shape, double eta, double y, double *g, double *h)
{
	double		s = 2 * y - 1;
	double		residual = eta - y;
	double		mean;

	switch (shape->family)
	{
		case CVM_LOGISTIC:
			mean = cvm_sigmoid(eta);
			*g = -s * cvm_sigmoid(-s * eta);
			*h = mean * cvm_sigmoid(-eta);
			return cvm_log1p_exp(-s * eta);
		case CVM_POISSON:
			mean = exp(eta);
			*g = mean - y;
			*h = mean;
			return mean - y * eta;
		case CVM_SVM:
			{
				double		margin = 1 - s * eta;

				*h = margin > 0;
				*g = margin > 0 ? -s * margin : 0;
				return margin > 0 ? margin * margin / 2 : 0;
			}
		case CVM_HUBER:
			if (fabs(residual) > shape->delta)
			{
				*h = 0;
				*g = copysign(shape->delta, residual);
				return shape->delta * (fabs(residual) - shape->delta / 2);
			}
			break;
		default:
			break;
	}
	*g = residual;
	*h = 1;
	return residual * residual / 2;
}

/* Softmax: probabilities in place of eta. */
static double
softmax_loss(int outputs, double *eta, int class)
{
	double		largest = eta[0];
	double		sum = 0;
	double		own;

	for (int k = 1; k < outputs; k++)
		largest = fmax(largest, eta[k]);
	own = eta[class] - largest;
	for (int k = 0; k < outputs; k++)
		sum += eta[k] = exp(eta[k] - largest);
	for (int k = 0; k < outputs; k++)
		eta[k] /= sum;
	return log(sum) - own;
}

/* ---- sums over rows ---- */

static void
add_gradient(const CvmShape *shape, const CvmBlock *block, const double *g, int stride,
			 double *gradient)
{
	int			dense = shape->dense_columns;
	int			coded = shape->coded_columns;
	int			intercept = shape->slots;

	for (int row = 0; row < block->rows; row++)
	{
		double		factor = g[(size_t) row * stride];
		const int32_t *codes = block->codes + (size_t) row * coded;

		cvm_add_scaled(dense, factor, block->dense + (size_t) row * dense, gradient);
		for (int c = 0; c < coded; c++)
			if (codes[c] < intercept)
				gradient[codes[c]] += factor;
		gradient[intercept] += factor;
	}
}

static void
add_diagonal(const CvmShape *shape, const CvmBlock *block, const double *h, double *diagonal)
{
	int			dense = shape->dense_columns;
	int			coded = shape->coded_columns;
	int			intercept = shape->slots;

	for (int row = 0; row < block->rows; row++)
	{
		const double *x = block->dense + (size_t) row * dense;
		const int32_t *codes = block->codes + (size_t) row * coded;

		for (int j = 0; j < dense; j++)
			diagonal[j] += h[row] * x[j] * x[j];
		for (int c = 0; c < coded; c++)
			if (codes[c] < intercept)
				diagonal[codes[c]] += h[row];
		diagonal[intercept] += h[row];
	}
}

/*
 * hessian: at the first element of the part for one pair of outputs.  scaled:
 * rows x dense_columns.  h may be negative (two outputs of a softmax), then
 * of all rows.
 */
static void
add_hessian(const CvmShape *shape, const CvmBlock *block, const double *h,
			double *scaled, double *hessian, size_t leading)
{
	int			dense = shape->dense_columns;
	int			coded = shape->coded_columns;
	int			intercept = shape->slots;
	double	   *last = hessian + intercept * leading;

	for (int row = 0; row < block->rows; row++)
	{
		const double *x = block->dense + (size_t) row * dense;
		const int32_t *codes = block->codes + (size_t) row * coded;

		for (int j = 0; j < dense; j++)
			scaled[j] = h[row] * x[j];
		for (int j = 0; j < dense; j++)
			cvm_add_scaled(j + 1, x[j], scaled, hessian + j * leading);
		cvm_add_scaled(dense, 1, scaled, last);
		last[intercept] += h[row];
		for (int c = 0; c < coded; c++)
		{
			double	   *column = hessian + codes[c] * leading;

			if (codes[c] > intercept)
				continue;
			cvm_add_scaled(dense, 1, scaled, column);
			for (int other = 0; other < coded; other++)
				if (codes[other] <= codes[c])
					column[codes[other]] += h[row];
			last[codes[c]] += h[row];
		}
	}
}

void
cvm_objective_add_block(const CvmShape *shape, const CvmBlock *block,
						const double *parameters, double *work,
						double *loss, double *gradient,
						double *hessian, double *diagonal)
{
	int			outputs = shape->outputs;
	size_t		stride = (size_t) shape->slots + 1;
	size_t		leading = outputs * stride;
	double	   *eta = work;
	double	   *g = eta + (size_t) CVM_BLOCK_ROWS * outputs;
	double	   *h = g + (size_t) CVM_BLOCK_ROWS * outputs;
	double	   *scaled = h + CVM_BLOCK_ROWS;
	double		sum = 0;

	cvm_predict_block(shape, block, parameters, scaled, eta);
	for (int row = 0; row < block->rows; row++)
	{
		double		weight = block->weight[row];
		double		y = block->target[row];

		if (shape->family == CVM_SOFTMAX)
		{
			double	   *p = eta + (size_t) row * outputs;

			sum += weight * softmax_loss(outputs, p, (int) y);
			for (int k = 0; k < outputs; k++)
				g[(size_t) row * outputs + k] = weight * (p[k] - (k == (int) y));
		}
		else
		{
			sum += weight * row_loss(shape, eta[row], y, &g[row], &h[row]);
			g[row] *= weight;
			h[row] *= weight;
		}
	}
	if (loss != NULL)
		*loss += sum;
	for (int k = 0; k < outputs; k++)
	{
		if (gradient != NULL)
			add_gradient(shape, block, g + k, outputs, gradient + k * stride);
		if (hessian == NULL && diagonal == NULL)
			continue;
		for (int l = 0; l <= k; l++)
		{
			if (shape->family == CVM_SOFTMAX)
				for (int row = 0; row < block->rows; row++)
				{
					const double *p = eta + (size_t) row * outputs;

					h[row] = block->weight[row] * p[k] * ((k == l) - p[l]);
				}
			if (diagonal != NULL && k == l)
				add_diagonal(shape, block, h, diagonal + k * stride);
			if (hessian != NULL)
				add_hessian(shape, block, h, scaled, hessian + l * stride + k * stride * leading,
							leading);
		}
	}
}
