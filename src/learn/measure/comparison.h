/*
 * comparison.h
 *		Two models on the same labelled rows: which one is better, and how sure
 *		is that?
 *
 * By the primary metric of the task (metrics.h).  The standard error of the
 * difference takes into account that both were measured on the same rows,
 * which makes it far smaller than that of either figure:
 *
 *	  auc		DeLong, DeLong and Clarke-Pearson (1988)
 *	  log_loss, deviance, pinball_loss	paired differences of the losses of each row
 *	  rmse		the same, by the delta method
 *
 * Weighted rows count by their weights, as in a ratio of weighted sums.
 * Memory: 32 bytes a row, twice that while the result is computed, up to
 * CVM_COMPARISON_ROWS rows; of more rows a half, a quarter, ... is drawn.
 */
#ifndef CVM_COMPARISON_H
#define CVM_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/measure/metrics.h"

#define CVM_COMPARISON_ROWS 1000000

typedef struct CvmComparison CvmComparison;

typedef struct CvmVerdict
{
	const char *metric;			/* static */
	size_t		rows;			/* that were compared */
	size_t		evidence;		/* rows; for auc those of the smaller class, for lists users */
	double		candidate;
	double		active;
	double		gain;			/* positive: the candidate is better */
	double		std_error;		/* of the gain; 0 where both always agree */
} CvmVerdict;

extern CvmComparison *cvm_comparison_create(const CvmMeasure *measure);
extern void cvm_comparison_free(CvmComparison *comparison);

/* Rows as for cvm_score_sheet_add_rows, with the predictions of both models. */
extern void cvm_comparison_add_rows(CvmComparison *comparison, int rows, const double *labels,
									const double *candidate, const double *active,
									const double *weights);

/* false: the metric has no value on these rows (no row, one class). */
extern bool cvm_comparison_verdict(CvmComparison *comparison, CvmVerdict *verdict);

/*
 * Half of the 95 % interval of the gain.  On fewer than CVM_COMPARISON_LEAST rows
 * (for auc: of either class) it is infinite: there the standard error is itself a
 * guess, 0 even where all rows happen to agree, and nothing is shown.
 */
#define CVM_COMPARISON_LEAST 10

extern double cvm_verdict_interval(const CvmVerdict *verdict);

#endif							/* CVM_COMPARISON_H */
