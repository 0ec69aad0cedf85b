/*
 * sharpen.c
 *		A factor of the Hessian for columns that nearly depend on each other.
 *
 * The sums of products of columns lose half of the digits: what is left of a
 * column after all others explained it by 1 - 1e-14 cannot be told from
 * nothing.  So the rows are read again in other coordinates.  With B the
 * directions that the factor determines (B'HB = I) and N those that it does
 * not, T = (B N), the product T'HT summed over rows T'x is nearly the
 * identity in its first part and, in its second, has the small curvatures
 * with digits of their own: a row's N'x is exact to the precision of the row.
 * From it T is improved, and so on until every direction left is either
 * determined or nothing but rounding.  (Repeated Cholesky QR: Yamamoto et al.,
 * 2015, and Fukaya et al., 2020, where the shift does what pivoting does here.)
 */
#include "learn/linear/sharpen.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/linear/row_loss.h"
#include "linalg/dense.h"
#include "linalg/panel.h"

#define MOST_ROUNDS 4

/* Squared pivots of a unit diagonal, as in factor.c. */
#define RANK_TOLERANCE 1e-11
#define WELL_CONDITIONED 1e-8

/* A direction in which the rows are shorter than this, relative to the length
 * of what cancels, is a dependency. */
#define DEPENDENT 1e-11

/* Rows that are transformed at a time. */
#define PANEL_ROWS 64

typedef struct Sharpening
{
	const CvmProblem *problem;
	const CvmBlockObjective *blocks;
	int			order;
	double	   *basis;			/* T, order x order */
	double	   *product;		/* T'HT, both triangles */
	int			dependent;		/* last columns of T that are dependencies */
	int			rank;			/* first columns of T that are determined */
	double		least_pivot;
} Sharpening;

/*
 * T of its first "active" columns W, where W'(T'HT)W = I as far as the
 * pivots reach, and the rest of W spans what is left.
 */
static void
rebase(Sharpening *sharpening)
{
	int			order = sharpening->order;
	int			active = order - sharpening->dependent;
	double	   *upper = CVM_NEW(double, (size_t) active * active);
	double	   *change = CVM_NEW_ZERO(double, (size_t) active * active);
	double	   *scale = CVM_NEW(double, active);
	double	   *basis = CVM_NEW(double, (size_t) order * active);
	int		   *pivots = CVM_NEW(int, active);
	int			rank;

	for (int i = 0; i < active; i++)
	{
		double		diagonal = sharpening->product[i + (size_t) i * order];

		scale[i] = diagonal > 0 ? 1 / sqrt(diagonal) : 1;
	}
	for (int column = 0; column < active; column++)
		for (int row = 0; row <= column; row++)
			upper[row + (size_t) column * active] = scale[row] * scale[column] *
				sharpening->product[row + (size_t) column * order];
	rank = active == 0 ? 0 : cvm_pivoted_cholesky(active, upper, RANK_TOLERANCE, pivots);
	sharpening->rank = rank;
	sharpening->least_pivot = 1;
	if (rank > 0)
		sharpening->least_pivot = pow(upper[(rank - 1) + (size_t) (rank - 1) * active], 2);

	/* R11^-1, and - R11^-1 R12 over the identity */
	cvm_check_interrupt();
	if (rank > 0)
		cvm_invert_upper(rank, upper, active);
	cvm_multiply_upper(rank, active - rank, upper, active,
					   upper + (size_t) rank * active, active);
	for (int column = 0; column < active; column++)
	{
		double	   *to = change + (size_t) column * active;
		const double *from = upper + (size_t) column * active;

		for (int row = 0; row < rank && (column >= rank || row <= column); row++)
			to[pivots[row]] = (column < rank ? from[row] : -from[row]) * scale[pivots[row]];
		if (column >= rank)
			to[pivots[column]] = scale[pivots[column]];
	}
	cvm_multiply(order, active, active, sharpening->basis, change, active, basis);
	memcpy(sharpening->basis, basis, (size_t) order * active * sizeof(double));
	cvm_release(upper);
	cvm_release(change);
	cvm_release(scale);
	cvm_release(basis);
	cvm_release(pivots);
}

/* The rows [from, from + rows) of a block times T. */
static void
transform_rows(const Sharpening *sharpening, const CvmBlock *block, int from, int rows,
			   double *panel)
{
	const CvmShape *shape = sharpening->blocks->shape;
	int			order = sharpening->order;
	int			dense = shape->dense_columns;
	const double *basis = sharpening->basis;
	const int32_t *codes = block->codes + (size_t) from * shape->coded_columns;

	if (dense > 0)
		cvm_multiply_rows(rows, order, dense, block->dense + (size_t) from * dense,
						  basis, order, panel);
	else
		memset(panel, 0, (size_t) order * rows * sizeof(double));
	for (int row = 0; row < rows; row++, panel += order, codes += shape->coded_columns)
		for (int i = 0; i < order; i++)
		{
			const double *column = basis + (size_t) i * order;

			panel[i] += column[shape->slots];
			for (int c = 0; c < shape->coded_columns; c++)
				panel[i] += codes[c] < shape->slots ? column[codes[c]] : 0;
		}
}

/* T'HT at these parameters, from the rows. */
static void
multiply_rows(Sharpening *sharpening, const double *parameters)
{
	const CvmProblem *problem = sharpening->problem;
	const CvmShape *shape = sharpening->blocks->shape;
	CvmBlockSource *source = sharpening->blocks->source;
	int			order = sharpening->order;
	size_t		size = (size_t) order * order;
	double	   *panel = CVM_NEW(double, (size_t) PANEL_ROWS * order);
	double	   *work = CVM_NEW(double, cvm_panel_work_size(order));
	int		   *positions = CVM_NEW(int, order);
	double		eta[CVM_BLOCK_ROWS];
	double		loss[CVM_BLOCK_ROWS];
	double		g[CVM_BLOCK_ROWS];
	double		h[CVM_BLOCK_ROWS];

	memset(sharpening->product, 0, size * sizeof(double));
	for (int i = 0; i < order; i++)
		positions[i] = i;
	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_predict_block(shape, block, parameters, sharpening->blocks->work, eta);
		cvm_row_losses(shape, problem->softening, block->rows, eta, block->target,
					   block->weight, loss, g, h);
		for (int from = 0; from < block->rows; from += PANEL_ROWS)
		{
			int			rows = block->rows - from < PANEL_ROWS ? block->rows - from : PANEL_ROWS;

			cvm_check_interrupt();
			transform_rows(sharpening, block, from, rows, panel);
			cvm_panel_add_cross_product(rows, order, panel, h + from, positions,
										sharpening->product, order, work);
		}
	}
	/* and the penalty: l2 T'T, without the intercept unless that is pulled too */
	for (int column = 0; column < order; column++)
		for (int row = 0; row <= column; row++)
		{
			double	   *element = sharpening->product + row + (size_t) column * order;

			*element /= problem->objective->total_weight;
			if (problem->l2 > 0)
				*element += problem->l2 *
					cvm_dot(problem->toward != NULL ? order : order - 1,
							sharpening->basis + (size_t) row * order,
							sharpening->basis + (size_t) column * order);
			sharpening->product[column + (size_t) row * order] = *element;
		}
	cvm_release(panel);
	cvm_release(work);
	cvm_release(positions);
}

static void
swap(double *left, double *right)
{
	double		value = *left;

	*left = *right;
	*right = value;
}

/* Columns of T, and rows and columns of T'HT with them. */
static void
swap_directions(Sharpening *sharpening, size_t left, size_t right)
{
	size_t		order = sharpening->order;

	for (size_t i = 0; i < order; i++)
	{
		swap(&sharpening->basis[i + left * order], &sharpening->basis[i + right * order]);
		swap(&sharpening->product[i + left * order], &sharpening->product[i + right * order]);
	}
	for (size_t i = 0; i < order; i++)
		swap(&sharpening->product[left + i * order], &sharpening->product[right + i * order]);
}

/* Moves directions that are dependencies to the end. */
static void
set_dependencies_apart(Sharpening *sharpening, const double *diagonal)
{
	int			order = sharpening->order;

	for (int i = order - sharpening->dependent - 1; i >= sharpening->rank; i--)
	{
		const double *column = sharpening->basis + (size_t) i * order;
		double		curvature = sharpening->product[i + (size_t) i * order];
		double		cancelled = 0;

		for (int j = 0; j < order; j++)
			cancelled += diagonal[j] * column[j] * column[j];
		if (curvature <= DEPENDENT * DEPENDENT * cancelled)
			swap_directions(sharpening, i, order - ++sharpening->dependent);
	}
}

bool
cvm_sharpen(const CvmProblem *problem, const double *parameters, CvmFactor *factor)
{
	const CvmHessian *hessian = factor->hessian;
	size_t		order = hessian->order;
	double	   *diagonal;
	Sharpening	sharpening = {
		.problem = problem,
		.blocks = cvm_objective_blocks(problem->objective),
		.order = hessian->order
	};

	if (sharpening.blocks == NULL || hessian->outputs > 1 || hessian->wide_levels > 0)
		return false;
	diagonal = CVM_NEW(double, order);
	sharpening.basis = CVM_NEW_ZERO(double, order * order);
	sharpening.product = CVM_NEW(double, order * order);
	cvm_hessian_diagonal(hessian, diagonal);
	for (size_t i = 0; i < order; i++)
		sharpening.basis[i + i * order] = 1;
	memcpy(sharpening.product, hessian->core, order * order * sizeof(double));
	rebase(&sharpening);
	for (int round = 0; round < MOST_ROUNDS; round++)
	{
		multiply_rows(&sharpening, parameters);
		set_dependencies_apart(&sharpening, diagonal);
		rebase(&sharpening);
		if (sharpening.rank + sharpening.dependent == (int) order &&
			sharpening.least_pivot >= WELL_CONDITIONED)
			break;
	}

	cvm_release(factor->vectors);
	cvm_release(factor->null_vectors);
	factor->vectors = sharpening.basis;
	factor->null_vectors = NULL;
	factor->rank = sharpening.rank;
	factor->least_pivot = sharpening.least_pivot;
	cvm_release(sharpening.product);
	cvm_release(diagonal);
	return true;
}
