/*
 * forest_grow.c
 *		One tree of a forest, by one process, over rows in memory.
 */
#include "learn/tree/forest_grow.h"

#include <string.h>

#include "base/memory.h"

CvmForestGrower *
cvm_forest_grower_create(const CvmBins *bins, const CvmForestSample *sample,
						 const CvmGrowthOptions *growth, CvmTreeJob *job)
{
	CvmForestGrower *grower = CVM_NEW_ZERO(CvmForestGrower, 1);

	grower->bins = bins;
	grower->sample = *sample;
	grower->sample.rule.work = CVM_NEW(int64_t, 4 * (size_t) sample->rule.width);
	grower->job = job;
	grower->arrays = cvm_tree_job_arrays(job);
	grower->grower = cvm_grower_create(bins, job, sample->rule.width, growth);
	return grower;
}

void
cvm_forest_grower_release(CvmForestGrower *grower)
{
	cvm_grower_release(grower->grower);
	cvm_sample_close(&grower->sample);
	cvm_release(grower->values);
	cvm_release(grower->weights);
	cvm_release(grower);
}

/* Numbers and statistics of the rows that are drawn; returns how many. */
static size_t
draw_rows(const CvmForestGrower *grower)
{
	const CvmTreeArrays *arrays = grower->arrays;
	const CvmBinnedRows *rows = &arrays->rows;
	size_t		count = 0;

	for (size_t row = 0; row < rows->rows; row++)
	{
		int			draws = cvm_sample_draws(&grower->sample, row);
		int64_t		statistic;

		if (row % 65536 == 0)
			cvm_check_interrupt();
		if (draws == 0)
			continue;
		statistic = cvm_sample_statistic(&grower->sample, row, draws, rows->target[row],
										 rows->weight[row]);
		arrays->numbers[count++] = (int32_t) row;
		if (arrays->packed != NULL)
			arrays->packed[row] = statistic;
		else
		{
			arrays->classes[row] = (int32_t) (statistic >> 32);
			arrays->weights[row] = (uint16_t) statistic;
		}
	}
	return count;
}

void
cvm_forest_grower_clear_leaves(CvmForestGrower *grower)
{
	int			size = grower->sample.leaf_size;

	if (grower->tree->node_count > grower->node_room)
	{
		grower->node_room = 2 * grower->tree->node_count;
		grower->values = cvm_resize(grower->values, grower->node_room, size * sizeof(double));
		grower->weights = cvm_resize(grower->weights, grower->node_room, sizeof(double));
	}
	memset(grower->values, 0, (size_t) grower->tree->node_count * size * sizeof(double));
	memset(grower->weights, 0, grower->tree->node_count * sizeof(double));
}

static void
settle_leaves(CvmForestGrower *grower)
{
	const CvmBinnedRows *rows = &grower->arrays->rows;

	cvm_forest_grower_clear_leaves(grower);
	for (int i = 0; i < grower->tree->node_count; i++)
	{
		const CvmGrownNode *node = &grower->tree->nodes[i];
		double	   *value = grower->values + (size_t) i * grower->sample.leaf_size;

		if (node->column >= 0)
			continue;
		for (size_t n = node->begin; n < node->end; n++)
		{
			size_t		row = grower->arrays->numbers[n];

			cvm_sample_add_to_leaf(&grower->sample, rows->target[row],
								   rows->weight[row] * cvm_sample_draws(&grower->sample, row),
								   value, &grower->weights[i]);
		}
		cvm_sample_settle_leaf(&grower->sample, node, grower->weights[i], value);
	}
}

void
cvm_forest_grower_grow(CvmForestGrower *grower, int tree)
{
	cvm_sample_begin(&grower->sample, tree);
	grower->tree = cvm_grower_grow(grower->grower, draw_rows(grower), &grower->sample.rule,
								   NULL, grower->bins->columns, grower->sample.draw_seed);
	settle_leaves(grower);
}

void
cvm_forest_add_outside(const CvmForestSample *sample, const CvmBins *bins,
					   const CvmGrownTree *tree, const double *values, const uint8_t *by_row,
					   size_t first, size_t count, double *sums, int32_t *trees)
{
	int			size = sample->leaf_size;

	for (size_t i = 0; i < count; i++)
	{
		const double *value;

		if (i % 65536 == 0)
			cvm_check_interrupt();
		if (cvm_sample_draws(sample, first + i) > 0)
			continue;
		value = values + (size_t) size *
			cvm_grown_leaf(tree, bins, by_row + i * bins->columns);
		trees[i]++;
		for (int k = 0; k < size; k++)
			sums[i * size + k] += value[k];
	}
}
