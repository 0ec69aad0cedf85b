/*
 * stacking.c
 *		How much each of several models should count.
 *
 * The loss is convex in weights and biases.  Each step minimizes its quadratic
 * model under weight >= 0 by coordinate descent, as glmnet does for a lasso
 * (Friedman, Hastie and Tibshirani, 2010), and is halved until the loss falls.
 * Biases of classes are determined up to a constant; a trace of a penalty
 * settles it.
 */
#include "learn/stacking.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"

#define MOST_STEPS 50
#define MOST_SWEEPS 500
#define MOST_HALVINGS 30
#define STEP_TOLERANCE 1e-10

/* Of biases, against the mean loss. */
#define BIAS_PENALTY 1e-8

typedef struct Problem
{
	const CvmStackRows *rows;
	int			biases;			/* numbers of them */
	int			parameters;		/* weights, then biases */
	double		l2;
	double		weight;			/* of all rows */
	double		scale;			/* of squared errors */
	double	   *features;		/* scratch: members x biases, of a row */
	double	   *means;			/* scratch: members */
	double	   *scores;			/* scratch: biases */
} Problem;

/* What a prediction contributes with weight 1. */
static double
feature_of(int classes, double prediction)
{
	return classes == 0 ? prediction : log(fmax(prediction, DBL_EPSILON));
}

/* Scores to probabilities; returns the logarithm of the sum of exponentials. */
static double
softmax(int classes, double *scores)
{
	double		largest = scores[0];
	double		sum = 0;

	for (int k = 1; k < classes; k++)
		largest = fmax(largest, scores[k]);
	for (int k = 0; k < classes; k++)
		sum += exp(scores[k] - largest);
	for (int k = 0; k < classes; k++)
		scores[k] = exp(scores[k] - largest) / sum;
	return largest + log(sum);
}

static void
score_row(const Problem *problem, size_t row, const double *parameters)
{
	int			members = problem->rows->members;
	const double *predictions = problem->rows->predictions +
		row * members * (size_t) problem->biases;

	for (int k = 0; k < problem->biases; k++)
		problem->scores[k] = parameters[members + k];
	for (int m = 0; m < members; m++)
		for (int k = 0; k < problem->biases; k++)
		{
			double		feature = feature_of(problem->rows->classes,
											 predictions[m * problem->biases + k]);

			problem->features[m * problem->biases + k] = feature;
			problem->scores[k] += parameters[m] * feature;
		}
}

/*
 * Adds a row's loss and, where they are wanted, its derivatives.  p, the
 * curvature of the scores, is diag(p) - p p' of classes and 1 of a number.
 */
static double
add_row(const Problem *problem, size_t row, double *gradient, double *hessian)
{
	int			members = problem->rows->members;
	int			biases = problem->biases;
	int			width = problem->parameters;
	double		weight = problem->rows->weights[row];
	double		target = problem->rows->targets[row];
	double	   *p = problem->scores;
	double		loss;

	if (problem->rows->classes == 0)
	{
		double		error = p[0] - target;

		weight *= problem->scale;
		loss = weight * error * error / 2;
		if (gradient == NULL)
			return loss;
		problem->features[members] = 1;
		for (int i = 0; i < width; i++)
		{
			gradient[i] += weight * error * problem->features[i];
			for (int j = 0; j <= i; j++)
				hessian[i * width + j] += weight * problem->features[i] * problem->features[j];
		}
		return loss;
	}

	loss = -p[(int) target];
	loss += softmax(biases, p);
	loss *= weight;
	if (gradient == NULL)
		return loss;
	for (int m = 0; m < members; m++)
	{
		problem->means[m] = 0;
		for (int k = 0; k < biases; k++)
			problem->means[m] += p[k] * problem->features[m * biases + k];
		gradient[m] += weight * (problem->means[m] -
								 problem->features[m * biases + (int) target]);
	}
	for (int k = 0; k < biases; k++)
		gradient[members + k] += weight * (p[k] - (k == (int) target));
	for (int m = 0; m < members; m++)
		for (int n = 0; n <= m; n++)
			for (int k = 0; k < biases; k++)
				hessian[m * width + n] += weight * p[k] *
					(problem->features[m * biases + k] - problem->means[m]) *
					(problem->features[n * biases + k] - problem->means[n]);
	for (int k = 0; k < biases; k++)
	{
		for (int m = 0; m < members; m++)
			hessian[(members + k) * width + m] += weight * p[k] *
				(problem->features[m * biases + k] - problem->means[m]);
		for (int j = 0; j <= k; j++)
			hessian[(members + k) * width + members + j] += weight * ((k == j ? p[k] : 0) - p[k] * p[j]);
	}
	return loss;
}

/* Loss with its penalty; derivatives where they are wanted. */
static double
evaluate(const Problem *problem, const double *parameters, double *gradient, double *hessian,
		 double *plain)
{
	int			members = problem->rows->members;
	int			width = problem->parameters;
	double		loss = 0;

	if (gradient != NULL)
	{
		memset(gradient, 0, width * sizeof(double));
		memset(hessian, 0, (size_t) width * width * sizeof(double));
	}
	for (size_t row = 0; row < problem->rows->count; row++)
	{
		if (row % 1024 == 0)
			cvm_check_interrupt();
		score_row(problem, row, parameters);
		loss += add_row(problem, row, gradient, hessian);
	}
	*plain = loss / problem->weight;
	for (int i = 0; i < width; i++)
	{
		double		penalty = i < members ? problem->l2 : BIAS_PENALTY * problem->weight;
		double		distance = parameters[i] - (i < members ? 1.0 / members : 0);

		if (problem->rows->classes == 0 && i >= members)
			continue;
		loss += penalty * distance * distance / 2;
		if (gradient != NULL)
		{
			gradient[i] += penalty * distance;
			hessian[i * width + i] += penalty;
		}
	}
	return loss;
}

/* The step that makes the quadratic model least, weights staying at zero or above. */
static void
solve(const Problem *problem, const double *parameters, const double *gradient,
	  const double *hessian, double *step)
{
	int			width = problem->parameters;

	memset(step, 0, width * sizeof(double));
	for (int sweep = 0; sweep < MOST_SWEEPS; sweep++)
	{
		double		largest = 0;

		for (int i = 0; i < width; i++)
		{
			double		slope = gradient[i];
			double		moved;

			for (int j = 0; j < width; j++)
				slope += (j <= i ? hessian[i * width + j] : hessian[j * width + i]) * step[j];
			if (!(hessian[i * width + i] > 0))
				continue;
			moved = step[i] - slope / hessian[i * width + i];
			if (i < problem->rows->members)
				moved = fmax(moved, -parameters[i]);
			largest = fmax(largest, fabs(moved - step[i]));
			step[i] = moved;
		}
		if (largest < STEP_TOLERANCE)
			break;
	}
}

/* One step, halved as often as needed; returns how far it went. */
static double
improve(const Problem *problem, double *parameters, double *loss, double *plain,
		double *gradient, double *hessian, double *step, double *next)
{
	double		share = 1;

	solve(problem, parameters, gradient, hessian, step);
	for (int halving = 0; halving < MOST_HALVINGS; halving++, share /= 2)
	{
		double		length = 0;
		double		next_plain;
		double		next_loss;

		for (int i = 0; i < problem->parameters; i++)
		{
			next[i] = parameters[i] + share * step[i];
			length = fmax(length, fabs(share * step[i]));
		}
		next_loss = evaluate(problem, next, NULL, NULL, &next_plain);
		if (next_loss < *loss)
		{
			memcpy(parameters, next, problem->parameters * sizeof(double));
			*loss = evaluate(problem, parameters, gradient, hessian, plain);
			return length;
		}
	}
	return 0;
}

/* One over the weighted variance of the targets; 1 where they are all the same. */
static double
target_scale(const CvmStackRows *rows, double weight)
{
	double		mean = 0;
	double		variance = 0;

	for (size_t row = 0; row < rows->count; row++)
		mean += rows->weights[row] / weight * rows->targets[row];
	for (size_t row = 0; row < rows->count; row++)
		variance += rows->weights[row] / weight * (rows->targets[row] - mean) *
			(rows->targets[row] - mean);
	return variance > 0 ? 1 / variance : 1;
}

void
cvm_stack_fit(const CvmStackRows *rows, double l2, CvmStack *stack)
{
	int			members = rows->members;
	Problem		problem = {.rows = rows,.l2 = l2,.biases = rows->classes == 0 ? 1 : rows->classes};
	int			width = problem.parameters = members + problem.biases;
	double	   *parameters = CVM_NEW_ZERO(double, width);
	double	   *gradient = CVM_NEW(double, width);
	double	   *hessian = CVM_NEW(double, (size_t) width * width);
	double	   *step = CVM_NEW(double, width);
	double	   *next = CVM_NEW(double, width);
	double		loss;

	problem.features = CVM_NEW(double, (size_t) members * problem.biases + 1);
	problem.means = CVM_NEW(double, members);
	problem.scores = CVM_NEW(double, problem.biases);
	for (size_t row = 0; row < rows->count; row++)
		problem.weight += rows->weights[row];
	problem.scale = rows->classes == 0 ? target_scale(rows, problem.weight) : 1;
	for (int m = 0; m < members; m++)
		parameters[m] = 1.0 / members;
	loss = evaluate(&problem, parameters, gradient, hessian, &stack->loss);
	for (stack->iterations = 0; stack->iterations < MOST_STEPS; stack->iterations++)
		if (improve(&problem, parameters, &loss, &stack->loss, gradient, hessian, step, next) <
			STEP_TOLERANCE)
			break;
	memcpy(stack->weights, parameters, members * sizeof(double));
	memcpy(stack->biases, parameters + members, problem.biases * sizeof(double));
	for (int m = 0; m < members; m++)
		stack->weights[m] = fmax(stack->weights[m], 0);
	cvm_release(parameters);
	cvm_release(gradient);
	cvm_release(hessian);
	cvm_release(step);
	cvm_release(next);
	cvm_release(problem.features);
	cvm_release(problem.means);
	cvm_release(problem.scores);
}

void
cvm_stack_predict(int members, int classes, const double *weights, const double *biases,
				  const double *predictions, double *result)
{
	int			width = classes == 0 ? 1 : classes;

	for (int k = 0; k < width; k++)
	{
		result[k] = biases[k];
		for (int m = 0; m < members; m++)
			result[k] += weights[m] * feature_of(classes, predictions[m * width + k]);
	}
	if (classes > 0)
		(void) softmax(classes, result);
}
