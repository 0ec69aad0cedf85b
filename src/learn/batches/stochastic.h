/*
 * stochastic.h
 *		Fitting by mini-batch steps: sgd, momentum, adagrad, adam.
 */
#ifndef CVM_STOCHASTIC_H
#define CVM_STOCHASTIC_H

#include "learn/linear/fit.h"

/*
 * Epochs of shuffled mini-batches (epochs.h, stepper.h); parameters as in
 * cvm_fit.  Without a start the fit starts from the null model.  The target
 * of linear and huber is brought to mean 0 and deviation 1 for the steps, so
 * that learning_rate and clip mean the same whatever its unit; where options
 * give no learning rate, that of sgd and momentum is the largest which the
 * rows surely allow.  With an L1 penalty a proximal step over all rows ends
 * the fit: it brings coefficients that the noise of batches keeps off zero to
 * zero.  Outcome: converged where the gradient norm over all rows is within
 * options.tolerance, else epoch limit, early stopped or diverged.
 */
extern CvmStatus cvm_fit_stochastic(const CvmShape *shape, CvmBlockSource *training,
									CvmBlockSource *validation, const CvmOptions *options,
									CvmSolver solver, const double *start,
									const CvmProgress *progress, CvmFit *fit,
									CvmError *error);

#endif							/* CVM_STOCHASTIC_H */
