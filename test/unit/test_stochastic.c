/*
 * test_stochastic.c
 *		Mini-batch fits against the optimum of the full-batch solvers.
 */
#include "check.h"
#include "learn/epochs.h"
#include "learn/shuffle.h"
#include "learn/stochastic.h"
#include "rows_fixture.h"

static const CvmSolver solvers[] = {
	CVM_SOLVER_SGD, CVM_SOLVER_MOMENTUM, CVM_SOLVER_ADAGRAD, CVM_SOLVER_ADAM
};

static CvmFit
fit_rows(const Rows *rows, CvmBlockSource *training, CvmBlockSource *validation,
		 const CvmOptions *options, int solver, const double *start)
{
	CvmOptions	chosen = *options;
	CvmFit		fit;
	CvmError	error = {0};

	chosen.solver = solver;
	CHECK(cvm_fit(&rows->shape, training, validation, &chosen, start, NULL, &fit, &error) == CVM_OK);
	return fit;
}

/* The penalized mean objective. */
static double
objective(const Rows *rows, CvmBlockSource *source, const CvmOptions *options,
		  const double *parameters)
{
	int			stride = rows->shape.slots + 1;
	double		penalty = 0;

	for (int i = 0; i < CVM_PARAMETERS(&rows->shape); i++)
		if (i % stride != stride - 1)
			penalty += options->l1 * fabs(parameters[i]) +
				options->l2 / 2 * parameters[i] * parameters[i];
	return cvm_mean_loss(&rows->shape, source, parameters) + penalty / source->total_weight;
}

/* Every family and solver, defaults only. */
static void
test_optimum(void)
{
	for (CvmFamily family = CVM_LINEAR; family < CVM_FAMILY_COUNT; family++)
	{
		CvmOptions	options;
		Rows		rows;
		CvmFit		best;
		double		least;

		cvm_options_for_train(&options);
		rows_create(&rows, family, family == CVM_SOFTMAX ? 3 : 1, 5, 2, 6000, 0.4, 1 + family);
		best = fit_rows(&rows, &rows.source, NULL, &options, CVM_SOLVER_LBFGS, NULL);
		CHECK(best.outcome == CVM_CONVERGED);
		least = objective(&rows, &rows.source, &options, best.parameters);
		for (int s = 0; s < 4; s++)
		{
			CvmFit		fit = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
			double		reached = objective(&rows, &rows.source, &options, fit.parameters);

			CHECK(fit.outcome == CVM_EPOCH_LIMIT || fit.outcome == CVM_CONVERGED);
			CHECK(fit.solver == solvers[s]);
			CHECK(fit.iterations == cvm_epoch_count(&options, 6000));
			CHECK(reached >= least - 1e-12);
			CHECK_CLOSE(reached, least, 1e-4);
			CHECK_CLOSE(fit.loss, cvm_mean_loss(&rows.shape, &rows.source, fit.parameters), 1e-12);
			CHECK(fit.gradient_norm < 0.02);
			cvm_release(fit.parameters);
		}
		cvm_release(best.parameters);
		rows_free(&rows);
	}
}

int
main(void)
{
	test_optimum();
	return check_done();
}
