/*
 * tree_work.h
 *		What learning one tree and learning many have in common; for this
 *		folder only.
 */
#ifndef CVM_TREE_WORK_H
#define CVM_TREE_WORK_H

#include "learn/tree/bins.h"
#include "learn/tree/forest_build.h"
#include "learn/tree/grow.h"
#include "learn/tree/tree_fit.h"

typedef struct CvmTreeWork
{
	const CvmTreeTask *task;
	const CvmOptions *options;
	const CvmProgress *progress;	/* or NULL */
	CvmBins    *bins;
	CvmBlockSource *source;		/* of the training rows */
	CvmBlockSource *validation; /* held-out rows of boosting, or NULL */
	double		total_weight;
	bool		in_file;		/* rows do not fit into memory */
} CvmTreeWork;

extern CvmStatus cvm_boost(CvmTreeWork *work, CvmTreeFit *fit, CvmError *error);
extern CvmStatus cvm_grow_forest(CvmTreeWork *work, CvmTreeFit *fit, CvmError *error);

/* Options of growth, with the method's own defaults. */
extern CvmGrowthOptions cvm_tree_growth(const CvmTreeWork *work);

/* The job of the training rows, and how many workers are worth having. */
extern CvmTreeJobPlan cvm_tree_job_plan(const CvmTreeWork *work);
extern int	cvm_tree_workers(const CvmTreeWork *work);

extern void cvm_tree_report(const CvmTreeWork *work, int round, int rounds,
							double training_loss, double validation_loss);

/*
 * Rounds to an integer, up or down at random so that the mean is right, from
 * 32 random bits.
 */
static inline int
cvm_round_at_random(double value, uint32_t random)
{
	double		shifted = value + (double) random * 0x1p-32;
	int			rounded = (int) shifted;

	return rounded - (shifted < rounded);
}

/* Random bits for a row of a tree; the same in any order. */
static inline uint64_t
cvm_row_bits(size_t row, uint64_t seed)
{
	uint64_t	bits = (row + seed) * UINT64_C(0x9e3779b97f4a7c15);

	bits ^= bits >> 32;
	bits *= UINT64_C(0xd6e8feb86659fd93);
	return bits ^ bits >> 32;
}

/* Whether a row is in a sample of so large a share. */
static inline bool
cvm_row_is_drawn(size_t row, uint64_t seed, double share)
{
	return share >= 1 || (double) (cvm_row_bits(row, seed) >> 11) * 0x1p-53 < share;
}

#endif							/* CVM_TREE_WORK_H */
