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
 * The design is not expanded: a coded column reads and adds to the slot of its
 * code.  A reference level, whose code is past the intercept, reads and adds
 * zero, at the slot that has the number of its column: without a branch, which
 * would be mispredicted in every other row, and without all columns waiting
 * for one place in memory.
 */
#include "learn/linear/objective.h"

#include <string.h>

#include "learn/linear/curvature.h"
#include "learn/linear/row_loss.h"
#include "linalg/clones.h"
#include "linalg/elementary.h"
#include "linalg/panel.h"

/* The work area, in its order. */
typedef struct Work
{
	double	   *eta;			/* outputs x CVM_BLOCK_ROWS; probabilities of softmax */
	double	   *rest;			/* the same, 1 - probabilities; softmax */
	double	   *g;				/* outputs x CVM_BLOCK_ROWS */
	double	   *h;				/* CVM_BLOCK_ROWS */
	double	   *loss;			/* CVM_BLOCK_ROWS */
	double	   *curvature;
} Work;

static size_t
lay_out(const CvmShape *shape, double *memory, Work *work)
{
	size_t		outputs = (size_t) CVM_BLOCK_ROWS * shape->outputs;

	work->eta = memory;
	work->rest = work->eta + outputs;
	work->g = work->rest + (shape->family == CVM_SOFTMAX ? outputs : 0);
	work->h = work->g + outputs;
	work->loss = work->h + CVM_BLOCK_ROWS;
	work->curvature = work->loss + CVM_BLOCK_ROWS;
	return work->curvature - memory;
}

size_t
cvm_objective_work_size(const CvmShape *shape)
{
	double		nothing;
	Work		work;

	return lay_out(shape, &nothing, &work) + cvm_curvature_work_size(shape);
}

/* ---- levels ---- */

/* All bits set for a level with a slot, none for a reference level. */
static inline int64_t
level_mask(int32_t code, int32_t intercept)
{
	return ((int64_t) code - intercept) >> 63;
}

static inline int64_t
level_slot(int32_t code, int column, int64_t mask)
{
	return (code & mask) | (column & ~mask);
}

static inline double
masked(double value, int64_t mask)
{
	return cvm_double_of_bits(cvm_bits_of_double(value) & (uint64_t) mask);
}

/* ---- linear predictors ---- */

/* eta of one output, whose coefficients are b. */
static void
add_predictors(const CvmShape *shape, const CvmBlock *block, const double *b, double *eta)
{
	int			coded = shape->coded_columns;
	int			intercept = shape->slots;
	const int32_t *codes = block->codes;

	cvm_panel_multiply(block->rows, shape->dense_columns, block->dense, b, eta);
	for (int row = 0; row < block->rows; row++)
	{
		double		sum = b[intercept];

		for (int c = 0; c < coded; c++)
		{
			int64_t		mask = level_mask(codes[c], intercept);

			sum += masked(b[level_slot(codes[c], c, mask)], mask);
		}
		eta[row] += sum;
		codes += coded;
	}
}

void
cvm_predict_block(const CvmShape *shape, const CvmBlock *block,
				  const double *parameters, double *work, double *eta)
{
	int			outputs = shape->outputs;
	size_t		stride = (size_t) shape->slots + 1;

	if (outputs == 1)
	{
		add_predictors(shape, block, parameters, eta);
		return;
	}
	for (int k = 0; k < outputs; k++)
	{
		add_predictors(shape, block, parameters + k * stride, work);
		for (int row = 0; row < block->rows; row++)
			eta[(size_t) row * outputs + k] = work[row];
	}
}

/* ---- sums over rows ---- */

/* sum of g x */
static void
add_gradient(const CvmShape *shape, const CvmBlock *block, const double *g, double *gradient)
{
	int			coded = shape->coded_columns;
	int			intercept = shape->slots;
	const int32_t *codes = block->codes;

	cvm_panel_add_transposed(block->rows, shape->dense_columns, block->dense, g, gradient);
	for (int row = 0; coded > 0 && row < block->rows; row++)
	{
		for (int c = 0; c < coded; c++)
		{
			int64_t		mask = level_mask(codes[c], intercept);

			gradient[level_slot(codes[c], c, mask)] += masked(g[row], mask);
		}
		codes += coded;
	}
	gradient[intercept] += cvm_sum(block->rows, g);
}

/* Four rows at a time, as cvm_panel_add_transposed does it. */
CVM_CLONES static void
add_squares(int rows, int columns, const double *restrict x, const double *restrict h,
			double *restrict diagonal)
{
	int			row = 0;

	for (; row + 4 <= rows; row += 4, x += 4 * (size_t) columns)
	{
		const double *x1 = x + columns;
		const double *x2 = x1 + columns;
		const double *x3 = x2 + columns;

		for (int j = 0; j < columns; j++)
			diagonal[j] = (((diagonal[j] + h[row] * x[j] * x[j]) + h[row + 1] * x1[j] * x1[j])
						   + h[row + 2] * x2[j] * x2[j]) + h[row + 3] * x3[j] * x3[j];
	}
	for (; row < rows; row++, x += columns)
		for (int j = 0; j < columns; j++)
			diagonal[j] += h[row] * x[j] * x[j];
}

static void
add_diagonal(const CvmShape *shape, const CvmBlock *block, const double *h, double *diagonal)
{
	CvmShape	coded = *shape;
	CvmBlock	rest = *block;

	/* the square of an indicator is the indicator */
	coded.dense_columns = 0;
	rest.dense = NULL;
	add_squares(block->rows, shape->dense_columns, block->dense, h, diagonal);
	add_gradient(&coded, &rest, h, diagonal);
}

void
cvm_objective_add(const CvmShape *shape, double softening, const CvmBlock *block,
				  const double *parameters, double *memory, double *loss,
				  double *gradient, CvmHessian *hessian, double *diagonal)
{
	int			rows = block->rows;
	int			outputs = shape->outputs;
	size_t		stride = (size_t) shape->slots + 1;
	bool		slopes_only = shape->family == CVM_LOGISTIC && loss == NULL &&
		hessian == NULL && diagonal == NULL;
	Work		work;
	CvmCurvature curvature;

	lay_out(shape, memory, &work);
	for (int k = 0; k < outputs; k++)
		add_predictors(shape, block, parameters + k * stride, work.eta + k * CVM_BLOCK_ROWS);
	if (shape->family == CVM_SOFTMAX)
		cvm_softmax_losses(outputs, rows, work.eta, work.rest, block->target,
						   block->weight, work.loss, work.g);
	else
		cvm_row_losses(shape, softening, rows, work.eta, block->target, block->weight,
					   slopes_only ? NULL : work.loss, work.g, work.h);
	if (loss != NULL)
		*loss += cvm_sum(rows, work.loss);
	if (gradient != NULL)
		for (int k = 0; k < outputs; k++)
			add_gradient(shape, block, work.g + k * CVM_BLOCK_ROWS, gradient + k * stride);
	if (hessian == NULL && diagonal == NULL)
		return;

	if (hessian != NULL)
		cvm_curvature_begin(&curvature, shape, hessian, block, work.curvature);
	for (int k = 0; k < outputs; k++)
		for (int l = 0; l <= k; l++)
		{
			if (hessian == NULL && l < k)
				continue;
			if (shape->family == CVM_SOFTMAX)
				cvm_softmax_curvature(l, k, rows, work.eta, work.rest, block->weight, work.h);
			if (diagonal != NULL && k == l)
				add_diagonal(shape, block, work.h, diagonal + k * stride);
			if (hessian != NULL)
				cvm_curvature_add(&curvature, work.h, l, k);
		}
}

void
cvm_hessian_whole(CvmHessian *whole, const CvmShape *shape, double *matrix)
{
	memset(whole, 0, sizeof(*whole));
	whole->outputs = shape->outputs;
	whole->slots = shape->slots;
	whole->wide_column = -1;
	whole->core_slots = shape->slots + 1;
	whole->order = CVM_PARAMETERS(shape);
	whole->core = matrix;
}

void
cvm_objective_add_block(const CvmShape *shape, const CvmBlock *block,
						const double *parameters, double *work,
						double *loss, double *gradient,
						double *hessian, double *diagonal)
{
	CvmHessian	whole;

	cvm_hessian_whole(&whole, shape, hessian);
	cvm_objective_add(shape, 0, block, parameters, work, loss, gradient,
					  hessian == NULL ? NULL : &whole, diagonal);
}
