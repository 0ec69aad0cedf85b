/*
 * ties.h
 *		What ranked rows say, read tie by tie from the highest score down.
 *
 * Rows of one score cannot be told apart, so everything that depends on the
 * order of rows sees them at once.  Where rows come from (memory, a sorted
 * file) is the business of a CvmTies.  All of these read it to its end.
 */
#ifndef CVM_TIES_H
#define CVM_TIES_H

#include <stdbool.h>

/* The rows of one score. */
typedef struct CvmTie
{
	double		score;
	double		positive;		/* weight of the rows of the positive class */
	double		negative;
} CvmTie;

typedef struct CvmTies
{
	double		positives;		/* weight of all of them */
	double		negatives;
	bool		(*next) (void *state, CvmTie *tie);	/* false: no more */
	void	   *state;
} CvmTies;

/* Area under the ROC curve (Mann and Whitney, 1947); NaN where a class is missing. */
extern double cvm_ties_auc(CvmTies *ties);

/*
 * Average precision: precision at each score, weighted by the recall that it
 * adds.  NaN without rows of the positive class.
 */
extern double cvm_ties_average_precision(CvmTies *ties);

/*
 * How many times more positives there are among the given share of the rows
 * with the highest scores than among all; a tie at the edge counts in part.
 * NaN without rows of the positive class.
 */
extern double cvm_ties_lift(CvmTies *ties, double share);

/*
 * The rows in bins of equal weight from the highest scores down; ties are
 * divided.  Needs at least one row.
 */
typedef struct CvmScoreBin
{
	double		lowest;			/* score */
	double		positive;		/* weights */
	double		negative;
} CvmScoreBin;

extern void cvm_ties_bins(CvmTies *ties, int bins, CvmScoreBin *result);

/*
 * Edges between bins of equally many rows, rising: bins - 1 quantiles of the
 * scores, interpolated between neighbors.  For rows of weight 1, at least one.
 */
extern void cvm_ties_quantiles(CvmTies *ties, int bins, double *edges);

#endif							/* CVM_TIES_H */
