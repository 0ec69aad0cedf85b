/*
 * lbfgs.c
 *		Limited-memory BFGS (Liu and Nocedal, 1989), and its orthant-wise form
 *		for the lasso penalty (Andrew and Gao, 2007).
 *
 * The inverse Hessian that the memory corrects is, where the fit started from
 * samples of the rows, that of the largest sample, which is right to a few
 * percent and leaves the memory little to do.  Else, and if the fit takes long
 * nevertheless, it is that of the diagonal, made anew now and then, so that
 * columns of any scale and levels of any frequency are alike.  Either way a
 * step of length 1 is right almost always: one pass over the rows an iteration.
 * The line search brackets a point of the weak Wolfe conditions (Lewis and
 * Overton, 2013); orthant-wise steps only have to fall.
 */
#include "learn/linear/factor.h"
#include "learn/linear/solver.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/dense.h"

#define MEMORY 12
#define DEFAULT_ITERATIONS 1000
#define ARMIJO 1e-4
#define WOLFE 0.9
#define MOST_TRIALS 40

/* Iterations at which the diagonal takes over, and is made anew: this one and
 * every so many. */
#define FIRST_REFRESH 15
#define REFRESH 100

/* Relative change of the loss that rounding may hide. */
#define INVISIBLE 1e-13

typedef struct Lbfgs
{
	const CvmProblem *problem;	/* huber: with the softened curvature */
	CvmFit	   *fit;
	size_t		count;
	double	   *diagonal;
	CvmFactor  *factor;			/* of the sample's Hessian, or NULL */
	double	   *gradient;		/* without lasso */
	double	   *pseudo;			/* with it */
	double	   *direction;
	double	   *trial;
	double	   *trial_gradient;
	double		value;			/* with lasso */

	int			stored;
	int			next;
	double	   *steps[MEMORY];
	double	   *changes[MEMORY];	/* of the gradient */
	double		products[MEMORY];	/* of the two */
} Lbfgs;

/* ---- memory ---- */

/* Place in memory of the pair that is "age" older than the last. */
static int
place(const Lbfgs *lbfgs, int age)
{
	return (lbfgs->next - 1 - age + 2 * MEMORY) % MEMORY;
}

/* The inverse that the memory corrects; that of the diagonal is brought to the
 * curvature of the last step. */
static void
apply_first_inverse(const Lbfgs *lbfgs, double *direction)
{
	double		scale = 1;

	if (lbfgs->factor != NULL)
	{
		cvm_factor_solve(lbfgs->factor, direction, direction);
		return;
	}
	if (lbfgs->stored > 0)
	{
		const double *change = lbfgs->changes[place(lbfgs, 0)];
		double		square = 0;

		for (size_t i = 0; i < lbfgs->count; i++)
			square += change[i] * change[i] / lbfgs->diagonal[i];
		scale = lbfgs->products[place(lbfgs, 0)] / square;
	}
	for (size_t i = 0; i < lbfgs->count; i++)
		direction[i] *= scale / lbfgs->diagonal[i];
}

/* direction = - H pseudo, by the two-loop recursion. */
static void
find_direction(Lbfgs *lbfgs)
{
	size_t		count = lbfgs->count;
	double	   *direction = lbfgs->direction;
	double		factors[MEMORY];

	for (size_t i = 0; i < count; i++)
		direction[i] = -lbfgs->pseudo[i];
	for (int age = 0; age < lbfgs->stored; age++)
	{
		int			at = place(lbfgs, age);

		factors[age] = cvm_dot(count, lbfgs->steps[at], direction) / lbfgs->products[at];
		cvm_add_scaled(count, -factors[age], lbfgs->changes[at], direction);
	}
	apply_first_inverse(lbfgs, direction);
	for (int age = lbfgs->stored - 1; age >= 0; age--)
	{
		int			at = place(lbfgs, age);
		double		back = cvm_dot(count, lbfgs->changes[at], direction) / lbfgs->products[at];

		cvm_add_scaled(count, factors[age] - back, lbfgs->steps[at], direction);
	}
	/* orthant-wise: only where it descends */
	if (lbfgs->problem->l1 > 0)
		for (size_t i = 0; i < count; i++)
			if (direction[i] * lbfgs->pseudo[i] > 0 &&
				!cvm_problem_is_intercept(lbfgs->problem, (int) i))
				direction[i] = 0;
}

static void
remember(Lbfgs *lbfgs)
{
	int			at = lbfgs->next;
	double	   *step = lbfgs->steps[at];
	double	   *change = lbfgs->changes[at];

	for (size_t i = 0; i < lbfgs->count; i++)
	{
		step[i] = lbfgs->trial[i] - lbfgs->fit->parameters[i];
		change[i] = lbfgs->trial_gradient[i] - lbfgs->gradient[i];
	}
	lbfgs->products[at] = cvm_dot(lbfgs->count, step, change);
	if (!(lbfgs->products[at] > 1e-12 * cvm_norm(lbfgs->count, step) * cvm_norm(lbfgs->count, change)))
		return;
	lbfgs->next = (at + 1) % MEMORY;
	if (lbfgs->stored < MEMORY)
		lbfgs->stored++;
}

/* ---- the line search ---- */

/* Sets the trial point and its gradient; returns its value. */
static double
try_step(Lbfgs *lbfgs, double size)
{
	const CvmProblem *problem = lbfgs->problem;
	const double *parameters = lbfgs->fit->parameters;

	for (size_t i = 0; i < lbfgs->count; i++)
	{
		double		side = parameters[i] != 0 ? parameters[i] : -lbfgs->pseudo[i];

		lbfgs->trial[i] = parameters[i] + size * lbfgs->direction[i];
		/* not across zero */
		if (problem->l1 > 0 && lbfgs->trial[i] * side <= 0 &&
			!cvm_problem_is_intercept(problem, (int) i))
			lbfgs->trial[i] = 0;
	}
	return cvm_problem_evaluate(problem, lbfgs->trial, lbfgs->trial_gradient, NULL, NULL) +
		cvm_problem_lasso(problem, lbfgs->trial);
}

/* Change that the slope at the start promises for the trial point. */
static double
promised(const Lbfgs *lbfgs)
{
	double		sum = 0;

	for (size_t i = 0; i < lbfgs->count; i++)
		sum += lbfgs->pseudo[i] * (lbfgs->trial[i] - lbfgs->fit->parameters[i]);
	return sum;
}

/* Moves to a better point; false: there is none. */
static bool
move(Lbfgs *lbfgs)
{
	double		slope = cvm_dot(lbfgs->count, lbfgs->pseudo, lbfgs->direction);
	double		rounding = INVISIBLE * fabs(lbfgs->value);
	double		low = 0;
	double		high = INFINITY;
	double		size = 1;
	double	   *swap;

	for (int i = 0; i < MOST_TRIALS; i++)
	{
		double		value = try_step(lbfgs, size);
		double		change = value - lbfgs->value;

		if (!(change <= ARMIJO * promised(lbfgs) + rounding))
		{
			/* the parabola's minimum */
			double		next = -slope * size * size / (2 * (change - slope * size));

			high = size;
			size = isfinite(change) && next > low + 0.1 * (high - low) &&
				next < low + 0.7 * (high - low) ? next : low + 0.3 * (high - low);
			continue;
		}
		if (lbfgs->problem->l1 == 0 &&
			cvm_dot(lbfgs->count, lbfgs->trial_gradient, lbfgs->direction) < WOLFE * slope &&
			i + 1 < MOST_TRIALS)
		{
			low = size;
			size = isfinite(high) ? (low + high) / 2 : 2 * size;
			continue;
		}
		remember(lbfgs);
		lbfgs->value = value;
		memcpy(lbfgs->fit->parameters, lbfgs->trial, lbfgs->count * sizeof(double));
		swap = lbfgs->gradient;
		lbfgs->gradient = lbfgs->trial_gradient;
		lbfgs->trial_gradient = swap;
		lbfgs->fit->iterations++;
		return true;
	}
	return false;
}

/* ---- the loop ---- */

/* Where there is no curvature, one of 1. */
static void
set_missing_diagonal(Lbfgs *lbfgs)
{
	for (size_t i = 0; i < lbfgs->count; i++)
		if (!(lbfgs->diagonal[i] > 0))
			lbfgs->diagonal[i] = 1;
}

/*
 * What the sample has too little of, as levels that it hardly met, the diagonal
 * of all rows makes up for: as much for every output of a slot, so that what
 * sums to zero over the outputs goes on doing so.
 */
static void
factor_model(Lbfgs *lbfgs)
{
	const CvmShape *shape = lbfgs->problem->objective->shape;
	CvmHessian *model = lbfgs->problem->model;
	size_t		stride = (size_t) shape->slots + 1;
	double	   *missing = lbfgs->direction;

	cvm_hessian_diagonal(model, missing);
	for (size_t slot = 0; slot < stride; slot++)
	{
		double		sum = 0;

		for (int k = 0; k < shape->outputs; k++)
			sum += fmax(0, lbfgs->diagonal[k * stride + slot] - missing[k * stride + slot]);
		for (int k = 0; k < shape->outputs; k++)
			missing[k * stride + slot] = sum / shape->outputs;
	}
	cvm_hessian_add_diagonal(model, 1, missing);
	lbfgs->factor = cvm_factor_create(model);
	cvm_factor(lbfgs->factor, lbfgs->problem->l1 > 0 ? CVM_TIE_INTERCEPTS : CVM_TIE_ALL);
}

static void
begin(Lbfgs *lbfgs)
{
	const CvmProblem *problem = lbfgs->problem;
	double	   *parameters = lbfgs->fit->parameters;

	lbfgs->value = cvm_problem_evaluate(problem, parameters, lbfgs->gradient, NULL,
										lbfgs->diagonal);
	if (!isfinite(lbfgs->value))
	{
		/* a start from other rows */
		memset(parameters, 0, lbfgs->count * sizeof(double));
		lbfgs->value = cvm_problem_evaluate(problem, parameters, lbfgs->gradient, NULL,
											lbfgs->diagonal);
	}
	lbfgs->value += cvm_problem_lasso(problem, parameters);
	set_missing_diagonal(lbfgs);
	if (problem->model != NULL)
		factor_model(lbfgs);
}

static void
drop_factor(Lbfgs *lbfgs)
{
	if (lbfgs->factor != NULL)
		cvm_factor_free(lbfgs->factor);
	lbfgs->factor = NULL;
}

static void
run(Lbfgs *lbfgs)
{
	const CvmProblem *problem = lbfgs->problem;
	CvmFit	   *fit = lbfgs->fit;
	int			limit = problem->whole && problem->options->epochs > 0
		? problem->options->epochs : DEFAULT_ITERATIONS;
	bool		stalled = false;

	fit->outcome = CVM_EPOCH_LIMIT;
	begin(lbfgs);
	for (;;)
	{
		cvm_problem_pseudo_gradient(problem, fit->parameters, lbfgs->gradient, lbfgs->pseudo);
		fit->gradient_norm = cvm_norm(lbfgs->count, lbfgs->pseudo);
		fit->loss = cvm_problem_loss(problem, fit->parameters, lbfgs->value);
		cvm_problem_report(problem, fit->iterations, fit->loss, fit->gradient_norm);
		if (cvm_problem_is_separated(problem, fit->loss))
		{
			fit->outcome = CVM_SEPARATED;
			return;
		}
		if (cvm_problem_is_optimum(problem, lbfgs->pseudo))
		{
			if (lbfgs->factor != NULL && problem->l1 == 0)
			{
				/* one more step costs nothing, and leaves a few percent */
				find_direction(lbfgs);
				cvm_add_scaled(lbfgs->count, 1, lbfgs->direction, fit->parameters);
			}
			fit->outcome = CVM_CONVERGED;
			return;
		}
		if (fit->iterations >= limit)
			return;

		find_direction(lbfgs);
		if (move(lbfgs))
		{
			if (fit->iterations % REFRESH == FIRST_REFRESH)
			{
				drop_factor(lbfgs);
				cvm_problem_evaluate(problem, fit->parameters, NULL, NULL, lbfgs->diagonal);
				set_missing_diagonal(lbfgs);
			}
			stalled = false;
			continue;
		}
		/* once more along the gradient, then that was as far as it goes */
		if (stalled || (lbfgs->stored == 0 && lbfgs->factor == NULL))
		{
			CvmProblem	relaxed = *problem;

			relaxed.tolerance = sqrt(problem->tolerance);
			if (cvm_problem_is_optimum(&relaxed, lbfgs->pseudo))
				fit->outcome = CVM_CONVERGED;
			return;
		}
		drop_factor(lbfgs);
		lbfgs->stored = 0;
		stalled = true;
	}
}

void
cvm_lbfgs(const CvmProblem *problem, CvmFit *fit)
{
	size_t		count = problem->parameters;
	double	   *memory = CVM_NEW(double, count * (6 + 2 * MEMORY));
	CvmProblem	softened = *problem;
	Lbfgs		lbfgs = {
		.problem = &softened,
		.fit = fit,
		.count = count,
		.diagonal = memory,
		.gradient = memory + count,
		.pseudo = memory + 2 * count,
		.direction = memory + 3 * count,
		.trial = memory + 4 * count,
		.trial_gradient = memory + 5 * count
	};

	softened.softening = problem->objective->shape->family == CVM_HUBER;
	for (int i = 0; i < MEMORY; i++)
	{
		lbfgs.steps[i] = memory + (6 + 2 * i) * count;
		lbfgs.changes[i] = memory + (7 + 2 * i) * count;
	}
	run(&lbfgs);
	drop_factor(&lbfgs);
	cvm_release(memory);
}
