/*
 * fit_fixture.h
 *		Fits of made-up rows, and whether they are optima.
 */
#ifndef CVM_FIT_FIXTURE_H
#define CVM_FIT_FIXTURE_H

#include <string.h>

#include "check.h"
#include "learn/linear/solver.h"
#include "plain_objective.h"
#include "rows_fixture.h"

static const CvmFamily families[] = {
	CVM_LINEAR, CVM_LOGISTIC, CVM_SOFTMAX, CVM_POISSON, CVM_SVM, CVM_HUBER
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

static inline int
outputs_of(CvmFamily family)
{
	return family == CVM_SOFTMAX ? 3 : 1;
}

static inline CvmFit
fit_rows(Rows *rows, CvmSolver solver, double l1, double l2, const double *start)
{
	CvmOptions	options;
	CvmFit		fit;
	CvmError	error = {{0}};

	cvm_options_for_aggregate(&options);
	options.solver = solver;
	options.l1 = l1;
	options.l2 = l2;
	if (cvm_fit(&rows->shape, &rows->source, NULL, &options, start, NULL, &fit, &error) != CVM_OK)
	{
		printf("%s\n", error.message);
		CHECK(false);
	}
	return fit;
}

static inline void
fit_release(CvmFit *fit)
{
	cvm_release(fit->parameters);
	cvm_release(fit->covariance);
}

static inline double
fit_distance(const CvmFit *left, const CvmFit *right, int count)
{
	double		largest = 0;

	for (int i = 0; i < count; i++)
		largest = fmax(largest, fabs(left->parameters[i] - right->parameters[i]));
	return largest;
}

/* The conditions of an optimum, by the naive twin: no descent, and of a lasso
 * no coefficient that wants to leave zero. */
static inline void
check_optimum(Rows *rows, const CvmFit *fit, double l1, double l2, double tolerance)
{
	size_t		count = CVM_PARAMETERS(&rows->shape);
	size_t		stride = rows->shape.slots + 1;
	double	   *gradient = CVM_NEW(double, count);

	plain_objective(&rows->shape, &rows->source, fit->parameters, gradient, NULL);
	for (size_t i = 0; i < count; i++)
	{
		double		b = fit->parameters[i];
		double		slope = gradient[i];

		if (i % stride != stride - 1)
		{
			slope += l2 * b;
			if (b == 0)
				slope = cvm_shrink(slope, l1);
			else
				slope += copysign(l1, b);
		}
		CHECK_CLOSE(slope / rows->source.total_weight, 0, tolerance);
	}
	cvm_release(gradient);
}

#endif							/* CVM_FIT_FIXTURE_H */
