/*
 * newton.c
 *		Newton's method: iteratively reweighted least squares with a line search.
 *
 * Every step costs one pass over the rows, which gives loss, gradient and
 * Hessian at the point that the full step leads to; only when the loss has not
 * fallen there the step is shortened, by passes for the loss alone.
 *
 * What can go wrong, and what is done about it:
 *
 *	  loss grows or overflows		line search (Armijo, 1966); if some
 *									parameters overshoot far more than others,
 *									damping (Marquardt, 1963)
 *	  no curvature (svm, huber)		damping; huber has softened curvature first,
 *									see row_loss.h
 *	  dependent columns				minimum norm; first the rank is decided at
 *									the precision of the rows (sharpen.h)
 *	  no finite optimum				steps that do not become shorter while the
 *									loss stands still: CVM_SEPARATED
 *	  lasso							proximal.h
 */
#include "learn/linear/newton.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/linear/proximal.h"
#include "linalg/dense.h"

#define DEFAULT_ITERATIONS 100
#define ARMIJO 1e-4

/* A step that has to be shorter than this is taken with damping instead: of
 * the largest diagonal of the Hessian so far, a first share and the most. */
#define SHORTEST_STEP 0.02
#define FIRST_DAMPING 1e-3
#define NO_DAMPING 1e-5
#define MOST_DAMPING 1e9

/* A step is the last one if, by the rate of those before, it leaves this share
 * of the tolerance; and if the Hessian, whose inverse is the covariance, is
 * from a point no farther than that, in the unit of gradients. */
#define LAST_STEP 0.01
#define NEAR 1e-9

/* Separation: change of the loss, relative, that is none; steps, relative to
 * the parameters, that are still long then, and how many of them. */
#define LOSS_STANDS 1e-7
#define LONG_STEP 1e-3
#define LONG_STEPS 3

#define SOFTER 0.3
#define LEAST_SOFTENING 1e-8

bool
cvm_newton_is_constant(const CvmNewton *newton)
{
	return newton->problem.objective->shape->family == CVM_LINEAR;
}

bool
cvm_newton_has_kinks(const CvmNewton *newton)
{
	CvmFamily	family = newton->problem.objective->shape->family;

	return family == CVM_SVM || family == CVM_HUBER;
}

/* Whether there may be no finite optimum. */
static bool
may_be_separated(const CvmNewton *newton)
{
	CvmFamily	family = newton->problem.objective->shape->family;

	return newton->problem.l1 == 0 && newton->problem.l2 == 0 &&
		(family == CVM_LOGISTIC || family == CVM_SOFTMAX || family == CVM_POISSON);
}

double
cvm_newton_evaluate(CvmNewton *newton, const double *parameters, double *gradient,
					bool with_hessian)
{
	return cvm_problem_evaluate(&newton->problem, parameters, gradient,
								with_hessian ? newton->hessian : NULL, NULL) +
		cvm_problem_lasso(&newton->problem, parameters);
}

/* ---- the step ---- */

/* Size of what the step leaves of the gradient, relative to it: rows without
 * curvature pull in a direction in which no other row has any. */
static double
unexplained(CvmNewton *newton)
{
	const CvmHessian *hessian = newton->hessian;
	size_t		count = newton->count;
	double	   *left = CVM_NEW(double, 2 * count);
	double	   *step = left + count;
	double		share;

	cvm_hessian_gather(hessian, newton->gradient, left);
	cvm_hessian_gather(hessian, newton->step, step);
	for (size_t i = 0; i < count; i++)
		if (step[i] != 0)
			cvm_hessian_add_column(hessian, (int) i, step[i], left);
	share = cvm_norm(count, left) / cvm_norm(count, newton->gradient);
	cvm_release(left);
	return share;
}

void
cvm_newton_solve(CvmNewton *newton)
{
	cvm_factor_solve(newton->factor, newton->gradient, newton->step);
	for (size_t i = 0; i < newton->count; i++)
		newton->step[i] = -newton->step[i];
	newton->slope = cvm_dot(newton->count, newton->gradient, newton->step);
}

/* To the Hessian itself, which is made anew before it is needed without. */
static void
damp(CvmNewton *newton)
{
	cvm_hessian_add_diagonal(newton->hessian, newton->damping, newton->largest_diagonal);
}

static void
solve_model(CvmNewton *newton)
{
	if (newton->problem.l1 > 0)
	{
		newton->slope = cvm_proximal_step(&newton->problem, newton->hessian,
										  newton->fit->parameters, newton->gradient,
										  newton->step);
		return;
	}
	if (!cvm_newton_is_constant(newton) || newton->fit->iterations == 0)
		cvm_factor(newton->factor, CVM_TIE_ALL);
	cvm_newton_solve(newton);
}

/* Whether the model has no step for what the gradient wants. */
static bool
lacks_curvature(CvmNewton *newton)
{
	if (!cvm_newton_has_kinks(newton) || newton->damping > 0)
		return false;
	if (newton->problem.l1 > 0)
		return newton->slope == 0 && cvm_norm(newton->count, newton->pseudo) > 0;
	return cvm_factor_rank(newton->factor) < (int) newton->count &&
		newton->slope != 0 && unexplained(newton) > 0.1;
}

static void
find_step(CvmNewton *newton)
{
	if (newton->damping > 0)
		damp(newton);
	solve_model(newton);
	if (lacks_curvature(newton))
	{
		newton->damping = FIRST_DAMPING;
		damp(newton);
		solve_model(newton);
	}
	newton->step_size = 0;
	for (size_t i = 0; i < newton->count; i++)
		newton->step_size = fmax(newton->step_size, fabs(newton->step[i]));
}

/* ---- the line search ---- */

static void
set_trial(CvmNewton *newton, double size)
{
	for (size_t i = 0; i < newton->count; i++)
		newton->trial[i] = newton->fit->parameters[i] + size * newton->step[i];
}

static bool
has_fallen(const CvmNewton *newton, double value, double size)
{
	return value <= newton->value + ARMIJO * size * newton->slope;
}

static void
accept(CvmNewton *newton, double value)
{
	double	   *swap = newton->gradient;

	newton->value = value;
	memcpy(newton->fit->parameters, newton->trial, newton->count * sizeof(double));
	newton->gradient = newton->trial_gradient;
	newton->trial_gradient = swap;
	newton->fit->iterations++;
}

/*
 * Near the optimum the loss cannot tell any more, and the gradient decides.
 * A step that it does not like either is one of rounding errors.
 */
static bool
gradient_has_fallen(const CvmNewton *newton)
{
	double		before = 0;
	double		after = 0;

	for (size_t i = 0; i < newton->count; i++)
	{
		double		scale = newton->diagonal[i] > 0 ? newton->diagonal[i] : 1;

		before += newton->gradient[i] * newton->gradient[i] / scale;
		after += newton->trial_gradient[i] * newton->trial_gradient[i] / scale;
	}
	return after < before / 2;
}

/* Shortens the step until the objective falls; false: it would be too short. */
static bool
shorten_step(CvmNewton *newton, double value)
{
	double		size = 1;

	while (!has_fallen(newton, value, size))
	{
		/* the minimum of the parabola through what is known */
		double		next = -newton->slope * size * size /
			(2 * (value - newton->value - newton->slope * size));

		size = isfinite(value) && next > 0.1 * size ? fmin(next, 0.5 * size) : 0.1 * size;
		if (size < SHORTEST_STEP)
			return false;
		set_trial(newton, size);
		value = cvm_newton_evaluate(newton, newton->trial, NULL, false);
	}
	return true;
}

/* Moves to a better point; false: there is none along the step. */
static bool
move(CvmNewton *newton)
{
	CvmProblem *problem = &newton->problem;
	double		rounding = CVM_NEWTON_INVISIBLE * fabs(newton->value);
	double		softening = problem->softening;
	bool		with_hessian = !cvm_newton_is_constant(newton);
	double		value;

	problem->softening = fmax(softening * SOFTER, LEAST_SOFTENING);
	set_trial(newton, 1);
	value = cvm_newton_evaluate(newton, newton->trial, newton->trial_gradient, with_hessian);
	if (has_fallen(newton, value, 1) ||
		(-newton->slope <= rounding && value <= newton->value + rounding &&
		 (problem->l1 > 0 || gradient_has_fallen(newton))))
	{
		newton->damping = newton->damping > NO_DAMPING ? 0.1 * newton->damping : 0;
		newton->full_step = true;
		accept(newton, value);
		return true;
	}
	if (-newton->slope <= rounding)
		return false;

	newton->full_step = false;
	if (shorten_step(newton, value))
	{
		problem->softening = fmin(1, 2 * softening);
		accept(newton, cvm_newton_evaluate(newton, newton->trial, newton->trial_gradient,
										   with_hessian));
		return true;
	}
	/* the Hessian of where the fit stands, and a step between Newton's and the
	 * gradient's */
	problem->softening = fmin(1, 10 * softening);
	newton->damping = fmax(10 * newton->damping, FIRST_DAMPING);
	newton->value = cvm_newton_evaluate(newton, newton->fit->parameters, newton->gradient, true);
	return newton->damping <= MOST_DAMPING;
}

/* ---- how it ends ---- */

/*
 * Along a direction without a finite optimum the loss falls by the same
 * factor each time, and the step has the same length.
 */
static bool
is_separated(CvmNewton *newton, double previous_size, bool optimum)
{
	double		largest = 1;

	if (!may_be_separated(newton))
		return false;
	if (cvm_problem_is_separated(&newton->problem, newton->value))
		return true;
	for (size_t i = 0; i < newton->count; i++)
		largest = fmax(largest, fabs(newton->fit->parameters[i]));
	if (!(optimum || -newton->slope <= LOSS_STANDS * fabs(newton->value)) ||
		newton->step_size < LONG_STEP * largest || newton->step_size < 0.3 * previous_size)
		newton->long_steps = 0;
	else
		newton->long_steps++;
	return newton->long_steps >= LONG_STEPS;
}

/*
 * Whether the optimum is here (but for rounding errors), or one step away: near
 * it the gradient is C times the square of what it was before each full step.
 */
static bool
is_in_reach(const CvmNewton *newton, double share, double previous_share)
{
	double		tolerance = newton->problem.tolerance;

	if (share <= tolerance)
		return true;
	return newton->full_step && newton->problem.l1 == 0 && newton->damping == 0 &&
		!cvm_newton_has_kinks(newton) && !cvm_newton_is_constant(newton) &&
		share <= fmin(NEAR, 1e-3 * sqrt(tolerance)) &&
		share * pow(share / previous_share, 2) <= LAST_STEP * tolerance;
}

static void
run(CvmNewton *newton)
{
	CvmFit	   *fit = newton->fit;
	CvmProblem *problem = &newton->problem;
	int			limit = problem->whole && problem->options->epochs > 0
		? problem->options->epochs : DEFAULT_ITERATIONS;
	int			reported = -1;
	double		share = INFINITY;

	fit->outcome = CVM_EPOCH_LIMIT;
	newton->value = cvm_newton_evaluate(newton, fit->parameters, newton->gradient, true);
	if (!isfinite(newton->value))
	{
		/* a start from other rows */
		memset(fit->parameters, 0, newton->count * sizeof(double));
		newton->value = cvm_newton_evaluate(newton, fit->parameters, newton->gradient, true);
	}
	for (;;)
	{
		double		previous_size = newton->step_size;
		double		previous_share = share;
		bool		optimum;

		cvm_hessian_diagonal(newton->hessian, newton->diagonal);
		/* a column without curvature so far counts for a little */
		for (size_t i = 0; i < newton->count; i++)
			newton->largest_diagonal[i] = fmax(newton->largest_diagonal[i],
											   newton->diagonal[i] > 0 ? newton->diagonal[i] : 1e-3);
		cvm_problem_pseudo_gradient(problem, fit->parameters, newton->gradient, newton->pseudo);
		fit->gradient_norm = cvm_norm(newton->count, newton->pseudo);
		if (fit->iterations > reported)
			cvm_problem_report(problem, fit->iterations,
							   cvm_problem_loss(problem, fit->parameters, newton->value),
							   fit->gradient_norm);
		reported = fit->iterations;
		share = cvm_problem_share(problem, newton->pseudo);
		optimum = is_in_reach(newton, share, previous_share);
		find_step(newton);
		if (is_separated(newton, previous_size, optimum))
		{
			fit->outcome = CVM_SEPARATED;
			break;
		}
		if (optimum && newton->long_steps == 0)
		{
			/* one more step costs nothing, and squares the error */
			if (!(newton->slope > 0))
				for (size_t i = 0; i < newton->count; i++)
					fit->parameters[i] += newton->step[i];
			fit->outcome = CVM_CONVERGED;
			break;
		}
		if (fit->iterations == limit)
			break;
		if (!(newton->slope < 0) || !move(newton))
		{
			/* as far as the precision goes, or that of the factor */
			problem->tolerance = sqrt(problem->tolerance);
			if (optimum || cvm_newton_is_ill_conditioned(newton) ||
				cvm_problem_is_optimum(problem, newton->pseudo))
				fit->outcome = CVM_CONVERGED;
			break;
		}
	}
}

void
cvm_newton(const CvmProblem *problem, CvmFit *fit)
{
	const CvmShape *shape = problem->objective->shape;
	size_t		count = problem->parameters;
	double	   *memory = CVM_NEW_ZERO(double, 7 * count);
	CvmNewton	newton = {
		.problem = *problem,
		.fit = fit,
		.count = count,
		.gradient = memory,
		.pseudo = memory + count,
		.diagonal = memory + 2 * count,
		.step = memory + 3 * count,
		.trial = memory + 4 * count,
		.trial_gradient = memory + 5 * count,
		.largest_diagonal = memory + 6 * count
	};
	int			wide_column = cvm_objective_blocks(problem->objective) == NULL ? -1
		: cvm_hessian_wide_column(shape);

	newton.problem.softening = shape->family == CVM_HUBER ? 1 : 0;
	newton.hessian = cvm_hessian_create(shape, wide_column);
	newton.factor = cvm_factor_create(newton.hessian);
	run(&newton);
	if (problem->whole)
		cvm_newton_finish(&newton);
	cvm_factor_free(newton.factor);
	if (problem->found != NULL)
		*problem->found = newton.hessian;
	else
		cvm_hessian_free(newton.hessian);
	cvm_release(memory);
}
