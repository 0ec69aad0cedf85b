/*
 * drift.h
 *		How far rows of today are from those that a model learned from.
 *
 * A feature is compared by its distribution over bins: deciles of the training
 * rows for numbers, levels for categories.
 */
#ifndef CVM_DRIFT_H
#define CVM_DRIFT_H

#include <stddef.h>

/*
 * Population stability index: the sum of (actual - expected) log(actual /
 * expected) over the bins' shares, which is the symmetric Kullback-Leibler
 * divergence (Jeffreys, 1946).  Below 0.1 nothing to speak of, above 0.25 a
 * shift, by the custom of credit scoring.  Shares need not sum to one; each is
 * taken for at least 1e-4, so that an empty bin counts and does not decide.
 */
extern double cvm_drift_psi(const double *expected, const double *actual, int bins);

/*
 * Pearson's chi-squared statistic of counts against expected shares; bins with
 * no expected share are left out.  *freedom: degrees of freedom, bins - 1.
 */
extern double cvm_drift_chi_squared(const double *expected, const double *counts, int bins,
									int *freedom);

/*
 * Kolmogorov-Smirnov distance of two distributions that are known at the same
 * points: the largest difference of their cumulative shares.
 */
extern double cvm_drift_ks(const double *expected, const double *actual, int bins);

/*
 * Bins for numbers whose quantiles at 0, 1/(count - 1), .. 1 are known: their
 * edges are those of the nine deciles that differ from one another, ascending.
 * A value belongs to bin b when it is greater than b of the edges.  shares: how
 * many of the numbers are in each bin, CVM_DRIFT_BINS at most.  Returns the
 * number of edges, which is one less than that of bins.
 */
#define CVM_DRIFT_BINS 10

extern int	cvm_drift_bins(const double *quantiles, int count, double *edges, double *shares);

/* The same of numbers themselves, in ascending order; edges lie between two
 * that differ. */
extern int	cvm_drift_bins_between(const double *sorted, int count, double *edges,
								   double *shares);

#endif							/* CVM_DRIFT_H */
