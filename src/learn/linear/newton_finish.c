/*
 * newton_finish.c
 *		What Newton's method makes of the optimum that it found.
 *
 * Columns that depend on others leave a whole space of optima, of which the
 * shortest is returned; whether they really depend, or only nearly, the rows
 * decide (sharpen.h).  The covariance of an unpenalized fit is the inverse of
 * the Hessian, times the dispersion.
 */
#include "learn/linear/newton.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/linear/sharpen.h"
#include "linalg/dense.h"

/* Squared pivots, relative, below which the factor is sharpened. */
#define WELL_CONDITIONED 1e-8
#define MOST_SHARP_STEPS 8

/* Most parameters of which a covariance is made. */
#define MOST_COVARIANCE 2000

bool
cvm_newton_is_ill_conditioned(const CvmNewton *newton)
{
	return newton->problem.l1 == 0 &&
		(cvm_factor_rank(newton->factor) < (int) newton->count ||
		 newton->factor->least_pivot < WELL_CONDITIONED);
}

/*
 * Where columns nearly depend on others, steps with a factor that has digits
 * left for them; the gradient, summed from the rows' residuals, has.  Ends
 * when steps do not become shorter by much: that is what is left of digits.
 */
static void
finish_sharply(CvmNewton *newton)
{
	CvmFit	   *fit = newton->fit;
	double		before = INFINITY;

	for (int i = 0; i < MOST_SHARP_STEPS; i++)
	{
		double		value = cvm_newton_evaluate(newton, fit->parameters, newton->gradient, false);

		if ((i == 0 || !cvm_newton_is_constant(newton)) &&
			!cvm_sharpen(&newton->problem, fit->parameters, newton->factor))
			return;
		cvm_newton_solve(newton);
		if (i > 0 &&
			!(value <= newton->value + CVM_NEWTON_INVISIBLE * fabs(newton->value)))
		{
			/* the last step was one too many */
			memcpy(fit->parameters, newton->trial, newton->count * sizeof(double));
			return;
		}
		newton->value = value;
		fit->gradient_norm = cvm_norm(newton->count, newton->gradient);
		fit->outcome = CVM_CONVERGED;
		if (!(-newton->slope < before / 4) || newton->slope == 0)
			return;
		before = -newton->slope;
		memcpy(newton->trial, fit->parameters, newton->count * sizeof(double));
		cvm_add_scaled(newton->count, 1, newton->step, fit->parameters);
		fit->iterations++;
	}
}

/* The parameters of least norm, unless a kink of the loss is on the way. */
static void
shorten(CvmNewton *newton)
{
	CvmFit	   *fit = newton->fit;

	memcpy(newton->trial, fit->parameters, newton->count * sizeof(double));
	cvm_factor_shorten(newton->factor, newton->trial);
	if (cvm_newton_has_kinks(newton) &&
		!(cvm_newton_evaluate(newton, newton->trial, NULL, false) <=
		  newton->value + CVM_NEWTON_INVISIBLE * fabs(newton->value)))
		return;
	memcpy(fit->parameters, newton->trial, newton->count * sizeof(double));
	fit->outcome = CVM_SINGULAR;
}

static void
set_covariance(CvmNewton *newton)
{
	const CvmObjective *objective = newton->problem.objective;
	CvmFit	   *fit = newton->fit;
	double		weight = objective->total_weight;
	double		factor;

	if (objective->shape->family == CVM_LINEAR)
		fit->dispersion = objective->rows > (uint64_t) fit->rank
			? 2 * fit->loss * weight / (objective->rows - fit->rank) : NAN;
	fit->covariance = cvm_factor_inverse(newton->factor);
	factor = fit->dispersion / weight;
	for (size_t i = 0; i < newton->count * newton->count; i++)
		fit->covariance[i] *= factor;
}

void
cvm_newton_finish(CvmNewton *newton)
{
	const CvmShape *shape = newton->problem.objective->shape;
	CvmProblem *problem = &newton->problem;
	CvmFit	   *fit = newton->fit;
	CvmFamily	family = shape->family;
	bool		converged;

	if (problem->l1 == 0)
	{
		if (newton->damping > 0)
		{
			cvm_newton_evaluate(newton, fit->parameters, newton->gradient, true);
			cvm_factor(newton->factor, CVM_TIE_ALL);
		}
		if (fit->outcome == CVM_CONVERGED && cvm_newton_is_ill_conditioned(newton))
			finish_sharply(newton);
		fit->rank = cvm_factor_rank(newton->factor) -
			(shape->outputs > 1 ? shape->slots + 1 : 0);
	}
	converged = fit->outcome == CVM_CONVERGED;
	fit->loss = cvm_problem_loss(problem, fit->parameters, newton->value);
	if (problem->l1 > 0)
		return;
	if (converged && cvm_factor_rank(newton->factor) < (int) newton->count)
		shorten(newton);
	if (family == CVM_SVM && problem->l2 == 0 && fit->loss == 0)
		fit->outcome = CVM_SEPARATED;
	if (newton->count <= MOST_COVARIANCE && problem->l2 == 0 && !cvm_newton_has_kinks(newton) &&
		(converged || cvm_factor_rank(newton->factor) == (int) newton->count))
		set_covariance(newton);
}
