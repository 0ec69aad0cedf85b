/*
 * grow_state.h
 *		What growing a tree has in common wherever its rows are: nodes, leaves
 *		that wait, the search for a split.  For grow.c and grow_passes.c only.
 */
#ifndef CVM_GROW_STATE_H
#define CVM_GROW_STATE_H

#include "learn/tree/grow.h"

#define CVM_NO_HISTOGRAM (-1)

/* The children of a leaf that may be split, and the best splits of these. */
typedef struct CvmPreparedSplit
{
	CvmGrownNode children[2];
	CvmSplit	splits[2];
} CvmPreparedSplit;

/* A leaf that can be split. */
typedef struct CvmCandidate
{
	int			node;
	CvmSplit	split;
	int			histogram;		/* in the pool, or CVM_NO_HISTOGRAM */
	CvmPreparedSplit *prepared; /* rows in a file: what is known already, or NULL */
} CvmCandidate;

struct CvmGrower
{
	const CvmBins *bins;
	CvmTreeJob *job;
	CvmGrowthOptions options;
	int			width;

	/* histograms: a pool, and one that is always free */
	size_t		histogram_size;
	int64_t   **pool;
	int			pool_size;
	int		   *free_list;
	int			free_count;
	int64_t    *spare;
	int64_t    *totals;			/* width */

	CvmCandidate *heap;
	int			heap_count;
	int			heap_room;
	int32_t    *shuffled;		/* columns, for columns_per_split */
	uint64_t  (*touched)[CVM_BIN_PLACES / 64];	/* likewise: filled bins of few rows */

	/* of the tree that grows */
	const CvmSplitRule *rule;
	CvmHistogramShape shape;	/* columns that may be used */
	CvmGrownTree tree;
};

/* The leaves that wait: the one that is split next is taken first. */
extern void cvm_growth_push(CvmGrower *grower, const CvmCandidate *candidate);
extern CvmCandidate cvm_growth_pop(CvmGrower *grower);

/* Whether it makes sense to look for a split. */
extern bool cvm_growth_can_split(const CvmGrower *grower, const CvmGrownNode *node);

/*
 * Finds the best split of a node; its column is -1 where there is none.  sums:
 * the histogram of all columns; may be NULL where some are chosen for each split,
 * then theirs are filled from the rows.
 */
extern void cvm_growth_search(CvmGrower *grower, const CvmGrownNode *node, const int64_t *sums,
							  CvmSplit *split);

/* Which bins of the split's column go left: CVM_BIN_PLACES of them. */
extern void cvm_growth_sides(const CvmGrower *grower, const CvmSplit *split, uint8_t *goes_left);

/* The children that a split makes of a node; "left" of its rows go left. */
extern void cvm_growth_children(const CvmGrower *grower, const CvmGrownNode *node,
								const CvmSplit *split, size_t left, CvmGrownNode *children);

/* Puts a new leaf into the tree; its index. */
extern int	cvm_growth_add(CvmGrower *grower, const CvmGrownNode *node);

/* Splits a leaf of the tree; the index of the left child. */
extern int	cvm_growth_split(CvmGrower *grower, int node, const CvmSplit *split,
							 const CvmGrownNode *children);

/* The index of a new set of bins. */
extern int	cvm_growth_add_set(CvmGrower *grower, const uint32_t *set);

/* Begins a tree with this root; see cvm_grower_grow. */
extern void cvm_growth_begin(CvmGrower *grower, const CvmGrownNode *root, const CvmSplitRule *rule,
							 const int32_t *chosen, int columns);

/* Grows the tree, whose root is there, over rows in memory or in a file. */
extern void cvm_grow_in_memory(CvmGrower *grower);
extern void cvm_grow_by_passes(CvmGrower *grower);

#endif							/* CVM_GROW_STATE_H */
