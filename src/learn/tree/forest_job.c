/*
 * forest_job.c
 *		Trees of a forest, grown by a team.
 */
#include "learn/tree/forest_job.h"

#include <string.h>

#include "base/memory.h"
#include "learn/jobs.h"

#define CACHE_LINE 64

/* Nodes that a tree may have at most, for each row; of unlimited ones those of
 * noise have about one. */
#define NODES_OF_ROW 1.25

/* A node, as it is left for the leader. */
typedef struct PlacedNode
{
	int32_t		column;
	int32_t		left;
	int32_t		bin;
	int32_t		set;
	double		gain;
	double		weight;
	int32_t		missing_left;
} PlacedNode;

/* A tree; nodes, values and sets follow. */
typedef struct Place
{
	bool		fits;
	int			node_count;
	int			leaf_count;
	int			set_count;
} Place;

typedef struct Shared
{
	int			columns;
	int			dense_columns;
	size_t		rows;
	CvmForestSample sample;		/* without its pointers */
	CvmGrowthOptions growth;
	bool		has_directions;
	int			first_tree;		/* of a run */
	int			node_room;		/* of a place */
	int			set_room;
	int			places;
	size_t		place_size;
	/* distances from the head, in bytes */
	size_t		counts;			/* of bins */
	size_t		directions;
	size_t		by_row;
	size_t		by_column;
	size_t		target;
	size_t		weight;
	size_t		trees;			/* places */
} Shared;

struct CvmForestJob
{
	CvmTeam    *team;
	Shared	   *shared;
	CvmBinnedRows rows;
	CvmGrownTree tree;			/* the last one that was asked for */
	double	   *weights;
};

static void *
at(Shared *shared, size_t distance)
{
	return (char *) shared + distance;
}

static void
see_rows(Shared *shared, CvmBinnedRows *rows)
{
	rows->rows = shared->rows;
	rows->columns = shared->columns;
	rows->by_row = at(shared, shared->by_row);
	rows->by_column = at(shared, shared->by_column);
	rows->target = at(shared, shared->target);
	rows->weight = at(shared, shared->weight);
}

static Place *
place_of(Shared *shared, int i)
{
	return (Place *) ((char *) at(shared, shared->trees) + i * shared->place_size);
}

static PlacedNode *
nodes_of(Place *place)
{
	return (PlacedNode *) ((char *) place + CACHE_LINE);
}

static double *
values_of(const Shared *shared, Place *place)
{
	return (double *) (nodes_of(place) + shared->node_room);
}

static void *
sets_of(const Shared *shared, Place *place)
{
	return values_of(shared, place) + (size_t) shared->node_room * shared->sample.leaf_size;
}

/* ---- members ---- */

typedef struct Member
{
	Shared	   *shared;
	CvmBins		bins;
	CvmBinnedRows rows;
	CvmTreeJob *job;
	CvmForestGrower *grower;
} Member;

static void *
enter(void *memory)
{
	Member	   *member = CVM_NEW_ZERO(Member, 1);
	Shared	   *shared = memory;
	CvmForestSample sample = shared->sample;
	CvmTreeJobPlan plan;

	member->shared = shared;
	member->bins.columns = shared->columns;
	member->bins.dense_columns = shared->dense_columns;
	member->bins.counts = at(shared, shared->counts);
	see_rows(shared, &member->rows);
	sample.rule.directions = shared->has_directions ? at(shared, shared->directions) : NULL;
	plan = (CvmTreeJobPlan)
	{
		.rows = shared->rows,.bins = &member->bins,.width = sample.rule.width,
		.classes = sample.classes
	};
	member->job = cvm_tree_job_over(&plan, &member->rows);
	member->grower = cvm_forest_grower_create(&member->bins, &sample, &shared->growth, member->job);
	return member;
}

static void
leave(void *own)
{
	Member	   *member = own;

	cvm_forest_grower_release(member->grower);
	cvm_tree_job_end(member->job);
	cvm_release(member);
}

static void
work(void *own, int unit)
{
	Member	   *member = own;
	Shared	   *shared = member->shared;
	Place	   *place = place_of(shared, unit);
	PlacedNode *nodes = nodes_of(place);
	const CvmForestGrower *grower = member->grower;
	const CvmGrownTree *tree;

	cvm_forest_grower_grow(member->grower, shared->first_tree + unit);
	tree = grower->tree;
	place->fits = tree->node_count <= shared->node_room && tree->set_count <= shared->set_room;
	if (!place->fits)
		return;
	place->node_count = tree->node_count;
	place->leaf_count = tree->leaf_count;
	place->set_count = tree->set_count;
	for (int i = 0; i < tree->node_count; i++)
	{
		const CvmGrownNode *node = &tree->nodes[i];

		nodes[i] = (PlacedNode)
		{
			node->column, node->left, node->bin, node->set, node->gain, grower->weights[i],
			node->missing_left
		};
	}
	memcpy(values_of(shared, place), grower->values,
		   (size_t) tree->node_count * shared->sample.leaf_size * sizeof(double));
	if (tree->set_count > 0)
		memcpy(sets_of(shared, place), tree->sets, tree->set_count * sizeof(tree->sets[0]));
}

const CvmJob cvm_forest_job = {
	.number = CVM_JOB_FOREST,.enter = enter,.work = work,.leave = leave
};

/* ---- the leader ---- */

/* Puts an array after what is there; its distance from the head. */
static size_t
append(size_t *size, size_t count, size_t element)
{
	size_t		distance = (*size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;

	*size = distance + count * element;
	return distance;
}

/* Lays out everything for so many trees at a time; returns the size of the whole. */
static size_t
lay_out(const CvmTreeWork *work, const CvmGrowthOptions *growth, int places, Shared *shared)
{
	const CvmBins *bins = work->bins;
	size_t		size = sizeof(Shared);
	double		nodes = NODES_OF_ROW * (double) work->source->rows + 1;
	size_t		place = CACHE_LINE;

	*shared = (Shared)
	{
		.columns = bins->columns,.dense_columns = bins->dense_columns,
		.rows = work->source->rows,.growth = *growth,.places = places,
		.has_directions = work->task->directions != NULL
	};
	if (nodes > 2.0 * growth->max_leaves)
		nodes = 2.0 * growth->max_leaves;
	shared->node_room = (int) (nodes < INT32_MAX ? nodes : INT32_MAX);
	shared->set_room = bins->columns > bins->dense_columns ? shared->node_room / 2 : 0;
	(void) append(&place, shared->node_room, sizeof(PlacedNode) + work->task->outputs * sizeof(double));
	(void) append(&place, shared->set_room, CVM_BIN_WORDS * sizeof(uint32_t));
	shared->place_size = append(&place, 0, 1);
	shared->counts = append(&size, bins->columns, sizeof(int));
	shared->directions = append(&size, bins->columns, sizeof(int8_t));
	shared->by_row = append(&size, shared->rows * bins->columns, 1);
	shared->by_column = append(&size, shared->rows * bins->columns, 1);
	shared->target = append(&size, shared->rows, sizeof(double));
	shared->weight = append(&size, shared->rows, sizeof(double));
	shared->trees = append(&size, places, shared->place_size);
	return size;
}

CvmForestJob *
cvm_forest_job_begin(const CvmTreeWork *work, const CvmGrowthOptions *growth)
{
	/* numbers, scratch and statistics of each member */
	size_t		own = work->source->rows * (2 * sizeof(int32_t) + sizeof(int64_t));
	CvmForestJob *job;
	Shared		shared;
	size_t		size = 0;
	int			workers = cvm_tree_workers(work);
	int			places = 2 * (workers + 1);

	/* two trees each, or one; as many workers as there is memory for */
	while (workers > 0 &&
		   (size = lay_out(work, growth, places, &shared)) + (workers + 1) * own > work->task->memory &&
		   work->task->memory > 0)
	{
		if (places == workers + 1)
			workers--;
		places = workers + 1;
	}
	if (workers == 0)
		return NULL;
	job = CVM_NEW_ZERO(CvmForestJob, 1);
	job->team = cvm_team_begin(&cvm_forest_job, size, workers);
	job->shared = cvm_team_shared(job->team);
	*job->shared = shared;
	memcpy(at(job->shared, shared.counts), work->bins->counts, shared.columns * sizeof(int));
	if (shared.has_directions)
		memcpy(at(job->shared, shared.directions), work->task->directions, shared.columns);
	see_rows(job->shared, &job->rows);
	return job;
}

void
cvm_forest_job_end(CvmForestJob *job)
{
	if (job == NULL)
		return;
	cvm_team_end(job->team);
	cvm_release(job->tree.nodes);
	cvm_release(job->weights);
	cvm_release(job);
}

const CvmBinnedRows *
cvm_forest_job_rows(const CvmForestJob *job)
{
	return &job->rows;
}

void
cvm_forest_job_open(CvmForestJob *job, const CvmForestSample *sample)
{
	job->shared->sample = *sample;
	job->shared->sample.rule.work = NULL;
	job->shared->sample.rule.directions = NULL;
}

int
cvm_forest_job_places(const CvmForestJob *job)
{
	return job->shared->places;
}

void
cvm_forest_job_grow(CvmForestJob *job, int first, int count)
{
	job->shared->first_tree = first;
	cvm_team_run(job->team, count);
}

const CvmGrownTree *
cvm_forest_job_tree(CvmForestJob *job, int i, const double **values, const double **weights)
{
	Place	   *place = place_of(job->shared, i);
	const PlacedNode *nodes = nodes_of(place);
	CvmGrownTree *tree = &job->tree;

	if (!place->fits)
		return NULL;
	if (place->node_count > tree->node_room)
	{
		tree->node_room = 2 * place->node_count;
		tree->nodes = cvm_resize(tree->nodes, tree->node_room, sizeof(CvmGrownNode));
		job->weights = cvm_resize(job->weights, tree->node_room, sizeof(double));
	}
	for (int n = 0; n < place->node_count; n++)
	{
		tree->nodes[n] = (CvmGrownNode)
		{
			.column = nodes[n].column,.left = nodes[n].left,.bin = nodes[n].bin,
			.set = nodes[n].set,.gain = nodes[n].gain,.missing_left = nodes[n].missing_left != 0
		};
		job->weights[n] = nodes[n].weight;
	}
	tree->node_count = place->node_count;
	tree->leaf_count = place->leaf_count;
	tree->set_count = place->set_count;
	tree->sets = sets_of(job->shared, place);
	*values = values_of(job->shared, place);
	*weights = job->weights;
	return tree;
}
