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
#include "learn/tree/forest_grow.h"
#include "learn/tree/forest_passes.h"

typedef struct Growing
{
	const CvmTreeWork *work;
	int			trees;
	CvmTreeJob *job;
	CvmForestGrower *grower;
	CvmForestBuilder *builder;
	double	   *outside;		/* sums of out-of-bag predictions: rows x leaf_size */
	int32_t    *outside_trees;	/* how many there are */
} Growing;

static void
begin(Growing *growing, const CvmTreeWork *work)
{
	CvmTreeJobPlan plan = cvm_tree_job_plan(work);
	CvmGrowthOptions growth = cvm_tree_growth(work);
	CvmForestSample sample;
	CvmTargetSums sums = {0};
	const CvmBinnedRows *rows;

	growing->work = work;
	cvm_sample_open(&sample, work);
	growing->trees = sample.sampled ? work->options->trees : 1;
	growing->job = cvm_tree_job_begin(&plan, sample.sampled ? 0 : cvm_tree_workers(work));
	cvm_tree_job_read(growing->job, work->bins, work->source);
	rows = &cvm_tree_job_arrays(growing->job)->rows;
	cvm_sample_add_targets(&sample, rows->rows, rows->target, rows->weight, &sums);
	cvm_sample_add_errors(&sample, rows->rows, rows->target, rows->weight);
	growing->grower = cvm_forest_grower_create(work->bins, &sample, &growth, growing->job);
	growing->builder = cvm_forest_builder_create(work->bins, sample.leaf_size);
	if (sample.sampled)
	{
		growing->outside = CVM_NEW_ZERO(double, plan.rows * sample.leaf_size);
		growing->outside_trees = CVM_NEW_ZERO(int32_t, plan.rows);
	}
	cvm_sample_close(&sample);
}

static void
release(Growing *growing)
{
	cvm_forest_grower_release(growing->grower);
	cvm_tree_job_end(growing->job);
	cvm_release(growing->outside);
	cvm_release(growing->outside_trees);
}

/* NaN where no row was left out by any tree. */
static double
out_of_bag_error(const Growing *growing)
{
	const CvmForestSample *sample = &growing->grower->sample;
	const CvmBinnedRows *rows = &growing->grower->arrays->rows;
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

static void
grow_in_memory(CvmTreeWork *work, CvmTreeFit *fit)
{
	Growing		growing = {0};
	CvmForestGrower *grower;

	begin(&growing, work);
	grower = growing.grower;
	for (int t = 1; t <= growing.trees; t++)
	{
		const CvmBinnedRows *rows = &grower->arrays->rows;

		cvm_forest_grower_grow(grower, t);
		if (grower->sample.sampled)
			cvm_forest_add_outside(&grower->sample, work->bins, grower->tree, grower->values,
								   rows->by_row, 0, rows->rows, growing.outside,
								   growing.outside_trees);
		cvm_forest_builder_add(growing.builder, grower->tree, grower->values, grower->weights);
		cvm_tree_report(work, t, growing.trees, NAN, NAN);
	}
	fit->out_of_bag_error = out_of_bag_error(&growing);
	fit->rounds = growing.trees;
	cvm_forest_builder_finish(growing.builder, growing.trees, &fit->forest);
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
