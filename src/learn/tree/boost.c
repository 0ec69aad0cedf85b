/*
 * boost.c
 *		Trees one after another, each on what those before it have left.
 *
 * A round grows one tree an output from the derivatives of the loss at the
 * present scores.  For the search of splits derivatives are rounded to 16
 * bits, up or down at random so that sums stay right in the mean (Shi and
 * others, 2022); the values of leaves are computed from the derivatives as
 * they are.
 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/tree/forest.h"
#include "learn/tree/held_out.h"
#include "learn/tree/tree_work.h"

#define DEFAULT_RATE 0.1

typedef struct Boosting
{
	const CvmTreeWork *work;
	CvmTreeLoss loss;
	CvmTreeJob *job;
	CvmGrower  *grower;
	CvmForestBuilder *builder;
	CvmRandom	random;
	double		rate;
	int			first_trees;	/* that it goes on from */
	size_t		rows;
	CvmHeldOut *held_out;		/* or NULL */
	int32_t    *columns;		/* drawn for a tree */
	double	   *values;			/* by node of a tree */
	double	   *weights;
	int32_t    *leaves;			/* likewise: its number among the leaves */
	int			node_room;
	bool		grew;			/* some tree of the round has a split */
} Boosting;

/* ---- one tree ---- */

/* Draws the columns of a tree, in rising order; NULL for all of them. */
static const int32_t *
draw_columns(Boosting *boosting, int *count)
{
	int			all = boosting->work->bins->columns;
	double		share = boosting->work->options->column_share;
	int			wanted = share > 0 ? (int) ceil(share * all) : all;
	int			left = wanted;

	*count = wanted;
	if (wanted >= all)
		return NULL;
	for (int c = 0; c < all; c++)
		if (cvm_random_below(&boosting->random, all - c) < (uint64_t) left)
			boosting->columns[wanted - left--] = c;
	return boosting->columns;
}

/* Puts the leaves of a tree where they are settled; returns how many. */
static int
list_leaves(Boosting *boosting, const CvmGrownTree *tree)
{
	CvmTreeLeaf *leaves = cvm_tree_job_leaves(boosting->job);
	int			count = 0;

	if (tree->node_count > boosting->node_room)
	{
		boosting->node_room = 2 * tree->node_count;
		boosting->values = cvm_resize(boosting->values, boosting->node_room, sizeof(double));
		boosting->weights = cvm_resize(boosting->weights, boosting->node_room, sizeof(double));
		boosting->leaves = cvm_resize(boosting->leaves, boosting->node_room, sizeof(int32_t));
	}
	for (int i = 0; i < tree->node_count; i++)
	{
		const CvmGrownNode *node = &tree->nodes[i];

		boosting->leaves[i] = count;
		if (node->column < 0)
			leaves[count++] = (CvmTreeLeaf)
			{
				node->begin, node->end, node->lower, node->upper
			};
	}
	return count;
}

/* Values and weights of the leaves; whether all rows have got their scores. */
static bool
settle_leaves(Boosting *boosting, const CvmGrownTree *tree, int output)
{
	const CvmTreeLeaf *leaves = cvm_tree_job_leaves(boosting->job);
	int			count = list_leaves(boosting, tree);
	int32_t    *leaf_of_key = CVM_NEW(int32_t, tree->key_count);
	bool		all;

	for (int key = 0; key < tree->key_count; key++)
		leaf_of_key[key] = boosting->leaves[tree->key_nodes[key]];
	all = cvm_tree_job_settle(boosting->job, count, output, boosting->rate, leaf_of_key);
	for (int i = 0; i < tree->node_count; i++)
		if (tree->nodes[i].column < 0)
		{
			boosting->values[i] = leaves[boosting->leaves[i]].value;
			boosting->weights[i] = leaves[boosting->leaves[i]].weight;
		}
	cvm_release(leaf_of_key);
	return all;
}

static void
add_tree(Boosting *boosting, int output, size_t row_count, const int32_t *columns,
		 int column_count)
{
	const CvmTreeWork *work = boosting->work;
	CvmSplitRule rule = {
		.impurity = CVM_IMPURITY_NEWTON,.width = 2,.l2 = boosting->loss.l2,
		.least_weight = work->options->min_child_weight,
		.directions = work->task->directions
	};
	const CvmGrownTree *tree;

	cvm_tree_job_pack(boosting->job, output, cvm_random_next(&boosting->random),
					  &rule.gradient_unit, &rule.curvature_unit);
	tree = cvm_grower_grow(boosting->grower, row_count, &rule, columns, column_count, 0);
	boosting->grew |= tree->node_count > 1;
	if (!settle_leaves(boosting, tree, output))
	{
		const CvmTreeArrays *arrays = cvm_tree_job_arrays(boosting->job);

		cvm_add_leaf_values(tree, work->bins, arrays->rows.by_row, boosting->rows,
							boosting->values,
							arrays->scores + (size_t) output * boosting->rows);
	}
	if (boosting->held_out != NULL)
		cvm_held_out_add(boosting->held_out, tree, output, boosting->values);
	cvm_forest_builder_add(boosting->builder, tree, boosting->values, boosting->weights);
}

/* ---- rounds ---- */

/* What boosting begins with: a constant, or the trees that it goes on from. */
static void
score_rows(Boosting *boosting, double *base)
{
	const CvmTreeWork *work = boosting->work;
	const CvmTreeTask *task = work->task;
	CvmFirstScores first = {.outputs = task->outputs,.base = base};

	if (task->start != NULL)
	{
		memcpy(base, task->start_base, task->outputs * sizeof(double));
		first.trees = task->start->tree_count;
		first.walk = cvm_forest_walk_create(task->start, task->layout);
		cvm_forest_builder_copy(boosting->builder, task->start);
		boosting->first_trees = first.trees;
	}
	else
		cvm_tree_job_base(boosting->job, base);
	cvm_tree_job_set_scores(boosting->job, &first, work->source);
	if (work->validation != NULL)
		boosting->held_out = cvm_held_out_open(work->bins, work->validation, &boosting->loss,
											   &first, work->in_file);
	if (first.walk != NULL)
		cvm_forest_walk_release(first.walk);
}

static void
begin(Boosting *boosting, const CvmTreeWork *work, double *base)
{
	CvmGrowthOptions growth = cvm_tree_growth(work);
	CvmTreeJobPlan plan = cvm_tree_job_plan(work);

	boosting->work = work;
	boosting->loss = plan.loss;
	boosting->rate = work->options->learning_rate > 0 ? work->options->learning_rate :
		DEFAULT_RATE;
	boosting->rows = plan.rows;
	cvm_random_seed(&boosting->random, (uint64_t) work->options->seed);
	boosting->job = cvm_tree_job_begin(&plan, cvm_tree_workers(work));
	cvm_tree_job_read(boosting->job, work->bins, work->source);
	boosting->grower = cvm_grower_create(work->bins, boosting->job, 2, &growth);
	boosting->builder = cvm_forest_builder_create(work->bins, 1);
	boosting->columns = CVM_NEW(int32_t, work->bins->columns);
	score_rows(boosting, base);
}

static void
release(Boosting *boosting)
{
	cvm_grower_release(boosting->grower);
	cvm_tree_job_end(boosting->job);
	cvm_held_out_close(boosting->held_out);
	cvm_release(boosting->columns);
	cvm_release(boosting->values);
	cvm_release(boosting->weights);
	cvm_release(boosting->leaves);
}

/* Mean training loss; derivatives for the next round where they are wanted. */
static double
training_loss(Boosting *boosting, bool derivatives)
{
	return cvm_tree_job_losses(boosting->job, derivatives) / boosting->work->total_weight;
}

static double
validation_loss(const Boosting *boosting)
{
	return boosting->held_out == NULL ? NAN : cvm_held_out_loss(boosting->held_out);
}

static void
add_round(Boosting *boosting)
{
	uint64_t	seed = cvm_random_next(&boosting->random);
	int			columns;
	const int32_t *chosen = draw_columns(boosting, &columns);

	boosting->grew = false;
	for (int k = 0; k < boosting->loss.outputs; k++)
		add_tree(boosting, k,
				 cvm_tree_job_draw(boosting->job, boosting->work->options->row_share, seed),
				 chosen, columns);
}

CvmStatus
cvm_boost(CvmTreeWork *work, CvmTreeFit *fit, CvmError *error)
{
	Boosting	boosting = {0};
	int			rounds = work->options->trees;
	int			patience = work->validation != NULL ? work->options->patience : 0;
	int			best = 0;
	int			round;

	fit->base = CVM_NEW(double, work->task->outputs);
	begin(&boosting, work, fit->base);
	fit->outcome = CVM_EPOCH_LIMIT;
	fit->loss = training_loss(&boosting, true);
	fit->validation_loss = validation_loss(&boosting);
	for (round = 1; round <= rounds; round++)
	{
		double		training;
		double		validation;

		add_round(&boosting);
		training = training_loss(&boosting, round < rounds);
		validation = validation_loss(&boosting);
		cvm_tree_report(work, round, rounds, training, validation);
		if (!isfinite(training))
		{
			fit->outcome = CVM_DIVERGED;
			break;
		}
		if (patience == 0 || validation < fit->validation_loss)
		{
			best = round;
			fit->loss = training;
			fit->validation_loss = validation;
		}
		if (!boosting.grew && work->options->row_share >= 1)
		{
			fit->outcome = CVM_CONVERGED;
			break;
		}
		if (patience > 0 && round - best >= patience)
		{
			fit->outcome = CVM_EARLY_STOPPED;
			break;
		}
	}
	fit->rounds = best + boosting.first_trees / work->task->outputs;
	cvm_forest_builder_finish(boosting.builder, fit->rounds * work->task->outputs, &fit->forest);
	release(&boosting);
	return CVM_OK;
}
