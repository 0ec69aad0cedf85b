/*
 * test_lbfgs.c
 *		L-BFGS: the optima that Newton's method finds, exact zeros of the lasso,
 *		separated classes, far starts.
 */
#include "fit_fixture.h"

static void
test_optima(void)
{
	static const double penalties[][2] = {{0, 0}, {0, 3}, {40, 0}, {60, 20}, {1e6, 0}};

	for (size_t f = 0; f < FAMILIES; f++)
		for (size_t p = 0; p < sizeof(penalties) / sizeof(penalties[0]); p++)
		{
			double		l1 = penalties[p][0];
			double		l2 = penalties[p][1];
			Rows		rows;
			CvmFit		fit;
			CvmFit		newton;
			int			count;

			rows_create(&rows, families[f], outputs_of(families[f]), 6, 2, 1500, 0.4, 5 + p);
			count = CVM_PARAMETERS(&rows.shape);
			fit = fit_rows(&rows, CVM_SOLVER_LBFGS, l1, l2, NULL);
			newton = fit_rows(&rows, CVM_SOLVER_NEWTON, l1, l2, NULL);
			CHECK(fit.outcome == CVM_CONVERGED && fit.solver == CVM_SOLVER_LBFGS);
			CHECK(fit.rank == -1 && fit.covariance == NULL);
			CHECK(fit.iterations < 150);
			check_optimum(&rows, &fit, l1, l2, 1e-7);
			CHECK(fit_distance(&fit, &newton, count) < 1e-6);
			for (int i = 0; i < count; i++)
				CHECK((fit.parameters[i] == 0) == (newton.parameters[i] == 0));
			fit_release(&fit);
			fit_release(&newton);
			rows_free(&rows);
		}
}

static void
test_separated(void)
{
	for (int outputs = 1; outputs < 4; outputs += 2)
	{
		Rows		rows;
		CvmFit		fit;

		rows_create(&rows, outputs == 1 ? CVM_LOGISTIC : CVM_SOFTMAX, outputs, 3, 1, 700, 0.3, 35);
		for (int b = 0; b < rows.source.blocks; b++)
			for (int row = 0; row < rows.blocks[b]->rows; row++)
			{
				double		x = rows.blocks[b]->dense[3 * row];

				rows.blocks[b]->target[row] = (x > 0.3) + (outputs > 1 && x > 1);
			}
		fit = fit_rows(&rows, CVM_SOLVER_LBFGS, 0, 0, NULL);
		CHECK(fit.outcome == CVM_SEPARATED);
		CHECK(fit.iterations < 400);
		fit_release(&fit);
		fit = fit_rows(&rows, CVM_SOLVER_LBFGS, 0, 1, NULL);
		CHECK(fit.outcome == CVM_CONVERGED);
		fit_release(&fit);
		rows_free(&rows);
	}
}

/* Columns and targets of any scale, from starts that are far off. */
static void
test_scales(void)
{
	static const CvmFamily some[] = {CVM_LINEAR, CVM_HUBER, CVM_POISSON, CVM_LOGISTIC};

	for (int f = 0; f < 4; f++)
		for (double scale = 1e-7; scale < 1e8; scale *= 1e7)
		{
			bool		real = some[f] == CVM_LINEAR || some[f] == CVM_HUBER;
			double		start[10];
			Rows		rows;
			CvmFit		fit;
			CvmFit		newton;

			rows_create(&rows, some[f], 1, 3, 2, 1500, 0.3, 55);
			for (int b = 0; b < rows.source.blocks; b++)
				for (int row = 0; row < rows.blocks[b]->rows; row++)
				{
					rows.blocks[b]->target[row] *= real ? scale : some[f] == CVM_POISSON ? fmax(1, scale) : 1;
					rows.blocks[b]->dense[3 * row] *= scale;
				}
			rows.shape.delta = scale;
			for (int i = 0; i < 10; i++)
				start[i] = (i == 0 ? 1 / scale : 1) * (real ? scale : 1) * (i % 2 ? 9 : -7);
			newton = fit_rows(&rows, CVM_SOLVER_NEWTON, 0, 0, NULL);
			fit = fit_rows(&rows, CVM_SOLVER_LBFGS, 0, 0, start);
			CHECK(fit.outcome == CVM_CONVERGED);
			CHECK_CLOSE(fit.loss / newton.loss, 1, 1e-9);
			CHECK_CLOSE(fit.parameters[0] / newton.parameters[0], 1, 1e-5);
			CHECK_CLOSE(fit.parameters[1] / newton.parameters[1], 1, 1e-5);
			fit_release(&fit);
			fit_release(&newton);
			rows_free(&rows);
		}
}

/* A start at which the loss overflows is given up. */
static void
test_overflow(void)
{
	Rows		rows;
	double		start[4] = {4000, -4000, 0, 5000};
	CvmFit		fit;
	CvmFit		far;

	rows_create(&rows, CVM_POISSON, 1, 3, 0, 500, 0.3, 65);
	fit = fit_rows(&rows, CVM_SOLVER_NEWTON, 0, 0, NULL);
	far = fit_rows(&rows, CVM_SOLVER_NEWTON, 0, 0, start);
	CHECK(far.outcome == CVM_CONVERGED && fit_distance(&fit, &far, 4) < 1e-9);
	fit_release(&far);
	far = fit_rows(&rows, CVM_SOLVER_LBFGS, 0, 0, start);
	CHECK(far.outcome == CVM_CONVERGED && fit_distance(&fit, &far, 4) < 1e-6);
	fit_release(&far);
	fit_release(&fit);
	rows_free(&rows);
}

int
main(void)
{
	test_optima();
	test_separated();
	test_scales();
	test_overflow();
	return check_done();
}
