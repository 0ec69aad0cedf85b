/*
 * prediction_loss.c
 *		What a prediction costs, whatever it was made by.
 */
#include "learn/measure/prediction_loss.h"

#include <float.h>
#include <math.h>

/* Probabilities are kept away from 0 and 1. */
static double
log_loss(double probability)
{
	return -log(fmin(fmax(probability, DBL_EPSILON), 1 - DBL_EPSILON));
}

double
cvm_prediction_loss(const CvmMeasure *measure, double label, const double *prediction)
{
	double		error = label - prediction[0];

	switch (measure->task)
	{
		case CVM_BINARY:
			return log_loss(label == 1 ? prediction[0] : 1 - prediction[0]);
		case CVM_MULTICLASS:
			return log_loss(prediction[(int) label]);
		default:
			break;
	}
	if (measure->family == CVM_POISSON)
		return 2 * ((label > 0 ? label * log(label / prediction[0]) : 0) - error);
	if (measure->quantile > 0)
		return cvm_pinball_loss(measure->quantile, label, prediction[0]);
	return error * error;
}
