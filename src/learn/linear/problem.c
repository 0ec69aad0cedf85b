/*
 * problem.c
 *		The penalized mean objective, over blocks or computed elsewhere.
 */
#include "learn/linear/solver.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/linear/objective.h"

/* Loss of all rows, in average weights: far below log 2. */
#define SEPARATED_LOSS 1e-3

void
cvm_problem_init(CvmProblem *problem, const CvmObjective *objective,
				 const CvmOptions *options, const CvmProgress *progress)
{
	memset(problem, 0, sizeof(*problem));
	problem->objective = objective;
	problem->options = options;
	problem->progress = progress;
	problem->parameters = CVM_PARAMETERS(objective->shape);
	problem->l1 = options->l1 / objective->total_weight;
	problem->l2 = options->l2 / objective->total_weight;
	problem->tolerance = options->tolerance;
}

void
cvm_reference_init(CvmReference *reference, int parameters)
{
	reference->gradient = CVM_NEW(double, parameters);
	reference->diagonal = CVM_NEW(double, parameters);
	reference->rounding = 0;
}

void
cvm_reference_release(CvmReference *reference)
{
	cvm_release(reference->gradient);
	cvm_release(reference->diagonal);
}

void
cvm_reference_complete(CvmReference *reference, int parameters)
{
	for (int i = 0; i < parameters; i++)
		if (!(reference->diagonal[i] > 0))
			reference->diagonal[i] = 1;
}

bool
cvm_problem_is_intercept(const CvmProblem *problem, int parameter)
{
	int			stride = problem->objective->shape->slots + 1;

	return parameter % stride == stride - 1;
}

double
cvm_problem_lasso(const CvmProblem *problem, const double *parameters)
{
	double		sum = 0;

	if (problem->l1 == 0)
		return 0;
	for (int i = 0; i < problem->parameters; i++)
		if (!cvm_problem_is_intercept(problem, i))
			sum += fabs(parameters[i]);
	return problem->l1 * sum;
}

static double
intercept_l2(const CvmProblem *problem)
{
	return problem->toward != NULL ? problem->l2 : 0;
}

/* The slope of a parameter's ridge penalty. */
static double
ridge_slope(const CvmProblem *problem, const double *parameters, int i)
{
	if (problem->toward != NULL)
		return problem->l2 * (parameters[i] - problem->toward[i]);
	return cvm_problem_is_intercept(problem, i) ? 0 : problem->l2 * parameters[i];
}

/* l2/2 |b|^2 or l2/2 |b - t|^2 */
static double
ridge(const CvmProblem *problem, const double *parameters)
{
	double		sum = 0;

	if (problem->l2 == 0)
		return 0;
	for (int i = 0; i < problem->parameters; i++)
		if (problem->toward != NULL)
			sum += pow(parameters[i] - problem->toward[i], 2);
		else if (!cvm_problem_is_intercept(problem, i))
			sum += parameters[i] * parameters[i];
	return problem->l2 / 2 * sum;
}

double
cvm_problem_loss(const CvmProblem *problem, const double *parameters, double value)
{
	return value - ridge(problem, parameters) - cvm_problem_lasso(problem, parameters);
}

/* pseudo may be the gradient itself. */
void
cvm_problem_pseudo_gradient(const CvmProblem *problem, const double *parameters,
							const double *gradient, double *pseudo)
{
	for (int i = 0; i < problem->parameters; i++)
	{
		double		l1 = cvm_problem_is_intercept(problem, i) ? 0 : problem->l1;

		if (parameters[i] != 0 && l1 > 0)
			pseudo[i] = gradient[i] + copysign(l1, parameters[i]);
		else
			pseudo[i] = cvm_shrink(gradient[i], l1);
	}
}

double
cvm_problem_share(const CvmProblem *problem, const double *gradient)
{
	const CvmReference *reference = problem->reference;
	double		square = 0;
	double		unit = 0;

	for (int i = 0; i < problem->parameters; i++)
	{
		square += gradient[i] * gradient[i] / reference->diagonal[i];
		unit += reference->gradient[i] * reference->gradient[i] / reference->diagonal[i];
	}
	if (square <= reference->rounding * reference->rounding)
		return 0;
	return sqrt(square / unit);
}

bool
cvm_problem_is_optimum(const CvmProblem *problem, const double *gradient)
{
	return cvm_problem_share(problem, gradient) <= problem->tolerance;
}

bool
cvm_problem_is_separated(const CvmProblem *problem, double mean_loss)
{
	CvmFamily	family = problem->objective->shape->family;

	return (family == CVM_LOGISTIC || family == CVM_SOFTMAX) &&
		problem->l1 == 0 && problem->l2 == 0 &&
		mean_loss * problem->objective->rows < SEPARATED_LOSS;
}

void
cvm_problem_report(const CvmProblem *problem, int iteration, double loss, double gradient_norm)
{
	if (problem->progress != NULL)
		problem->progress->report(problem->progress->state, iteration,
								  problem->options->epochs, loss, NAN, NAN, gradient_norm);
}

/* ---- over blocks ---- */

static void
add_blocks(const CvmBlockObjective *blocks, double softening, const double *parameters,
		   double *loss, double *gradient, CvmHessian *hessian, double *diagonal)
{
	size_t		count = CVM_PARAMETERS(blocks->shape);

	if (loss != NULL)
		*loss = 0;
	if (gradient != NULL)
		memset(gradient, 0, count * sizeof(double));
	if (hessian != NULL)
		cvm_hessian_clear(hessian);
	if (diagonal != NULL)
		memset(diagonal, 0, count * sizeof(double));
	for (int i = 0; i < blocks->source->blocks; i++)
	{
		const CvmBlock *block = blocks->source->read(blocks->source->state, i);

		cvm_check_interrupt();
		cvm_objective_add(blocks->shape, softening, block, parameters, blocks->work,
						  loss, gradient, hessian, diagonal);
	}
}

static void
evaluate_blocks(void *state, const double *parameters, double *loss,
				double *gradient, double *hessian, double *diagonal)
{
	const CvmBlockObjective *blocks = state;
	CvmHessian	whole = {
		.outputs = blocks->shape->outputs,
		.slots = blocks->shape->slots,
		.wide_column = -1,
		.core_slots = blocks->shape->slots + 1,
		.order = CVM_PARAMETERS(blocks->shape),
		.core = hessian
	};

	add_blocks(blocks, 0, parameters, loss, gradient,
			   hessian == NULL ? NULL : &whole, diagonal);
}

void
cvm_objective_over_blocks(CvmObjective *objective, CvmBlockObjective *blocks,
						  const CvmShape *shape, CvmBlockSource *source)
{
	blocks->shape = shape;
	blocks->source = source;
	blocks->work = CVM_NEW(double, cvm_objective_work_size(shape));
	objective->shape = shape;
	objective->total_weight = source->total_weight;
	objective->rows = source->rows;
	objective->evaluate = evaluate_blocks;
	objective->state = blocks;
}

const CvmBlockObjective *
cvm_objective_blocks(const CvmObjective *objective)
{
	return objective->evaluate == evaluate_blocks
		? (const CvmBlockObjective *) objective->state : NULL;
}

double
cvm_mean_loss(const CvmShape *shape, CvmBlockSource *source, const double *parameters)
{
	CvmBlockObjective blocks = {shape, source, CVM_NEW(double, cvm_objective_work_size(shape))};
	double		loss;

	add_blocks(&blocks, 0, parameters, &loss, NULL, NULL, NULL);
	cvm_release(blocks.work);
	return loss / source->total_weight;
}

/* ---- wherever it is computed ---- */

double
cvm_problem_evaluate(const CvmProblem *problem, const double *parameters,
					 double *gradient, CvmHessian *hessian, double *diagonal)
{
	const CvmObjective *objective = problem->objective;
	const CvmBlockObjective *blocks = cvm_objective_blocks(objective);
	double		scale = 1 / objective->total_weight;
	double		loss;

	if (blocks != NULL)
		add_blocks(blocks, problem->softening, parameters, &loss, gradient, hessian, diagonal);
	else
		objective->evaluate(objective->state, parameters, &loss, gradient,
							hessian == NULL ? NULL : hessian->core, diagonal);
	if (hessian != NULL)
		cvm_hessian_finish(hessian, scale, problem->l2, intercept_l2(problem));
	for (int i = 0; i < problem->parameters; i++)
	{
		if (gradient != NULL)
			gradient[i] = gradient[i] * scale + ridge_slope(problem, parameters, i);
		if (diagonal != NULL)
			diagonal[i] = diagonal[i] * scale +
				(cvm_problem_is_intercept(problem, i) ? intercept_l2(problem) : problem->l2);
	}
	return loss * scale + ridge(problem, parameters);
}
