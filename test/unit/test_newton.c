/*
 * test_newton.c
 *		Newton's method: optima with every penalty, covariance, dependent columns,
 *		separated classes, targets and columns of any scale.
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
			int			first[] = {6, 9};
			Rows		rows;
			CvmFit		newton;

			rows_create(&rows, families[f], outputs_of(families[f]), 6, 2, 1500, 0.4, 5 + p);
			rows.shape.coded_first = first;
			newton = fit_rows(&rows, CVM_SOLVER_NEWTON, l1, l2, NULL);
			CHECK(newton.outcome == CVM_CONVERGED && newton.solver == CVM_SOLVER_NEWTON);
			check_optimum(&rows, &newton, l1, l2, 1e-10);
			CHECK_CLOSE(newton.loss, plain_objective(&rows.shape, &rows.source, newton.parameters, NULL, NULL) /
						rows.source.total_weight, 1e-12);
			CHECK(newton.iterations <= 12);
			if (l1 == 1e6)
				for (int i = 0; i < CVM_PARAMETERS(&rows.shape); i++)
					CHECK(newton.parameters[i] == 0 || i % (rows.shape.slots + 1) == rows.shape.slots);
			fit_release(&newton);
			rows_free(&rows);
		}
}

/* ---- covariance ---- */

/* Covariance times Hessian of the naive twin is the identity (of softmax: on
 * what sums to zero over the outputs). */
static void
test_covariance(void)
{
	for (size_t f = 0; f < FAMILIES; f++)
	{
		CvmFamily	family = families[f];
		bool		wanted = family != CVM_SVM && family != CVM_HUBER;
		int			outputs = outputs_of(family);
		int			first[] = {4};
		Rows		rows;
		CvmFit		fit;
		size_t		count;
		size_t		stride;
		double	   *hessian;

		rows_create(&rows, family, outputs, 4, 1, 900, 0.3, 15);
		rows.shape.coded_first = first;
		count = CVM_PARAMETERS(&rows.shape);
		stride = rows.shape.slots + 1;
		hessian = CVM_NEW(double, count * count);
		fit = fit_rows(&rows, CVM_SOLVER_AUTO, 0, 0, NULL);
		CHECK((fit.covariance != NULL) == wanted);
		if (wanted)
		{
			plain_objective(&rows.shape, &rows.source, fit.parameters, NULL, hessian);
			for (size_t i = 0; i < count; i++)
				for (size_t j = 0; j < count; j++)
				{
					double		sum = 0;
					double		expected = (i == j) - (i % stride == j % stride && outputs > 1 ? 1.0 / outputs : 0);

					for (size_t k = 0; k < count; k++)
						sum += hessian[i + k * count] *
							(k <= j ? fit.covariance[k + j * count] : fit.covariance[j + k * count]);
					CHECK_CLOSE(sum / fit.dispersion, expected, 1e-8);
				}
		}
		if (family == CVM_LINEAR)
			CHECK_CLOSE(fit.dispersion, 2 * fit.loss * rows.source.total_weight / (900 - fit.rank), 1e-12);
		else
			CHECK(fit.dispersion == 1);
		fit_release(&fit);
		fit = fit_rows(&rows, CVM_SOLVER_AUTO, 0, 1, NULL);
		CHECK(fit.covariance == NULL);
		fit_release(&fit);
		cvm_release(hessian);
		rows_free(&rows);
	}
}

/* ---- no single optimum ---- */

/* A column twice, and a third that is their mean: the shares are equal. */
static void
test_singular(void)
{
	for (size_t f = 0; f < FAMILIES; f++)
	{
		CvmFamily	family = families[f];
		Rows		rows;
		Rows		without;
		CvmFit		fit;
		CvmFit		single;
		int			stride;

		rows_create(&rows, family, outputs_of(family), 5, 1, 1200, 0.3, 25);
		rows_create(&without, family, outputs_of(family), 5, 1, 1200, 0.3, 25);
		stride = rows.shape.slots + 1;
		for (int b = 0; b < rows.source.blocks; b++)
			for (int row = 0; row < rows.blocks[b]->rows; row++)
			{
				double	   *x = rows.blocks[b]->dense + 5 * row;

				x[1] = 3 * x[0] + 7;
				x[4] = 1 - x[2] - x[3];
				without.blocks[b]->dense[5 * row + 1] = 0;
				without.blocks[b]->dense[5 * row + 4] = 0;
			}
		fit = fit_rows(&rows, CVM_SOLVER_NEWTON, 0, 0, NULL);
		single = fit_rows(&without, CVM_SOLVER_NEWTON, 0, 0, NULL);
		CHECK(fit.outcome == CVM_SINGULAR);
		CHECK(single.outcome == CVM_SINGULAR);
		CHECK(fit.rank == (stride - 2) * (outputs_of(family) - (family == CVM_SOFTMAX)));
		CHECK(single.rank == fit.rank);
		CHECK_CLOSE(fit.loss, single.loss, 1e-12);
		for (int k = 0; k < outputs_of(family); k++)
		{
			const double *b = fit.parameters + k * stride;
			const double *s = single.parameters + k * stride;

			/* orthogonal to (3, -1) and (1, 1, 1); the same effects */
			CHECK_CLOSE(b[1], 3 * b[0], 1e-8);
			CHECK_CLOSE(b[2] + b[3] + b[4], 0, 1e-8);
			CHECK_CLOSE(b[0] + 3 * b[1], s[0], 1e-8);
			CHECK_CLOSE(b[2] - b[4], s[2], 1e-8);
			CHECK_CLOSE(b[3] - b[4], s[3], 1e-8);
			CHECK(s[1] == 0 && s[4] == 0);
			for (int j = 5; j < stride - 1; j++)
				CHECK_CLOSE(b[j], s[j], 1e-8);
			CHECK_CLOSE(b[stride - 1] + 7 * b[1] + b[4], s[stride - 1], 1e-8);
			/* and so is what is known of them */
			if (fit.covariance != NULL && family != CVM_SOFTMAX)
			{
				double		own = fit.covariance[0];
				size_t		count = CVM_PARAMETERS(&rows.shape);

				CHECK_CLOSE(fit.covariance[1 + count] / own, 9, 1e-7);
				CHECK_CLOSE(fit.covariance[0 + count] / own, 3, 1e-7);
				CHECK_CLOSE(100 * own / single.covariance[0], 1, 1e-7);
			}
		}
		fit_release(&fit);
		/* with a ridge there is one optimum, and it treats twins alike */
		fit = fit_rows(&rows, CVM_SOLVER_NEWTON, 0, 1, NULL);
		CHECK(fit.outcome == CVM_CONVERGED);
		CHECK_CLOSE(fit.parameters[1], 3 * fit.parameters[0], 1e-9);
		fit_release(&fit);
		fit_release(&single);
		rows_free(&rows);
		rows_free(&without);
	}
}

/* ---- no finite optimum ---- */

static void
test_separated(void)
{
	for (int kind = 0; kind < 5; kind++)
	{
		CvmFamily	family = kind == 1 ? CVM_SOFTMAX : kind == 3 ? CVM_POISSON
			: kind == 4 ? CVM_SVM : CVM_LOGISTIC;
		int			outputs = outputs_of(family);
		Rows		rows;
		CvmFit		fit;
		CvmFit		ridge;

		rows_create(&rows, family, outputs, 3, 1, 700, 0.3, 35);
		for (int b = 0; b < rows.source.blocks; b++)
			for (int row = 0; row < rows.blocks[b]->rows; row++)
			{
				CvmBlock   *block = rows.blocks[b];
				double	   *x = block->dense + 3 * row;

				if (kind == 0 || kind == 4)	/* completely */
					block->target[row] = x[0] + x[1] > 0.2;
				else if (kind == 1)
					block->target[row] = x[0] > 0.5 ? 2 : x[0] < -0.5 ? 0 : 1;
				else if (block->codes[row] == 4)	/* one level has no cases */
					block->target[row] = 0;
			}
		fit = fit_rows(&rows, CVM_SOLVER_NEWTON, 0, 0, NULL);
		CHECK(fit.outcome == CVM_SEPARATED);
		CHECK(fit.iterations < 40);
		for (int i = 0; i < CVM_PARAMETERS(&rows.shape); i++)
			CHECK(isfinite(fit.parameters[i]));
		if (kind == 2 || kind == 3)
		{
			/* only the level goes off; the others have their errors */
			CHECK(fit.parameters[4] < -8);
			CHECK(fabs(fit.parameters[0]) < 2);
			CHECK(fit.covariance != NULL && sqrt(fit.covariance[0]) < 1);
			CHECK(sqrt(fit.covariance[4 + 4 * CVM_PARAMETERS(&rows.shape)]) > 10);
		}
		ridge = fit_rows(&rows, CVM_SOLVER_NEWTON, 0, 1, NULL);
		CHECK(ridge.outcome == CVM_CONVERGED);
		fit_release(&ridge);
		ridge = fit_rows(&rows, CVM_SOLVER_NEWTON, 1, 0, NULL);
		CHECK(ridge.outcome == CVM_CONVERGED);
		check_optimum(&rows, &ridge, 1, 0, 1e-9);
		fit_release(&fit);
		fit_release(&ridge);
		rows_free(&rows);
	}
}

/* ---- hard ways to the optimum ---- */

/* Targets and columns of any size, starts that are far off. */
static void
test_scales(void)
{
	static const double scales[] = {1e-8, 1, 1e7};

	for (size_t s = 0; s < 3; s++)
		for (int kind = 0; kind < 4; kind++)
		{
			CvmFamily	family = kind == 0 ? CVM_LINEAR : kind == 1 ? CVM_HUBER
				: kind == 2 ? CVM_POISSON : CVM_LOGISTIC;
			double		scale = scales[s];
			double		start[10];
			Rows		rows;
			CvmFit		fit;
			CvmFit		far;

			rows_create(&rows, family, 1, 3, 2, 1500, 0.3, 55);
			for (int b = 0; b < rows.source.blocks; b++)
				for (int row = 0; row < rows.blocks[b]->rows; row++)
				{
					if (kind < 2)
						rows.blocks[b]->target[row] = scale * (rows.blocks[b]->target[row] + 3);
					else if (kind == 2)
						rows.blocks[b]->target[row] *= fmax(1, scale);
					rows.blocks[b]->dense[3 * row] *= scale;
				}
			/* delta far below, about, and far above the residuals */
			for (double delta = 0.01; delta < 1000; delta *= 100)
			{
				rows.shape.delta = kind == 1 ? delta * scale : 0;
				fit = fit_rows(&rows, CVM_SOLVER_NEWTON, 0, 0, NULL);
				CHECK(fit.outcome == CVM_CONVERGED);
				CHECK(fit.iterations < 40);
				for (int i = 0; i < 10; i++)
					start[i] = (i == 0 ? 1 / scale : 1) * (kind < 2 ? scale : 1) * (i % 2 ? 9 : -7);
				far = fit_rows(&rows, CVM_SOLVER_NEWTON, 0, 0, start);
				CHECK(far.outcome == CVM_CONVERGED);
				CHECK_CLOSE(far.loss / fit.loss, 1, 1e-9);
				CHECK_CLOSE(far.parameters[1] / fit.parameters[1], 1, 1e-6);
				fit_release(&far);
				fit_release(&fit);
				if (kind != 1)
					break;
			}
			rows_free(&rows);
		}
}

int
main(void)
{
	test_optima();
	test_covariance();
	test_singular();
	test_separated();
	test_scales();
	return check_done();
}
