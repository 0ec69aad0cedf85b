/*
 * metrics.h
 *		How good a model is on labelled rows.
 *
 * A CvmScoreSheet collects (label, prediction, weight) row by row and gives
 * every metric of its task.  For classifiers accuracy, precision, recall and
 * f1 use the class of highest probability (0.5 for binary); precision,
 * recall and f1 of multiclass are macro averages.  AUC is the area under the
 * ROC curve with ties counted half (the Mann-Whitney statistic), exact, by
 * sorting; NaN where a metric has no value (AUC of one class).
 */
#ifndef CVM_METRICS_H
#define CVM_METRICS_H

#include <stdint.h>

#include "base/status.h"
#include "learn/family.h"

typedef struct CvmScoreSheet CvmScoreSheet;

typedef struct CvmMetric
{
	const char *name;			/* static: "accuracy", "auc", "log_loss", ... */
	double		value;
} CvmMetric;

#define CVM_MAX_METRICS 16

/* classes: 2 for binary, K for multiclass, 0 for regression. */
extern CvmScoreSheet *cvm_score_sheet_create(CvmFamily family, CvmTask task, int classes);

/*
 * label: number, or class index.  prediction: one value for regression, the
 * probability of class 1 for binary, one probability a class for multiclass.
 */
extern void cvm_score_sheet_add(CvmScoreSheet *sheet, double label,
								const double *prediction, double weight);

/* Fills up to CVM_MAX_METRICS; returns how many. */
extern int	cvm_score_sheet_metrics(CvmScoreSheet *sheet, CvmMetric *metrics);

/* K x K weighted counts, row = actual class, column = predicted class. */
extern const double *cvm_score_sheet_confusion(CvmScoreSheet *sheet);

typedef struct CvmRocPoint
{
	double		threshold;
	double		false_positive_rate;
	double		true_positive_rate;
} CvmRocPoint;

/* Binary only; points from (0,0), threshold infinity, to (1,1); collinear ones kept. */
extern int	cvm_score_sheet_roc(CvmScoreSheet *sheet, CvmRocPoint **points);

/* The metric by which versions are compared, and whether more is better:
 * auc (binary), log_loss (multiclass), rmse (regression), deviance (poisson). */
extern const char *cvm_primary_metric(CvmFamily family, CvmTask task, bool *more_is_better);

#endif							/* CVM_METRICS_H */
