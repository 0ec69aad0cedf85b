/*
 * start.c
 *		Where the full-batch solvers start.
 *
 * A pass over a million rows costs as much as ten iterations over a tenth of
 * them, and the optimum of a sample of n rows is within some 1 / sqrt(n) of
 * that of all rows.  Newton's method squares that distance with each pass: from
 * a sample of a hundred thousand rows two passes are enough for ten digits,
 * and a third one shows it.  So the fit goes from the null model to the optimum
 * of a small sample, of a larger one, and then to all rows.  Whatever the
 * samples say, it is a start and no more: the last solver sees all rows and
 * has its line search.
 */
#include "learn/linear/start.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/linear/null_model.h"
#include "learn/linear/subsample.h"

/* Of how many times more rows a sample must be taken, to be worth it. */
#define LEAST_STRIDE 8

/* Blocks of the larger and the least blocks of the smaller sample. */
#define SAMPLE_BLOCKS 384
#define LEAST_SAMPLE_BLOCKS 24

/* Rows that a sample has for each parameter, at least. */
#define ROWS_A_PARAMETER 12

/* Memory for the sample of a source that is read in order. */
#define SAMPLE_BYTES (64.0 * 1024 * 1024)

/* Of the linear predictors: a gradient as small as that is zero. */
#define ROUNDING 1e-14

/* Relative gradient norm at which the optimum of a sample is near enough. */
#define SAMPLE_TOLERANCE 1e-3

/* ---- the null model ---- */

static CvmStatus
one_class(CvmError *error)
{
	cvm_fail(error, CVM_ONE_CLASS, "the target has a single class in the rows to learn from");
	cvm_hint(error, "A classifier needs rows of at least two classes.");
	return CVM_ONE_CLASS;
}

/* From the gradient at zero, which tells the weighted mean of the target. */
static CvmStatus
set_intercepts(const CvmProblem *problem, const double *gradient, double *parameters,
			   CvmError *error)
{
	const CvmShape *shape = problem->objective->shape;
	size_t		stride = (size_t) shape->slots + 1;
	double	   *means = CVM_NEW(double, shape->outputs);
	double		certain = 1 - 1e-12;
	bool		single = false;

	for (int k = 0; k < shape->outputs; k++)
	{
		double		slope = gradient[k * stride + shape->slots];

		switch (shape->family)
		{
			case CVM_LINEAR:
				means[k] = -slope;
				break;
			case CVM_LOGISTIC:
				means[k] = 0.5 - slope;
				single = fabs(slope) >= 0.5 * certain;
				break;
			case CVM_POISSON:
				means[k] = 1 - slope;
				break;
			case CVM_SVM:
				means[k] = (1 - slope) / 2;
				single = fabs(slope) >= certain;
				break;
			case CVM_HUBER:
				means[k] = 0;	/* saturated: it does not tell */
				break;
			case CVM_SOFTMAX:
				means[k] = 1.0 / shape->outputs - slope;
				single = single || means[k] >= certain;
				break;
		}
	}
	if (!single)
	{
		/* in the place of the means */
		cvm_null_intercepts(shape->family, shape->outputs, means, problem->objective->rows, means);
		for (int k = 0; k < shape->outputs; k++)
			parameters[k * stride + shape->slots] = means[k];
	}
	cvm_release(means);
	return single ? one_class(error) : CVM_OK;
}

CvmStatus
cvm_null_point(const CvmProblem *problem, double *parameters, CvmReference *reference,
			   CvmError *error)
{
	CvmProblem	null = *problem;
	CvmStatus	status;
	double		value;

	memset(parameters, 0, problem->parameters * sizeof(double));
	if (problem->toward == NULL)
	{
		cvm_problem_evaluate(problem, parameters, reference->gradient, NULL, NULL);
		status = set_intercepts(problem, reference->gradient, parameters, error);
		if (status != CVM_OK)
			return status;
	}
	null.softening = 1;
	value = cvm_problem_evaluate(&null, parameters, reference->gradient, NULL,
								 reference->diagonal);
	cvm_reference_complete(reference, problem->parameters);
	reference->rounding = ROUNDING * sqrt(2 * fabs(value));
	if (problem->toward != NULL)
		memcpy(parameters, problem->toward, problem->parameters * sizeof(double));
	if (problem->objective->shape->family == CVM_LINEAR)
		reference->rounding += ROUNDING * fabs(parameters[problem->objective->shape->slots]);
	return CVM_OK;
}

void
cvm_center_outputs(const CvmProblem *problem, double *parameters)
{
	const CvmShape *shape = problem->objective->shape;
	size_t		stride = (size_t) shape->slots + 1;

	for (size_t slot = problem->l1 > 0 ? shape->slots : 0; slot < stride && shape->outputs > 1; slot++)
	{
		double		mean = 0;

		for (int k = 0; k < shape->outputs; k++)
			mean += parameters[k * stride + slot] / shape->outputs;
		for (int k = 0; k < shape->outputs; k++)
			parameters[k * stride + slot] -= mean;
	}
}

/* ---- samples ---- */

/*
 * Moves the parameters to the optimum of these rows, if there is one.  model:
 * NULL, or becomes the Hessian near it, of newton as "solve".
 */
static void
approach(const CvmProblem *problem, const CvmShape *shape, CvmBlockSource *source,
		 CvmSolve solve, const CvmReference *reference, double *parameters, CvmHessian **model)
{
	CvmProblem	part = *problem;
	CvmObjective objective;
	CvmBlockObjective blocks;
	CvmFit		fit = {.parameters = CVM_NEW(double, problem->parameters)};

	memcpy(fit.parameters, parameters, problem->parameters * sizeof(double));
	cvm_objective_over_blocks(&objective, &blocks, shape, source);
	part.objective = &objective;
	part.progress = NULL;
	part.whole = false;
	part.found = model;
	part.reference = reference;
	part.tolerance = fmax(problem->tolerance, SAMPLE_TOLERANCE);
	/* what a few rows say about a rare level is worth little */
	part.l2 = fmax(part.l2, 1.0 / source->rows);
	solve(&part, &fit);
	if (fit.outcome == CVM_CONVERGED)
		memcpy(parameters, fit.parameters, problem->parameters * sizeof(double));
	cvm_release(blocks.work);
	cvm_release(fit.parameters);
}

/* Huber's loss is flat far out; the least squares are a start near enough. */
static void
start_from_least_squares(const CvmProblem *problem, CvmBlockSource *source, double *parameters)
{
	CvmShape	shape = *problem->objective->shape;
	CvmProblem	linear = *problem;
	CvmObjective objective;
	CvmBlockObjective blocks;
	CvmReference reference;

	shape.family = CVM_LINEAR;
	linear.l1 = 0;
	linear.objective = &objective;
	cvm_objective_over_blocks(&objective, &blocks, &shape, source);
	cvm_reference_init(&reference, problem->parameters);
	(void) cvm_null_point(&linear, parameters, &reference, NULL);
	approach(&linear, &shape, source, cvm_newton, &reference, parameters, NULL);
	cvm_reference_release(&reference);
	cvm_release(blocks.work);
}

/* The stride of the larger sample; 0: the rows are too few for one. */
static int
sample_stride(const CvmProblem *problem, const CvmBlockSource *source)
{
	double		wanted = fmax(SAMPLE_BLOCKS, (double) ROWS_A_PARAMETER * problem->parameters /
							  CVM_BLOCK_ROWS);
	int			stride = (int) fmax(LEAST_STRIDE, source->blocks / wanted);

	while (source->in_order && cvm_subsample_size(source, stride) > SAMPLE_BYTES)
		stride *= 2;
	if (source->blocks / stride < LEAST_SAMPLE_BLOCKS ||
		(double) (source->blocks / stride) * CVM_BLOCK_ROWS <
		(double) ROWS_A_PARAMETER * problem->parameters)
		return 0;
	return stride;
}

bool
cvm_has_samples(const CvmProblem *problem)
{
	const CvmBlockObjective *blocks = cvm_objective_blocks(problem->objective);

	return blocks != NULL && sample_stride(problem, blocks->source) > 0;
}

/* On these rows: null model, reference, start. */
static CvmStatus
start_here(const CvmProblem *problem, CvmBlockSource *source, const double *given,
		   double *parameters, CvmReference *reference, CvmError *error)
{
	CvmProblem	here = *problem;
	CvmObjective objective;
	CvmBlockObjective blocks;
	CvmStatus	status;

	cvm_objective_over_blocks(&objective, &blocks, problem->objective->shape, source);
	here.objective = &objective;
	status = cvm_null_point(&here, parameters, reference, error);
	cvm_release(blocks.work);
	if (status != CVM_OK)
		return status;
	if (given != NULL)
		memcpy(parameters, given, problem->parameters * sizeof(double));
	else if (problem->objective->shape->family == CVM_HUBER)
		start_from_least_squares(problem, source, parameters);
	return CVM_OK;
}

CvmStatus
cvm_find_start(const CvmProblem *problem, CvmSolve solve, const double *given,
			   double *parameters, CvmReference *reference, CvmHessian **model,
			   CvmError *error)
{
	const CvmShape *shape = problem->objective->shape;
	CvmBlockSource *source = cvm_objective_blocks(problem->objective)->source;
	int			stride = sample_stride(problem, source);
	CvmSubsample large;
	CvmSubsample small;
	CvmStatus	status;
	bool		twice;

	if (model != NULL)
		*model = NULL;
	if (stride == 0)
		return start_here(problem, source, given, parameters, reference, error);

	cvm_subsample_open(&large, source, stride);
	twice = sample_stride(problem, &large.source) > 0;
	cvm_subsample_open(&small, &large.source, twice ? LEAST_STRIDE : 1);
	status = start_here(problem, &small.source, given, parameters, reference, error);
	if (status == CVM_OK)
	{
		approach(problem, shape, &small.source, solve, reference, parameters,
				 twice ? NULL : model);
		if (twice)
			approach(problem, shape, &large.source, solve, reference, parameters, model);
	}
	else						/* one class in the sample */
		status = start_here(problem, source, given, parameters, reference, error);
	cvm_subsample_close(&small);
	cvm_subsample_close(&large);
	return status;
}
