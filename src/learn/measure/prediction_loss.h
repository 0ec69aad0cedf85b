/*
 * prediction_loss.h
 *		What a prediction costs, whatever it was made by.
 */
#ifndef CVM_PREDICTION_LOSS_H
#define CVM_PREDICTION_LOSS_H

#include "learn/measure/metrics.h"

/*
 * The loss of a row with weight 1 from its prediction on the scale of the
 * target (as of learner->predict): log loss of a class, the deviance of poisson,
 * the pinball loss of a quantile, else the squared error.
 */
extern double cvm_prediction_loss(const CvmMeasure *measure, double label,
								  const double *prediction);

#endif							/* CVM_PREDICTION_LOSS_H */
