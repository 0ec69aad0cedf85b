/*
 * sharpen.h
 *		A factor of the Hessian for columns that nearly depend on each other.
 */
#ifndef CVM_SHARPEN_H
#define CVM_SHARPEN_H

#include "learn/linear/factor.h"
#include "learn/linear/solver.h"

/*
 * Replaces the factor by one whose rank is decided at the precision of the
 * rows, where that of their sums of products does not do.  Reads the rows one
 * to four times.  false: cannot, because the objective is computed
 * elsewhere, has several outputs or a wide column.
 */
extern bool cvm_sharpen(const CvmProblem *problem, const double *parameters, CvmFactor *factor);

#endif							/* CVM_SHARPEN_H */
