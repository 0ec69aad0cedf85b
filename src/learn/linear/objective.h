/*
 * objective.h
 *		The objective kernel as the solvers use it.
 */
#ifndef CVM_OBJECTIVE_H
#define CVM_OBJECTIVE_H

#include "learn/linear/hessian.h"

/*
 * cvm_objective_add_block() with a Hessian of parts.  softening: see
 * row_loss.h; 0 gives the derivatives of the loss itself.
 */
extern void cvm_objective_add(const CvmShape *shape, double softening, const CvmBlock *block,
							  const double *parameters, double *work,
							  double *loss, double *gradient,
							  CvmHessian *hessian, double *diagonal);

/* A Hessian in one piece, as cvm_objective_add_block fills it. */
extern void cvm_hessian_whole(CvmHessian *whole, const CvmShape *shape, double *matrix);

#endif							/* CVM_OBJECTIVE_H */
