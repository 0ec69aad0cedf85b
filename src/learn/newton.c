/*
 * newton.c
 *		Newton's method with a line search (iteratively reweighted least squares).
 */
#include "learn/solver.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/dense.h"

#define DEFAULT_ITERATIONS 100
#define ARMIJO 1e-4
/* Eigenvalues of the scaled Hessian below it count as zero. */
#define RANK_TOLERANCE 1e-11
/* Mean loss of a classifier at which its classes are taken as separated. */
#define SEPARATED_LOSS 1e-7

/*
 * Softmax predictions do not change when one vector is added to the
 * coefficients of all classes.  Adding c J/K (J: all ones) over the classes
 * keeps steps in the space where the coefficients sum to zero, and takes
 * nothing from the Hessian inside it.
 */
static void
tie_outputs(const CvmShape *shape, double *hessian, double factor)
{
	size_t		stride = (size_t) shape->slots + 1;
	size_t		leading = stride * shape->outputs;

	if (shape->outputs == 1)
		return;
	for (int k = 0; k < shape->outputs; k++)
		for (int l = 0; l < shape->outputs; l++)
			for (size_t i = 0; i < stride; i++)
				hessian[l * stride + i + (k * stride + i) * leading] += factor / shape->outputs;
}

static double
mean_diagonal(size_t count, const double *hessian)
{
	double		sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += hessian[i + i * count];
	return sum / count;
}

/*
 * The inverse of a symmetric matrix in its place, or the pseudoinverse where
 * it is singular.  Returns the rank.
 */
static int
invert(int count, double *matrix)
{
	size_t		size = (size_t) count * count;
	double	   *copy = CVM_NEW(double, size);
	double	   *values = CVM_NEW(double, count);
	double		limit;
	int			rank = 0;

	memcpy(copy, matrix, size * sizeof(double));
	(void) cvm_symmetric_eigen(count, copy, values);
	limit = RANK_TOLERANCE * values[count - 1];
	memset(matrix, 0, size * sizeof(double));
	for (int v = 0; v < count; v++)
	{
		const double *vector = copy + (size_t) v * count;

		cvm_check_interrupt();
		if (values[v] <= limit)
			continue;
		rank++;
		for (int column = 0; column < count; column++)
			cvm_add_scaled(count, vector[column] / values[v], vector,
						   matrix + (size_t) column * count);
	}
	cvm_release(copy);
	cvm_release(values);
	return rank;
}

void
cvm_newton(const CvmProblem *problem, CvmFit *fit)
{
	const CvmShape *shape = problem->objective->shape;
	size_t		count = problem->parameters;
	double	   *gradient = CVM_NEW(double, count);
	double	   *hessian = CVM_NEW(double, count * count);
	double	   *step = CVM_NEW(double, count);
	double	   *trial = CVM_NEW(double, count);
	int			limit = problem->options->epochs > 0 ? problem->options->epochs
		: DEFAULT_ITERATIONS;
	double		tie = 0;
	int			rank = (int) count;

	fit->outcome = CVM_EPOCH_LIMIT;
	for (;;)
	{
		double		objective = cvm_problem_evaluate(problem, fit->parameters, gradient,
													 hessian, NULL);
		double		slope;
		double		size = 1;

		fit->loss = objective;
		for (size_t i = 0; i < count; i++)
			if (!cvm_problem_is_intercept(problem, i))
				fit->loss -= problem->l2 / 2 * fit->parameters[i] * fit->parameters[i];
		fit->gradient_norm = cvm_norm(count, gradient);
		cvm_problem_report(problem, fit->iterations, fit->loss, fit->gradient_norm);

		tie = mean_diagonal(count, hessian);
		tie_outputs(shape, hessian, tie);
		rank = invert(count, hessian);
		for (size_t i = 0; i < count; i++)
			step[i] = -cvm_dot(count, hessian + i * count, gradient);
		slope = cvm_dot(count, step, gradient);
		if (-slope <= 1e-20 * (1 + fabs(objective)) ||
			fit->gradient_norm <= problem->options->tolerance * 1e-2)
		{
			fit->outcome = CVM_CONVERGED;
			break;
		}
		if (fit->iterations == limit)
			break;
		for (; size > 1e-10; size /= 2)
		{
			double		value;

			for (size_t i = 0; i < count; i++)
				trial[i] = fit->parameters[i] + size * step[i];
			value = cvm_problem_evaluate(problem, trial, NULL, NULL, NULL);
			if (value <= objective + ARMIJO * size * slope + 1e-15 * fabs(objective))
				break;
		}
		fit->iterations++;
		memcpy(fit->parameters, trial, count * sizeof(double));
	}

	fit->rank = rank - (shape->outputs > 1 ? shape->slots + 1 : 0);
	if (fit->outcome == CVM_CONVERGED && rank < (int) count)
		fit->outcome = CVM_SINGULAR;
	if ((shape->family == CVM_LOGISTIC || shape->family == CVM_SOFTMAX) &&
		problem->l2 == 0 && fit->loss < SEPARATED_LOSS)
		fit->outcome = CVM_SEPARATED;
	if (problem->l2 == 0 && shape->family != CVM_SVM && shape->family != CVM_HUBER)
	{
		double		scale = 1 / problem->objective->total_weight;

		if (shape->family == CVM_LINEAR && problem->objective->rows > (uint64_t) fit->rank)
			fit->dispersion = 2 * fit->loss * problem->objective->total_weight /
				(problem->objective->rows - fit->rank);
		tie_outputs(shape, hessian, -1 / tie);
		for (size_t i = 0; i < count * count; i++)
			hessian[i] *= scale * fit->dispersion;
		fit->covariance = hessian;
	}
	else
		cvm_release(hessian);
	cvm_release(gradient);
	cvm_release(step);
	cvm_release(trial);
}
