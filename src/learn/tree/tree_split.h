/*
 * tree_split.h
 *		The best question to ask the rows of a node, from their histogram.
 *
 * A side of a split has a score, and a split gains the scores of its sides
 * less that of the node:
 *
 *	  newton	G^2 / (H + l2), G and H the sums of gradients and curvatures: the
 *				fall of the loss (twice, to second order) when the rows of a side
 *				get its best value -G / (H + l2) (Friedman, 2001; Chen and
 *				Guestrin, 2016).  With y - mean as gradient and no l2 it is the
 *				fall of the squared error; so it is with y, and for two classes half
 *				that of Gini's index.
 *	  entropy	sum of w log(w / W) over the classes, w their weights, W all
 *	  gini		sum of w^2 / W
 */
#ifndef CVM_SPLIT_SEARCH_H
#define CVM_SPLIT_SEARCH_H

#include "learn/tree/histogram.h"

typedef enum CvmImpurity
{
	CVM_IMPURITY_NEWTON,		/* of pairs */
	CVM_IMPURITY_ENTROPY,		/* of classes */
	CVM_IMPURITY_GINI			/* of classes */
} CvmImpurity;

typedef struct CvmSplitRule
{
	CvmImpurity impurity;
	int			width;			/* of the histogram */
	double		gradient_unit;	/* what 1 in a sum is worth; classes: unused */
	double		curvature_unit; /* likewise; classes: of weights */
	bool		positives;		/* newton: gradients are the weights of positive rows */
	double		l2;				/* newton */
	double		least_weight;	/* of a side: its curvature, or weight */
	const int8_t *directions;	/* by column: 1 values may only rise with the
								 * number, -1 only fall, 0 anything; newton only */
	int64_t    *work;			/* classes: 4 * width */
} CvmSplitRule;

/* A node, as far as the search has to know it. */
typedef struct CvmSplitNode
{
	const int64_t *totals;		/* width sums */
	size_t		rows;
	double		lower;			/* bounds of the values below it, from directions */
	double		upper;
} CvmSplitNode;

typedef struct CvmSplit
{
	double		gain;			/* 0: no split was found */
	int			column;
	int			bin;			/* number: bins up to this one go left */
	bool		missing_left;	/* number: missing ones go left */
	uint32_t	set[CVM_BIN_WORDS]; /* category: bins that go left */
	double		left_value;		/* newton: of the sides */
	double		right_value;
} CvmSplit;

/*
 * Improves *split (begin with a gain of 0 and column -1) by the columns of a
 * histogram.
 */
extern void cvm_split_search(const CvmSplitRule *rule, const CvmHistogramShape *shape,
							 const CvmSplitNode *node, const int64_t *sums, CvmSplit *split);

/* The value of rows with these sums, within the bounds; newton. */
extern double cvm_split_value(const CvmSplitRule *rule, const int64_t *totals,
							  double lower, double upper);

static inline bool
cvm_set_has(const uint32_t *set, int bin)
{
	return (set[bin / 32] >> (bin % 32)) & 1;
}

#endif							/* CVM_SPLIT_SEARCH_H */
