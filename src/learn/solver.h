/*
 * solver.h
 *		What the solvers share: the penalized mean objective.
 *
 * They minimize the penalized mean objective
 *
 *	  f(b) = (sum of row losses + l1 |b| + l2/2 b^2) / total_weight
 *
 * where the intercepts are not penalized.
 */
#ifndef CVM_SOLVER_H
#define CVM_SOLVER_H

#include <math.h>

#include "learn/fit.h"

typedef struct CvmProblem
{
	const CvmObjective *objective;
	const CvmOptions *options;
	const CvmProgress *progress;	/* may be NULL */
	int			parameters;
	double		l1;				/* divided by the total weight */
	double		l2;
} CvmProblem;

/*
 * f without its l1 part, and its derivatives where the pointer is not NULL
 * (hessian: as in fit.h, but all of both triangles is filled).
 */
extern double cvm_problem_evaluate(const CvmProblem *problem, const double *parameters,
								   double *gradient, double *hessian, double *diagonal);

/* l1 |b|, and whether a parameter is an intercept. */
extern double cvm_problem_lasso(const CvmProblem *problem, const double *parameters);
extern bool cvm_problem_is_intercept(const CvmProblem *problem, int parameter);

/* The subgradient of least norm of f, from the gradient without l1. */
extern void cvm_problem_pseudo_gradient(const CvmProblem *problem, const double *parameters,
										const double *gradient, double *pseudo);

/* The point nearest to value where moving costs threshold a unit and zero is free. */
static inline double
cvm_shrink(double value, double threshold)
{
	double		size = fabs(value) - threshold;

	return copysign(size < 0 ? 0 : size, value);
}

/* An objective over the blocks of a source; release blocks->work when done. */
typedef struct CvmBlockObjective
{
	const CvmShape *shape;
	CvmBlockSource *source;
	double	   *work;
} CvmBlockObjective;

extern void cvm_objective_over_blocks(CvmObjective *objective, CvmBlockObjective *blocks,
									  const CvmShape *shape, CvmBlockSource *source);

extern void cvm_problem_report(const CvmProblem *problem, int iteration, double loss,
							   double gradient_norm);

/*
 * fit->parameters holds the start and becomes the optimum; outcome,
 * iterations, rank, gradient_norm are set, and covariance where it is wanted.
 */
extern void cvm_newton(const CvmProblem *problem, CvmFit *fit);
extern void cvm_lbfgs(const CvmProblem *problem, CvmFit *fit);

#endif							/* CVM_SOLVER_H */
