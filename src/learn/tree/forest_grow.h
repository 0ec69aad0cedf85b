/*
 * forest_grow.h
 *		One tree of a forest, by one process, over rows in memory.
 */
#ifndef CVM_FOREST_GROW_H
#define CVM_FOREST_GROW_H

#include "learn/tree/forest_sample.h"

/* What is needed from tree to tree, and the last tree. */
typedef struct CvmForestGrower
{
	const CvmBins *bins;
	CvmForestSample sample;
	CvmTreeJob *job;			/* holds statistics and numbers */
	const CvmTreeArrays *arrays;
	CvmGrower  *grower;
	const CvmGrownTree *tree;
	double	   *values;			/* by node: leaf_size numbers of leaves */
	double	   *weights;		/* by node: of leaves */
	int			node_room;
} CvmForestGrower;

/* job: with rows in it. */
extern CvmForestGrower *cvm_forest_grower_create(const CvmBins *bins,
												 const CvmForestSample *sample,
												 const CvmGrowthOptions *growth,
												 CvmTreeJob *job);
extern void cvm_forest_grower_release(CvmForestGrower *grower);

/* Grows the t-th tree, from 1. */
extern void cvm_forest_grower_grow(CvmForestGrower *grower, int tree);

/* Makes room for the values of a tree's leaves, and sets them to 0. */
extern void cvm_forest_grower_clear_leaves(CvmForestGrower *grower);

/*
 * Adds the predictions of the last tree for rows that it has not drawn, rows
 * "first" to "first" + count of those in bins, to their sums (row-major:
 * leaf_size numbers a row), and counts the trees.
 */
extern void cvm_forest_add_outside(const CvmForestSample *sample, const CvmBins *bins,
								   const CvmGrownTree *tree, const double *values,
								   const uint8_t *by_row, size_t first, size_t count,
								   double *sums, int32_t *trees);

#endif							/* CVM_FOREST_GROW_H */
