/*
 * forest_passes.c
 *		One tree or a forest over rows in a file.
 */
#include "learn/tree/forest_passes.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/tree/forest_grow.h"

typedef struct Passing
{
	CvmTreeWork *work;
	CvmTreeJob *job;
	CvmTreeStream *stream;
	CvmForestGrower *grower;
	size_t		rows;
} Passing;

static size_t
rows_from(const Passing *passing, size_t first, size_t most)
{
	return passing->rows - first < most ? passing->rows - first : most;
}

static void
measure_targets(Passing *passing, CvmForestSample *sample)
{
	CvmTargetSums sums = {0};
	size_t		count;

	for (int pass = 0; pass < 2; pass++)
		for (size_t first = 0; (count = rows_from(passing, first, CVM_STREAM_ROWS)) > 0; first += count)
		{
			const double *target = cvm_tree_stream_load(passing->stream, CVM_PART_TARGET, first, count);
			const double *weight = cvm_tree_stream_load(passing->stream, CVM_PART_WEIGHT, first, count);

			if (pass == 0)
				cvm_sample_add_targets(sample, count, target, weight, &sums);
			else
				cvm_sample_add_errors(sample, count, target, weight);
		}
}

static void
clear_outside(Passing *passing)
{
	size_t		count;

	cvm_tree_stream_buffer(passing->stream, CVM_PART_OUTSIDE);
	cvm_tree_stream_buffer(passing->stream, CVM_PART_TREES);
	for (size_t first = 0; (count = rows_from(passing, first, CVM_STREAM_ROWS)) > 0; first += count)
	{
		cvm_tree_stream_store(passing->stream, CVM_PART_OUTSIDE, first, count);
		cvm_tree_stream_store(passing->stream, CVM_PART_TREES, first, count);
	}
}

static void
begin(Passing *passing, CvmTreeWork *work)
{
	CvmTreeJobPlan plan = cvm_tree_job_plan(work);
	CvmGrowthOptions growth = cvm_tree_growth(work);
	CvmForestSample sample;

	cvm_sample_open(&sample, work);
	plan.outside = sample.sampled ? sample.leaf_size : 0;
	passing->work = work;
	passing->rows = plan.rows;
	passing->job = cvm_tree_job_begin(&plan, 0);
	passing->stream = cvm_tree_job_stream(passing->job);
	cvm_tree_job_read(passing->job, work->bins, work->source);
	measure_targets(passing, &sample);
	passing->grower = cvm_forest_grower_create(work->bins, &sample, &growth, passing->job);
	if (sample.sampled)
		clear_outside(passing);
	cvm_sample_close(&sample);
}

/* Keys and statistics of the rows; returns how many are drawn. */
static size_t
draw_rows(Passing *passing)
{
	const CvmForestSample *sample = &passing->grower->sample;
	int32_t    *keys = cvm_tree_stream_buffer(passing->stream, CVM_PART_KEY);
	int64_t    *statistics = cvm_tree_stream_buffer(passing->stream, CVM_PART_STATISTIC);
	size_t		drawn = 0;
	size_t		count;

	for (size_t first = 0; (count = rows_from(passing, first, CVM_STREAM_ROWS)) > 0; first += count)
	{
		const double *target = cvm_tree_stream_load(passing->stream, CVM_PART_TARGET, first, count);
		const double *weight = cvm_tree_stream_load(passing->stream, CVM_PART_WEIGHT, first, count);

		for (size_t i = 0; i < count; i++)
		{
			int			draws = cvm_sample_draws(sample, first + i);

			keys[i] = draws > 0 ? 1 : -1;
			statistics[i] = draws == 0 ? 0 :
				cvm_sample_statistic(sample, first + i, draws, target[i], weight[i]);
			drawn += draws > 0;
		}
		cvm_tree_stream_store(passing->stream, CVM_PART_KEY, first, count);
		cvm_tree_stream_store(passing->stream, CVM_PART_STATISTIC, first, count);
	}
	return drawn;
}

/* Every row goes through the tree: those that were drawn make the leaves. */
static void
settle_leaves(Passing *passing)
{
	CvmForestGrower *grower = passing->grower;
	const CvmForestSample *sample = &grower->sample;
	const CvmBins *bins = passing->work->bins;
	size_t		piece = cvm_tree_stream_piece(passing->stream);
	size_t		count;

	cvm_forest_grower_clear_leaves(grower);
	for (size_t first = 0; (count = rows_from(passing, first, piece)) > 0; first += count)
	{
		const uint8_t *row = cvm_tree_stream_load(passing->stream, CVM_PART_BINS, first, count);
		const double *target = cvm_tree_stream_load(passing->stream, CVM_PART_TARGET, first, count);
		const double *weight = cvm_tree_stream_load(passing->stream, CVM_PART_WEIGHT, first, count);

		for (size_t i = 0; i < count; i++, row += bins->columns)
		{
			int			draws = cvm_sample_draws(sample, first + i);
			int			leaf;

			if (draws == 0)
				continue;
			leaf = cvm_grown_leaf(grower->tree, bins, row);
			cvm_sample_add_to_leaf(sample, target[i], weight[i] * draws,
								   grower->values + (size_t) leaf * sample->leaf_size,
								   &grower->weights[leaf]);
		}
	}
	for (int i = 0; i < grower->tree->node_count; i++)
		if (grower->tree->nodes[i].column < 0)
			cvm_sample_settle_leaf(sample, &grower->tree->nodes[i], grower->weights[i],
								   grower->values + (size_t) i * sample->leaf_size);
}

static void
add_outside(Passing *passing)
{
	const CvmForestGrower *grower = passing->grower;
	size_t		piece = cvm_tree_stream_piece(passing->stream);
	size_t		count;

	for (size_t first = 0; (count = rows_from(passing, first, piece)) > 0; first += count)
	{
		double	   *sums = cvm_tree_stream_load(passing->stream, CVM_PART_OUTSIDE, first, count);
		int32_t    *trees = cvm_tree_stream_load(passing->stream, CVM_PART_TREES, first, count);

		cvm_forest_add_outside(&grower->sample, passing->work->bins, grower->tree, grower->values,
							   cvm_tree_stream_load(passing->stream, CVM_PART_BINS, first, count),
							   first, count, sums, trees);
		cvm_tree_stream_store(passing->stream, CVM_PART_OUTSIDE, first, count);
		cvm_tree_stream_store(passing->stream, CVM_PART_TREES, first, count);
	}
}

static double
out_of_bag_error(Passing *passing)
{
	const CvmForestSample *sample = &passing->grower->sample;
	double		error = 0;
	double		total = 0;
	size_t		count;

	if (!sample->sampled)
		return NAN;
	for (size_t first = 0; (count = rows_from(passing, first, CVM_STREAM_ROWS)) > 0; first += count)
	{
		const double *target = cvm_tree_stream_load(passing->stream, CVM_PART_TARGET, first, count);
		const double *weight = cvm_tree_stream_load(passing->stream, CVM_PART_WEIGHT, first, count);
		const double *sums = cvm_tree_stream_load(passing->stream, CVM_PART_OUTSIDE, first, count);
		const int32_t *trees = cvm_tree_stream_load(passing->stream, CVM_PART_TREES, first, count);

		for (size_t i = 0; i < count; i++)
			if (trees[i] > 0)
			{
				error += weight[i] *
					cvm_sample_outside_error(sample, target[i], sums + i * sample->leaf_size,
											 trees[i]);
				total += weight[i];
			}
	}
	return total > 0 ? error / total : NAN;
}

void
cvm_forest_by_passes(CvmTreeWork *work, CvmTreeFit *fit)
{
	Passing		passing = {0};
	CvmForestBuilder *builder;
	CvmForestGrower *grower;

	begin(&passing, work);
	grower = passing.grower;
	builder = cvm_forest_builder_create(work->bins, grower->sample.leaf_size);
	fit->rounds = grower->sample.sampled ? work->options->trees : 1;
	for (int t = 1; t <= fit->rounds; t++)
	{
		cvm_sample_begin(&grower->sample, t);
		grower->tree = cvm_grower_grow(grower->grower, draw_rows(&passing), &grower->sample.rule,
									   NULL, work->bins->columns, grower->sample.draw_seed);
		settle_leaves(&passing);
		if (grower->sample.sampled)
			add_outside(&passing);
		cvm_forest_builder_add(builder, grower->tree, grower->values, grower->weights);
		cvm_tree_report(work, t, fit->rounds, NAN, NAN);
	}
	fit->out_of_bag_error = out_of_bag_error(&passing);
	cvm_forest_builder_finish(builder, fit->rounds, &fit->forest);
	cvm_forest_grower_release(grower);
	cvm_tree_job_end(passing.job);
}
