/*
 * random_forest.c
 *		One tree over all rows, or many over samples of them.
 *
 * A leaf holds the mean of its rows, or the shares of their classes; the
 * forest predicts the mean of its leaves.  Rows that a tree has not drawn (a
 * good third of them) are predicted by it: put together, these predictions
 * tell how good the forest is on rows it does not know (out-of-bag).
 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/tree/tree_work.h"

#define MOST_DRAWS 255			/* of one row for one tree */

typedef struct Growing
{
	const CvmTreeWork *work;
	bool		sampled;		/* a forest: rows are drawn */
	int			classes;		/* 0: a number is predicted */
	int			leaf_size;
	CvmTreeJob *job;
	const CvmTreeArrays *arrays;
	CvmGrower  *grower;
	CvmForestBuilder *builder;
	CvmRandom	random;
	CvmSplitRule rule;
	double		mean;			/* of the target; of numbers */
	double		largest_error;	/* from it */
	double		largest_weight;
	uint8_t    *draws;			/* how often each row was drawn */
	double	   *values;			/* by node: leaf_size */
	double	   *node_weights;
	int			node_room;
	double	   *outside;		/* sums of out-of-bag predictions: rows x leaf_size */
	int32_t    *outside_trees;	/* how many there are */
} Growing;

/* ---- before growing ---- */

static void
measure_targets(Growing *growing)
{
	const CvmBinnedRows *rows = &growing->arrays->rows;
	double		sum = 0;

	for (size_t row = 0; row < rows->rows; row++)
	{
		growing->largest_weight = fmax(growing->largest_weight, rows->weight[row]);
		sum += rows->weight[row] * rows->target[row];
	}
	growing->mean = sum / growing->work->total_weight;
	for (size_t row = 0; row < rows->rows; row++)
		growing->largest_error = fmax(growing->largest_error,
									  rows->weight[row] * fabs(rows->target[row] - growing->mean));
}

static void
open_classes(Growing *growing)
{
	const CvmBinnedRows *rows = &growing->arrays->rows;

	for (size_t row = 0; row < rows->rows; row++)
		growing->arrays->classes[row] = (int32_t) rows->target[row];
	growing->rule.impurity = growing->work->options->impurity == 0 ? CVM_IMPURITY_GINI :
		CVM_IMPURITY_ENTROPY;
	growing->rule.work = CVM_NEW(int64_t, 4 * (size_t) growing->rule.width);
}

static void
begin(Growing *growing, const CvmTreeWork *work)
{
	CvmTreeJobPlan plan = cvm_tree_job_plan(work);
	CvmGrowthOptions growth = cvm_tree_growth(work);

	growing->work = work;
	growing->sampled = work->task->method == CVM_RANDOM_FOREST;
	if (work->task->objective == CVM_OBJECTIVE_LOGISTIC)
		growing->classes = 2;
	else if (work->task->objective == CVM_OBJECTIVE_SOFTMAX)
		growing->classes = work->task->outputs;
	growing->leaf_size = work->task->outputs;
	growing->job = cvm_tree_job_begin(&plan, growing->sampled ? 0 : cvm_tree_workers(work));
	growing->arrays = cvm_tree_job_arrays(growing->job);
	cvm_bin_rows_into(work->bins, work->source, &growing->arrays->rows);
	growing->draws = CVM_NEW(uint8_t, plan.rows);
	growing->rule.width = plan.width;
	growing->rule.least_weight = work->options->min_child_weight;
	growing->rule.directions = work->task->directions;
	measure_targets(growing);
	if (plan.classes)
		open_classes(growing);
	else
		growing->rule.impurity = CVM_IMPURITY_NEWTON;
	growing->grower = cvm_grower_create(work->bins, growing->job, plan.width, &growth);
	growing->builder = cvm_forest_builder_create(work->bins, growing->leaf_size);
	if (growing->sampled)
	{
		growing->outside = CVM_NEW_ZERO(double, plan.rows * growing->leaf_size);
		growing->outside_trees = CVM_NEW_ZERO(int32_t, plan.rows);
	}
}

static void
release(Growing *growing)
{
	cvm_grower_release(growing->grower);
	cvm_tree_job_end(growing->job);
	cvm_release(growing->draws);
	cvm_release(growing->rule.work);
	cvm_release(growing->values);
	cvm_release(growing->node_weights);
	cvm_release(growing->outside);
	cvm_release(growing->outside_trees);
}

/* Draws rows with replacement (all of them once for a single tree); returns how many differ. */
static size_t
draw_rows(Growing *growing)
{
	int32_t    *numbers = growing->arrays->numbers;
	size_t		rows = growing->arrays->rows.rows;
	size_t		draws = (size_t) ceil((double) rows * growing->work->options->row_share);
	size_t		count = 0;

	memset(growing->draws, growing->sampled ? 0 : 1, rows);
	for (size_t i = 0; growing->sampled && i < draws; i++)
	{
		uint64_t	row = cvm_random_below(&growing->random, rows);

		if (growing->draws[row] < MOST_DRAWS)
			growing->draws[row]++;
	}
	for (size_t row = 0; row < rows; row++)
	{
		numbers[count] = (int32_t) row;
		count += growing->draws[row] > 0;
	}
	return count;
}

/* What a row counts, and the sums of rows are made of. */
static void
weigh_rows(Growing *growing)
{
	const CvmBinnedRows *rows = &growing->arrays->rows;
	uint64_t	seed = cvm_random_next(&growing->random);
	int			most = 1;
	double		unit;

	for (size_t row = 0; row < rows->rows; row++)
		most = growing->draws[row] > most ? growing->draws[row] : most;
	unit = growing->rule.curvature_unit = growing->largest_weight * most /
		(CVM_LARGEST_CURVATURE - 1);
	growing->rule.gradient_unit = growing->largest_error > 0 ?
		growing->largest_error * most / (CVM_LARGEST_GRADIENT - 1) : 1;
	for (size_t row = 0; row < rows->rows; row++)
	{
		uint64_t	bits = cvm_row_bits(row, seed);
		double		weight = rows->weight[row] * growing->draws[row];
		int			rounded = cvm_round_at_random(weight / unit, (uint32_t) bits);

		rounded = rounded > 0 ? rounded : 1;
		if (growing->arrays->packed == NULL)
			growing->arrays->weights[row] = (uint16_t) rounded;
		else
			growing->arrays->packed[row] =
				cvm_pack_pair(cvm_round_at_random((growing->mean - rows->target[row]) * weight /
												  growing->rule.gradient_unit,
												  (uint32_t) (bits >> 32)), rounded);
	}
}

/* ---- after it ---- */

/* The mean of a leaf's rows, or the shares of their classes. */
static void
settle_leaf(Growing *growing, const CvmGrownNode *node, double *value, double *total)
{
	const CvmBinnedRows *rows = &growing->arrays->rows;
	const int32_t *numbers = growing->arrays->numbers;

	memset(value, 0, growing->leaf_size * sizeof(double));
	*total = 0;
	for (size_t n = node->begin; n < node->end; n++)
	{
		size_t		row = numbers[n];
		double		weight = rows->weight[row] * growing->draws[row];

		*total += weight;
		if (growing->leaf_size == 1)
			value[0] += weight * rows->target[row];
		else
			value[(int) rows->target[row]] += weight;
	}
	for (int k = 0; k < growing->leaf_size; k++)
		value[k] /= *total;
	/* splits keep to the bounds from the mean on */
	if (growing->rule.directions != NULL)
		value[0] = fmin(fmax(value[0], node->lower + growing->mean),
						node->upper + growing->mean);
}

static void
settle_leaves(Growing *growing, const CvmGrownTree *tree)
{
	if (tree->node_count > growing->node_room)
	{
		growing->node_room = 2 * tree->node_count;
		growing->values = cvm_resize(growing->values, growing->node_room,
									 growing->leaf_size * sizeof(double));
		growing->node_weights = cvm_resize(growing->node_weights, growing->node_room,
										   sizeof(double));
	}
	for (int i = 0; i < tree->node_count; i++)
		if (tree->nodes[i].column < 0)
			settle_leaf(growing, &tree->nodes[i],
						growing->values + (size_t) i * growing->leaf_size,
						&growing->node_weights[i]);
}

static void
predict_outside(Growing *growing, const CvmGrownTree *tree)
{
	const CvmBinnedRows *rows = &growing->arrays->rows;
	int			size = growing->leaf_size;

	for (size_t row = 0; row < rows->rows; row++)
	{
		const double *value;

		if (row % 65536 == 0)
			cvm_check_interrupt();
		if (growing->draws[row] > 0)
			continue;
		value = growing->values + (size_t) size *
			cvm_grown_leaf(tree, growing->work->bins, rows->by_row + row * rows->columns);
		growing->outside_trees[row]++;
		for (int k = 0; k < size; k++)
			growing->outside[row * size + k] += value[k];
	}
}

/* Whether the most probable class is not that of the row, or the squared error. */
static double
outside_error(const Growing *growing, size_t row)
{
	const double *sums = growing->outside + row * growing->leaf_size;
	double		target = growing->arrays->rows.target[row];
	double		trees = growing->outside_trees[row];
	int			likely = 0;

	if (growing->classes == 0)
		return (sums[0] / trees - target) * (sums[0] / trees - target);
	if (growing->leaf_size == 1)
		return (sums[0] / trees > 0.5) != (target == 1);
	for (int k = 1; k < growing->leaf_size; k++)
		if (sums[k] > sums[likely])
			likely = k;
	return likely != (int) target;
}

/* NaN where no row was left out by any tree. */
static double
out_of_bag_error(const Growing *growing)
{
	const CvmBinnedRows *rows = &growing->arrays->rows;
	double		error = 0;
	double		weight = 0;

	if (!growing->sampled)
		return NAN;
	for (size_t row = 0; row < rows->rows; row++)
		if (growing->outside_trees[row] > 0)
		{
			error += rows->weight[row] * outside_error(growing, row);
			weight += rows->weight[row];
		}
	return weight > 0 ? error / weight : NAN;
}

CvmStatus
cvm_grow_forest(CvmTreeWork *work, CvmTreeFit *fit, CvmError *error)
{
	Growing		growing = {0};
	int			trees = work->task->method == CVM_RANDOM_FOREST ? work->options->trees : 1;

	begin(&growing, work);
	for (int t = 1; t <= trees; t++)
	{
		uint64_t	seed = cvm_hash64((uint64_t) t, (uint64_t) work->options->seed);
		size_t		count;
		const CvmGrownTree *tree;

		cvm_random_seed(&growing.random, seed);
		count = draw_rows(&growing);
		weigh_rows(&growing);
		tree = cvm_grower_grow(growing.grower, count, &growing.rule, NULL, work->bins->columns,
							   seed);
		settle_leaves(&growing, tree);
		if (growing.sampled)
			predict_outside(&growing, tree);
		cvm_forest_builder_add(growing.builder, tree, growing.values, growing.node_weights);
		cvm_tree_report(work, t, trees, NAN, NAN);
	}
	fit->base = NULL;
	fit->out_of_bag_error = out_of_bag_error(&growing);
	fit->outcome = CVM_CONVERGED;
	fit->rounds = trees;
	fit->loss = fit->validation_loss = NAN;
	cvm_forest_builder_finish(growing.builder, trees, &fit->forest);
	release(&growing);
	return CVM_OK;
}
