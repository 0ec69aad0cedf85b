/*
 * forest.h
 *		Trees as they are kept in a model: arrays over the nodes of all trees.
 *
 * An inner node asks one question of one column: is the number at most the
 * threshold, or is the level in a set?  Yes leads to the left child, no to the
 * right one, which stands next to it.  A missing number goes where the node
 * says.  Columns: dense ones, then coded ones, as in a CvmExpansion.
 */
#ifndef CVM_FOREST_H
#define CVM_FOREST_H

#include "linalg/block.h"
#include "linalg/expansion.h"

/* No path is longer. */
#define CVM_MOST_TREE_DEPTH 500

typedef struct CvmForest
{
	int			tree_count;
	int			node_count;		/* of all trees */
	int			leaf_count;
	int			leaf_size;		/* numbers in a leaf: 1, or one a class */
	int			word_count;
	const int32_t *tree_sizes;	/* [tree]: its nodes, which stand together, root first */
	const int32_t *columns;		/* [node]: asked for; -1 for a leaf */
	const int32_t *children;	/* [node]: the left child; of a leaf its index in leaves */
	const int32_t *missing_left;	/* [node]: 1 where missing numbers go left, else 0 */
	const double *thresholds;	/* [node]: of a number; of a category the first word of
								 * its set; of a leaf 0 */
	const int32_t *words;		/* sets of levels, 32 in a word, lowest bit first */
	const double *gains;		/* [node]: what the question gained in training; 0 in a leaf */
	const double *covers;		/* [node]: weight of the training rows that came by */
	const double *leaves;		/* [leaf]: leaf_size numbers */
} CvmForest;

/* Words of a set over the levels of a coded column. */
static inline int
cvm_forest_set_words(const CvmExpansion *layout, int coded_column)
{
	return (layout->level_counts[coded_column] + 31) / 32;
}

/*
 * A forest made ready to follow many rows at once.  Adds to sums, for each row
 * of the block, the numbers of the leaves it falls into: sums[row * outputs +
 * k], where a leaf of one number in tree t counts for output t mod outputs.
 * trees: only so many of the first trees.
 */
typedef struct CvmForestWalk CvmForestWalk;

extern CvmForestWalk *cvm_forest_walk_create(const CvmForest *forest, const CvmExpansion *layout);
extern void cvm_forest_walk_release(CvmForestWalk *walk);
extern void cvm_forest_walk(CvmForestWalk *walk, const CvmBlock *block,
							int trees, int outputs, double *sums);

#endif							/* CVM_FOREST_H */
