/*
 * proximal.c
 *		The Newton step of an objective with a lasso penalty.
 *
 * Coordinate descent (Friedman, Hastie and Tibshirani, 2010) on the quadratic
 * model finds which coefficients are zero, fast; the values of the others,
 * slowly where columns are correlated.  So every few sweeps the system of the
 * others is solved at once, their signs taken for granted.  If the signs turn
 * out as assumed, and no zero wants to leave, that is the minimum.
 */
#include "learn/linear/proximal.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/linear/factor.h"

#define MOST_SWEEPS 1000
#define SWEEPS_A_TRIAL 4

/* Change of a sweep, squared and relative to the first one's, that is nothing. */
#define NO_CHANGE 1e-24

/* A zero may want to leave by so much of the penalty, for rounding errors. */
#define SLACK 1e-9

typedef struct Descent
{
	const CvmProblem *problem;
	const CvmHessian *hessian;
	int			size;
	/* all in the order of positions */
	double	   *value;			/* b + s */
	double	   *slope;			/* g + H s */
	double	   *diagonal;
	double	   *penalty;		/* l1, or 0 of an intercept */
	/* where the model starts */
	double	   *start;
	double	   *gradient;
} Descent;

static void
begin(Descent *descent, const CvmProblem *problem, const CvmHessian *hessian,
	  const double *parameters, const double *gradient)
{
	int			size = problem->parameters;
	double	   *memory = CVM_NEW(double, 6 * (size_t) size);
	double	   *scratch = CVM_NEW(double, size);

	descent->problem = problem;
	descent->hessian = hessian;
	descent->size = size;
	descent->value = memory;
	descent->slope = memory + size;
	descent->diagonal = memory + 2 * (size_t) size;
	descent->penalty = memory + 3 * (size_t) size;
	descent->start = memory + 4 * (size_t) size;
	descent->gradient = memory + 5 * (size_t) size;
	cvm_hessian_gather(hessian, parameters, descent->start);
	cvm_hessian_gather(hessian, gradient, descent->gradient);
	memcpy(descent->value, descent->start, size * sizeof(double));
	memcpy(descent->slope, descent->gradient, size * sizeof(double));
	cvm_hessian_diagonal(hessian, scratch);
	cvm_hessian_gather(hessian, scratch, descent->diagonal);
	for (int i = 0; i < size; i++)
		scratch[i] = cvm_problem_is_intercept(problem, i) ? 0 : problem->l1;
	cvm_hessian_gather(hessian, scratch, descent->penalty);
	cvm_release(scratch);
}

/* One sweep, over all coordinates or those that are not zero; returns how much
 * it changed, squared and in the metric of the Hessian. */
static double
sweep(Descent *descent, bool all)
{
	double		change = 0;

	for (int i = 0; i < descent->size; i++)
	{
		double		curvature = descent->diagonal[i];
		double		value = descent->value[i];
		double		difference;

		if ((!all && value == 0 && descent->penalty[i] > 0) || !(curvature > 0))
			continue;
		difference = cvm_shrink(curvature * value - descent->slope[i],
								descent->penalty[i]) / curvature - value;
		if (difference == 0)
			continue;
		descent->value[i] = value + difference;
		change += curvature * difference * difference;
		cvm_hessian_add_column(descent->hessian, i, difference, descent->slope);
	}
	return change;
}

/* Intercepts are always in. */
static inline bool
in_support(const Descent *descent, size_t i)
{
	return descent->value[i] != 0 || descent->penalty[i] == 0;
}

/* A Hessian in which the coordinates that are zero have no part. */
static CvmHessian *
restrict_to_support(const Descent *descent)
{
	const CvmHessian *hessian = descent->hessian;
	size_t		order = hessian->order;
	size_t		outputs = hessian->outputs;
	size_t		wide = outputs * hessian->wide_levels;
	CvmHessian *part = CVM_NEW(CvmHessian, 1);

	*part = *hessian;
	part->core = CVM_NEW(double, order * order);
	part->cross = CVM_NEW(double, order * wide);
	part->blocks = CVM_NEW(double, outputs * wide);
	for (size_t column = 0; column < order; column++)
		for (size_t row = 0; row <= column; row++)
			part->core[row + column * order] =
				in_support(descent, row) && in_support(descent, column)
				? hessian->core[row + column * order] : row == column;
	for (size_t i = 0; i < wide; i++)
	{
		size_t		level = i / outputs;

		for (size_t row = 0; row < order; row++)
			part->cross[row + i * order] =
				in_support(descent, row) && in_support(descent, order + i)
				? hessian->cross[row + i * order] : 0;
		for (size_t k = 0; k < outputs; k++)
			part->blocks[i * outputs + k] =
				in_support(descent, order + i) && in_support(descent, order + level * outputs + k)
				? hessian->blocks[i * outputs + k] : k == i % outputs;
	}
	return part;
}

/*
 * With signs sigma of the support, H s = -(g + l1 sigma) there; zeros stay
 * what they are, s = -b.  value and slope become those of the solution; true
 * if it is the minimum, else they are restored.
 */
static bool
solve_support(Descent *descent)
{
	const CvmHessian *hessian = descent->hessian;
	int			size = descent->size;
	CvmHessian *part = restrict_to_support(descent);
	CvmFactor  *factor = cvm_factor_create(part);
	double	   *value = CVM_NEW(double, size);
	double	   *slope = CVM_NEW(double, size);
	double	   *scratch = CVM_NEW(double, size);
	bool		minimum;

	cvm_factor(factor, CVM_TIE_INTERCEPTS);
	minimum = cvm_factor_rank(factor) == size;

	/* the slope at the zeros alone: g + H s with s = -b off the support */
	memcpy(slope, descent->gradient, size * sizeof(double));
	for (int i = 0; i < size; i++)
		if (!in_support(descent, i) && descent->start[i] != 0)
			cvm_hessian_add_column(hessian, i, -descent->start[i], slope);
	for (int i = 0; i < size; i++)
		value[i] = !in_support(descent, i) ? 0 :
			-slope[i] - copysign(descent->penalty[i], descent->value[i]);
	cvm_hessian_scatter(hessian, value, scratch);
	cvm_factor_solve(factor, scratch, scratch);
	cvm_hessian_gather(hessian, scratch, value);
	for (int i = 0; i < size; i++)
	{
		if (value[i] != 0)
			cvm_hessian_add_column(hessian, i, value[i], slope);
		value[i] = in_support(descent, i) ? descent->start[i] + value[i] : 0;
	}
	for (int i = 0; i < size && minimum; i++)
		if (descent->penalty[i] > 0)
			minimum = value[i] != 0 ? value[i] * descent->value[i] > 0
				: fabs(slope[i]) <= descent->penalty[i] * (1 + SLACK);
	if (minimum)
	{
		memcpy(descent->value, value, size * sizeof(double));
		memcpy(descent->slope, slope, size * sizeof(double));
	}
	cvm_factor_free(factor);
	cvm_hessian_free(part);
	cvm_release(value);
	cvm_release(slope);
	cvm_release(scratch);
	return minimum;
}

double
cvm_proximal_step(const CvmProblem *problem, const CvmHessian *hessian,
				  const double *parameters, const double *gradient, double *step)
{
	Descent		descent;
	double		first;
	double		change;
	double		slope = 0;

	begin(&descent, problem, hessian, parameters, gradient);
	first = change = sweep(&descent, true);
	for (int i = 1; i < MOST_SWEEPS && change > NO_CHANGE * first; i++)
	{
		cvm_check_interrupt();
		if (i % SWEEPS_A_TRIAL == 0)
		{
			if (solve_support(&descent))
				break;
			change = sweep(&descent, true);
		}
		else
			sweep(&descent, false);
	}
	for (int i = 0; i < descent.size; i++)
	{
		slope += descent.gradient[i] * (descent.value[i] - descent.start[i]) +
			descent.penalty[i] * (fabs(descent.value[i]) - fabs(descent.start[i]));
		descent.value[i] -= descent.start[i];
	}
	cvm_hessian_scatter(hessian, descent.value, step);
	cvm_release(descent.value);
	return slope;
}
