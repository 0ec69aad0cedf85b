/*
 * null_model.h
 *		What the rows look like before anything is learned.
 *
 * The null model has an intercept and nothing else.  Fits by small steps start
 * from it, and take their measures from it: the scale of the target and the
 * step size that the rows allow.
 */
#ifndef CVM_NULL_MODEL_H
#define CVM_NULL_MODEL_H

#include "learn/linear/fit.h"

typedef struct CvmNullModel
{
	double		center;			/* weighted mean and deviation of the target: */
	double		scale;			/* linear, huber; else 0 and 1 */
	double	   *intercepts;		/* one an output, of (target - center) / scale */
	double		curvature;		/* bound of the mean second derivative of the
								 * row losses by eta, target scaled */
	double		square_length;	/* weighted mean of |x|^2, intercept included */
} CvmNullModel;

/*
 * The intercepts of the null model, from the weighted means of the target (of
 * indicators of its classes, for softmax; then they sum to zero).
 */
extern void cvm_null_intercepts(CvmFamily family, int outputs, const double *means,
								uint64_t rows, double *intercepts);

/* Reads the source once; it must have rows.  Release intercepts when done. */
extern void cvm_null_model(const CvmShape *shape, CvmBlockSource *source, CvmNullModel *null_model);

#endif							/* CVM_NULL_MODEL_H */
