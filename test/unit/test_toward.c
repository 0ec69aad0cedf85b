/*
 * test_toward.c
 *		Fits that are pulled to given parameters: the gradient of the rows and
 *		that of the pull cancel at the optimum, whatever the strength, the solver
 *		and the rows.
 */
#include "fit_fixture.h"

static double *
some_parameters(const CvmShape *shape)
{
	double	   *toward = CVM_NEW(double, CVM_PARAMETERS(shape));
	int			stride = shape->slots + 1;

	for (int i = 0; i < CVM_PARAMETERS(shape); i++)
		toward[i] = 0.3 * sin(1.3 * i);
	/* of a softmax they sum to zero over the outputs */
	for (int slot = 0; slot < stride && shape->outputs > 1; slot++)
	{
		double		mean = 0;

		for (int k = 0; k < shape->outputs; k++)
			mean += toward[k * stride + slot] / shape->outputs;
		for (int k = 0; k < shape->outputs; k++)
			toward[k * stride + slot] -= mean;
	}
	return toward;
}

/* The largest element of the gradient of loss + l2/2 (b - t)^2, a unit of weight. */
static double
largest_slope(Rows *rows, const double *parameters, const double *toward, double l2)
{
	size_t		count = CVM_PARAMETERS(&rows->shape);
	double	   *gradient = CVM_NEW_ZERO(double, count);
	double		largest = 0;

	plain_objective(&rows->shape, &rows->source, parameters, gradient, NULL);
	for (size_t i = 0; i < count; i++)
		largest = fmax(largest, fabs(gradient[i] + l2 * (parameters[i] - toward[i])));
	cvm_release(gradient);
	return largest / rows->source.total_weight;
}

static CvmFit
fit_toward(Rows *rows, CvmSolver solver, double l2, const double *toward)
{
	CvmOptions	options;
	CvmFit		fit;
	CvmError	error = {{0}};

	cvm_options_for_aggregate(&options);
	options.solver = solver;
	options.l1 = 5;				/* does not count */
	options.l2 = l2;
	CHECK(cvm_fit_toward(&rows->shape, &rows->source, &options, toward, &fit, &error) == CVM_OK);
	CHECK(fit.outcome == CVM_CONVERGED);
	return fit;
}

static void
test_optima(void)
{
	static const CvmSolver solvers[] = {CVM_SOLVER_NEWTON, CVM_SOLVER_LBFGS, CVM_SOLVER_ADAM};

	for (size_t f = 0; f < FAMILIES; f++)
		for (size_t s = 0; s < 3; s++)
			for (double l2 = 0.1; l2 < 2000; l2 *= 100)
			{
				Rows		rows;
				double	   *toward;
				CvmFit		fit;

				rows_create(&rows, families[f], outputs_of(families[f]), 5, 1, 700, 0.4, 3 + s);
				toward = some_parameters(&rows.shape);
				fit = fit_toward(&rows, solvers[s], l2, toward);
				CHECK(largest_slope(&rows, fit.parameters, toward, l2) < 1e-6);
				fit_release(&fit);
				cvm_release(toward);
				rows_free(&rows);
			}
}

/* Whatever the rows say, an infinite pull leaves nothing of it. */
static void
test_strong_pull(void)
{
	Rows		rows;
	double	   *toward;
	CvmFit		fit;

	rows_create(&rows, CVM_LOGISTIC, 1, 5, 1, 700, 0.4, 8);
	toward = some_parameters(&rows.shape);
	fit = fit_toward(&rows, CVM_SOLVER_AUTO, 1e12, toward);
	for (int i = 0; i < CVM_PARAMETERS(&rows.shape); i++)
		CHECK_CLOSE(fit.parameters[i], toward[i], 1e-8);
	fit_release(&fit);
	cvm_release(toward);
	rows_free(&rows);
}

/* A single class has no optimum of its own. */
static void
test_single_class(void)
{
	static const CvmFamily classifiers[] = {CVM_LOGISTIC, CVM_SVM, CVM_SOFTMAX};

	for (int f = 0; f < 3; f++)
	{
		Rows		rows;
		double	   *toward;
		CvmFit		fit;

		rows_create(&rows, classifiers[f], outputs_of(classifiers[f]), 4, 0, 30, 0.4, 9);
		for (int b = 0; b < rows.source.blocks; b++)
		{
			CvmBlock   *block = (CvmBlock *) rows.source.read(rows.source.state, b);

			for (int row = 0; row < block->rows; row++)
				block->target[row] = 1;
		}
		toward = some_parameters(&rows.shape);
		fit = fit_toward(&rows, CVM_SOLVER_AUTO, 2, toward);
		CHECK(largest_slope(&rows, fit.parameters, toward, 2) < 1e-6);
		fit_release(&fit);
		cvm_release(toward);
		rows_free(&rows);
	}
}

int
main(void)
{
	test_optima();
	test_strong_pull();
	test_single_class();
	return check_done();
}
