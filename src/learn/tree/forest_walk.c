/*
 * forest_walk.c
 *		Following rows through the trees of a forest.
 *
 * A step from node to node waits for memory, and where it leads to cannot be
 * foretold.  So several walks go on at once, without branches: of a single row
 * those through several trees, of a block those of several rows through one tree,
 * whose nodes then stay in the processor's cache.  Leaves lead to themselves, and
 * when nobody moves any more all have arrived.
 *
 * For this nodes are small, and numbers are replaced by their rank among the
 * thresholds that the forest has for their column: integers, that compare as the
 * numbers do.  A missing number has two ranks, below and above all others, and a
 * node takes the one that leads to its side.  All this is made when it pays: the
 * first rows go through the forest as it is stored.
 */
#include "learn/tree/forest.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define TOGETHER 16			/* walks */
#define ROWS_AS_STORED 50		/* before nodes are packed */
#define RANK_BYTES ((size_t) 512 * 1024)

#define CATEGORY (UINT32_C(1) << 31)

typedef struct WalkNode
{
	uint32_t	next;			/* left child; of a leaf itself */
	uint32_t	place;			/* of the rank that is asked for; CATEGORY */
	int32_t		test;			/* number: greater ranks go right; category: first word of
								 * its set */
} WalkNode;

struct CvmForestWalk
{
	const CvmForest *forest;
	const CvmExpansion *layout;
	int			columns;
	bool		has_categories;
	int			rows_seen;
	bool		packed;			/* what follows is filled in */
	WalkNode   *nodes;
	int32_t    *roots;			/* [tree] */
	double	   *thresholds;		/* column after column, rising, each once */
	int		   *first_threshold;	/* [column], and the end */
	int32_t    *ranks;			/* rows x 2 columns: of a missing number the one that
								 * goes right, then the one that goes left */
	int			rank_rows;		/* room */
};

CvmForestWalk *
cvm_forest_walk_create(const CvmForest *forest, const CvmExpansion *layout)
{
	CvmForestWalk *walk = CVM_NEW_ZERO(CvmForestWalk, 1);
	size_t		row = 2 * sizeof(int32_t) * (layout->dense_columns + layout->coded_columns + 1);
	size_t		fitting = RANK_BYTES / row;

	/* memory that lives as long as the walk has to be taken now */
	walk->forest = forest;
	walk->layout = layout;
	walk->columns = layout->dense_columns + layout->coded_columns;
	walk->rank_rows = fitting < TOGETHER ? TOGETHER : fitting > CVM_BLOCK_ROWS ? CVM_BLOCK_ROWS :
		(int) fitting;
	walk->nodes = CVM_NEW(WalkNode, forest->node_count);
	walk->roots = CVM_NEW(int32_t, forest->tree_count);
	walk->thresholds = CVM_NEW(double, forest->node_count);
	walk->first_threshold = CVM_NEW_ZERO(int, walk->columns + 2);
	walk->ranks = cvm_alloc(walk->rank_rows, row);
	return walk;
}

void
cvm_forest_walk_release(CvmForestWalk *walk)
{
	cvm_release(walk->nodes);
	cvm_release(walk->roots);
	cvm_release(walk->thresholds);
	cvm_release(walk->first_threshold);
	cvm_release(walk->ranks);
	cvm_release(walk);
}

/* ---- as stored ---- */

static int32_t
stored_leaf(const CvmForestWalk *walk, const double *values, const int32_t *codes, int32_t node)
{
	const CvmForest *forest = walk->forest;
	int			dense = walk->layout->dense_columns;

	while (forest->columns[node] >= 0)
	{
		int			column = forest->columns[node];
		bool		left;

		if (column >= dense)
		{
			int			level = cvm_expansion_level(walk->layout, column - dense,
													codes[column - dense]);
			const int32_t *set = forest->words + (int32_t) forest->thresholds[node];

			left = (set[level / 32] >> (level % 32)) & 1;
		}
		else
			left = isnan(values[column]) ? forest->missing_left[node] != 0 :
				values[column] <= forest->thresholds[node];
		node = forest->children[node] + !left;
	}
	return forest->children[node];
}

/* Adds the numbers of a leaf of a tree to the sums of a row. */
static inline void
add_leaf(const CvmForest *forest, int32_t leaf, int tree, int outputs, double *sums)
{
	const double *numbers = forest->leaves + (size_t) leaf * forest->leaf_size;

	if (forest->leaf_size == 1)
		sums[outputs == 1 ? 0 : tree % outputs] += numbers[0];
	else
		for (int k = 0; k < forest->leaf_size; k++)
			sums[k] += numbers[k];
}

static void
walk_as_stored(const CvmForestWalk *walk, const double *values, const int32_t *codes,
			   int trees, int outputs, double *sums)
{
	int32_t		root = 0;

	for (int t = 0; t < trees; root += walk->forest->tree_sizes[t++])
		add_leaf(walk->forest, stored_leaf(walk, values, codes, root), t, outputs, sums);
}

/* ---- packing ---- */

static int
compare_numbers(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return left < right ? -1 : left > right;
}

/* The thresholds of each column of numbers, rising, each once. */
static void
sort_thresholds(CvmForestWalk *walk)
{
	const CvmForest *forest = walk->forest;
	int			dense = walk->layout->dense_columns;
	int		   *first = walk->first_threshold;
	int			end = 0;

	/* counted one further on, then added up: where each column's begin */
	for (int i = 0; i < forest->node_count; i++)
		if (forest->columns[i] >= 0 && forest->columns[i] < dense)
			first[forest->columns[i] + 2]++;
	for (int c = 2; c <= walk->columns + 1; c++)
		first[c] += first[c - 1];
	for (int i = 0; i < forest->node_count; i++)
		if (forest->columns[i] >= 0 && forest->columns[i] < dense)
			walk->thresholds[first[forest->columns[i] + 1]++] = forest->thresholds[i];
	for (int c = 0; c < dense; c++)
	{
		double	   *own = walk->thresholds + first[c];
		int			count = first[c + 1] - first[c];
		int			begin = end;

		cvm_check_interrupt();
		qsort(own, count, sizeof(double), compare_numbers);
		for (int i = 0; i < count; i++)
			if (end == begin || own[i] != walk->thresholds[end - 1])
				walk->thresholds[end++] = own[i];
		first[c] = begin;
	}
	for (int c = dense; c <= walk->columns; c++)
		first[c] = end;
}

/* How many thresholds of a column are below a value; where they lie cannot be
 * foretold, so this is done without a branch. */
static inline int
rank_of(const CvmForestWalk *walk, int column, double value)
{
	const int  *first = walk->first_threshold + column;
	const double *numbers = walk->thresholds + first[0];
	int			rank = 0;

	for (int count = first[1] - first[0]; count > 0;)
	{
		int			half = (count + 1) >> 1;

		rank += -(numbers[rank + half - 1] < value) & half;
		count -= half;
	}
	return rank;
}

static void
pack(CvmForestWalk *walk)
{
	const CvmForest *forest = walk->forest;
	int			root = 0;

	sort_thresholds(walk);
	for (int t = 0; t < forest->tree_count; root += forest->tree_sizes[t++])
		walk->roots[t] = root;
	for (int i = 0; i < forest->node_count; i++)
	{
		WalkNode   *node = &walk->nodes[i];
		int			column = forest->columns[i];

		if (column < 0)
			*node = (WalkNode) {(uint32_t) i, 0, INT_MAX};
		else if (column < walk->layout->dense_columns)
			*node = (WalkNode)
			{
				(uint32_t) forest->children[i],
				2 * (uint32_t) column + (forest->missing_left[i] != 0),
				rank_of(walk, column, forest->thresholds[i])
			};
		else
		{
			*node = (WalkNode)
			{
				(uint32_t) forest->children[i], (2 * (uint32_t) column) | CATEGORY,
				(int32_t) forest->thresholds[i]
			};
			walk->has_categories = true;
		}
	}
	walk->packed = true;
}

/* ---- packed ---- */

/* The ranks of a column's numbers; all rows take the same steps of halving. */
static void
rank_numbers(const CvmForestWalk *walk, const CvmBlock *block, int from, int rows, int column)
{
	const double *numbers = walk->thresholds + walk->first_threshold[column];
	int			count = walk->first_threshold[column + 1] - walk->first_threshold[column];
	int			dense = walk->layout->dense_columns;
	int32_t    *ranks = walk->ranks + 2 * column;
	double		values[CVM_BLOCK_ROWS];
	int32_t		found[CVM_BLOCK_ROWS] = {0};

	for (int row = 0; row < rows; row++)
		values[row] = block->dense[(size_t) (from + row) * dense + column];
	for (int length = count; length > 0;)
	{
		int			half = (length + 1) / 2;

		for (int row = 0; row < rows; row++)
			found[row] += numbers[found[row] + half - 1] < values[row] ? half : 0;
		length -= half;
	}
	for (int row = 0; row < rows; row++, ranks += 2 * walk->columns)
	{
		bool		missing = isnan(values[row]);

		ranks[0] = missing ? INT_MAX : found[row];
		ranks[1] = missing ? -1 : found[row];
	}
}

static void
fill_levels(const CvmForestWalk *walk, const int32_t *codes, int32_t *ranks)
{
	const CvmExpansion *layout = walk->layout;

	for (int c = 0; c < layout->coded_columns; c++)
		ranks[2 * (layout->dense_columns + c)] = cvm_expansion_level(layout, c, codes[c]);
}

/* Ranks of numbers, and levels, of some rows of a block. */
static void
fill_ranks(const CvmForestWalk *walk, const CvmBlock *block, int from, int rows)
{
	for (int c = 0; c < walk->layout->dense_columns; c++)
		rank_numbers(walk, block, from, rows, c);
	for (int row = 0; row < rows; row++)
		fill_levels(walk, block->codes + (size_t) (from + row) * walk->layout->coded_columns,
					walk->ranks + 2 * (size_t) row * walk->columns);
}

/* The same of a single row, which has nobody to keep step with. */
static void
fill_ranks_of_row(const CvmForestWalk *walk, const CvmBlock *block, int row)
{
	int			dense = walk->layout->dense_columns;
	const double *values = block->dense + (size_t) row * dense;

	for (int c = 0; c < dense; c++)
	{
		int			rank = rank_of(walk, c, values[c]);
		bool		missing = isnan(values[c]);

		walk->ranks[2 * c] = missing ? INT_MAX : rank;
		walk->ranks[2 * c + 1] = missing ? -1 : rank;
	}
	fill_levels(walk, block->codes + (size_t) row * walk->layout->coded_columns, walk->ranks);
}

static inline uint32_t
step_number(const WalkNode *node, const int32_t *ranks)
{
	return node->next + (ranks[node->place] > node->test);
}

static inline uint32_t
step_any(const WalkNode *node, const int32_t *ranks, const int32_t *words)
{
	bool		category = (node->place & CATEGORY) != 0;
	int32_t		rank = ranks[node->place & ~CATEGORY];
	int32_t		word = words[category ? node->test + (rank >> 5) : 0];
	uint32_t	absent = 1 ^ (((uint32_t) word >> (rank & 31)) & 1);
	uint32_t	above = rank > node->test;

	return node->next + (category ? absent : above);
}

/*
 * Takes TOGETHER walks to their leaves; walk i is at at[i], with the ranks from
 * ranks + i * stride on.
 */
static void
walk_together(const CvmForestWalk *walk, uint32_t *at, const int32_t *ranks, size_t stride)
{
	const WalkNode *nodes = walk->nodes;
	const int32_t *words = walk->forest->words;
	uint32_t	moved;

	do
	{
		moved = 0;
		if (walk->has_categories)
			for (int i = 0; i < TOGETHER; i++)
			{
				uint32_t	next = step_any(&nodes[at[i]], ranks + i * stride, words);

				moved |= next ^ at[i];
				at[i] = next;
			}
		else
			for (int i = 0; i < TOGETHER; i++)
			{
				uint32_t	next = step_number(&nodes[at[i]], ranks + i * stride);

				moved |= next ^ at[i];
				at[i] = next;
			}
	} while (moved != 0);
}

/* One row through all trees. */
static void
walk_row(const CvmForestWalk *walk, int trees, int outputs, double *sums)
{
	const CvmForest *forest = walk->forest;

	for (int first = 0; first < trees; first += TOGETHER)
	{
		uint32_t	at[TOGETHER];

		for (int t = 0; t < TOGETHER; t++)
			at[t] = walk->roots[first + t < trees ? first + t : first];
		walk_together(walk, at, walk->ranks, 0);
		for (int t = first; t < first + TOGETHER && t < trees; t++)
			add_leaf(forest, forest->children[at[t - first]], t, outputs, sums);
	}
}

/* Rows, more than TOGETHER of them, tree by tree. */
static void
walk_rows(const CvmForestWalk *walk, int rows, int trees, int outputs, double *sums)
{
	const CvmForest *forest = walk->forest;
	size_t		stride = 2 * (size_t) walk->columns;

	for (int t = 0; t < trees; t++)
		for (int first = 0; first < rows; first += TOGETHER)
		{
			/* the last walks overlap those before */
			int			begin = first + TOGETHER <= rows ? first : rows - TOGETHER;
			uint32_t	at[TOGETHER];

			for (int i = 0; i < TOGETHER; i++)
				at[i] = walk->roots[t];
			walk_together(walk, at, walk->ranks + begin * stride, stride);
			for (int row = first; row < begin + TOGETHER; row++)
				add_leaf(forest, forest->children[at[row - begin]], t, outputs,
						 sums + (size_t) row * outputs);
		}
}

static void
walk_packed(const CvmForestWalk *walk, const CvmBlock *block, int trees, int outputs, double *sums)
{
	for (int from = 0; from < block->rows; from += walk->rank_rows)
	{
		int			rows = block->rows - from < walk->rank_rows ? block->rows - from :
			walk->rank_rows;
		double	   *own = sums + (size_t) from * outputs;

		cvm_check_interrupt();
		if (rows >= TOGETHER)
		{
			fill_ranks(walk, block, from, rows);
			walk_rows(walk, rows, trees, outputs, own);
			continue;
		}
		for (int row = 0; row < rows; row++)
		{
			fill_ranks_of_row(walk, block, from + row);
			walk_row(walk, trees, outputs, own + (size_t) row * outputs);
		}
	}
}

void
cvm_forest_walk(CvmForestWalk *walk, const CvmBlock *block, int trees, int outputs, double *sums)
{
	const CvmExpansion *layout = walk->layout;

	if (!walk->packed && walk->rows_seen + block->rows > ROWS_AS_STORED)
		pack(walk);
	if (walk->packed)
	{
		walk_packed(walk, block, trees, outputs, sums);
		return;
	}
	walk->rows_seen += block->rows;
	for (int row = 0; row < block->rows; row++)
		walk_as_stored(walk, block->dense + (size_t) row * layout->dense_columns,
					   block->codes + (size_t) row * layout->coded_columns, trees, outputs,
					   sums + (size_t) row * outputs);
}
