/*
 * metrics.h
 *		How good a model is on labelled rows.
 *
 * A CvmScoreSheet collects (label, prediction, weight) row by row and gives
 * every metric of its task:
 *
 *	  binary		accuracy, auc, log_loss, brier, precision, recall, f1
 *	  multiclass	the same without brier; precision, recall and f1 are means
 *					over the classes that were met or predicted, auc is the
 *					mean over the classes of one against the rest
 *	  regression	rmse, mae, r2; for poisson deviance too; of a quantile
 *					pinball_loss
 *
 * accuracy, precision, recall and f1 use the class of highest probability
 * (binary: above the threshold, 0.5 without a profit; ties go to the lower
 * class).  A binary model with a profit has the metric profit, the mean of what
 * the decisions about rows are worth.  A precision, recall or
 * f1 of 0/0 is 0.  AUC is the Mann-Whitney statistic, with ties counted half;
 * it is exact up to CVM_SCORE_SHEET_ROWS rows (divided by the number of
 * classes, if there are more than two), past which neighboring scores may be
 * counted as ties (ranking.h).  For log_loss probabilities are kept 2^-52 away from 0 and 1;
 * brier is the mean of (p - y)^2; deviance is the mean of
 * 2 (y log(y / mean) - y + mean).  NaN stands where a metric has no value:
 * AUC of one class, r2 of a constant target, anything of no rows.
 *
 * Memory: 16 bytes for each row and class (for two classes: each row), at
 * most 32 MB.
 */
#ifndef CVM_METRICS_H
#define CVM_METRICS_H

#include <stdint.h>

#include "base/status.h"
#include "learn/family.h"
#include "learn/measure/profit.h"

typedef struct CvmScoreSheet CvmScoreSheet;

/* What predictions are measured by. */
typedef struct CvmMeasure
{
	CvmFamily	family;
	CvmTask		task;
	int			classes;		/* 2 for binary, K for multiclass, 0 for regression */
	double		quantile;		/* regression: which one is predicted; 0: the mean */
	const CvmProfit *profit;	/* binary: has to outlive what uses it; or NULL */
} CvmMeasure;

typedef struct CvmMetric
{
	const char *name;			/* static: "accuracy", "auc", "log_loss", ... */
	double		value;
} CvmMetric;

#define CVM_MAX_METRICS 16

/* Most rows that a sheet keeps for its AUC. */
#define CVM_SCORE_SHEET_ROWS (2 * 1024 * 1024)

extern CvmScoreSheet *cvm_score_sheet_create(const CvmMeasure *measure);
extern void cvm_score_sheet_free(CvmScoreSheet *sheet);

/*
 * label: number, or class index.  prediction: one value for regression, the
 * probability of class 1 for binary, one probability a class for multiclass.
 * Rows of weight 0 do not count.
 */
extern void cvm_score_sheet_add(CvmScoreSheet *sheet, double label,
								const double *prediction, double weight);

/* The same for some rows; of a multiclass row the probabilities are together. */
extern void cvm_score_sheet_add_rows(CvmScoreSheet *sheet, int rows, const double *labels,
									 const double *predictions, const double *weights);

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
 * auc (binary), log_loss (multiclass), rmse (regression), deviance (poisson),
 * pinball_loss (a quantile), ndcg_at_10 (recommendation). */
extern const char *cvm_primary_metric(const CvmMeasure *measure, bool *more_is_better);

/* The loss of a quantile (Koenker and Bassett, 1978). */
static inline double
cvm_pinball_loss(double quantile, double target, double prediction)
{
	return (target >= prediction ? quantile : quantile - 1) * (target - prediction);
}

#endif							/* CVM_METRICS_H */
