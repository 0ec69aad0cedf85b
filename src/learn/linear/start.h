/*
 * start.h
 *		Where the full-batch solvers start.
 */
#ifndef CVM_START_H
#define CVM_START_H

#include "learn/linear/solver.h"

typedef void (*CvmSolve) (const CvmProblem *problem, CvmFit *fit);

/*
 * The null model: nothing but intercepts.  parameters: its own; reference:
 * what optima are measured by.  Two passes for the gradient.  CVM_ONE_CLASS
 * where a classifier has no intercept.  A problem that is pulled has an optimum
 * whatever its rows: parameters are where it is pulled to, the reference is that
 * of no parameters at all.
 */
extern CvmStatus cvm_null_point(const CvmProblem *problem, double *parameters,
								CvmReference *reference, CvmError *error);

/* Whether there are so many rows that a fit starts from samples of them. */
extern bool cvm_has_samples(const CvmProblem *problem);

/*
 * Sets parameters and reference; given: a start from elsewhere, or NULL.
 * problem is over blocks; solve: the solver for samples.  model: if not NULL,
 * becomes the Hessian of the largest sample, or NULL without samples.
 */
extern CvmStatus cvm_find_start(const CvmProblem *problem, CvmSolve solve, const double *given,
								double *parameters, CvmReference *reference,
								CvmHessian **model, CvmError *error);

/* Makes what does not change softmax' predictions zero: the mean over the
 * outputs of each slot (intercepts only where a lasso decides the others). */
extern void cvm_center_outputs(const CvmProblem *problem, double *parameters);

#endif							/* CVM_START_H */
