/*
 * fit.c
 *		Fitting: picks the solver, runs it, says how it ended.
 */
#include "learn/fit.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/start.h"
#include "learn/stochastic.h"

/* Newton's limits: a factorization must not keep an interrupt waiting, and the
 * Hessian has its place in memory twice. */
#define NEWTON_ORDER 1000
#define NEWTON_SIZE 4e6

/* What solver auto reckons with: passes of a fit, and multiplications (or
 * scattered additions) done in the time of one of the Hessian's kernel. */
#define NEWTON_PASSES 5
#define LBFGS_PASSES 100
#define GRADIENT_COST 3
#define SCATTER_COST 15

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

/* ---- which solver ---- */

/* Order of the part of the Hessian that has to be factored. */
static double
newton_order(const CvmShape *shape, int wide_column)
{
	double		levels = wide_column < 0 ? 0 : cvm_coded_levels(shape, wide_column);

	return shape->outputs * (shape->slots + 1 - levels);
}

static bool
newton_fits(const CvmProblem *problem, int wide_column)
{
	const CvmShape *shape = problem->objective->shape;

	return newton_order(shape, wide_column) <= NEWTON_ORDER &&
		cvm_hessian_size(shape, wide_column) <= NEWTON_SIZE;
}

/* Whether a few passes with a Hessian cost less than many without. */
static bool
newton_is_cheaper(const CvmProblem *problem, int wide_column)
{
	const CvmShape *shape = problem->objective->shape;
	double		dense = shape->dense_columns + 1;
	double		coded = shape->coded_columns;
	double		outputs = shape->outputs;
	double		rows = problem->objective->rows;
	double		gradient = outputs * (GRADIENT_COST * dense + SCATTER_COST * coded);
	double		products = outputs * (outputs + 1) / 2 *
		(dense * dense / 2 + coded * dense + SCATTER_COST * coded * coded / 2);
	double		order = newton_order(shape, wide_column);
	double		factoring = order * order * order / 3 +
		cvm_hessian_size(shape, wide_column) * order / 2;

	return NEWTON_PASSES * (rows * (gradient + products) + factoring) <
		LBFGS_PASSES * rows * gradient;
}

/* Whether there are standard errors, which newton alone gives. */
static bool
has_covariance(const CvmProblem *problem)
{
	CvmFamily	family = problem->objective->shape->family;

	return problem->l1 == 0 && problem->l2 == 0 && family != CVM_SVM && family != CVM_HUBER;
}

static CvmStatus
choose_solver(const CvmProblem *problem, CvmSolver *solver, CvmError *error)
{
	int			wide_column = cvm_objective_blocks(problem->objective) == NULL ? -1
		: cvm_hessian_wide_column(problem->objective->shape);
	bool		fits = newton_fits(problem, wide_column);

	*solver = problem->options->solver;
	if (*solver == CVM_SOLVER_AUTO)
		*solver = fits && (has_covariance(problem) || newton_is_cheaper(problem, wide_column))
			? CVM_SOLVER_NEWTON : CVM_SOLVER_LBFGS;
	if (*solver != CVM_SOLVER_NEWTON || fits)
		return CVM_OK;
	cvm_fail(error, CVM_BAD_OPTION, "solver \"newton\" cannot fit %d coefficients",
			 problem->parameters);
	cvm_hint(error, "Use solver \"lbfgs\" or \"auto\".");
	return CVM_BAD_OPTION;
}

/* ---- fitting ---- */

CvmStatus
cvm_fit_objective(const CvmObjective *objective, const CvmOptions *options,
				  const double *start, const CvmProgress *progress,
				  CvmFit *fit, CvmError *error)
{
	CvmProblem	problem;
	CvmSolve	solve;
	CvmSolver	solver;
	CvmStatus	status;
	CvmReference reference;

	if (objective->rows == 0 || !(objective->total_weight > 0))
		return cvm_fail(error, CVM_NO_ROWS, "there are no rows to learn from");
	cvm_problem_init(&problem, objective, options, progress);
	status = choose_solver(&problem, &solver, error);
	if (status != CVM_OK)
		return status;
	solve = solver == CVM_SOLVER_NEWTON ? cvm_newton : cvm_lbfgs;

	memset(fit, 0, sizeof(*fit));
	fit->parameters = CVM_NEW(double, problem.parameters);
	fit->solver = solver;
	fit->rank = -1;
	fit->dispersion = 1;
	fit->validation_loss = NAN;
	cvm_reference_init(&reference, problem.parameters);
	if (cvm_objective_blocks(objective) != NULL)
		status = cvm_find_start(&problem, solve, start, fit->parameters, &reference, error);
	else
	{
		status = cvm_null_point(&problem, fit->parameters, &reference, error);
		if (start != NULL)
			memcpy(fit->parameters, start, problem.parameters * sizeof(double));
	}
	if (status == CVM_OK)
	{
		cvm_center_outputs(&problem, fit->parameters);
		problem.reference = &reference;
		problem.whole = true;
		solve(&problem, fit);
		cvm_center_outputs(&problem, fit->parameters);
	}
	else
	{
		cvm_release(fit->parameters);
		fit->parameters = NULL;
	}
	cvm_reference_release(&reference);
	return status;
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
