/*
 * factor.c
 *		A factored Hessian: solves with it, and knows its null space.
 *
 * The wide column goes first: with L L' = blocks (level by level), and
 * U = cross L'^-1, the core that remains is S = core - U U' (the Schur
 * complement).  S is scaled by the diagonal that the core had before, so that
 * what the wide column explains completely is small afterwards, and factored
 * by Cholesky; only where a pivot is small, again with pivoting.
 */
#include "learn/linear/factor.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/dense.h"

/* Squared pivots, of a unit diagonal: below the first one pivoting is called
 * for, below the second one rounding errors of the sums are all that is left. */
#define WELL_CONDITIONED 1e-8
#define RANK_TOLERANCE 1e-11

/* Levels between two looks at interrupts. */
#define LEVELS_A_CHUNK 256

CvmFactor *
cvm_factor_create(const CvmHessian *hessian)
{
	CvmFactor  *factor = CVM_NEW_ZERO(CvmFactor, 1);
	size_t		order = hessian->order;
	size_t		wide = (size_t) hessian->wide_levels * hessian->outputs;

	factor->hessian = hessian;
	factor->size = (int) (order + wide);
	factor->ties = CVM_NEW_ZERO(double, hessian->slots + 1);
	factor->upper = CVM_NEW(double, order * order);
	factor->scale = CVM_NEW(double, order);
	factor->pivots = CVM_NEW(int, order);
	factor->cross = CVM_NEW(double, order * wide);
	factor->upper_blocks = CVM_NEW(double, wide * hessian->outputs);
	factor->work = CVM_NEW(double, 2 * (order + wide));
	return factor;
}

void
cvm_factor_free(CvmFactor *factor)
{
	cvm_release(factor->ties);
	cvm_release(factor->upper);
	cvm_release(factor->scale);
	cvm_release(factor->pivots);
	cvm_release(factor->cross);
	cvm_release(factor->upper_blocks);
	cvm_release(factor->vectors);
	cvm_release(factor->work);
	cvm_release(factor->null_vectors);
	cvm_release(factor);
}

/* ---- ties ---- */

/* Of the size of the elements that they are added to. */
static void
set_ties(CvmFactor *factor)
{
	const CvmHessian *hessian = factor->hessian;
	double	   *diagonal = factor->work;

	cvm_hessian_diagonal(hessian, diagonal);
	for (int slot = 0; slot <= hessian->slots; slot++)
	{
		double		sum = 0;

		for (int output = 0; output < hessian->outputs; output++)
			sum += diagonal[(size_t) output * (hessian->slots + 1) + slot];
		if (hessian->outputs == 1 || factor->tied_slots == CVM_TIE_NOTHING ||
			(factor->tied_slots == CVM_TIE_INTERCEPTS && slot < hessian->slots))
			factor->ties[slot] = 0;
		else
			factor->ties[slot] = sum > 0 ? sum / hessian->outputs : 1;
	}
}

/* Calls for every pair of positions, first <= second in the core's triangle. */
static void
add_ties_to_core(CvmFactor *factor)
{
	const CvmHessian *hessian = factor->hessian;
	size_t		order = hessian->order;

	for (int slot = 0; slot <= hessian->slots; slot++)
	{
		double		share = factor->ties[slot] / hessian->outputs;

		if (share == 0 || cvm_hessian_position(hessian, 0, slot) >= hessian->order)
			continue;
		for (int k = 0; k < hessian->outputs; k++)
			for (int l = 0; l <= k; l++)
				factor->upper[cvm_hessian_position(hessian, l, slot) +
							  cvm_hessian_position(hessian, k, slot) * order] += share;
	}
}

/* ---- the wide column ---- */

/*
 * The inverse of the upper Cholesky factor of a small block, all column-major.
 * A pivot that is nothing but rounding gets a zero row and column.  Returns
 * the rank.
 */
static int
invert_block(int outputs, const double *block, double tie, double *inverse, double *upper)
{
	int			rank = 0;

	for (int j = 0; j < outputs; j++)
	{
		double		diagonal = block[j + j * outputs] + tie / outputs;
		double		left = diagonal;

		for (int i = 0; i < j; i++)
		{
			double		sum = block[i + j * outputs] + tie / outputs;

			for (int k = 0; k < i; k++)
				sum -= upper[k + i * outputs] * upper[k + j * outputs];
			/* inverse holds 1 / pivot on its diagonal */
			upper[i + j * outputs] = sum * inverse[i + i * outputs];
			left -= upper[i + j * outputs] * upper[i + j * outputs];
		}
		inverse[j + j * outputs] = left > RANK_TOLERANCE * diagonal ? 1 / sqrt(left) : 0;
		rank += inverse[j + j * outputs] != 0;
	}
	for (int j = 0; j < outputs; j++)
		for (int i = j - 1; i >= 0; i--)
		{
			double		sum = 0;

			for (int k = i + 1; k <= j; k++)
				sum += upper[i + k * outputs] * inverse[k + j * outputs];
			inverse[i + j * outputs] = -sum * inverse[i + i * outputs];
		}
	return rank;
}

static void
eliminate_wide(CvmFactor *factor)
{
	const CvmHessian *hessian = factor->hessian;
	size_t		order = hessian->order;
	int			outputs = hessian->outputs;
	size_t		block_size = (size_t) outputs * outputs;
	double	   *upper = CVM_NEW(double, block_size);

	factor->wide_rank = 0;
	for (int from = 0; from < hessian->wide_levels; from += LEVELS_A_CHUNK)
	{
		int			count = hessian->wide_levels - from < LEVELS_A_CHUNK
			? hessian->wide_levels - from : LEVELS_A_CHUNK;

		cvm_check_interrupt();
		for (int level = from; level < from + count; level++)
		{
			double	   *inverse = factor->upper_blocks + level * block_size;
			double		tie = factor->ties[hessian->wide_first + level];

			factor->wide_rank += invert_block(outputs, hessian->blocks + level * block_size,
											  tie, inverse, upper);
			for (int j = 0; j < outputs; j++)
			{
				double	   *column = factor->cross + ((size_t) level * outputs + j) * order;

				memset(column, 0, order * sizeof(double));
				for (int i = 0; i <= j; i++)
					cvm_add_scaled(order, inverse[i + j * outputs],
								   hessian->cross + ((size_t) level * outputs + i) * order,
								   column);
			}
		}
		cvm_add_outer_products((int) order, count * outputs, -1,
							   factor->cross + (size_t) from * outputs * order,
							   factor->upper);
	}
	cvm_release(upper);
}

/* ---- the core ---- */

/* factor->upper becomes its own scaled factor. */
static void
factor_core(CvmFactor *factor)
{
	size_t		order = factor->hessian->order;
	double	   *upper = factor->upper;
	double	   *scale = factor->scale;
	double	   *copy = CVM_NEW(double, order * order);
	bool		positive;

	for (size_t column = 0; column < order; column++)
		for (size_t row = 0; row <= column; row++)
			upper[row + column * order] *= scale[row] * scale[column];
	memcpy(copy, upper, order * order * sizeof(double));

	cvm_check_interrupt();
	positive = cvm_cholesky((int) order, upper);
	factor->rank = (int) order;
	factor->least_pivot = 1;
	for (size_t i = 0; i < order; i++)
	{
		double		pivot = upper[i + i * order];

		factor->pivots[i] = (int) i;
		factor->least_pivot = fmin(factor->least_pivot, pivot * pivot);
	}
	if (!positive || !(factor->least_pivot >= WELL_CONDITIONED))
	{
		cvm_check_interrupt();
		memcpy(upper, copy, order * order * sizeof(double));
		factor->rank = cvm_pivoted_cholesky((int) order, upper, RANK_TOLERANCE,
											factor->pivots);
		factor->least_pivot = 0;
		if (factor->rank == (int) order)
			factor->least_pivot = upper[order * order - 1] * upper[order * order - 1];
	}
	cvm_release(copy);
}

void
cvm_factor(CvmFactor *factor, int tied_slots)
{
	const CvmHessian *hessian = factor->hessian;
	size_t		order = hessian->order;

	cvm_release(factor->null_vectors);
	cvm_release(factor->vectors);
	factor->null_vectors = factor->vectors = NULL;
	factor->tied_slots = tied_slots;
	set_ties(factor);
	memcpy(factor->upper, hessian->core, order * order * sizeof(double));
	add_ties_to_core(factor);
	for (size_t i = 0; i < order; i++)
	{
		double		diagonal = factor->upper[i + i * order];

		factor->scale[i] = diagonal > 0 ? 1 / sqrt(diagonal) : 0;
	}
	eliminate_wide(factor);
	factor_core(factor);
}

int
cvm_factor_rank(const CvmFactor *factor)
{
	return factor->rank + factor->wide_rank;
}

/* ---- solving ---- */

/* Solves with the core: in place, by the triangular factor. */
static void
solve_core(const CvmFactor *factor, double *right, double *work)
{
	int			order = factor->hessian->order;

	for (int i = 0; i < order; i++)
		work[i] = right[factor->pivots[i]] * factor->scale[factor->pivots[i]];
	cvm_solve_transposed(factor->rank, factor->upper, order, work);
	cvm_solve_upper(factor->rank, factor->upper, order, work);
	for (int i = 0; i < order; i++)
		right[factor->pivots[i]] = i < factor->rank
			? work[i] * factor->scale[factor->pivots[i]] : 0;
}

/* x = R^-1 x, or its transpose, for the blocks of the wide column. */
static void
multiply_blocks(const CvmFactor *factor, double *x, bool transposed)
{
	int			outputs = factor->hessian->outputs;

	for (int level = 0; level < factor->hessian->wide_levels; level++, x += outputs)
	{
		const double *inverse = factor->upper_blocks + (size_t) level * outputs * outputs;

		for (int n = 0; n < outputs; n++)
		{
			int			i = transposed ? outputs - 1 - n : n;
			double		sum = 0;

			if (transposed)
				for (int k = 0; k <= i; k++)
					sum += inverse[k + i * outputs] * x[k];
			else
				for (int k = i; k < outputs; k++)
					sum += inverse[i + k * outputs] * x[k];
			x[i] = sum;
		}
	}
}

void
cvm_factor_solve(CvmFactor *factor, const double *right, double *solution)
{
	const CvmHessian *hessian = factor->hessian;
	int			order = hessian->order;
	int			wide = factor->size - order;
	double	   *x = factor->work;
	double	   *work = factor->work + factor->size;

	cvm_hessian_gather(hessian, right, x);
	if (factor->vectors != NULL)
	{
		memset(work, 0, factor->size * sizeof(double));
		cvm_add_transposed_product(order, factor->rank, 1, factor->vectors, x, work);
		memset(x, 0, factor->size * sizeof(double));
		cvm_add_product(order, factor->rank, 1, factor->vectors, work, x);
	}
	else
	{
		multiply_blocks(factor, x + order, true);
		cvm_add_product(order, wide, -1, factor->cross, x + order, x);
		solve_core(factor, x, work);
		cvm_add_transposed_product(order, wide, -1, factor->cross, x, x + order);
		multiply_blocks(factor, x + order, false);
	}
	cvm_hessian_scatter(hessian, x, solution);
}

/* ---- the null space ---- */

/* The null vector of the core that belongs to pivot number "index" >= rank. */
static void
core_null_vector(CvmFactor *factor, int index, double *positioned)
{
	int			order = factor->hessian->order;
	double	   *work = factor->work + factor->size;

	memset(positioned, 0, factor->size * sizeof(double));
	if (factor->vectors != NULL)
	{
		memcpy(positioned, factor->vectors + (size_t) index * order, order * sizeof(double));
		return;
	}
	memcpy(work, factor->upper + (size_t) index * order, factor->rank * sizeof(double));
	cvm_solve_upper(factor->rank, factor->upper, order, work);
	for (int i = 0; i < factor->rank; i++)
		positioned[factor->pivots[i]] = -work[i] * factor->scale[factor->pivots[i]];
	/* a column without any weight has no scale */
	positioned[factor->pivots[index]] = factor->scale[factor->pivots[index]] > 0
		? factor->scale[factor->pivots[index]] : 1;
	cvm_add_transposed_product(order, factor->size - order, -1, factor->cross,
							   positioned, positioned + order);
	multiply_blocks(factor, positioned + order, false);
}

/* Dot product without the intercepts, whose size does not count. */
static double
dot_without_intercepts(const CvmHessian *hessian, const double *x, const double *y)
{
	size_t		stride = (size_t) hessian->slots + 1;
	double		sum = 0;

	for (int k = 0; k < hessian->outputs; k++)
		sum += cvm_dot(hessian->slots, x + k * stride, y + k * stride);
	return sum;
}

/* Gram and Schmidt, twice over, in the order of parameters. */
static void
find_null_vectors(CvmFactor *factor)
{
	const CvmHessian *hessian = factor->hessian;
	size_t		size = factor->size;
	int			nullity = factor->size - cvm_factor_rank(factor);
	int			core_nullity = hessian->order - factor->rank;
	double	   *positioned = CVM_NEW(double, size);
	int			block = -1;

	factor->null_vectors = CVM_NEW(double, size * nullity);
	for (int i = 0; i < nullity; i++)
	{
		double	   *vector = factor->null_vectors + i * size;
		double		norm;

		cvm_check_interrupt();
		if (i < core_nullity)
			core_null_vector(factor, factor->rank + i, positioned);
		else
		{
			/* a level of the wide column that no weight is left of */
			do
				block++;
			while (factor->upper_blocks[block * hessian->outputs + block % hessian->outputs] != 0);
			memset(positioned, 0, size * sizeof(double));
			positioned[hessian->order + block] = 1;
		}
		cvm_hessian_scatter(hessian, positioned, vector);
		for (int pass = 0; pass < 2; pass++)
			for (int other = 0; other < i; other++)
			{
				const double *before = factor->null_vectors + other * size;

				cvm_add_scaled(size, -dot_without_intercepts(hessian, vector, before),
							   before, vector);
			}
		norm = sqrt(dot_without_intercepts(hessian, vector, vector));
		for (size_t j = 0; j < size; j++)
			vector[j] = norm > 0 ? vector[j] / norm : 0;
	}
	cvm_release(positioned);
}

void
cvm_factor_shorten(CvmFactor *factor, double *parameters)
{
	int			nullity = factor->size - cvm_factor_rank(factor);

	if (factor->null_vectors == NULL && nullity > 0)
		find_null_vectors(factor);
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < nullity; i++)
		{
			const double *vector = factor->null_vectors + (size_t) i * factor->size;

			cvm_add_scaled(factor->size, -dot_without_intercepts(factor->hessian, parameters, vector),
						   vector, parameters);
		}
}

/*
 * The covariance of P b, P what cvm_factor_shorten does, is P H^+ P': first
 * the columns of H^+ P' (rows of P H^+), then P times these.
 */
double *
cvm_factor_inverse(CvmFactor *factor)
{
	const CvmHessian *hessian = factor->hessian;
	size_t		size = factor->size;
	size_t		stride = (size_t) hessian->slots + 1;
	double	   *inverse = CVM_NEW_ZERO(double, size * size);

	for (size_t i = 0; i < size; i++)
	{
		cvm_check_interrupt();
		inverse[i + i * size] = 1;
		cvm_factor_solve(factor, inverse + i * size, inverse + i * size);
	}
	for (int side = 0; side < 2 && cvm_factor_rank(factor) < factor->size; side++)
	{
		for (size_t i = 0; i < size; i++)
		{
			cvm_check_interrupt();
			cvm_factor_shorten(factor, inverse + i * size);
		}
		for (size_t column = 0; column < size; column++)
			for (size_t row = 0; row < column; row++)
			{
				double		upper = inverse[row + column * size];

				inverse[row + column * size] = inverse[column + row * size];
				inverse[column + row * size] = upper;
			}
	}
	for (size_t slot = 0; slot < stride; slot++)
		for (int k = 0; factor->ties[slot] > 0 && k < hessian->outputs; k++)
			for (int l = 0; l <= k; l++)
				inverse[l * stride + slot + (k * stride + slot) * size] -=
					1 / (factor->ties[slot] * hessian->outputs);
	return inverse;
}
