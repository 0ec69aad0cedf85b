/*
 * proximal.h
 *		The Newton step of an objective with a lasso penalty.
 */
#ifndef CVM_PROXIMAL_H
#define CVM_PROXIMAL_H

#include "learn/linear/solver.h"

/*
 * step minimizes g's + s'Hs/2 + l1 |b + s|, with g and H of the rest of the
 * objective at b.  Returns by how much that is below its value at s = 0
 * without the quadratic term: the slope of the whole objective along the step,
 * or less (negative).
 */
extern double cvm_proximal_step(const CvmProblem *problem, const CvmHessian *hessian,
								const double *parameters, const double *gradient,
								double *step);

#endif							/* CVM_PROXIMAL_H */
