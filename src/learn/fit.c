/*
 * fit.c
 *		Fitting: picks the solver, runs it, says how it ended.
 */
#include "learn/fit.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/solver.h"
#include "learn/stochastic.h"

/* Most parameters for which a Hessian is formed. */
#define NEWTON_PARAMETERS 600

static const char *const outcome_names[] = {
	"converged", "epoch_limit", "early_stopped", "singular", "separated",
	"diverged", "single_pass"
};

const char *
cvm_outcome_name(CvmOutcome outcome)
{
	return outcome_names[outcome];
}

bool
cvm_outcome_from_name(const char *name, CvmOutcome *outcome)
{
	for (int i = 0; i <= CVM_SINGLE_PASS; i++)
		if (strcmp(name, outcome_names[i]) == 0)
		{
			*outcome = (CvmOutcome) i;
			return true;
		}
	return false;
}

/* ---- the penalized mean objective ---- */

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

/* Fills the lower triangles: of the matrix and of the parts for two outputs. */
static void
mirror(const CvmShape *shape, double *hessian)
{
	size_t		stride = (size_t) shape->slots + 1;
	size_t		leading = stride * shape->outputs;

	for (int k = 0; k < shape->outputs; k++)
		for (int l = 0; l < k; l++)
			for (size_t column = 0; column < stride; column++)
				for (size_t row = 0; row < column; row++)
					hessian[l * stride + column + (k * stride + row) * leading] =
						hessian[l * stride + row + (k * stride + column) * leading];
	for (size_t column = 0; column < leading; column++)
		for (size_t row = 0; row < column; row++)
			hessian[column + row * leading] = hessian[row + column * leading];
}

double
cvm_problem_evaluate(const CvmProblem *problem, const double *parameters,
					 double *gradient, double *hessian, double *diagonal)
{
	const CvmObjective *objective = problem->objective;
	size_t		count = problem->parameters;
	double		scale = 1 / objective->total_weight;
	double		loss;

	objective->evaluate(objective->state, parameters, &loss, gradient, hessian, diagonal);
	loss *= scale;
	for (size_t i = 0; i < count; i++)
	{
		double		l2 = cvm_problem_is_intercept(problem, i) ? 0 : problem->l2;

		loss += l2 / 2 * parameters[i] * parameters[i];
		if (gradient != NULL)
			gradient[i] = gradient[i] * scale + l2 * parameters[i];
		if (diagonal != NULL)
			diagonal[i] = diagonal[i] * scale + l2;
		if (hessian != NULL)
		{
			for (size_t row = 0; row <= i; row++)
				hessian[row + i * count] *= scale;
			hessian[i + i * count] += l2;
		}
	}
	if (hessian != NULL)
		mirror(objective->shape, hessian);
	return loss;
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

void
cvm_problem_report(const CvmProblem *problem, int iteration, double loss, double gradient_norm)
{
	if (problem->progress != NULL)
		problem->progress->report(problem->progress->state, iteration,
								  problem->options->epochs, loss, NAN, NAN, gradient_norm);
}

/* ---- an objective over blocks ---- */

static void
evaluate_blocks(void *state, const double *parameters, double *loss,
				double *gradient, double *hessian, double *diagonal)
{
	CvmBlockObjective *blocks = state;
	size_t		count = CVM_PARAMETERS(blocks->shape);

	if (loss != NULL)
		*loss = 0;
	if (gradient != NULL)
		memset(gradient, 0, count * sizeof(double));
	if (hessian != NULL)
		memset(hessian, 0, count * count * sizeof(double));
	if (diagonal != NULL)
		memset(diagonal, 0, count * sizeof(double));
	for (int i = 0; i < blocks->source->blocks; i++)
	{
		const CvmBlock *block = blocks->source->read(blocks->source->state, i);

		cvm_check_interrupt();
		cvm_objective_add_block(blocks->shape, block, parameters, blocks->work,
								loss, gradient, hessian, diagonal);
	}
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

double
cvm_mean_loss(const CvmShape *shape, CvmBlockSource *source, const double *parameters)
{
	CvmBlockObjective blocks = {shape, source, CVM_NEW(double, cvm_objective_work_size(shape))};
	double		loss;

	evaluate_blocks(&blocks, parameters, &loss, NULL, NULL, NULL);
	cvm_release(blocks.work);
	return loss / source->total_weight;
}

/* ---- fitting ---- */

CvmStatus
cvm_fit_objective(const CvmObjective *objective, const CvmOptions *options,
				  const double *start, const CvmProgress *progress,
				  CvmFit *fit, CvmError *error)
{
	CvmSolver	solver = options->solver;
	CvmProblem	problem = {
		.objective = objective,
		.options = options,
		.progress = progress,
		.parameters = CVM_PARAMETERS(objective->shape),
		.l1 = options->l1 / objective->total_weight,
		.l2 = options->l2 / objective->total_weight
	};

	if (objective->rows == 0)
		return cvm_fail(error, CVM_NO_ROWS, "there are no rows to learn from");
	if (solver == CVM_SOLVER_AUTO)
		solver = options->l1 == 0 && problem.parameters <= NEWTON_PARAMETERS
			? CVM_SOLVER_NEWTON : CVM_SOLVER_LBFGS;
	if (solver == CVM_SOLVER_NEWTON && options->l1 > 0)
		solver = CVM_SOLVER_LBFGS;

	memset(fit, 0, sizeof(*fit));
	fit->parameters = CVM_NEW_ZERO(double, problem.parameters);
	if (start != NULL)
		memcpy(fit->parameters, start, problem.parameters * sizeof(double));
	fit->solver = solver;
	fit->rank = -1;
	fit->dispersion = 1;
	fit->validation_loss = NAN;
	if (solver == CVM_SOLVER_NEWTON)
		cvm_newton(&problem, fit);
	else
		cvm_lbfgs(&problem, fit);
	return CVM_OK;
}

CvmStatus
cvm_fit(const CvmShape *shape, CvmBlockSource *training, CvmBlockSource *validation,
		const CvmOptions *options, const double *start, const CvmProgress *progress,
		CvmFit *fit, CvmError *error)
{
	CvmBlockObjective blocks;
	CvmObjective objective;
	CvmStatus	status;

	if (options->solver > CVM_SOLVER_LBFGS)
		return cvm_fit_stochastic(shape, training, validation, options, options->solver,
								  start, progress, fit, error);
	cvm_objective_over_blocks(&objective, &blocks, shape, training);
	status = cvm_fit_objective(&objective, options, start, progress, fit, error);
	cvm_release(blocks.work);
	if (status == CVM_OK && validation != NULL && validation->rows > 0)
		fit->validation_loss = cvm_mean_loss(shape, validation, fit->parameters);
	return status;
}
