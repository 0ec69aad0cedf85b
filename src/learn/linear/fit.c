/*
 * fit.c
 *		Fitting: picks the solver, runs it, says how it ended.
 */
#include "learn/linear/fit.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/linear/start.h"
#include "learn/batches/stochastic.h"

/* Newton's limits: a factorization must not keep an interrupt waiting, and the
 * Hessian has its place in memory twice. */
#define NEWTON_ORDER 1000
#define NEWTON_SIZE 4e6

/* What solver auto reckons with: passes over the rows, without samples, with
 * them (of newton those with a Hessian), and with them for a lasso; and
 * products of the Hessian's kernel that are made in the time of a column of a
 * gradient, or of a scattered addition. */
#define NEWTON_PASSES 6
#define NEWTON_PASSES_SAMPLED 3.5
#define HESSIANS_SAMPLED 2
#define LBFGS_PASSES 100
#define LBFGS_PASSES_SAMPLED 8
#define LBFGS_PASSES_LASSO 30
#define SAMPLE_PASSES 0.5
#define GRADIENT_COST 8
#define SCATTER_COST 15

/* How near gradients alone bring newton, and in how many steps at most. */
#define NEAR 1e-3
#define NEAR_PASSES 3

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

/*
 * Whether newton's first steps can do with the Hessian of a sample.  It is
 * right to a percent, so that two passes for the gradient alone come as near
 * to the optimum as newton's first step squared brings the next one.
 */
static bool
begins_with_gradients(const CvmProblem *problem)
{
	CvmFamily	family = problem->objective->shape->family;

	return problem->l1 == 0 && problem->options->epochs == 0 &&
		(family == CVM_LOGISTIC || family == CVM_SOFTMAX || family == CVM_POISSON);
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
	double		order = newton_order(shape, wide_column);
	double		gradient = rows * outputs * (GRADIENT_COST * dense + SCATTER_COST * coded);
	double		hessian = rows * outputs * (outputs + 1) / 2 *
		(dense * dense / 2 + coded * dense + SCATTER_COST * coded * coded / 2);
	double		factoring = order * order * order / 3 +
		cvm_hessian_size(shape, wide_column) * order / 2;

	if (cvm_has_samples(problem))
		return NEWTON_PASSES_SAMPLED * gradient +
			(begins_with_gradients(problem) ? HESSIANS_SAMPLED : NEWTON_PASSES_SAMPLED) *
			(hessian + factoring) <
			(problem->l1 > 0 ? LBFGS_PASSES_LASSO : LBFGS_PASSES_SAMPLED) * gradient +
			SAMPLE_PASSES * (gradient + hessian) + factoring;
	return NEWTON_PASSES * (gradient + hessian + factoring) < LBFGS_PASSES * gradient;
}

/* Whether there are standard errors, which newton alone gives. */
static bool
has_covariance(const CvmProblem *problem)
{
	CvmFamily	family = problem->objective->shape->family;

	return problem->l1 == 0 && problem->l2 == 0 && family != CVM_SVM && family != CVM_HUBER;
}

/* Which solver runs; fits: whether newton could. */
static CvmStatus
choose_solver(const CvmProblem *problem, CvmSolver *solver, bool *fits, CvmError *error)
{
	int			wide_column = cvm_objective_blocks(problem->objective) == NULL ? -1
		: cvm_hessian_wide_column(problem->objective->shape);

	*fits = newton_fits(problem, wide_column);
	*solver = problem->options->solver;
	if (*solver == CVM_SOLVER_AUTO)
		*solver = *fits && (has_covariance(problem) || newton_is_cheaper(problem, wide_column))
			? CVM_SOLVER_NEWTON : CVM_SOLVER_LBFGS;
	if (*solver != CVM_SOLVER_NEWTON || *fits)
		return CVM_OK;
	cvm_fail(error, CVM_BAD_OPTION, "solver \"newton\" cannot fit %d coefficients",
			 problem->parameters);
	cvm_hint(error, "Use solver \"lbfgs\" or \"auto\".");
	return CVM_BAD_OPTION;
}

/* ---- fitting ---- */

/* Moves fit->parameters near the optimum of all rows, with problem->model. */
static void
come_near(const CvmProblem *problem, CvmFit *fit)
{
	CvmProblem	near = *problem;
	CvmOptions	options = *problem->options;

	near.options = &options;
	near.tolerance = fmax(near.tolerance, NEAR);
	options.epochs = NEAR_PASSES;
	cvm_lbfgs(&near, fit);
	/* where newton begins has a number of its own */
	fit->iterations++;
}

/* toward: see cvm_fit_toward; or NULL. */
static CvmStatus
fit_objective(const CvmObjective *objective, const CvmOptions *options,
			  const double *start, const double *toward, const CvmProgress *progress,
			  CvmFit *fit, CvmError *error)
{
	CvmProblem	problem;
	CvmSolver	solver;
	CvmStatus	status;
	bool		fits;
	bool		newton;
	bool		sampled;
	CvmReference reference;

	if (objective->rows == 0 || !(objective->total_weight > 0))
		return cvm_fail(error, CVM_NO_ROWS, "there are no rows to learn from");
	cvm_problem_init(&problem, objective, options, progress);
	problem.toward = toward;
	status = choose_solver(&problem, &solver, &fits, error);
	if (status != CVM_OK)
		return status;
	newton = solver == CVM_SOLVER_NEWTON;
	sampled = fits && (!newton || begins_with_gradients(&problem));

	memset(fit, 0, sizeof(*fit));
	fit->parameters = CVM_NEW(double, problem.parameters);
	fit->solver = solver;
	fit->rank = -1;
	fit->dispersion = 1;
	fit->validation_loss = NAN;
	cvm_reference_init(&reference, problem.parameters);
	if (cvm_objective_blocks(objective) != NULL)
		status = cvm_find_start(&problem, fits ? cvm_newton : cvm_lbfgs, start,
								fit->parameters, &reference,
								sampled ? &problem.model : NULL, error);
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
		if (newton && problem.model != NULL)
			come_near(&problem, fit);
		if (newton)
			cvm_newton(&problem, fit);
		else
			cvm_lbfgs(&problem, fit);
		cvm_center_outputs(&problem, fit->parameters);
	}
	else
	{
		cvm_release(fit->parameters);
		fit->parameters = NULL;
	}
	if (problem.model != NULL)
		cvm_hessian_free(problem.model);
	cvm_reference_release(&reference);
	return status;
}

CvmStatus
cvm_fit_objective(const CvmObjective *objective, const CvmOptions *options,
				  const double *start, const CvmProgress *progress,
				  CvmFit *fit, CvmError *error)
{
	return fit_objective(objective, options, start, NULL, progress, fit, error);
}

CvmStatus
cvm_fit_toward(const CvmShape *shape, CvmBlockSource *training, const CvmOptions *options,
			   const double *toward, CvmFit *fit, CvmError *error)
{
	CvmOptions	pulled = *options;
	CvmBlockObjective blocks;
	CvmObjective objective;
	CvmStatus	status;

	pulled.l1 = 0;
	if (pulled.solver > CVM_SOLVER_LBFGS)
		pulled.solver = CVM_SOLVER_AUTO;
	cvm_objective_over_blocks(&objective, &blocks, shape, training);
	status = fit_objective(&objective, &pulled, toward, toward, NULL, fit, error);
	cvm_release(blocks.work);
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
