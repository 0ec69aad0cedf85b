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

#include "base/memory.h"
#include "learn/tree/forest_job.h"
#include "learn/tree/forest_passes.h"

typedef struct Growing
{
	const CvmTreeWork *work;
	CvmForestSample sample;
	CvmForestJob *team;			/* or NULL */
	CvmTreeJob *job;			/* of the leader: holds the rows where there is no team */
	const CvmBinnedRows *rows;
	CvmForestGrower *grower;	/* of the leader; NULL before it grows a tree itself */
	CvmForestBuilder *builder;
	double	   *outside;		/* sums of out-of-bag predictions: rows x leaf_size */
	int32_t    *outside_trees;	/* how many there are */
} Growing;

/* Reads the rows to where all who grow trees see them. */
static void
read_rows(Growing *growing, const CvmGrowthOptions *growth)
{
	const CvmTreeWork *work = growing->work;
	CvmTreeJobPlan plan = cvm_tree_job_plan(work);

	if (growing->sample.sampled)
		growing->team = cvm_forest_job_begin(work, growth);
	if (growing->team != NULL)
	{
		growing->rows = cvm_forest_job_rows(growing->team);
		cvm_bin_rows_into(work->bins, work->source, growing->rows);
		return;
	}
	/* of a forest whole trees are shared, of a tree its passes */
	growing->job = cvm_tree_job_begin(&plan, growing->sample.sampled ? 0 : cvm_tree_workers(work));
	cvm_tree_job_read(growing->job, work->bins, work->source);
	growing->rows = &cvm_tree_job_arrays(growing->job)->rows;
}

static void
begin(Growing *growing, const CvmTreeWork *work)
{
	CvmGrowthOptions growth = cvm_tree_growth(work);
	CvmTargetSums sums = {0};
	const CvmBinnedRows *rows;

	growing->work = work;
	cvm_sample_open(&growing->sample, work);
	read_rows(growing, &growth);
	rows = growing->rows;
	cvm_sample_add_targets(&growing->sample, rows->rows, rows->target, rows->weight, &sums);
	cvm_sample_add_errors(&growing->sample, rows->rows, rows->target, rows->weight);
	if (growing->team != NULL)
		cvm_forest_job_open(growing->team, &growing->sample);
	growing->builder = cvm_forest_builder_create(work->bins, growing->sample.leaf_size);
	if (growing->sample.sampled)
	{
		growing->outside = CVM_NEW_ZERO(double, rows->rows * growing->sample.leaf_size);
		growing->outside_trees = CVM_NEW_ZERO(int32_t, rows->rows);
	}
}

static void
release(Growing *growing)
{
	if (growing->grower != NULL)
		cvm_forest_grower_release(growing->grower);
	if (growing->job != NULL)
		cvm_tree_job_end(growing->job);
	cvm_forest_job_end(growing->team);
	cvm_sample_close(&growing->sample);
	cvm_release(growing->outside);
	cvm_release(growing->outside_trees);
}

/* NaN where no row was left out by any tree. */
static double
out_of_bag_error(const Growing *growing)
{
	const CvmForestSample *sample = &growing->sample;
	const CvmBinnedRows *rows = growing->rows;
	double		error = 0;
	double		weight = 0;

	if (!sample->sampled)
		return NAN;
	for (size_t row = 0; row < rows->rows; row++)
		if (growing->outside_trees[row] > 0)
		{
			error += rows->weight[row] *
				cvm_sample_outside_error(sample, rows->target[row],
										 growing->outside + row * sample->leaf_size,
										 growing->outside_trees[row]);
			weight += rows->weight[row];
		}
	return weight > 0 ? error / weight : NAN;
}

/* Puts the t-th tree into the forest. */
static void
add_tree(Growing *growing, int t, int trees, const CvmGrownTree *tree, const double *values,
		 const double *weights)
{
	if (growing->sample.sampled)
	{
		cvm_sample_begin(&growing->sample, t);
		cvm_forest_add_outside(&growing->sample, growing->work->bins, tree, values,
							   growing->rows->by_row, 0, growing->rows->rows, growing->outside,
							   growing->outside_trees);
	}
	cvm_forest_builder_add(growing->builder, tree, values, weights);
	cvm_tree_report(growing->work, t, trees, NAN, NAN);
}

/* The leader grows the t-th tree itself. */
static void
grow_alone(Growing *growing, int t, int trees)
{
	if (growing->grower == NULL)
	{
		CvmGrowthOptions growth = cvm_tree_growth(growing->work);
		CvmTreeJobPlan plan = cvm_tree_job_plan(growing->work);

		if (growing->job == NULL)
			growing->job = cvm_tree_job_over(&plan, growing->rows);
		growing->grower = cvm_forest_grower_create(growing->work->bins, &growing->sample, &growth,
												   growing->job);
	}
	cvm_forest_grower_grow(growing->grower, t);
	add_tree(growing, t, trees, growing->grower->tree, growing->grower->values,
			 growing->grower->weights);
}

/* Has trees from the first one on grown by the team, as many as it has places for. */
static int
grow_together(Growing *growing, int first, int trees)
{
	int			places = cvm_forest_job_places(growing->team);
	int			count = trees - first + 1 < places ? trees - first + 1 : places;

	cvm_forest_job_grow(growing->team, first, count);
	for (int i = 0; i < count; i++)
	{
		const double *values;
		const double *weights;
		const CvmGrownTree *tree = cvm_forest_job_tree(growing->team, i, &values, &weights);

		if (tree == NULL)
			grow_alone(growing, first + i, trees);
		else
			add_tree(growing, first + i, trees, tree, values, weights);
	}
	return count;
}

static void
grow_in_memory(CvmTreeWork *work, CvmTreeFit *fit)
{
	Growing		growing = {0};
	int			trees = work->task->method == CVM_RANDOM_FOREST ? work->options->trees : 1;

	begin(&growing, work);
	for (int t = 1; t <= trees;)
		if (growing.team != NULL)
			t += grow_together(&growing, t, trees);
		else
			grow_alone(&growing, t++, trees);
	fit->out_of_bag_error = out_of_bag_error(&growing);
	fit->rounds = trees;
	cvm_forest_builder_finish(growing.builder, trees, &fit->forest);
	release(&growing);
}

CvmStatus
cvm_grow_forest(CvmTreeWork *work, CvmTreeFit *fit, CvmError *error)
{
	if (work->in_file)
		cvm_forest_by_passes(work, fit);
	else
		grow_in_memory(work, fit);
	fit->base = NULL;
	fit->outcome = CVM_CONVERGED;
	fit->loss = fit->validation_loss = NAN;
	return CVM_OK;
}
