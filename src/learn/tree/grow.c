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
#include "base/random.h"
#include "learn/tree/forest.h"

#define NO_HISTOGRAM (-1)

/* A leaf that can be split. */
typedef struct Candidate
{
	int			node;
	int			histogram;		/* in the pool, or NO_HISTOGRAM */
	CvmSplit	split;
} Candidate;

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

	Candidate  *heap;
	int			heap_count;
	int			heap_room;
	int32_t    *shuffled;		/* columns, for columns_per_split */

	/* of the tree that grows */
	const CvmSplitRule *rule;
	CvmHistogramShape shape;	/* columns that may be used */
	CvmGrownTree tree;
};

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
	cvm_release(grower->heap);
	cvm_release(grower->tree.nodes);
	cvm_release(grower->tree.sets);
	cvm_release(grower);
}

/* ---- the pool ---- */

static int
take_histogram(CvmGrower *grower)
{
	int			index;

	if (grower->free_count == 0)
		return NO_HISTOGRAM;
	index = grower->free_list[--grower->free_count];
	if (grower->pool[index] == NULL)
		grower->pool[index] = CVM_NEW(int64_t, grower->histogram_size);
	return index;
}

static void
give_back(CvmGrower *grower, int histogram)
{
	if (histogram != NO_HISTOGRAM)
		grower->free_list[grower->free_count++] = histogram;
}

static int64_t *
sums_of(const CvmGrower *grower, int histogram)
{
	return histogram == NO_HISTOGRAM ? grower->spare : grower->pool[histogram];
}

/* ---- the heap ---- */

/* Level by level, or by gain; older nodes first. */
static bool
comes_first(const CvmGrower *grower, const Candidate *a, const Candidate *b)
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

static void
push(CvmGrower *grower, const Candidate *candidate)
{
	int			place = grower->heap_count++;

	if (grower->heap_count > grower->heap_room)
	{
		grower->heap_room = grower->heap_room == 0 ? 64 : grower->heap_room * 2;
		grower->heap = cvm_resize(grower->heap, grower->heap_room, sizeof(Candidate));
	}
	while (place > 0 && comes_first(grower, candidate, &grower->heap[(place - 1) / 2]))
	{
		grower->heap[place] = grower->heap[(place - 1) / 2];
		place = (place - 1) / 2;
	}
	grower->heap[place] = *candidate;
}

static Candidate
pop(CvmGrower *grower)
{
	Candidate	first = grower->heap[0];
	Candidate	last = grower->heap[--grower->heap_count];
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

static int
add_node(CvmGrower *grower, size_t begin, size_t end, int depth, uint64_t seed,
		 double lower, double upper)
{
	CvmGrownTree *tree = &grower->tree;
	CvmGrownNode node = {.column = -1,.set = -1,.depth = depth,.seed = seed,.begin = begin,.end = end,
	.lower = lower,.upper = upper};

	if (tree->node_count == tree->node_room)
	{
		tree->node_room = tree->node_room == 0 ? 64 : tree->node_room * 2;
		tree->nodes = cvm_resize(tree->nodes, tree->node_room, sizeof(CvmGrownNode));
	}
	tree->nodes[tree->node_count] = node;
	return tree->node_count++;
}

static int
add_set(CvmGrower *grower, const uint32_t *set)
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

static void
fill_histogram(CvmGrower *grower, const CvmGrownNode *node, const CvmHistogramShape *shape,
			   int64_t *sums)
{
	cvm_tree_job_histogram(grower->job, shape, node->begin, node->end, sums);
}

/* Whether rows with these sums are all alike, so that no split can gain. */
static bool
is_pure(const CvmGrower *grower)
{
	int			met = 0;

	if (grower->rule->impurity == CVM_IMPURITY_NEWTON)
		return grower->totals[1] == 0;
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

/* Looks at some columns at a time, in random order, until one of them gains. */
static void
search_some_columns(CvmGrower *grower, const CvmGrownNode *node, CvmSplit *split)
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
		fill_histogram(grower, node, &some, grower->spare);
		if (!search(grower, node, &some, grower->spare, split))
			return;
	}
}

/* Whether it makes sense to look for a split. */
static bool
can_split(const CvmGrower *grower, const CvmGrownNode *node)
{
	return node->depth < grower->options.max_depth && node->end - node->begin >= 2 &&
		grower->tree.leaf_count < grower->options.max_leaves;
}

/* Finds the best split of a node whose histogram is filled, and lets it wait. */
static void
offer(CvmGrower *grower, int index, int histogram)
{
	const CvmGrownNode *node = &grower->tree.nodes[index];
	Candidate	candidate = {.node = index,.histogram = histogram,.split = {.column = -1}};

	if (grower->options.columns_per_split > 0)
		search_some_columns(grower, node, &candidate.split);
	else
		(void) search(grower, node, &grower->shape, sums_of(grower, histogram),
					  &candidate.split);
	if (candidate.split.column < 0)
		give_back(grower, histogram);
	else
		push(grower, &candidate);
}

/* ---- splitting ---- */

/* Which bins of the column go left. */
static void
fill_sides(const CvmGrower *grower, const CvmSplit *split, uint8_t *goes_left)
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

/* Bounds for the children, so that values go one way only. */
static void
child_bounds(const CvmGrower *grower, const CvmSplit *split, const CvmGrownNode *node,
			 double *left_upper, double *left_lower, double *right_upper, double *right_lower)
{
	int			direction = grower->rule->directions == NULL ? 0 :
		grower->rule->directions[split->column];
	double		middle = split->left_value / 2 + split->right_value / 2;

	*left_lower = *right_lower = node->lower;
	*left_upper = *right_upper = node->upper;
	if (direction > 0)
		*left_upper = *right_lower = middle;
	else if (direction < 0)
		*left_lower = *right_upper = middle;
}

static void
split_node(CvmGrower *grower, Candidate *candidate)
{
	const CvmSplit *split = &candidate->split;
	CvmGrownNode *node = &grower->tree.nodes[candidate->node];
	uint8_t		goes_left[CVM_BIN_PLACES];
	double		bounds[4];
	size_t		begin = node->begin;
	size_t		end = node->end;
	int			depth = node->depth + 1;
	uint64_t	seed = node->seed;
	size_t		middle;
	int			left;
	int			smaller;
	int			larger;
	int			histogram;

	fill_sides(grower, split, goes_left);
	middle = cvm_tree_job_part(grower->job, begin, end, split->column, goes_left);
	child_bounds(grower, split, node, &bounds[0], &bounds[1], &bounds[2], &bounds[3]);
	node->column = split->column;
	node->bin = split->bin;
	node->missing_left = split->missing_left;
	node->gain = split->gain;
	if (cvm_bins_is_category(grower->bins, split->column))
		node->set = add_set(grower, split->set);
	left = node->left = grower->tree.node_count;
	(void) add_node(grower, begin, middle, depth, cvm_hash64(seed, 1), bounds[1], bounds[0]);
	(void) add_node(grower, middle, end, depth, cvm_hash64(seed, 2), bounds[3], bounds[2]);
	grower->tree.leaf_count++;

	smaller = middle - begin <= end - middle ? left : left + 1;
	larger = 2 * left + 1 - smaller;
	if (!can_split(grower, &grower->tree.nodes[larger]))
	{
		give_back(grower, candidate->histogram);
		return;
	}
	if (grower->options.columns_per_split > 0)
	{
		offer(grower, left, NO_HISTOGRAM);
		offer(grower, left + 1, NO_HISTOGRAM);
		return;
	}
	histogram = take_histogram(grower);
	fill_histogram(grower, &grower->tree.nodes[smaller], &grower->shape,
				   sums_of(grower, histogram));
	if (candidate->histogram != NO_HISTOGRAM)
		cvm_histogram_subtract(&grower->shape, grower->pool[candidate->histogram],
							   sums_of(grower, histogram));
	if (can_split(grower, &grower->tree.nodes[smaller]))
		offer(grower, smaller, histogram);
	else
		give_back(grower, histogram);
	if (candidate->histogram == NO_HISTOGRAM)
	{
		candidate->histogram = take_histogram(grower);
		fill_histogram(grower, &grower->tree.nodes[larger], &grower->shape,
					   sums_of(grower, candidate->histogram));
	}
	offer(grower, larger, candidate->histogram);
}

const CvmGrownTree *
cvm_grower_grow(CvmGrower *grower, size_t count, const CvmSplitRule *rule,
				const int32_t *chosen, int columns, uint64_t seed)
{
	int			root;

	grower->rule = rule;
	grower->shape.bins = grower->bins;
	grower->shape.chosen = chosen;
	grower->shape.columns = columns;
	grower->shape.width = grower->width;
	grower->tree.node_count = 0;
	grower->tree.set_count = 0;
	grower->tree.leaf_count = 1;

	root = add_node(grower, 0, count, 0, seed, -INFINITY, INFINITY);
	if (can_split(grower, &grower->tree.nodes[root]))
	{
		int			histogram = take_histogram(grower);

		if (grower->options.columns_per_split == 0)
			fill_histogram(grower, &grower->tree.nodes[root], &grower->shape,
						   sums_of(grower, histogram));
		offer(grower, root, histogram);
	}
	while (grower->heap_count > 0)
	{
		Candidate	candidate = pop(grower);

		cvm_check_interrupt();
		if (grower->tree.leaf_count < grower->options.max_leaves)
			split_node(grower, &candidate);
		else
			give_back(grower, candidate.histogram);
	}
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
