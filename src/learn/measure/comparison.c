/*
 * comparison.c
 *		Two models on the same labelled rows.
 *
 * Every metric here is, near its value, a weighted mean of what each row adds
 * to it (its influence), so that the variance of the difference is that of a
 * weighted mean of differences.  The hard part is the AUC, where the influence
 * of a row is its rank among the rows of the other class: the share of them
 * that its score beats, ties counted half (DeLong's "structural components",
 * by ranks as in Sun and Xu, 2014).
 */
#include "learn/measure/comparison.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/measure/prediction_loss.h"
#include "learn/measure/ranking.h"

typedef struct ComparedRow
{
	double		candidate;		/* binary: score; else loss */
	double		active;
	double		weight;			/* binary: negative for the negative class */
	uint64_t	lot;			/* by which it is kept when there are too many */
} ComparedRow;

struct CvmComparison
{
	CvmMeasure	measure;
	ComparedRow *rows;
	size_t		count;
	size_t		capacity;
	uint64_t	seen;			/* rows so far */
	uint64_t	lot_mask;		/* rows whose lots have none of these bits are taken */
};

CvmComparison *
cvm_comparison_create(const CvmMeasure *measure)
{
	CvmComparison *comparison = CVM_NEW_ZERO(CvmComparison, 1);

	comparison->measure = *measure;
	return comparison;
}

void
cvm_comparison_free(CvmComparison *comparison)
{
	cvm_release(comparison->rows);
	cvm_release(comparison);
}

/* ---- rows ---- */

static void
make_room(CvmComparison *comparison)
{
	if (comparison->count < comparison->capacity)
		return;
	if (comparison->count == CVM_COMPARISON_ROWS)
	{
		size_t		kept = 0;

		comparison->lot_mask = 2 * comparison->lot_mask + 1;
		for (size_t i = 0; i < comparison->count; i++)
			if ((comparison->rows[i].lot & comparison->lot_mask) == 0)
				comparison->rows[kept++] = comparison->rows[i];
		comparison->count = kept;
		return;
	}
	comparison->capacity = comparison->capacity == 0 ? 512 : comparison->capacity * 2;
	if (comparison->capacity > CVM_COMPARISON_ROWS)
		comparison->capacity = CVM_COMPARISON_ROWS;
	if (comparison->rows == NULL)
		comparison->rows = CVM_NEW(ComparedRow, comparison->capacity);
	else
		comparison->rows = cvm_resize(comparison->rows, comparison->capacity, sizeof(ComparedRow));
}

void
cvm_comparison_add_rows(CvmComparison *comparison, int rows, const double *labels,
						const double *candidate, const double *active, const double *weights)
{
	int			width = comparison->measure.task == CVM_MULTICLASS ? comparison->measure.classes : 1;

	for (int i = 0; i < rows; i++)
	{
		const double *new_prediction = candidate + (size_t) i * width;
		const double *old_prediction = active + (size_t) i * width;
		uint64_t	lot;
		ComparedRow *row;

		if (!(weights[i] > 0))
			continue;
		lot = cvm_hash64(comparison->seen++, 0);
		make_room(comparison);
		if ((lot & comparison->lot_mask) != 0)
			continue;
		row = &comparison->rows[comparison->count++];
		row->lot = lot;
		row->weight = weights[i];
		if (comparison->measure.task == CVM_BINARY)
		{
			row->candidate = new_prediction[0];
			row->active = old_prediction[0];
			row->weight = labels[i] == 1 ? weights[i] : -weights[i];
		}
		else
		{
			row->candidate = cvm_prediction_loss(&comparison->measure, labels[i], new_prediction);
			row->active = cvm_prediction_loss(&comparison->measure, labels[i], old_prediction);
		}
	}
}

/* ---- the area under the ROC curve ---- */

typedef struct ClassWeights
{
	double		weight[2];		/* by class */
	size_t		rows[2];
} ClassWeights;

/*
 * Adds sign times the structural component of each row: the weighted share of
 * the other class that is on the right side of its score.  Returns the AUC.
 */
static double
add_components(const CvmComparison *comparison, bool of_candidate, double sign,
			   const ClassWeights *classes, CvmRankedRow *order, double *components)
{
	const ComparedRow *rows = comparison->rows;
	double		above[2] = {0, 0};	/* weight of rows of higher score, by class */
	double		area = 0;

	for (size_t i = 0; i < comparison->count; i++)
	{
		order[i].key = cvm_ranking_key(of_candidate ? rows[i].candidate : rows[i].active);
		order[i].weight = (double) i;	/* the sort carries it along */
	}
	cvm_ranking_sort_rows(order, comparison->count);

	for (size_t start = 0, end; start < comparison->count; start = end)
	{
		double		tied[2] = {0, 0};

		for (end = start; end < comparison->count && order[end].key == order[start].key; end++)
		{
			double		weight = rows[(size_t) order[end].weight].weight;

			tied[weight > 0] += fabs(weight);
		}
		for (size_t i = start; i < end; i++)
		{
			size_t		at = (size_t) order[i].weight;
			double		component;

			if (rows[at].weight > 0)
			{
				component = 1 - (above[0] + tied[0] / 2) / classes->weight[0];
				area += rows[at].weight * component;
			}
			else
				component = (above[1] + tied[1] / 2) / classes->weight[1];
			components[at] += sign * component;
		}
		above[0] += tied[0];
		above[1] += tied[1];
	}
	return area / classes->weight[1];
}

static bool
compare_areas(const CvmComparison *comparison, CvmVerdict *verdict)
{
	ClassWeights classes = {{0}};
	CvmRankedRow *order;
	double	   *components;
	double		sums[2] = {0, 0};
	double		variance = 0;

	for (size_t i = 0; i < comparison->count; i++)
	{
		double		weight = comparison->rows[i].weight;

		classes.weight[weight > 0] += fabs(weight);
		classes.rows[weight > 0]++;
	}
	if (classes.rows[0] == 0 || classes.rows[1] == 0)
		return false;

	verdict->evidence = classes.rows[0] < classes.rows[1] ? classes.rows[0] : classes.rows[1];
	order = CVM_NEW(CvmRankedRow, comparison->count);
	components = CVM_NEW_ZERO(double, comparison->count);
	verdict->candidate = add_components(comparison, true, 1, &classes, order, components);
	verdict->active = add_components(comparison, false, -1, &classes, order, components);
	verdict->gain = verdict->candidate - verdict->active;

	for (size_t i = 0; i < comparison->count; i++)
	{
		int			class = comparison->rows[i].weight > 0;
		double		share = fabs(comparison->rows[i].weight) / classes.weight[class] *
			(components[i] - verdict->gain);

		sums[class] += share * share;
	}
	for (int class = 0; class < 2; class++)
		if (classes.rows[class] > 1)
			variance += sums[class] * classes.rows[class] / (classes.rows[class] - 1);
	verdict->std_error = sqrt(variance);
	cvm_release(components);
	cvm_release(order);
	return true;
}

/* ---- means of losses ---- */

static bool
compare_losses(const CvmComparison *comparison, bool root, CvmVerdict *verdict)
{
	double		weight = 0;
	double		candidate = 0;
	double		active = 0;
	double		slope_candidate = 1;
	double		slope_active = 1;
	double		sum = 0;

	for (size_t i = 0; i < comparison->count; i++)
	{
		const ComparedRow *row = &comparison->rows[i];

		weight += row->weight;
		candidate += row->weight * (row->candidate - candidate) / weight;
		active += row->weight * (row->active - active) / weight;
	}
	if (comparison->count == 0)
		return false;
	verdict->candidate = root ? sqrt(candidate) : candidate;
	verdict->active = root ? sqrt(active) : active;
	verdict->gain = verdict->active - verdict->candidate;
	if (root)
	{
		slope_candidate = verdict->candidate > 0 ? 0.5 / verdict->candidate : 0;
		slope_active = verdict->active > 0 ? 0.5 / verdict->active : 0;
	}
	for (size_t i = 0; i < comparison->count; i++)
	{
		const ComparedRow *row = &comparison->rows[i];
		double		share = row->weight / weight *
			(slope_active * (row->active - active) - slope_candidate * (row->candidate - candidate));

		sum += share * share;
	}
	verdict->std_error = comparison->count > 1
		? sqrt(sum * comparison->count / (comparison->count - 1)) : 0;
	return true;
}

bool
cvm_comparison_verdict(CvmComparison *comparison, CvmVerdict *verdict)
{
	bool		more_is_better;
	bool		valid;

	verdict->metric = cvm_primary_metric(&comparison->measure, &more_is_better);
	verdict->rows = comparison->count;
	verdict->evidence = comparison->count;
	valid = comparison->measure.task == CVM_BINARY
		? compare_areas(comparison, verdict)
		: compare_losses(comparison, strcmp(verdict->metric, "rmse") == 0, verdict);
	return valid && isfinite(verdict->gain) && isfinite(verdict->std_error);
}

double
cvm_verdict_interval(const CvmVerdict *verdict)
{
	/* of the standard normal distribution, for 95 % */
	return verdict->evidence < CVM_COMPARISON_LEAST ? INFINITY
		: 1.959963984540054 * verdict->std_error;
}
