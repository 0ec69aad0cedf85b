/*
 * grow.c
 *		Growing one tree.
 *
 * Leaves that can be split wait in a heap, the most promising on top.  To
 * split one, its rows are parted, the histogram of the smaller child is
 * filled, and the larger child's is what is left of the parent's.  Where the
 * parent's was not kept (no memory for all that wait, or other columns are
 * looked at in every split) both are filled.
 *
 * Nothing depends on the order in which rows are added up, and ties go to the
 * lower column and bin: the same rows always give the same tree.
 */
#include "learn/tree/grow.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/tree/forest.h"
#include "learn/tree/grow_state.h"

CvmGrower *
cvm_grower_create(const CvmBins *bins, CvmTreeJob *job, int width,
				  const CvmGrowthOptions *options)
{
	CvmGrower  *grower = CVM_NEW_ZERO(CvmGrower, 1);
	size_t		fitting;

	grower->bins = bins;
	grower->job = job;
	grower->options = *options;
	if (grower->options.max_depth == 0 || grower->options.max_depth > CVM_MOST_TREE_DEPTH)
		grower->options.max_depth = CVM_MOST_TREE_DEPTH;
	grower->width = width;
	grower->histogram_size = cvm_histogram_size(bins->columns, width);
	grower->spare = CVM_NEW(int64_t, grower->histogram_size);
	grower->totals = CVM_NEW(int64_t, width);
	grower->shuffled = CVM_NEW(int32_t, bins->columns);
	grower->touched = cvm_alloc(bins->columns, sizeof(grower->touched[0]));

	fitting = options->histogram_memory / (grower->histogram_size * sizeof(int64_t));
	if (options->columns_per_split == 0)
		grower->pool_size = fitting < (size_t) options->max_leaves ? (int) fitting :
			options->max_leaves;
	grower->pool = CVM_NEW_ZERO(int64_t *, grower->pool_size);
	grower->free_list = CVM_NEW(int, grower->pool_size);
	for (int i = 0; i < grower->pool_size; i++)
		grower->free_list[grower->free_count++] = i;
	return grower;
}

void
cvm_grower_release(CvmGrower *grower)
{
	for (int i = 0; i < grower->pool_size; i++)
		cvm_release(grower->pool[i]);
	cvm_release(grower->pool);
	cvm_release(grower->free_list);
	cvm_release(grower->spare);
	cvm_release(grower->totals);
	cvm_release(grower->shuffled);
	cvm_release(grower->touched);
	cvm_release(grower->heap);
	cvm_release(grower->tree.nodes);
	cvm_release(grower->tree.sets);
	cvm_release(grower->tree.key_nodes);
	cvm_release(grower);
}

/* ---- the pool ---- */

static int
take_histogram(CvmGrower *grower)
{
	int			index;

	if (grower->free_count == 0)
		return CVM_NO_HISTOGRAM;
	index = grower->free_list[--grower->free_count];
	if (grower->pool[index] == NULL)
		grower->pool[index] = CVM_NEW(int64_t, grower->histogram_size);
	return index;
}

static void
give_back(CvmGrower *grower, int histogram)
{
	if (histogram != CVM_NO_HISTOGRAM)
		grower->free_list[grower->free_count++] = histogram;
}

static int64_t *
sums_of(const CvmGrower *grower, int histogram)
{
	return histogram == CVM_NO_HISTOGRAM ? grower->spare : grower->pool[histogram];
}

/* ---- splitting ---- */

/* Fills the histogram of a node. */
static void
fill(CvmGrower *grower, int index, int histogram)
{
	const CvmGrownNode *node = &grower->tree.nodes[index];

	cvm_tree_job_histogram(grower->job, &grower->shape, node->begin, node->end,
						   sums_of(grower, histogram));
}

/* Finds the best split of a node whose histogram is filled, and lets it wait. */
static void
offer(CvmGrower *grower, int index, int histogram)
{
	CvmCandidate candidate = {.node = index,.histogram = histogram};

	cvm_growth_search(grower, &grower->tree.nodes[index],
					  grower->options.columns_per_split > 0 ? NULL : sums_of(grower, histogram),
					  &candidate.split);
	if (candidate.split.column < 0)
		give_back(grower, histogram);
	else
		cvm_growth_push(grower, &candidate);
}

static void
split_node(CvmGrower *grower, CvmCandidate *candidate)
{
	const CvmSplit *split = &candidate->split;
	const CvmGrownNode *node = &grower->tree.nodes[candidate->node];
	uint8_t		goes_left[CVM_BIN_PLACES];
	CvmGrownNode children[2];
	size_t		left_rows;
	int			left;
	int			smaller;
	int			larger;
	int			histogram;

	cvm_growth_sides(grower, split, goes_left);
	left_rows = cvm_tree_job_part(grower->job, node->begin, node->end, split->column,
								  goes_left) - node->begin;
	cvm_growth_children(grower, node, split, left_rows, children);
	smaller = 2 * left_rows > node->end - node->begin;
	left = cvm_growth_split(grower, candidate->node, split, children);
	smaller += left;
	larger = 2 * left + 1 - smaller;
	if (!cvm_growth_can_split(grower, &grower->tree.nodes[larger]))
	{
		give_back(grower, candidate->histogram);
		return;
	}
	if (grower->options.columns_per_split > 0)
	{
		offer(grower, left, CVM_NO_HISTOGRAM);
		offer(grower, left + 1, CVM_NO_HISTOGRAM);
		return;
	}
	histogram = take_histogram(grower);
	fill(grower, smaller, histogram);
	if (candidate->histogram != CVM_NO_HISTOGRAM)
		cvm_histogram_subtract(&grower->shape, grower->pool[candidate->histogram],
							   sums_of(grower, histogram));
	if (cvm_growth_can_split(grower, &grower->tree.nodes[smaller]))
		offer(grower, smaller, histogram);
	else
		give_back(grower, histogram);
	if (candidate->histogram == CVM_NO_HISTOGRAM)
	{
		candidate->histogram = take_histogram(grower);
		fill(grower, larger, candidate->histogram);
	}
	offer(grower, larger, candidate->histogram);
}

void
cvm_grow_in_memory(CvmGrower *grower)
{
	if (cvm_growth_can_split(grower, &grower->tree.nodes[0]))
	{
		int			histogram = take_histogram(grower);

		if (grower->options.columns_per_split == 0)
			fill(grower, 0, histogram);
		offer(grower, 0, histogram);
	}
	while (grower->heap_count > 0)
	{
		CvmCandidate candidate = cvm_growth_pop(grower);

		cvm_check_interrupt();
		if (grower->tree.leaf_count < grower->options.max_leaves)
			split_node(grower, &candidate);
		else
			give_back(grower, candidate.histogram);
	}
}

void
cvm_growth_begin(CvmGrower *grower, const CvmGrownNode *root, const CvmSplitRule *rule,
				 const int32_t *chosen, int columns)
{
	grower->rule = rule;
	grower->shape.bins = grower->bins;
	grower->shape.chosen = chosen;
	grower->shape.columns = columns;
	grower->shape.width = grower->width;
	grower->tree.node_count = 0;
	grower->tree.set_count = 0;
	grower->tree.leaf_count = 1;
	grower->tree.key_count = 0;
	(void) cvm_growth_add(grower, root);
}

const CvmGrownTree *
cvm_grower_grow(CvmGrower *grower, size_t count, const CvmSplitRule *rule,
				const int32_t *chosen, int columns, uint64_t seed)
{
	CvmGrownNode root = {.column = -1,.set = -1,.seed = seed,.end = count,
	.lower = -INFINITY,.upper = INFINITY};

	cvm_growth_begin(grower, &root, rule, chosen, columns);
	if (cvm_tree_job_stream(grower->job) != NULL)
		cvm_grow_by_passes(grower);
	else
		cvm_grow_in_memory(grower);
	return &grower->tree;
}

int
cvm_grown_leaf(const CvmGrownTree *tree, const CvmBins *bins, const uint8_t *row)
{
	int			index = 0;

	while (tree->nodes[index].column >= 0)
	{
		const CvmGrownNode *node = &tree->nodes[index];
		int			bin = row[node->column];
		bool		left;

		if (node->set >= 0)
			left = cvm_set_has(tree->sets[node->set], bin);
		else if (bin == bins->counts[node->column])
			left = node->missing_left;
		else
			left = bin <= node->bin;
		index = left ? node->left : node->left + 1;
	}
	return index;
}
