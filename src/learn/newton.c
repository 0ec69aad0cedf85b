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
#include "learn/solver.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/factor.h"
#include "learn/proximal.h"
#include "learn/sharpen.h"
#include "linalg/dense.h"

#define DEFAULT_ITERATIONS 100
#define ARMIJO 1e-4

/* A step that has to be shorter than this is taken with damping instead: of
 * the largest diagonal of the Hessian so far, a first share and the most. */
#define SHORTEST_STEP 0.02
#define FIRST_DAMPING 1e-3
#define NO_DAMPING 1e-5
#define MOST_DAMPING 1e9

/* Relative change of the loss that rounding may hide. */
#define INVISIBLE 1e-12

/* Squared pivots, relative, below which the factor is sharpened at the end. */
#define WELL_CONDITIONED 1e-8
#define MOST_SHARP_STEPS 8

/* Separation: mean loss of a classifier that makes no mistakes; change of the
 * loss, relative, that is none; steps that are still long then. */
#define NO_LOSS 1e-9
#define LOSS_STANDS 1e-7
#define LONG_STEP 1e-3
#define LONG_STEPS 3

/* Most parameters of which a covariance is made. */
#define MOST_COVARIANCE 2000

#define SOFTER 0.3
#define LEAST_SOFTENING 1e-8

typedef struct Newton
{
	CvmProblem	problem;		/* a copy, for the softening */
	CvmFit	   *fit;
	size_t		count;
	CvmHessian *hessian;
	CvmFactor  *factor;
	double	   *gradient;
	double	   *pseudo;
	double	   *diagonal;
	double	   *largest_diagonal;
	double	   *step;
	double	   *trial;
	double	   *trial_gradient;
	double		value;			/* of the objective, with lasso */
	double		slope;			/* of the objective along the step, or less */
	double		damping;
	double		step_size;		/* largest change of a parameter */
	int			long_steps;		/* in a row that did not become shorter */
} Newton;

static bool
is_constant(const Newton *newton)
{
	return newton->problem.objective->shape->family == CVM_LINEAR;
}

/* Whether there may be no finite optimum. */
static bool
may_be_separated(const Newton *newton)
{
	CvmFamily	family = newton->problem.objective->shape->family;

	return newton->problem.l1 == 0 && newton->problem.l2 == 0 &&
		(family == CVM_LOGISTIC || family == CVM_SOFTMAX || family == CVM_POISSON);
}

/* The objective, with derivatives into "gradient" unless it is NULL. */
static double
evaluate(Newton *newton, const double *parameters, double *gradient, bool with_hessian)
{
	return cvm_problem_evaluate(&newton->problem, parameters, gradient,
								with_hessian ? newton->hessian : NULL, NULL) +
		cvm_problem_lasso(&newton->problem, parameters);
}

/* ---- the step ---- */

/* Size of what the step leaves of the gradient, relative to it: the rows say
 * nothing about that direction, and the loss falls along it nevertheless. */
static double
unexplained(Newton *newton)
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

static void
solve(Newton *newton)
{
	cvm_factor_solve(newton->factor, newton->gradient, newton->step);
	for (size_t i = 0; i < newton->count; i++)
		newton->step[i] = -newton->step[i];
	newton->slope = cvm_dot(newton->count, newton->gradient, newton->step);
}

/* To the Hessian itself, which is made anew before it is needed without. */
static void
damp(Newton *newton)
{
	cvm_hessian_add_diagonal(newton->hessian, newton->damping, newton->largest_diagonal);
}

static void
find_step(Newton *newton)
{
	if (newton->damping > 0)
		damp(newton);
	if (newton->problem.l1 > 0)
		newton->slope = cvm_proximal_step(&newton->problem, newton->hessian,
										  newton->fit->parameters, newton->gradient,
										  newton->step);
	else
	{
		if (!is_constant(newton) || newton->fit->iterations == 0)
			cvm_factor(newton->factor, CVM_TIE_ALL);
		solve(newton);
		if (cvm_factor_rank(newton->factor) < (int) newton->count &&
			newton->slope != 0 && unexplained(newton) > 0.1)
		{
			newton->damping = FIRST_DAMPING;
			damp(newton);
			cvm_factor(newton->factor, CVM_TIE_ALL);
			solve(newton);
		}
	}
	newton->step_size = 0;
	for (size_t i = 0; i < newton->count; i++)
		newton->step_size = fmax(newton->step_size, fabs(newton->step[i]));
}

/* ---- the line search ---- */

static void
set_trial(Newton *newton, double size)
{
	for (size_t i = 0; i < newton->count; i++)
		newton->trial[i] = newton->fit->parameters[i] + size * newton->step[i];
}

static bool
has_fallen(const Newton *newton, double value, double size)
{
	return value <= newton->value + ARMIJO * size * newton->slope;
}

static void
accept(Newton *newton, double value)
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
gradient_has_fallen(const Newton *newton)
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
shorten_step(Newton *newton, double value)
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
		value = evaluate(newton, newton->trial, NULL, false);
	}
	return true;
}

/* Moves to a better point; false: there is none along the step. */
static bool
move(Newton *newton)
{
	CvmProblem *problem = &newton->problem;
	double		rounding = INVISIBLE * fabs(newton->value);
	double		softening = problem->softening;
	double		value;

	problem->softening = fmax(softening * SOFTER, LEAST_SOFTENING);
	set_trial(newton, 1);
	value = evaluate(newton, newton->trial, newton->trial_gradient, !is_constant(newton));
	if (has_fallen(newton, value, 1) ||
		(-newton->slope <= rounding && value <= newton->value + rounding &&
		 (problem->l1 > 0 || gradient_has_fallen(newton))))
	{
		newton->damping = newton->damping > NO_DAMPING ? 0.1 * newton->damping : 0;
		accept(newton, value);
		return true;
	}
	if (-newton->slope <= rounding)
		return false;

	if (shorten_step(newton, value))
	{
		problem->softening = fmin(1, 2 * softening);
		accept(newton, evaluate(newton, newton->trial, newton->trial_gradient,
								!is_constant(newton)));
		return true;
	}
	/* the Hessian of where the fit stands, and a step between Newton's and the
	 * gradient's */
	problem->softening = fmin(1, 10 * softening);
	newton->damping = fmax(10 * newton->damping, FIRST_DAMPING);
	newton->value = evaluate(newton, newton->fit->parameters, newton->gradient, true);
	return newton->damping <= MOST_DAMPING;
}

/* ---- how it ends ---- */

/*
 * Along a direction without a finite optimum the loss falls by the same
 * factor each time, and the step has the same length.
 */
static bool
is_separated(Newton *newton, double previous_size)
{
	CvmFamily	family = newton->problem.objective->shape->family;
	double		largest = 1;

	if (!may_be_separated(newton))
		return false;
	if (family != CVM_POISSON && newton->value < NO_LOSS)
		return true;
	for (size_t i = 0; i < newton->count; i++)
		largest = fmax(largest, fabs(newton->fit->parameters[i]));
	if (-newton->slope > LOSS_STANDS * fabs(newton->value) ||
		newton->step_size < LONG_STEP * largest || newton->step_size < 0.3 * previous_size)
		newton->long_steps = 0;
	else
		newton->long_steps++;
	return newton->long_steps >= LONG_STEPS;
}

static void
run(Newton *newton)
{
	CvmFit	   *fit = newton->fit;
	CvmProblem *problem = &newton->problem;
	int			limit = problem->whole && problem->options->epochs > 0
		? problem->options->epochs : DEFAULT_ITERATIONS;

	fit->outcome = CVM_EPOCH_LIMIT;
	newton->value = evaluate(newton, fit->parameters, newton->gradient, true);
	if (!isfinite(newton->value))
	{
		/* a start from other rows */
		memset(fit->parameters, 0, newton->count * sizeof(double));
		newton->value = evaluate(newton, fit->parameters, newton->gradient, true);
	}
	for (;;)
	{
		double		previous_size = newton->step_size;
		bool		optimum;

		cvm_hessian_diagonal(newton->hessian, newton->diagonal);
		/* a column without curvature so far counts for a little */
		for (size_t i = 0; i < newton->count; i++)
			newton->largest_diagonal[i] = fmax(newton->largest_diagonal[i],
											   newton->diagonal[i] > 0 ? newton->diagonal[i] : 1e-3);
		cvm_problem_pseudo_gradient(problem, fit->parameters, newton->gradient, newton->pseudo);
		fit->gradient_norm = cvm_norm(newton->count, newton->pseudo);
		cvm_problem_report(problem, fit->iterations,
						   cvm_problem_loss(problem, fit->parameters, newton->value),
						   fit->gradient_norm);
		optimum = cvm_problem_is_optimum(problem, newton->pseudo, newton->diagonal);
		find_step(newton);
		if (is_separated(newton, previous_size))
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
			/* as far as the precision goes */
			problem->tolerance = sqrt(problem->tolerance);
			if (optimum || cvm_problem_is_optimum(problem, newton->pseudo, newton->diagonal))
				fit->outcome = CVM_CONVERGED;
			break;
		}
	}
}

/*
 * Where columns nearly depend on others, steps with a factor that has digits
 * left for them; the gradient, summed from the rows' residuals, has.
 */
static void
finish_sharply(Newton *newton)
{
	CvmFit	   *fit = newton->fit;
	double		before = INFINITY;

	for (int i = 0; i < MOST_SHARP_STEPS; i++)
	{
		if ((i == 0 || !is_constant(newton)) &&
			!cvm_sharpen(&newton->problem, fit->parameters, newton->factor))
			return;
		newton->value = evaluate(newton, fit->parameters, newton->gradient, false);
		fit->gradient_norm = cvm_norm(newton->count, newton->gradient);
		solve(newton);
		/* no longer better, or nothing left to improve */
		if (!(-newton->slope < before / 4) || newton->slope == 0)
			break;
		before = -newton->slope;
		cvm_add_scaled(newton->count, 1, newton->step, fit->parameters);
		fit->iterations++;
	}
}

/* The parameters of least norm, unless a kink of the loss is on the way. */
static void
shorten(Newton *newton)
{
	CvmFit	   *fit = newton->fit;
	CvmFamily	family = newton->problem.objective->shape->family;

	memcpy(newton->trial, fit->parameters, newton->count * sizeof(double));
	cvm_factor_shorten(newton->factor, newton->trial);
	if ((family == CVM_SVM || family == CVM_HUBER) &&
		!(evaluate(newton, newton->trial, NULL, false) <=
		  newton->value + INVISIBLE * fabs(newton->value)))
		return;
	memcpy(fit->parameters, newton->trial, newton->count * sizeof(double));
	fit->outcome = CVM_SINGULAR;
}

static void
set_covariance(Newton *newton)
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

static void
finish(Newton *newton)
{
	const CvmShape *shape = newton->problem.objective->shape;
	CvmProblem *problem = &newton->problem;
	CvmFit	   *fit = newton->fit;
	CvmFamily	family = shape->family;
	bool		converged = fit->outcome == CVM_CONVERGED;

	if (problem->l1 == 0)
	{
		if (newton->damping > 0)
		{
			evaluate(newton, fit->parameters, newton->gradient, true);
			cvm_factor(newton->factor, CVM_TIE_ALL);
		}
		if (converged &&
			(cvm_factor_rank(newton->factor) < (int) newton->count ||
			 newton->factor->least_pivot < WELL_CONDITIONED))
			finish_sharply(newton);
		fit->rank = cvm_factor_rank(newton->factor) -
			(shape->outputs > 1 ? shape->slots + 1 : 0);
	}
	fit->loss = cvm_problem_loss(problem, fit->parameters, newton->value);
	if (problem->l1 > 0)
		return;
	if (converged && cvm_factor_rank(newton->factor) < (int) newton->count)
		shorten(newton);
	if (family == CVM_SVM && problem->l2 == 0 && fit->loss == 0)
		fit->outcome = CVM_SEPARATED;
	if (newton->count <= MOST_COVARIANCE && problem->l2 == 0 && family != CVM_SVM && family != CVM_HUBER &&
		(converged || cvm_factor_rank(newton->factor) == (int) newton->count))
		set_covariance(newton);
}

void
cvm_newton(const CvmProblem *problem, CvmFit *fit)
{
	const CvmShape *shape = problem->objective->shape;
	size_t		count = problem->parameters;
	double	   *memory = CVM_NEW_ZERO(double, 7 * count);
	Newton		newton = {
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
		finish(&newton);
	cvm_factor_free(newton.factor);
	cvm_hessian_free(newton.hessian);
	cvm_release(memory);
}
