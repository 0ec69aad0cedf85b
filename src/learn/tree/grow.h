/*
 * grow.h
 *		Growing one tree.
 *
 * A grower keeps what is needed from tree to tree, histograms above all.
 * Before each tree the caller puts the numbers of the rows that take part into
 * the arrays of the job, and their statistics; after it, each node knows its
 * rows, from which the caller makes the values of leaves.
 */
#ifndef CVM_GROW_H
#define CVM_GROW_H

#include "learn/tree/tree_job.h"
#include "learn/tree/tree_split.h"

typedef struct CvmGrowthOptions
{
	bool		by_depth;		/* level by level; else the best leaf first */
	int			max_leaves;
	int			max_depth;		/* 0: CVM_MOST_TREE_DEPTH */
	int			columns_per_split;	/* chosen anew for every split; 0: all */
	size_t		histogram_memory;	/* bytes for histograms that wait */
} CvmGrowthOptions;

typedef struct CvmGrownNode
{
	int			column;			/* -1 for a leaf */
	int			left;			/* child; the right one is next to it */
	int			bin;
	bool		missing_left;
	int			set;			/* category: index in sets; else -1 */
	double		gain;
	int			depth;
	int32_t		key;			/* rows in a file: how they are marked */
	uint64_t	seed;			/* of columns chosen for its split */
	size_t		begin;			/* its rows: numbers[begin .. end) of the job; in a
								 * file just as many */
	size_t		end;
	double		lower;			/* bounds of its value */
	double		upper;
} CvmGrownNode;

typedef struct CvmGrownTree
{
	CvmGrownNode *nodes;		/* the root first, children after their parents */
	int			node_count;
	int			leaf_count;
	uint32_t  (*sets)[CVM_BIN_WORDS];
	int			set_count;
	int32_t    *key_nodes;		/* rows in a file: [key]: the leaf they are in */
	int			key_count;
	/* room */
	int			node_room;
	int			set_room;
	int			key_room;
} CvmGrownTree;

typedef struct CvmGrower CvmGrower;

extern CvmGrower *cvm_grower_create(const CvmBins *bins, CvmTreeJob *job, int width,
									const CvmGrowthOptions *options);
extern void cvm_grower_release(CvmGrower *grower);

/*
 * Grows a tree over the first "count" numbers, which it reorders.  chosen:
 * columns that may be used, or NULL for all; seed: of columns chosen for
 * splits.  The tree is the grower's and is gone with the next.
 */
extern const CvmGrownTree *cvm_grower_grow(CvmGrower *grower, size_t count,
										   const CvmSplitRule *rule,
										   const int32_t *chosen, int columns, uint64_t seed);

/* The leaf that a row, in bins, falls into: an index of nodes. */
extern int	cvm_grown_leaf(const CvmGrownTree *tree, const CvmBins *bins, const uint8_t *row);

#endif							/* CVM_GROW_H */
