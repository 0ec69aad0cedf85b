/*
 * test_references.c
 *		Fits of public data sets against certified and published values, to
 *		the digits that their conditioning leaves.
 *
 * Columns are standardized before the fit, as src/encode does, and the
 * coefficients of unpenalized fits brought back afterwards.  An error is
 * measured against the largest coefficient (of the standardized columns where
 * it was fitted), a standard error against itself.
 */
#include "check.h"

#include <string.h>

#include "base/memory.h"
#include "learn/linear/fit.h"
#include "reference_fits.h"

#define MOST_COLUMNS 10

/* How far off a data set may be: coefficients and standard errors. */
typedef struct Allowance
{
	const char *name;
	double		coefficients;
	double		std_errors;
} Allowance;

static const Allowance allowances[] = {
	{"filip", 1e-6, 1e-5},
	{NULL, 1e-9, 1e-8}
};

typedef struct Standardized
{
	CvmBlock   *block;
	CvmBlockSource source;
	double		center[MOST_COLUMNS];
	double		scale[MOST_COLUMNS];
} Standardized;

static void
standardize(const ReferenceFit *reference, Standardized *data)
{
	int			columns = reference->columns;
	const double *row = reference->data;
	CvmBlock   *block = cvm_block_create(columns, 0);

	data->block = block;
	block->rows = reference->rows;
	for (int i = 0; i < reference->rows; i++)
	{
		double		power = 1;

		block->target[i] = *row++;
		block->weight[i] = 1;
		for (int j = 0; j < columns; j++)
			block->dense[i * columns + j] = reference->degree > 0 ? power *= *row : *row++;
		row += reference->degree > 0;
	}
	for (int j = 0; j < columns; j++)
	{
		double		mean = 0;
		double		square = 0;

		for (int i = 0; i < block->rows; i++)
			mean += block->dense[i * columns + j] / block->rows;
		for (int i = 0; i < block->rows; i++)
			square += pow(block->dense[i * columns + j] - mean, 2) / block->rows;
		data->center[j] = mean;
		data->scale[j] = sqrt(square);
		for (int i = 0; i < block->rows; i++)
			block->dense[i * columns + j] = (block->dense[i * columns + j] - mean) / sqrt(square);
	}
	cvm_block_source_from_array(&data->source, &data->block, 1, columns, 0, columns);
}

/* One output's coefficients and standard errors as of the columns as they are. */
static void
bring_back(const Standardized *data, int columns, size_t parameters, size_t first,
		   const CvmFit *fit, double *coefficients, double *std_errors)
{
	double		shift[MOST_COLUMNS + 1];
	double		variance = 0;

	shift[columns] = 1;
	coefficients[columns] = fit->parameters[first + columns];
	for (int j = 0; j < columns; j++)
	{
		const double *own = fit->covariance + (first + j) * (parameters + 1);

		coefficients[j] = fit->parameters[first + j] / data->scale[j];
		coefficients[columns] -= coefficients[j] * data->center[j];
		std_errors[j] = sqrt(*own) / data->scale[j];
		shift[j] = -data->center[j] / data->scale[j];
	}
	for (int i = 0; i <= columns; i++)
		for (int j = 0; j <= i; j++)
			variance += (i == j ? 1 : 2) * shift[i] * shift[j] *
				fit->covariance[first + j + (first + i) * parameters];
	std_errors[columns] = sqrt(variance);
}

static CvmOptions
options_for(const ReferenceFit *reference, CvmSolver solver)
{
	CvmOptions	options;

	cvm_options_for_aggregate(&options);
	options.l1 = reference->l1;
	options.l2 = reference->l2;
	options.solver = solver;
	options.tolerance = 1e-12;
	return options;
}

static const Allowance *
allowance_for(const char *name)
{
	const Allowance *allowance = allowances;

	while (allowance->name != NULL && strcmp(allowance->name, name) != 0)
		allowance++;
	return allowance;
}

static void
test_newton(const ReferenceFit *reference)
{
	const Allowance *allowance = allowance_for(reference->name);
	int			columns = reference->columns;
	size_t		stride = columns + 1;
	size_t		parameters = reference->outputs * stride;
	bool		original = reference->std_errors != NULL;
	CvmOptions	options = options_for(reference, CVM_SOLVER_NEWTON);
	CvmShape	shape = {
		reference->family, reference->outputs, columns, 0, columns, reference->delta, NULL
	};
	Standardized data;
	CvmFit		fit;
	CvmError	error;

	standardize(reference, &data);
	CHECK(cvm_fit(&shape, &data.source, NULL, &options, NULL, NULL, &fit, &error) == CVM_OK);
	CHECK(fit.outcome == CVM_CONVERGED);
	CHECK((fit.covariance != NULL) == original);
	if (original)
		CHECK(fit.rank == (int) parameters - (reference->outputs > 1 ? (int) stride : 0));
	for (int k = 0; k < reference->outputs; k++)
	{
		const double *expected = reference->coefficients + k * stride;
		double		coefficients[MOST_COLUMNS + 1];
		double		std_errors[MOST_COLUMNS + 1];
		double		largest = 1e-3;
		double		worst = 0;
		double		worst_error = 0;

		if (original)
			bring_back(&data, columns, parameters, k * stride, &fit, coefficients, std_errors);
		else
			memcpy(coefficients, fit.parameters + k * stride, stride * sizeof(double));
		for (size_t j = 0; j < stride; j++)
		{
			double		scale = original && j < (size_t) columns ? data.scale[j] : 1;

			largest = fmax(largest, fabs(expected[j] * scale));
			worst = fmax(worst, fabs(coefficients[j] - expected[j]) * scale);
			/* zeros of the lasso are exact */
			CHECK(expected[j] != 0 || reference->l1 == 0 || coefficients[j] == 0);
			if (original)
				worst_error = fmax(worst_error, fabs(std_errors[j] / reference->std_errors[k * stride + j] - 1));
		}
		CHECK(worst <= allowance->coefficients * largest);
		/* an exact fit has no errors to compare */
		CHECK(worst_error <= allowance->std_errors || fit.dispersion < 1e-10);
	}
	cvm_release(fit.parameters);
	cvm_release(fit.covariance);
	cvm_release(data.block);
}

/* Columns that are not too much alike are within reach of lbfgs too. */
static void
test_lbfgs(const ReferenceFit *reference)
{
	size_t		parameters = reference->outputs * (reference->columns + 1);
	CvmOptions	options = options_for(reference, CVM_SOLVER_LBFGS);
	CvmShape	shape = {
		reference->family, reference->outputs, reference->columns, 0, reference->columns,
		reference->delta, NULL
	};
	Standardized data;
	CvmFit		exact;
	CvmFit		fit;
	CvmError	error;

	standardize(reference, &data);
	options.tolerance = 1e-10;
	CHECK(cvm_fit(&shape, &data.source, NULL, &options, NULL, NULL, &fit, &error) == CVM_OK);
	CHECK(fit.outcome == CVM_CONVERGED);
	CHECK(fit.covariance == NULL && fit.rank == -1);
	options.solver = CVM_SOLVER_NEWTON;
	CHECK(cvm_fit(&shape, &data.source, NULL, &options, NULL, NULL, &exact, &error) == CVM_OK);
	CHECK_CLOSE(fit.loss, exact.loss, 1e-9);
	for (size_t i = 0; i < parameters; i++)
	{
		CHECK_CLOSE(fit.parameters[i], exact.parameters[i], 1e-7);
		CHECK((fit.parameters[i] == 0) == (exact.parameters[i] == 0) || reference->l1 == 0);
	}
	cvm_release(fit.parameters);
	cvm_release(exact.parameters);
	cvm_release(exact.covariance);
	cvm_release(data.block);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(reference_fits) / sizeof(reference_fits[0]); i++)
	{
		test_newton(&reference_fits[i]);
		if (reference_fits[i].family != CVM_LINEAR)
			test_lbfgs(&reference_fits[i]);
	}
	return check_done();
}
