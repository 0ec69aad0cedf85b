/*
 * forest_build.c
 *		From grown trees, in bins, to a forest, in thresholds and levels.
 */
#include "learn/tree/forest_build.h"

#include <float.h>
#include <string.h>

#include "base/memory.h"

struct CvmForestBuilder
{
	const CvmBins *bins;
	int			leaf_size;
	int			tree_count;
	int			node_count;
	int			leaf_count;
	int			word_count;
	int			tree_room;
	int			node_room;
	int			leaf_room;
	int			word_room;
	int32_t    *tree_sizes;
	int32_t    *columns;
	int32_t    *children;
	int32_t    *missing_left;
	double	   *thresholds;
	int32_t    *words;
	double	   *gains;
	double	   *covers;
	double	   *leaves;
	int		   *order;			/* of the nodes of a tree; and the other way round */
	int		   *places;
	int			order_room;
};

CvmForestBuilder *
cvm_forest_builder_create(const CvmBins *bins, int leaf_size)
{
	CvmForestBuilder *builder = CVM_NEW_ZERO(CvmForestBuilder, 1);

	builder->bins = bins;
	builder->leaf_size = leaf_size;
	return builder;
}

/* Room for "more" after "count"; returns the new room. */
static int
room_for(int room, int count, int more)
{
	while (room < count + more)
		room = room == 0 ? 256 : room * 2;
	return room;
}

static void
make_room(CvmForestBuilder *builder, int trees, int nodes, int leaves)
{
	int			room = room_for(builder->tree_room, builder->tree_count, trees);

	if (room > builder->tree_room)
		builder->tree_sizes = cvm_resize(builder->tree_sizes, room, sizeof(int32_t));
	builder->tree_room = room;
	room = room_for(builder->node_room, builder->node_count, nodes);
	if (room > builder->node_room)
	{
		builder->columns = cvm_resize(builder->columns, room, sizeof(int32_t));
		builder->children = cvm_resize(builder->children, room, sizeof(int32_t));
		builder->missing_left = cvm_resize(builder->missing_left, room, sizeof(int32_t));
		builder->thresholds = cvm_resize(builder->thresholds, room, sizeof(double));
		builder->gains = cvm_resize(builder->gains, room, sizeof(double));
		builder->covers = cvm_resize(builder->covers, room, sizeof(double));
	}
	builder->node_room = room;
	room = room_for(builder->leaf_room, builder->leaf_count, leaves);
	if (room > builder->leaf_room)
		builder->leaves = cvm_resize(builder->leaves, room,
									 builder->leaf_size * sizeof(double));
	builder->leaf_room = room;
}

static void
make_room_for_words(CvmForestBuilder *builder, int words)
{
	int			room = room_for(builder->word_room, builder->word_count, words);

	if (room > builder->word_room)
		builder->words = cvm_resize(builder->words, room, sizeof(int32_t));
	builder->word_room = room;
}

/* A set of bins as a set of levels; returns its first word. */
static int
add_words(CvmForestBuilder *builder, int column, const uint32_t *set)
{
	const CvmExpansion *layout = builder->bins->layout;
	int			coded = column - builder->bins->dense_columns;
	int			first = builder->word_count;
	int			count = cvm_forest_set_words(layout, coded);

	make_room_for_words(builder, count);
	memset(builder->words + first, 0, count * sizeof(int32_t));
	for (int level = 0; level < layout->level_counts[coded]; level++)
		if (cvm_set_has(set, cvm_bin_of_level(level)))
			builder->words[first + level / 32] |=
				(int32_t) (UINT32_C(1) << (level % 32));
	builder->word_count += count;
	return first;
}

static double
threshold_of(const CvmBins *bins, int column, int bin)
{
	/* past the last bin there are the missing numbers only */
	return bin == bins->counts[column] - 1 ? DBL_MAX : bins->edges[column][bin];
}

/*
 * Level by level, whichever node was split first: the same tree is written in
 * one way.
 */
static void
list_nodes(CvmForestBuilder *builder, const CvmGrownTree *tree)
{
	int			count = 1;

	if (tree->node_count > builder->order_room)
	{
		builder->order_room = 2 * tree->node_count;
		builder->order = cvm_resize(builder->order, builder->order_room, sizeof(int));
		builder->places = cvm_resize(builder->places, builder->order_room, sizeof(int));
	}
	builder->order[0] = builder->places[0] = 0;
	for (int i = 0; i < count; i++)
	{
		const CvmGrownNode *node = &tree->nodes[builder->order[i]];

		for (int side = 0; side < 2 && node->column >= 0; side++, count++)
		{
			builder->order[count] = node->left + side;
			builder->places[node->left + side] = count;
		}
	}
}

void
cvm_forest_builder_add(CvmForestBuilder *builder, const CvmGrownTree *tree,
					   const double *values, const double *weights)
{
	int			first = builder->node_count;
	int			size = builder->leaf_size;

	make_room(builder, 1, tree->node_count, tree->leaf_count);
	list_nodes(builder, tree);
	builder->tree_sizes[builder->tree_count++] = tree->node_count;
	for (int i = 0; i < tree->node_count; i++)
	{
		int			index = builder->order[i];
		const CvmGrownNode *node = &tree->nodes[index];
		int			place = first + i;

		builder->columns[place] = node->column;
		builder->missing_left[place] = node->missing_left;
		builder->gains[place] = node->gain;
		builder->covers[place] = node->column < 0 ? weights[index] : 0;
		builder->thresholds[place] = 0;
		if (node->column < 0)
		{
			memcpy(builder->leaves + (size_t) builder->leaf_count * size,
				   values + (size_t) index * size, size * sizeof(double));
			builder->children[place] = builder->leaf_count++;
			continue;
		}
		builder->children[place] = first + builder->places[node->left];
		builder->thresholds[place] = node->set >= 0 ?
			add_words(builder, node->column, tree->sets[node->set]) :
			threshold_of(builder->bins, node->column, node->bin);
	}
	/* children come after their parents */
	for (int place = first + tree->node_count - 1; place >= first; place--)
		if (builder->columns[place] >= 0)
			builder->covers[place] = builder->covers[builder->children[place]] +
				builder->covers[builder->children[place] + 1];
	builder->node_count += tree->node_count;
}

void
cvm_forest_builder_copy(CvmForestBuilder *builder, const CvmForest *forest)
{
	size_t		nodes = forest->node_count;

	make_room(builder, forest->tree_count, forest->node_count, forest->leaf_count);
	make_room_for_words(builder, forest->word_count);
	memcpy(builder->tree_sizes, forest->tree_sizes, forest->tree_count * sizeof(int32_t));
	memcpy(builder->columns, forest->columns, nodes * sizeof(int32_t));
	memcpy(builder->children, forest->children, nodes * sizeof(int32_t));
	memcpy(builder->missing_left, forest->missing_left, nodes * sizeof(int32_t));
	memcpy(builder->thresholds, forest->thresholds, nodes * sizeof(double));
	memcpy(builder->gains, forest->gains, nodes * sizeof(double));
	memcpy(builder->covers, forest->covers, nodes * sizeof(double));
	memcpy(builder->leaves, forest->leaves,
		   (size_t) forest->leaf_count * forest->leaf_size * sizeof(double));
	if (forest->word_count > 0)
		memcpy(builder->words, forest->words, forest->word_count * sizeof(int32_t));
	builder->tree_count = forest->tree_count;
	builder->node_count = forest->node_count;
	builder->leaf_count = forest->leaf_count;
	builder->word_count = forest->word_count;
}

/* Drops trees after the first "trees". */
static void
truncate_trees(CvmForestBuilder *builder, int trees)
{
	int			nodes = 0;

	for (int t = 0; t < trees; t++)
		nodes += builder->tree_sizes[t];
	builder->leaf_count = builder->word_count = 0;
	for (int i = 0; i < nodes; i++)
		if (builder->columns[i] < 0)
			builder->leaf_count++;
		else if (cvm_bins_is_category(builder->bins, builder->columns[i]))
			builder->word_count +=
				cvm_forest_set_words(builder->bins->layout,
									 builder->columns[i] - builder->bins->dense_columns);
	builder->tree_count = trees;
	builder->node_count = nodes;
}

void
cvm_forest_builder_finish(CvmForestBuilder *builder, int trees, CvmForest *forest)
{
	truncate_trees(builder, trees);
	forest->tree_count = builder->tree_count;
	forest->node_count = builder->node_count;
	forest->leaf_count = builder->leaf_count;
	forest->leaf_size = builder->leaf_size;
	forest->word_count = builder->word_count;
	forest->tree_sizes = builder->tree_sizes;
	forest->columns = builder->columns;
	forest->children = builder->children;
	forest->missing_left = builder->missing_left;
	forest->thresholds = builder->thresholds;
	forest->words = builder->words;
	forest->gains = builder->gains;
	forest->covers = builder->covers;
	forest->leaves = builder->leaves;
	cvm_release(builder->order);
	cvm_release(builder->places);
	cvm_release(builder);
}
