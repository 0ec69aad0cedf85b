/*
 * forest_sample.h
 *		The rows of a tree of a forest: how often each is drawn, and what it
 *		counts.
 *
 * Rows are drawn with replacement.  How often one is drawn follows Poisson's
 * law, as it nearly does in draws of a fixed number (Oza and Russell, 2001), and
 * comes from a hash of the tree and of the row's number alone: so rows may be
 * looked at in pieces, and by several processes.
 */
#ifndef CVM_FOREST_SAMPLE_H
#define CVM_FOREST_SAMPLE_H

#include "learn/tree/tree_work.h"

#define CVM_MOST_DRAWS 16

typedef struct CvmForestSample
{
	/* of the forest */
	int			leaf_size;		/* numbers of a leaf: 1, or one a class */
	bool		classes;		/* statistics are classes, else pairs */
	bool		two_classes;	/* the number of a leaf is a probability */
	bool		sampled;		/* else a single tree: each row once */
	size_t		rows;
	double		mean;			/* of the target */
	double		largest_error;	/* of a row from it, weighted */
	double		largest_weight;
	uint64_t	limits[CVM_MOST_DRAWS]; /* 2^32 times the chance of so many draws at most */
	uint64_t	seed;

	/* of a tree */
	bool		drawn;			/* else all rows are in it */
	uint64_t	draw_seed;
	uint64_t	weigh_seed;
	CvmSplitRule rule;			/* with the units of statistics */
} CvmForestSample;

/*
 * Begins with the totals of the targets: add rows twice, to find the mean and then
 * the largest error.
 */
extern void cvm_sample_open(CvmForestSample *sample, const CvmTreeWork *work);
extern void cvm_sample_close(CvmForestSample *sample);
extern void cvm_sample_add_targets(CvmForestSample *sample, size_t count, const double *target,
								   const double *weight, CvmTargetSums *sums);
extern void cvm_sample_add_errors(CvmForestSample *sample, size_t count, const double *target,
								  const double *weight);

/* The t-th tree, from 1. */
extern void cvm_sample_begin(CvmForestSample *sample, int tree);

static inline int
cvm_sample_draws(const CvmForestSample *sample, size_t row)
{
	uint64_t	chance;
	int			draws = 0;

	if (!sample->drawn)
		return 1;
	chance = cvm_row_bits(row, sample->draw_seed) >> 32;
	while (draws < CVM_MOST_DRAWS && chance >= sample->limits[draws])
		draws++;
	return draws;
}

/* A pair, or the class in the upper half and its weight in the lower one. */
extern int64_t cvm_sample_statistic(const CvmForestSample *sample, size_t row, int draws,
									double target, double weight);

/* Adds a row to its leaf: value: leaf_size sums. */
static inline void
cvm_sample_add_to_leaf(const CvmForestSample *sample, double target, double weight,
					   double *value, double *total)
{
	*total += weight;
	if (sample->leaf_size == 1)
		value[0] += weight * target;
	else
		value[(int) target] += weight;
}

/* Makes means of sums, within the bounds of the node. */
extern void cvm_sample_settle_leaf(const CvmForestSample *sample, const CvmGrownNode *node,
								   double total, double *value);

/* What predictions of trees out of bag, in sums, say of a row: 0 or 1, or the square. */
extern double cvm_sample_outside_error(const CvmForestSample *sample, double target,
									   const double *sums, int trees);

#endif							/* CVM_FOREST_SAMPLE_H */
