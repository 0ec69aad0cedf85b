/*
 * family.h
 *		The families of generalized linear models and their losses.
 *
 * eta = intercept + sum of coefficient * feature is the linear predictor;
 * the loss of one row with weight 1 is
 *
 *	  linear	(y - eta)^2 / 2								y real
 *	  logistic	log(1 + exp(-s eta)), s = 2y - 1			y in {0, 1}
 *	  softmax	log(sum_k exp(eta_k)) - eta_y				y a class index
 *	  poisson	exp(eta) - y eta (+ log y!, left out)		y >= 0
 *	  svm		max(0, 1 - s eta)^2 / 2 (squared hinge)		y in {0, 1}
 *	  huber		r^2/2 for |r| <= delta, else				y real
 *				delta (|r| - delta/2), r = y - eta			(Huber, 1964)
 *
 * Softmax keeps one coefficient vector for each class (they sum to zero over
 * the classes); every other family has one output.
 */
#ifndef CVM_FAMILY_H
#define CVM_FAMILY_H

#include <math.h>
#include <stdbool.h>

typedef enum CvmFamily
{
	CVM_LINEAR = 0,				/* values are part of the model format */
	CVM_LOGISTIC = 1,
	CVM_SOFTMAX = 2,
	CVM_POISSON = 3,
	CVM_SVM = 4,
	CVM_HUBER = 5
} CvmFamily;

#define CVM_FAMILY_COUNT 6

typedef enum CvmTask
{
	CVM_REGRESSION = 0,			/* values are part of the model format */
	CVM_BINARY = 1,
	CVM_MULTICLASS = 2,
	CVM_SEGMENTATION = 3,		/* groups of rows; no target */
	CVM_PROJECTION = 4,			/* rows as fewer numbers; no target */
	CVM_RECOMMENDATION = 5		/* which items a user meets next; the target, if
								 * there is one, is how much of an event a row is */
} CvmTask;

#define CVM_TASK_COUNT 6

extern const char *cvm_task_name(CvmTask task);
extern bool cvm_task_from_name(const char *name, CvmTask *task);

/* What says how good a model is. */
typedef enum CvmJudging
{
	CVM_BY_ANSWER,				/* each row has a target that is predicted */
	CVM_BY_DISTANCE,			/* how far each row is from what the model stands for */
	CVM_BY_LIST					/* whether each user's items lead the user's list */
} CvmJudging;

extern CvmJudging cvm_task_judging(CvmTask task);

/* Whether models are judged by answers. */
extern bool cvm_task_has_target(CvmTask task);
extern bool cvm_task_has_classes(CvmTask task);

/* Numerically stable 1 / (1 + exp(-x)). */
static inline double
cvm_sigmoid(double x)
{
	double		tail = exp(-fabs(x));

	return (x >= 0 ? 1.0 : tail) / (1.0 + tail);
}

/*
 * The prediction on the scale of the target, from the linear predictors of
 * one row: out[0] for one output (probability for logistic, mean for poisson,
 * the value for linear and huber, 1/(1+exp(-eta)) of the margin for svm), the
 * class probabilities for softmax.  eta and out may be the same.
 */
extern void cvm_family_mean(CvmFamily family, int outputs, const double *eta, double *out);

/* The same for some rows: rows x outputs, in place. */
extern void cvm_family_means(CvmFamily family, int outputs, int rows, double *eta);

/*
 * Predictions from scores of classes, rows x classes, that are logarithms of
 * probabilities up to a constant: rows x classes, or where there are two and
 * the task is binary the probability of the second one.  May be the same.
 */
extern void cvm_class_means(CvmTask task, int classes, int rows, const double *scores,
							double *predictions);

/* The same for the families of one output. */
static inline double
cvm_family_mean_of(CvmFamily family, double eta)
{
	switch (family)
	{
		case CVM_LOGISTIC:
		case CVM_SVM:
			return cvm_sigmoid(eta);
		case CVM_POISSON:
			/* Past the range of double the largest finite mean. */
			return exp(eta < 709.0 ? eta : 709.0);
		default:
			return eta;
	}
}

#endif							/* CVM_FAMILY_H */
