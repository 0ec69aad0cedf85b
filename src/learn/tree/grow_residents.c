/*
 * grow_residents.c
 *		Subtrees over rows that are brought into memory.
 */
#include "learn/tree/grow_residents.h"

#include <limits.h>
#include <string.h>

#include "base/memory.h"
#include "learn/tree/tree_passes.h"

/* A limit below which memory would be of no use. */
#define FEWEST_ROWS 4096

struct CvmResidents
{
	CvmGrower  *grower;			/* of the tree */
	size_t		room;			/* rows */
	int		   *nodes;			/* that wait */
	int			count;
	int			node_room;

	/* in memory; NULL before the first are there */
	CvmTreeJob *job;
	CvmBinnedRows rows;
	CvmGrower  *subtree;
};

CvmResidents *
cvm_residents_create(CvmGrower *grower)
{
	CvmResidents *residents;
	size_t		row = 2 * (size_t) grower->bins->columns + 4 * sizeof(int32_t);

	if (grower->options.max_leaves < INT_MAX)
		return NULL;
	residents = CVM_NEW_ZERO(CvmResidents, 1);
	residents->grower = grower;
	residents->room = 2 * grower->options.histogram_memory / row;
	if (residents->room < FEWEST_ROWS)
		residents->room = FEWEST_ROWS;
	return residents;
}

static void
open_memory(CvmResidents *residents)
{
	CvmGrower  *grower = residents->grower;
	CvmTreeJobPlan plan = {
		.rows = residents->room,.bins = grower->bins,.width = grower->width,
		.classes = cvm_tree_job_has_classes(grower->job)
	};
	size_t		bytes = residents->room * grower->bins->columns;

	residents->rows.rows = residents->room;
	residents->rows.columns = grower->bins->columns;
	residents->rows.by_row = CVM_NEW(uint8_t, bytes);
	residents->rows.by_column = CVM_NEW(uint8_t, bytes);
	residents->job = cvm_tree_job_over(&plan, &residents->rows);
	residents->subtree = cvm_grower_create(grower->bins, residents->job, grower->width,
										   &grower->options);
}

void
cvm_residents_release(CvmResidents *residents)
{
	if (residents == NULL)
		return;
	if (residents->job != NULL)
	{
		cvm_grower_release(residents->subtree);
		cvm_tree_job_end(residents->job);
		cvm_release(residents->rows.by_row);
		cvm_release(residents->rows.by_column);
	}
	cvm_release(residents->nodes);
	cvm_release(residents);
}

static size_t
rows_of(const CvmGrownNode *node)
{
	return node->end - node->begin;
}

bool
cvm_residents_take(CvmResidents *residents, int node)
{
	if (residents == NULL || rows_of(&residents->grower->tree.nodes[node]) > residents->room)
		return false;
	if (residents->count == residents->node_room)
	{
		residents->node_room = residents->node_room == 0 ? 64 : 2 * residents->node_room;
		residents->nodes = cvm_resize(residents->nodes, residents->node_room, sizeof(int));
	}
	residents->nodes[residents->count++] = node;
	return true;
}

/* Puts a subtree into the tree, its root in the place of a node. */
static void
graft(CvmGrower *grower, int place, const CvmGrownTree *subtree)
{
	int			first = grower->tree.node_count - 1;	/* node 1 of the subtree is next */
	int			sets = grower->tree.set_count;

	for (int i = 0; i < subtree->set_count; i++)
		(void) cvm_growth_add_set(grower, subtree->sets[i]);
	for (int i = 0; i < subtree->node_count; i++)
	{
		CvmGrownNode node = subtree->nodes[i];

		if (node.column >= 0)
			node.left += first;
		if (node.set >= 0)
			node.set += sets;
		if (i == 0)
			grower->tree.nodes[place] = node;
		else
			(void) cvm_growth_add(grower, &node);
	}
	grower->tree.leaf_count += subtree->leaf_count - 1;
}

/* Reads the rows of nodes and grows what is below each. */
static void
grow_some(CvmResidents *residents, const int *nodes, int count)
{
	CvmGrower  *grower = residents->grower;
	const CvmTreeArrays *arrays = cvm_tree_job_arrays(residents->job);
	size_t	   *places = CVM_NEW(size_t, count);	/* of each, the next row's */
	int32_t    *node_of_key = CVM_NEW(int32_t, grower->tree.key_count);
	size_t		rows = 0;

	memset(node_of_key, -1, grower->tree.key_count * sizeof(int32_t));
	for (int i = 0; i < count; i++)
	{
		const CvmGrownNode *node = &grower->tree.nodes[nodes[i]];

		node_of_key[node->key] = i;
		places[i] = rows;
		for (size_t row = rows; row < rows + rows_of(node); row++)
			arrays->numbers[row] = (int32_t) row;
		rows += rows_of(node);
	}
	cvm_tree_pass_collect(cvm_tree_job_stream(grower->job), node_of_key, places, arrays);
	rows = 0;
	for (int i = 0; i < count; i++)
	{
		CvmGrownNode root = grower->tree.nodes[nodes[i]];

		root.end = rows + rows_of(&root);
		root.begin = rows;
		rows = root.end;
		cvm_growth_begin(residents->subtree, &root, grower->rule, grower->shape.chosen,
						 grower->shape.columns);
		cvm_grow_in_memory(residents->subtree);
		graft(grower, nodes[i], &residents->subtree->tree);
	}
	cvm_release(places);
	cvm_release(node_of_key);
}

void
cvm_residents_grow(CvmResidents *residents)
{
	if (residents == NULL || residents->count == 0)
		return;
	if (residents->job == NULL)
		open_memory(residents);
	for (int first = 0; first < residents->count;)
	{
		size_t		rows = 0;
		int			end = first;

		while (end < residents->count &&
			   rows + rows_of(&residents->grower->tree.nodes[residents->nodes[end]]) <= residents->room)
			rows += rows_of(&residents->grower->tree.nodes[residents->nodes[end++]]);
		grow_some(residents, residents->nodes + first, end - first);
		first = end;
	}
	residents->count = 0;
}
