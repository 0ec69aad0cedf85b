/*
 * forest_sample.c
 *		The rows of a tree of a forest: how often each is drawn, and what it
 *		counts.
 */
#include "learn/tree/forest_sample.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"

static void
set_limits(CvmForestSample *sample, double share)
{
	double		chance = exp(-share);
	double		sum = 0;

	for (int draws = 0; draws < CVM_MOST_DRAWS; draws++)
	{
		sum += chance;
		sample->limits[draws] = (uint64_t) (sum * 0x1p32);
		chance *= share / (draws + 1);
	}
	sample->limits[CVM_MOST_DRAWS - 1] = UINT64_C(1) << 32;
}

void
cvm_sample_open(CvmForestSample *sample, const CvmTreeWork *work)
{
	CvmTreeJobPlan plan = cvm_tree_job_plan(work);

	*sample = (CvmForestSample)
	{
		.leaf_size = work->task->outputs,.classes = plan.classes,
		.two_classes = work->task->objective == CVM_OBJECTIVE_LOGISTIC,
		.sampled = work->task->method == CVM_RANDOM_FOREST,.rows = plan.rows,
		.seed = (uint64_t) work->options->seed
	};
	set_limits(sample, work->options->row_share);
	sample->rule.width = plan.width;
	sample->rule.least_weight = work->options->min_child_weight;
	sample->rule.directions = work->task->directions;
	sample->rule.impurity = !plan.classes ? CVM_IMPURITY_NEWTON :
		work->options->impurity == 0 ? CVM_IMPURITY_GINI : CVM_IMPURITY_ENTROPY;
	sample->rule.positives = sample->two_classes && !plan.classes &&
		work->task->directions == NULL;
	sample->rule.work = CVM_NEW(int64_t, 4 * (size_t) plan.width);
}

void
cvm_sample_close(CvmForestSample *sample)
{
	cvm_release(sample->rule.work);
}

void
cvm_sample_add_targets(CvmForestSample *sample, size_t count, const double *target,
					   const double *weight, CvmTargetSums *sums)
{
	for (size_t row = 0; row < count; row++)
	{
		sample->largest_weight = fmax(sample->largest_weight, weight[row]);
		sums->total += weight[row];
		sums->sum += weight[row] * target[row];
	}
	sample->mean = sums->sum / sums->total;
}

void
cvm_sample_add_errors(CvmForestSample *sample, size_t count, const double *target,
					  const double *weight)
{
	for (size_t row = 0; row < count; row++)
		sample->largest_error = fmax(sample->largest_error,
									 weight[row] * fabs(target[row] - sample->mean));
}

void
cvm_sample_begin(CvmForestSample *sample, int tree)
{
	int			most = 0;

	sample->draw_seed = cvm_hash64((uint64_t) tree, sample->seed);
	sample->weigh_seed = cvm_hash64(sample->draw_seed, 1);
	sample->drawn = sample->sampled;
	for (size_t row = 0; row < sample->rows && sample->sampled; row++)
	{
		int			draws = cvm_sample_draws(sample, row);

		if (row % 1048576 == 0)
			cvm_check_interrupt();
		most = draws > most ? draws : most;
	}
	/* a very small share may draw nothing */
	sample->drawn = most > 0;
	most = most > 0 ? most : 1;
	sample->rule.curvature_unit = sample->largest_weight * most /
		(sample->rule.positives ? CVM_LARGEST_GRADIENT - 1 : CVM_LARGEST_CURVATURE - 1);
	sample->rule.gradient_unit = sample->rule.positives ? sample->rule.curvature_unit :
		sample->largest_error > 0 ?
		sample->largest_error * most / (CVM_LARGEST_GRADIENT - 1) : 1;
}

int64_t
cvm_sample_statistic(const CvmForestSample *sample, size_t row, int draws, double target,
					 double weight)
{
	uint64_t	bits = cvm_row_bits(row, sample->weigh_seed);
	int			rounded = cvm_round_at_random(weight * draws / sample->rule.curvature_unit,
											  (uint32_t) bits);

	rounded = rounded > 0 ? rounded : 1;
	if (sample->classes)
		return (int64_t) target << 32 | rounded;
	if (sample->rule.positives)
		return cvm_pack_pair(target == 1 ? rounded : 0, rounded);
	return cvm_pack_pair(cvm_round_at_random((sample->mean - target) * weight * draws /
											 sample->rule.gradient_unit,
											 (uint32_t) (bits >> 32)), rounded);
}

void
cvm_sample_settle_leaf(const CvmForestSample *sample, const CvmGrownNode *node, double total,
					   double *value)
{
	for (int k = 0; k < sample->leaf_size; k++)
		value[k] /= total;
	/* splits keep to the bounds from the mean on */
	if (sample->rule.directions != NULL)
		value[0] = fmin(fmax(value[0], node->lower + sample->mean), node->upper + sample->mean);
}

double
cvm_sample_outside_error(const CvmForestSample *sample, double target, const double *sums,
						 int trees)
{
	int			likely = 0;

	if (sample->leaf_size == 1)
	{
		double		prediction = sums[0] / trees;

		return sample->two_classes ? (prediction > 0.5) != (target == 1) :
			(prediction - target) * (prediction - target);
	}
	for (int k = 1; k < sample->leaf_size; k++)
		if (sums[k] > sums[likely])
			likely = k;
	return likely != (int) target;
}
