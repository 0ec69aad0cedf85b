/*
 * grow_state.c
 *		What growing a tree has in common wherever its rows are.
 */
#include "learn/tree/grow_state.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/tree/forest.h"

/* Of fewer rows just the bins that they touch are looked at. */
#define FEW_ROWS 128

/* ---- the heap ---- */

/* Level by level, or by gain; older nodes first. */
static bool
comes_first(const CvmGrower *grower, const CvmCandidate *a, const CvmCandidate *b)
{
	if (grower->options.by_depth)
	{
		int			depth = grower->tree.nodes[a->node].depth;
		int			other = grower->tree.nodes[b->node].depth;

		if (depth != other)
			return depth < other;
	}
	else if (a->split.gain != b->split.gain)
		return a->split.gain > b->split.gain;
	return a->node < b->node;
}

void
cvm_growth_push(CvmGrower *grower, const CvmCandidate *candidate)
{
	int			place = grower->heap_count++;

	if (grower->heap_count > grower->heap_room)
	{
		grower->heap_room = grower->heap_room == 0 ? 64 : grower->heap_room * 2;
		grower->heap = cvm_resize(grower->heap, grower->heap_room, sizeof(CvmCandidate));
	}
	while (place > 0 && comes_first(grower, candidate, &grower->heap[(place - 1) / 2]))
	{
		grower->heap[place] = grower->heap[(place - 1) / 2];
		place = (place - 1) / 2;
	}
	grower->heap[place] = *candidate;
}

CvmCandidate
cvm_growth_pop(CvmGrower *grower)
{
	CvmCandidate	first = grower->heap[0];
	CvmCandidate	last = grower->heap[--grower->heap_count];
	int			place = 0;

	for (;;)
	{
		int			child = 2 * place + 1;

		if (child >= grower->heap_count)
			break;
		if (child + 1 < grower->heap_count &&
			comes_first(grower, &grower->heap[child + 1], &grower->heap[child]))
			child++;
		if (!comes_first(grower, &grower->heap[child], &last))
			break;
		grower->heap[place] = grower->heap[child];
		place = child;
	}
	if (grower->heap_count > 0)
		grower->heap[place] = last;
	return first;
}

/* ---- nodes ---- */

int
cvm_growth_add(CvmGrower *grower, const CvmGrownNode *node)
{
	CvmGrownTree *tree = &grower->tree;

	if (tree->node_count == tree->node_room)
	{
		tree->node_room = tree->node_room == 0 ? 64 : tree->node_room * 2;
		tree->nodes = cvm_resize(tree->nodes, tree->node_room, sizeof(CvmGrownNode));
	}
	tree->nodes[tree->node_count] = *node;
	return tree->node_count++;
}

int
cvm_growth_add_set(CvmGrower *grower, const uint32_t *set)
{
	CvmGrownTree *tree = &grower->tree;

	if (tree->set_count == tree->set_room)
	{
		tree->set_room = tree->set_room == 0 ? 16 : tree->set_room * 2;
		tree->sets = cvm_resize(tree->sets, tree->set_room, sizeof(tree->sets[0]));
	}
	memcpy(tree->sets[tree->set_count], set, sizeof(tree->sets[0]));
	return tree->set_count++;
}

bool
cvm_growth_can_split(const CvmGrower *grower, const CvmGrownNode *node)
{
	return node->depth < grower->options.max_depth && node->end - node->begin >= 2 &&
		grower->tree.leaf_count < grower->options.max_leaves;
}

void
cvm_growth_sides(const CvmGrower *grower, const CvmSplit *split, uint8_t *goes_left)
{
	int			count = grower->bins->counts[split->column];

	memset(goes_left, 0, CVM_BIN_PLACES);
	if (cvm_bins_is_category(grower->bins, split->column))
	{
		for (int bin = 0; bin < count; bin++)
			goes_left[bin] = cvm_set_has(split->set, bin);
		return;
	}
	for (int bin = 0; bin <= split->bin; bin++)
		goes_left[bin] = 1;
	goes_left[count] = split->missing_left;
}

void
cvm_growth_children(const CvmGrower *grower, const CvmGrownNode *node, const CvmSplit *split,
					size_t left, CvmGrownNode *children)
{
	int			direction = grower->rule->directions == NULL ? 0 :
		grower->rule->directions[split->column];
	double		middle = split->left_value / 2 + split->right_value / 2;

	for (int side = 0; side < 2; side++)
		children[side] = (CvmGrownNode)
		{
			.column = -1,.set = -1,.depth = node->depth + 1,
			.seed = cvm_hash64(node->seed, 1 + side),.begin = node->begin,.end = node->end,
			.lower = node->lower,.upper = node->upper
		};
	children[0].end = children[1].begin = node->begin + left;
	/* bounds, so that values go one way only */
	if (direction > 0)
		children[0].upper = children[1].lower = middle;
	else if (direction < 0)
		children[0].lower = children[1].upper = middle;
}

int
cvm_growth_split(CvmGrower *grower, int index, const CvmSplit *split,
				 const CvmGrownNode *children)
{
	CvmGrownNode *node = &grower->tree.nodes[index];
	int			left = grower->tree.node_count;

	node->column = split->column;
	node->bin = split->bin;
	node->missing_left = split->missing_left;
	node->gain = split->gain;
	node->left = left;
	if (cvm_bins_is_category(grower->bins, split->column))
		node->set = cvm_growth_add_set(grower, split->set);
	(void) cvm_growth_add(grower, &children[0]);
	(void) cvm_growth_add(grower, &children[1]);
	grower->tree.leaf_count++;
	return left;
}

/* ---- the search ---- */

/* Whether rows with these sums are all alike, so that no split can gain. */
static bool
is_pure(const CvmGrower *grower)
{
	int			met = 0;

	if (grower->rule->impurity == CVM_IMPURITY_NEWTON)
		return grower->totals[1] == 0 ||
			(grower->rule->positives &&
			 (grower->totals[0] == 0 || grower->totals[0] == grower->totals[1]));
	for (int k = 0; k < grower->width; k++)
		met += grower->totals[k] != 0;
	return met < 2;
}

/* Looks for the best split in a histogram; false: no other can gain either. */
static bool
search(CvmGrower *grower, const CvmGrownNode *node, const CvmHistogramShape *shape,
	   const int64_t *sums, CvmSplit *split)
{
	CvmSplitNode searched = {grower->totals, node->end - node->begin, node->lower, node->upper};

	cvm_histogram_totals(shape, sums, grower->totals);
	if (is_pure(grower))
		return false;
	cvm_split_search(grower->rule, shape, &searched, sums, split);
	return true;
}

/* Histograms of a few columns: taken from those of all, or filled. */
static void
some_columns(CvmGrower *grower, const CvmGrownNode *node, CvmHistogramShape *some,
			 const int64_t *sums)
{
	size_t		size = cvm_histogram_size(1, grower->width);

	some->touched = sums == NULL && node->end - node->begin < FEW_ROWS ? grower->touched : NULL;
	if (sums == NULL)
		cvm_tree_job_histogram(grower->job, some, node->begin, node->end, grower->spare);
	else
		for (int i = 0; i < some->columns; i++)
			memcpy(grower->spare + i * size, sums + some->chosen[i] * size,
				   size * sizeof(int64_t));
}

/* Looks at some columns at a time, in random order, until one of them gains. */
static void
search_some_columns(CvmGrower *grower, const CvmGrownNode *node, const int64_t *sums,
					CvmSplit *split)
{
	int			columns = grower->shape.columns;
	CvmHistogramShape some = grower->shape;
	CvmRandom	random;

	cvm_random_seed(&random, node->seed);
	for (int i = 0; i < columns; i++)
		grower->shuffled[i] = cvm_histogram_column(&grower->shape, i);
	for (int first = 0; first < columns && split->column < 0; first += some.columns)
	{
		some.chosen = grower->shuffled + first;
		some.columns = columns - first < grower->options.columns_per_split ? columns - first :
			grower->options.columns_per_split;
		for (int i = first; i < first + some.columns; i++)
		{
			int			other = i + (int) cvm_random_below(&random, columns - i);
			int32_t		column = grower->shuffled[i];

			grower->shuffled[i] = grower->shuffled[other];
			grower->shuffled[other] = column;
		}
		some_columns(grower, node, &some, sums);
		if (!search(grower, node, &some, grower->spare, split))
			return;
	}
}

void
cvm_growth_search(CvmGrower *grower, const CvmGrownNode *node, const int64_t *sums,
				  CvmSplit *split)
{
	memset(split, 0, sizeof(CvmSplit));
	split->column = -1;
	if (grower->options.columns_per_split > 0)
		search_some_columns(grower, node, sums, split);
	else
		(void) search(grower, node, &grower->shape, sums, split);
}
