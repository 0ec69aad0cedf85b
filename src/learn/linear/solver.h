/*
 * solver.h
 *		What the solvers share: the penalized mean objective.
 *
 * They minimize
 *
 *	  f(b) = (sum of row losses + l1 |b| + l2/2 b^2) / total_weight
 *
 * where the intercepts are not penalized; or, pulled towards parameters t from
 * elsewhere, intercepts like all others,
 *
 *	  f(b) = (sum of row losses + l2/2 (b - t)^2) / total_weight
 */
#ifndef CVM_SOLVER_H
#define CVM_SOLVER_H

#include <math.h>

#include "learn/linear/hessian.h"

/* What gradients are compared with. */
typedef struct CvmReference
{
	double	   *gradient;		/* of the null model, without l1 */
	double	   *diagonal;		/* of its Hessian, 1 where there is none */
	double		rounding;		/* norm that is nothing but rounding errors */
} CvmReference;

extern void cvm_reference_init(CvmReference *reference, int parameters);
extern void cvm_reference_release(CvmReference *reference);

/* A diagonal element of 1 where the rows gave none. */
extern void cvm_reference_complete(CvmReference *reference, int parameters);

typedef struct CvmProblem
{
	const CvmObjective *objective;
	const CvmOptions *options;
	const CvmProgress *progress;	/* may be NULL */
	int			parameters;
	double		l1;				/* divided by the total weight */
	double		l2;
	const double *toward;		/* t, or NULL */
	double		tolerance;		/* relative gradient norm; see cvm_problem_share */
	double		softening;		/* of huber's curvature: see row_loss.h */
	const CvmReference *reference;
	CvmHessian *model;			/* lbfgs: that of a sample near the optimum, or NULL;
								 * is used up */
	CvmHessian **found;			/* newton: NULL, or where to leave the Hessian that it
								 * ends with */
	bool		whole;			/* false: only looks for a start, on some rows */
} CvmProblem;

extern void cvm_problem_init(CvmProblem *problem, const CvmObjective *objective,
							 const CvmOptions *options, const CvmProgress *progress);

/* f without its l1 part, and its derivatives where the pointer is not NULL. */
extern double cvm_problem_evaluate(const CvmProblem *problem, const double *parameters,
								   double *gradient, CvmHessian *hessian, double *diagonal);

/* l1 |b|, the mean loss without penalties from f, and what an intercept is. */
extern double cvm_problem_lasso(const CvmProblem *problem, const double *parameters);
extern double cvm_problem_loss(const CvmProblem *problem, const double *parameters, double value);
extern bool cvm_problem_is_intercept(const CvmProblem *problem, int parameter);

/* The subgradient of least norm of f, from the gradient without l1. */
extern void cvm_problem_pseudo_gradient(const CvmProblem *problem, const double *parameters,
										const double *gradient, double *pseudo);

/*
 * The norm of a (pseudo-)gradient as a share of that of the null model's
 * gradient, each element divided by the root of the null model's diagonal, so
 * that the scale of columns and target do not count; 0 where rounding errors
 * are all that is left.  At an optimum it is at most the tolerance.
 */
extern double cvm_problem_share(const CvmProblem *problem, const double *gradient);
extern bool cvm_problem_is_optimum(const CvmProblem *problem, const double *gradient);

/*
 * Whether every row is classified correctly, so that the classes can be
 * separated and an unpenalized classifier has no finite optimum: a mistake
 * costs at least log 2 times the row's weight, of which the average is taken,
 * and some.
 */
extern bool cvm_problem_is_separated(const CvmProblem *problem, double mean_loss);

/* The point nearest to value where moving costs threshold a unit and zero is free. */
static inline double
cvm_shrink(double value, double threshold)
{
	double		size = fabs(value) - threshold;

	return copysign(size < 0 ? 0 : size, value);
}

extern void cvm_problem_report(const CvmProblem *problem, int iteration, double loss,
							   double gradient_norm);

/* An objective over the blocks of a source; release blocks->work when done. */
typedef struct CvmBlockObjective
{
	const CvmShape *shape;
	CvmBlockSource *source;
	double	   *work;
} CvmBlockObjective;

extern void cvm_objective_over_blocks(CvmObjective *objective, CvmBlockObjective *blocks,
									  const CvmShape *shape, CvmBlockSource *source);

/* The blocks behind an objective, or NULL. */
extern const CvmBlockObjective *cvm_objective_blocks(const CvmObjective *objective);

/*
 * fit->parameters holds the start and becomes the optimum; outcome,
 * iterations, gradient_norm are set, loss, rank and covariance if the problem
 * is whole.
 */
extern void cvm_newton(const CvmProblem *problem, CvmFit *fit);
extern void cvm_lbfgs(const CvmProblem *problem, CvmFit *fit);

#endif							/* CVM_SOLVER_H */
