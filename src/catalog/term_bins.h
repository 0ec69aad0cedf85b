/*
 * term_bins.h
 *		Bins of one term of an encoder, and rows that are counted in them.
 *
 * Numbers have bins between the deciles of the training rows, categories one for
 * each level; missing values have one, and what was never seen has one that
 * nothing is expected in.
 */
#ifndef CVM_TERM_BINS_H
#define CVM_TERM_BINS_H

#include "encode/encoder.h"
#include "learn/measure/drift.h"

typedef struct CvmTermBins
{
	const CvmTerm *term;
	int			bins;			/* without that of missing values */
	double	   *expected;		/* bins + 1 shares, the last of missing values */
	double	   *counts;			/* bins + 1 */
	double		edges[CVM_DRIFT_BINS];	/* numbers */
	int			edge_count;
	int		   *sorted;			/* categories: levels in the order of their names */
} CvmTermBins;

/*
 * quantiles: of the term in training, CVM_QUANTILES of them, or NULL; of numbers
 * only.  Allocated in the current memory context; the term must outlive it.
 */
extern void cvm_term_bins_init(CvmTermBins *bins, const CvmTerm *term, const double *quantiles);

/* NaN, or no text: missing.  part: month or weekday, 0 for missing. */
extern void cvm_term_bins_count_number(CvmTermBins *bins, double number);
extern void cvm_term_bins_count_level(CvmTermBins *bins, const char *text, int length);
extern void cvm_term_bins_count_part(CvmTermBins *bins, int part);

#endif							/* CVM_TERM_BINS_H */
