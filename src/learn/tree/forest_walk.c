/*
 * forest_walk.c
 *		Following rows through the trees of a forest.
 *
 * A step from node to node waits for memory, and where it leads to cannot be
 * foretold: so several trees are walked at once, without branches.  Leaves
 * lead to themselves, so that trees of different depth keep step.
 *
 * Categories ask for a bit of a set instead of a comparison.  Forests without
 * categories have a loop of their own.
 */
#include "learn/tree/forest.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"

#define TOGETHER 8				/* trees */

typedef struct WalkNode
{
	double		threshold;
	int32_t		next;			/* left child; of a leaf itself */
	int32_t		column;
	int32_t		set;			/* category: first word; number: -1 */
	int32_t		missing_left;	/* 1 or 0 */
} WalkNode;

struct CvmForestWalk
{
	const CvmForest *forest;
	const CvmExpansion *layout;
	WalkNode   *nodes;
	int32_t    *roots;			/* [tree] */
	int32_t    *leaf_of;		/* [node]: index in leaves */
	int		   *depths;			/* [tree] */
	bool		has_categories;
	double	   *values;			/* of the row: by column */
	int32_t    *levels;			/* by column; 0 for dense ones */
};

/* Fills the nodes of a tree; returns its depth. */
static int
add_tree(CvmForestWalk *walk, int root, int size)
{
	const CvmForest *forest = walk->forest;
	int		   *depths = CVM_NEW_ZERO(int, size);
	int			deepest = 0;

	for (int i = root; i < root + size; i++)
	{
		WalkNode   *node = &walk->nodes[i];
		bool		category = forest->columns[i] >= walk->layout->dense_columns;

		node->missing_left = forest->missing_left[i];
		node->threshold = forest->thresholds[i];
		node->column = forest->columns[i];
		node->next = forest->children[i];
		node->set = category ? (int32_t) forest->thresholds[i] : -1;
		if (forest->columns[i] < 0)
		{
			walk->leaf_of[i] = forest->children[i];
			node->threshold = INFINITY;
			node->column = 0;
			node->next = i;
			node->missing_left = 1;
			if (depths[i - root] > deepest)
				deepest = depths[i - root];
			continue;
		}
		walk->has_categories |= category;
		depths[node->next - root] = depths[node->next + 1 - root] = depths[i - root] + 1;
	}
	cvm_release(depths);
	return deepest;
}

CvmForestWalk *
cvm_forest_walk_create(const CvmForest *forest, const CvmExpansion *layout)
{
	CvmForestWalk *walk = CVM_NEW_ZERO(CvmForestWalk, 1);
	int			columns = layout->dense_columns + layout->coded_columns;
	int			root = 0;

	walk->forest = forest;
	walk->layout = layout;
	walk->nodes = CVM_NEW(WalkNode, forest->node_count);
	walk->leaf_of = CVM_NEW_ZERO(int32_t, forest->node_count);
	walk->roots = CVM_NEW(int32_t, forest->tree_count);
	walk->depths = CVM_NEW(int, forest->tree_count);
	walk->values = CVM_NEW_ZERO(double, columns + 1);
	walk->levels = CVM_NEW_ZERO(int32_t, columns + 1);
	for (int t = 0; t < forest->tree_count; t++)
	{
		walk->roots[t] = root;
		walk->depths[t] = add_tree(walk, root, forest->tree_sizes[t]);
		root += forest->tree_sizes[t];
	}
	return walk;
}

static inline int32_t
step_number(const WalkNode *node, const double *values)
{
	double		value = values[node->column];
	int			right = !(value <= node->threshold);

	/* a missing number compares as false */
	return node->next + (right & ~((value != value) & node->missing_left));
}

static inline int32_t
step_any(const WalkNode *node, const double *values, const int32_t *levels,
		 const int32_t *words)
{
	int32_t		level = levels[node->column];
	int32_t		number = step_number(node, values) - node->next;
	int32_t		set = node->set < 0 ? 0 : node->set + (level >> 5);
	int32_t		category = 1 - ((words[set] >> (level & 31)) & 1);

	return node->next + (node->set < 0 ? number : category);
}

/* The leaves of "count" trees from "first" on, as nodes. */
static void
walk_trees(const CvmForestWalk *walk, int first, int count, int32_t *at)
{
	static const int32_t no_words[1] = {0};
	const int32_t *words = walk->forest->word_count > 0 ? walk->forest->words : no_words;
	int			depth = 0;

	for (int t = 0; t < TOGETHER; t++)
	{
		int			tree = first + (t < count ? t : 0);

		at[t] = walk->roots[tree];
		if (walk->depths[tree] > depth)
			depth = walk->depths[tree];
	}
	if (walk->has_categories)
		for (int step = 0; step < depth; step++)
			for (int t = 0; t < TOGETHER; t++)
				at[t] = step_any(&walk->nodes[at[t]], walk->values, walk->levels, words);
	else
		for (int step = 0; step < depth; step++)
			for (int t = 0; t < TOGETHER; t++)
				at[t] = step_number(&walk->nodes[at[t]], walk->values);
}

static void
read_row(const CvmForestWalk *walk, const CvmBlock *block, int row)
{
	const CvmExpansion *layout = walk->layout;
	int			dense = layout->dense_columns;

	memcpy(walk->values, block->dense + (size_t) row * dense, dense * sizeof(double));
	for (int c = 0; c < layout->coded_columns; c++)
		walk->levels[dense + c] =
			cvm_expansion_level(layout, c, block->codes[(size_t) row * layout->coded_columns + c]);
}

void
cvm_forest_walk(const CvmForestWalk *walk, const CvmBlock *block, int trees, int outputs,
				double *sums)
{
	const CvmForest *forest = walk->forest;
	int			size = forest->leaf_size;

	for (int row = 0; row < block->rows; row++, sums += outputs)
	{
		read_row(walk, block, row);
		for (int first = 0; first < trees; first += TOGETHER)
		{
			int			count = trees - first < TOGETHER ? trees - first : TOGETHER;
			int32_t		at[TOGETHER];

			walk_trees(walk, first, count, at);
			for (int t = 0; t < count; t++)
			{
				const double *leaf = forest->leaves + (size_t) walk->leaf_of[at[t]] * size;

				if (size == 1)
					sums[outputs == 1 ? 0 : (first + t) % outputs] += leaf[0];
				else
					for (int k = 0; k < size; k++)
						sums[k] += leaf[k];
			}
		}
	}
}
