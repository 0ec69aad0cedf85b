/*
 * row_loss.h
 *		Losses of rows and their derivatives by the linear predictor.
 *
 * Arrays have one number a row; for softmax, those of outputs are
 * output-major with CVM_BLOCK_ROWS numbers an output.
 */
#ifndef CVM_ROW_LOSS_H
#define CVM_ROW_LOSS_H

#include "learn/linear/fit.h"

/*
 * Families of one output: weight times loss, first and second derivative.
 * loss NULL (logistic only): neither loss nor second derivative are wanted.
 *
 * huber: rows past delta have no curvature, so that Newton's step may be
 * lost far from the optimum.  They get "softening" (0 to 1) times delta/|r|:
 * with 1 the quadratic lies above the loss everywhere and its minimum is a
 * step of iteratively reweighted least squares (Holland and Welsch, 1977).
 */
extern void cvm_row_losses(const CvmShape *shape, double softening, int rows,
						   const double *eta, const double *target, const double *weight,
						   double *loss, double *g, double *h);

/*
 * Softmax: weight times loss and first derivatives; eta becomes the
 * probabilities p, rest 1 - p without cancellation.
 */
extern void cvm_softmax_losses(int outputs, int rows, double *eta, double *rest,
							   const double *target, const double *weight,
							   double *loss, double *g);

/* h = weight times second derivative of the softmax loss by two outputs. */
extern void cvm_softmax_curvature(int first, int second, int rows, const double *p,
								  const double *rest, const double *weight, double *h);

#endif							/* CVM_ROW_LOSS_H */
