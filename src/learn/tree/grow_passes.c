/*
 * grow_passes.c
 *		Growing one tree over rows in a file.
 *
 * A pass over all rows costs the same for one node or for many.  So a leaf that
 * is to be split is not split alone: with it all others that wait are, as far as
 * there is memory for histograms, the most promising first.  What comes of these is
 * kept until their turn comes, which is the same as in memory; where it does not
 * come, their rows are left where they were.  A level of a tree takes about one
 * pass.
 *
 * No histogram outlives its pass: those of both children are filled, and searched
 * at once.
 */
#include <string.h>

#include "base/memory.h"
#include "learn/tree/grow_residents.h"
#include "learn/tree/tree_passes.h"

/* ---- keys ---- */

/* New keys, for the children of a node: their rows are in the node for now.  Returns the first. */
static int32_t
new_keys(CvmGrownTree *tree, int count, int node)
{
	int32_t		first = tree->key_count;

	if (first + count > tree->key_room)
	{
		tree->key_room = 2 * (first + count);
		tree->key_nodes = cvm_resize(tree->key_nodes, tree->key_room, sizeof(int32_t));
	}
	for (int i = 0; i < count; i++)
		tree->key_nodes[tree->key_count++] = node;
	return first;
}

/* ---- a pass ---- */

typedef struct Batch
{
	CvmTreeRoute *routes;
	CvmCandidate **candidates;
	int64_t    *sums;			/* two histograms a route */
	int			room;
	int			count;
	CvmResidents *residents;	/* nodes of few rows, where they may wait */
} Batch;

static void
begin_batch(CvmGrower *grower, Batch *batch)
{
	size_t		fitting = grower->options.histogram_memory /
		(2 * grower->histogram_size * sizeof(int64_t));

	batch->room = fitting < 1 ? 1 : fitting < (size_t) grower->options.max_leaves ? (int) fitting :
		grower->options.max_leaves;
	batch->count = 0;
	batch->routes = CVM_NEW(CvmTreeRoute, batch->room);
	batch->candidates = CVM_NEW(CvmCandidate *, batch->room);
	batch->sums = CVM_NEW(int64_t, 2 * grower->histogram_size * batch->room);
	batch->residents = cvm_residents_create(grower);
}

static void
end_batch(Batch *batch)
{
	cvm_release(batch->routes);
	cvm_release(batch->candidates);
	cvm_release(batch->sums);
	cvm_residents_release(batch->residents);
}

static CvmTreeRoute *
add_route(const CvmGrower *grower, Batch *batch, CvmCandidate *candidate)
{
	CvmTreeRoute *route = &batch->routes[batch->count];

	for (int side = 0; side < 2; side++)
		route->sums[side] = batch->sums + (2 * (size_t) batch->count + side) *
			grower->histogram_size;
	batch->candidates[batch->count++] = candidate;
	return route;
}

static void
add_candidate(CvmGrower *grower, Batch *batch, CvmCandidate *candidate)
{
	CvmTreeRoute *route = add_route(grower, batch, candidate);

	route->key = grower->tree.nodes[candidate->node].key;
	route->column = candidate->split.column;
	cvm_growth_sides(grower, &candidate->split, route->goes_left);
	route->left_key = new_keys(&grower->tree, 2, candidate->node);
}

static void
run_batch(CvmGrower *grower, Batch *batch)
{
	cvm_tree_pass_route(cvm_tree_job_stream(grower->job), &grower->shape,
						cvm_tree_job_has_classes(grower->job), batch->routes, batch->count,
						grower->tree.key_count);
}

/* Keeps the children of a leaf, and their best splits. */
static void
keep_children(CvmGrower *grower, const CvmTreeRoute *route, CvmCandidate *candidate)
{
	CvmPreparedSplit *prepared = CVM_NEW(CvmPreparedSplit, 1);

	cvm_growth_children(grower, &grower->tree.nodes[candidate->node], &candidate->split,
						route->rows[0], prepared->children);
	for (int side = 0; side < 2; side++)
	{
		prepared->children[side].key = route->left_key + side;
		prepared->splits[side].column = -1;
		if (cvm_growth_can_split(grower, &prepared->children[side]))
			cvm_growth_search(grower, &prepared->children[side], route->sums[side],
							  &prepared->splits[side]);
	}
	candidate->prepared = prepared;
}

/* Prepares a leaf, and others that wait; those that come next are first in the heap. */
static void
prepare(CvmGrower *grower, Batch *batch, CvmCandidate *candidate)
{
	int			splits = grower->options.max_leaves - grower->tree.leaf_count;	/* to come */
	int			most = splits < batch->room ? splits : batch->room;

	batch->count = 0;
	add_candidate(grower, batch, candidate);
	for (int i = 0; i < grower->heap_count && batch->count < most; i++)
		if (grower->heap[i].prepared == NULL)
			add_candidate(grower, batch, &grower->heap[i]);
	run_batch(grower, batch);
	for (int i = 0; i < batch->count; i++)
		keep_children(grower, &batch->routes[i], batch->candidates[i]);
}

/* ---- the tree ---- */

static void
offer_root(CvmGrower *grower, Batch *batch)
{
	CvmCandidate candidate = {.node = 0,.histogram = CVM_NO_HISTOGRAM};
	CvmTreeRoute *route = add_route(grower, batch, &candidate);

	route->key = 0;
	route->column = -1;
	run_batch(grower, batch);
	cvm_growth_search(grower, &grower->tree.nodes[0], route->sums[0], &candidate.split);
	if (candidate.split.column >= 0)
		cvm_growth_push(grower, &candidate);
}

static void
split_prepared(CvmGrower *grower, Batch *batch, const CvmCandidate *candidate)
{
	const CvmPreparedSplit *prepared = candidate->prepared;
	int			left = cvm_growth_split(grower, candidate->node, &candidate->split,
										prepared->children);

	for (int side = 0; side < 2; side++)
	{
		CvmCandidate child = {.node = left + side,.split = prepared->splits[side],
		.histogram = CVM_NO_HISTOGRAM};

		grower->tree.key_nodes[prepared->children[side].key] = left + side;
		if (child.split.column >= 0 && !cvm_residents_take(batch->residents, child.node))
			cvm_growth_push(grower, &child);
	}
}

void
cvm_grow_by_passes(CvmGrower *grower)
{
	Batch		batch;

	begin_batch(grower, &batch);
	(void) new_keys(&grower->tree, 1, 0);
	if (cvm_growth_can_split(grower, &grower->tree.nodes[0]))
		offer_root(grower, &batch);
	while (grower->heap_count > 0)
	{
		CvmCandidate candidate = cvm_growth_pop(grower);

		if (grower->tree.leaf_count < grower->options.max_leaves)
		{
			if (candidate.prepared == NULL)
				prepare(grower, &batch, &candidate);
			split_prepared(grower, &batch, &candidate);
		}
		cvm_release(candidate.prepared);
	}
	cvm_residents_grow(batch.residents);
	end_batch(&batch);
}
