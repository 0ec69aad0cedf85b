/*
 * lbfgs.c
 *		Limited-memory BFGS (Liu and Nocedal, 1989), and its orthant-wise form
 *		for the lasso penalty (Andrew and Gao, 2007).
 */
#include "learn/solver.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/dense.h"

#define MEMORY 10
#define DEFAULT_ITERATIONS 1000
#define ARMIJO 1e-4

typedef struct History
{
	size_t		count;
	int			stored;
	int			next;
	double	   *step[MEMORY];
	double	   *change[MEMORY]; /* of the gradient */
	double		curvature[MEMORY];
} History;

/* direction = - H direction by the two-loop recursion. */
static void
apply_history(const History *history, double *direction)
{
	double		factor[MEMORY];
	size_t		count = history->count;

	for (int i = 0; i < history->stored; i++)
	{
		int			at = (history->next - 1 - i + 2 * MEMORY) % MEMORY;

		factor[at] = cvm_dot(count, history->step[at], direction) / history->curvature[at];
		cvm_add_scaled(count, -factor[at], history->change[at], direction);
	}
	if (history->stored > 0)
	{
		int			last = (history->next - 1 + MEMORY) % MEMORY;
		double		scale = history->curvature[last] /
			cvm_dot(count, history->change[last], history->change[last]);

		for (size_t i = 0; i < count; i++)
			direction[i] *= scale;
	}
	for (int i = history->stored - 1; i >= 0; i--)
	{
		int			at = (history->next - 1 - i + 2 * MEMORY) % MEMORY;
		double		back = cvm_dot(count, history->change[at], direction) / history->curvature[at];

		cvm_add_scaled(count, factor[at] - back, history->step[at], direction);
	}
	for (size_t i = 0; i < count; i++)
		direction[i] = -direction[i];
}

void
cvm_lbfgs(const CvmProblem *problem, CvmFit *fit)
{
	size_t		count = problem->parameters;
	History		history = {.count = count};
	double	   *gradient = CVM_NEW(double, count);
	double	   *next_gradient = CVM_NEW(double, count);
	double	   *pseudo = CVM_NEW(double, count);
	double	   *direction = CVM_NEW(double, count);
	double	   *trial = CVM_NEW(double, count);
	int			limit = problem->options->epochs > 0 ? problem->options->epochs
		: DEFAULT_ITERATIONS;
	double		value = cvm_problem_evaluate(problem, fit->parameters, gradient, NULL, NULL) +
		cvm_problem_lasso(problem, fit->parameters);
	double		first_norm = 0;

	for (int i = 0; i < MEMORY; i++)
	{
		history.step[i] = CVM_NEW(double, count);
		history.change[i] = CVM_NEW(double, count);
	}
	fit->outcome = CVM_EPOCH_LIMIT;
	for (;; fit->iterations++)
	{
		double		size = 1;
		double		next_value = value;
		double		squares = 0;

		cvm_problem_pseudo_gradient(problem, fit->parameters, gradient, pseudo);
		fit->gradient_norm = cvm_norm(count, pseudo);
		for (size_t i = 0; i < count; i++)
			if (!cvm_problem_is_intercept(problem, i))
				squares += fit->parameters[i] * fit->parameters[i];
		fit->loss = value - problem->l2 / 2 * squares - cvm_problem_lasso(problem, fit->parameters);
		cvm_problem_report(problem, fit->iterations, fit->loss, fit->gradient_norm);
		if (fit->iterations == 0)
			first_norm = fmax(fit->gradient_norm, 1e-300);
		if (fit->gradient_norm <= problem->options->tolerance * fmin(1, first_norm))
		{
			fit->outcome = CVM_CONVERGED;
			break;
		}
		if (fit->iterations == limit)
			break;

		memcpy(direction, pseudo, count * sizeof(double));
		apply_history(&history, direction);
		if (problem->l1 > 0)
			for (size_t i = 0; i < count; i++)
				if (direction[i] * pseudo[i] >= 0 && !cvm_problem_is_intercept(problem, i))
					direction[i] = 0;
		if (history.stored == 0)
			size = fmin(1, 1 / fit->gradient_norm);
		for (; size > 1e-15; size /= 2)
		{
			double		decrease = 0;

			for (size_t i = 0; i < count; i++)
			{
				double		sign = fit->parameters[i] != 0 ? fit->parameters[i] : -pseudo[i];

				trial[i] = fit->parameters[i] + size * direction[i];
				if (problem->l1 > 0 && trial[i] * sign <= 0 && !cvm_problem_is_intercept(problem, i))
					trial[i] = 0;
				decrease += pseudo[i] * (trial[i] - fit->parameters[i]);
			}
			next_value = cvm_problem_evaluate(problem, trial, next_gradient, NULL, NULL) +
				cvm_problem_lasso(problem, trial);
			if (next_value <= value + ARMIJO * decrease + 1e-15 * fabs(value))
				break;
		}
		if (!(size > 1e-15))
		{
			fit->outcome = CVM_CONVERGED;
			break;
		}
		{
			int			at = history.next;

			for (size_t i = 0; i < count; i++)
			{
				history.step[at][i] = trial[i] - fit->parameters[i];
				history.change[at][i] = next_gradient[i] - gradient[i];
			}
			history.curvature[at] = cvm_dot(count, history.step[at], history.change[at]);
			if (history.curvature[at] > 1e-300)
			{
				history.next = (at + 1) % MEMORY;
				history.stored += history.stored < MEMORY;
			}
		}
		value = next_value;
		memcpy(fit->parameters, trial, count * sizeof(double));
		memcpy(gradient, next_gradient, count * sizeof(double));
	}
	for (int i = 0; i < MEMORY; i++)
	{
		cvm_release(history.step[i]);
		cvm_release(history.change[i]);
	}
	cvm_release(gradient);
	cvm_release(next_gradient);
	cvm_release(pseudo);
	cvm_release(direction);
	cvm_release(trial);
}
