/*
 * tree_split.c
 *		The best question to ask the rows of a node, from their histogram.
 *
 * Numbers: every place between two bins, with the missing ones on either
 * side.  Categories: their levels in the order of their values, cut anywhere,
 * which finds the best of all sets (Fisher, 1958).  Levels of few rows have
 * values of little meaning: they go right, as levels do that the node has
 * never seen, and small ones are drawn towards the middle.
 */
#include "learn/tree/tree_split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows that a level needs to go left, and whose weight is added to it for the order. */
#define LEVEL_ROWS 10

/* Gains below this share of the score are rounding. */
#define LEAST_GAIN 1e-12

/* ---- pairs ---- */

typedef struct Pair
{
	int64_t		gradient;
	int64_t		curvature;
} Pair;

static inline double
pair_weight(const CvmSplitRule *rule, Pair side)
{
	return (double) side.curvature * rule->curvature_unit;
}

static inline double
newton_value(const CvmSplitRule *rule, Pair side, double lower, double upper)
{
	double		value = -(double) side.gradient * rule->gradient_unit /
		(pair_weight(rule, side) + rule->l2);

	return value < lower ? lower : value > upper ? upper : value;
}

/* What the loss falls by, twice, when the side gets this value. */
static inline double
score_at(const CvmSplitRule *rule, Pair side, double value)
{
	return -value * (2 * (double) side.gradient * rule->gradient_unit +
					 (pair_weight(rule, side) + rule->l2) * value);
}

static inline double
free_score(const CvmSplitRule *rule, Pair side)
{
	double		gradient = (double) side.gradient * rule->gradient_unit;

	return gradient * gradient / (pair_weight(rule, side) + rule->l2);
}

double
cvm_split_value(const CvmSplitRule *rule, const int64_t *totals, double lower, double upper)
{
	Pair		side = {totals[0], totals[1]};

	return newton_value(rule, side, lower, upper);
}

typedef struct Search
{
	const CvmSplitRule *rule;
	const CvmSplitNode *node;
	Pair		total;			/* of pairs */
	double		parent;			/* score of the node */
	bool		bounded;		/* values have bounds or directions */
	const uint64_t *touched;	/* bins of the column that are filled, or NULL */
	CvmSplit   *best;
} Search;

/* Whether this pair of sides is allowed and better than the best; then it becomes that. */
static inline bool
improves(Search *search, int direction, Pair left, Pair right)
{
	const CvmSplitRule *rule = search->rule;
	double		left_value = 0;
	double		right_value = 0;
	double		gain;

	if (pair_weight(rule, left) < rule->least_weight ||
		pair_weight(rule, right) < rule->least_weight ||
		left.curvature == 0 || right.curvature == 0)
		return false;
	if (search->bounded)
	{
		left_value = newton_value(rule, left, search->node->lower, search->node->upper);
		right_value = newton_value(rule, right, search->node->lower, search->node->upper);
		if ((right_value - left_value) * direction < 0)
			return false;
		gain = score_at(rule, left, left_value) + score_at(rule, right, right_value);
	}
	else
		gain = free_score(rule, left) + free_score(rule, right);
	gain -= search->parent;
	if (!(gain > search->best->gain))
		return false;
	search->best->gain = gain;
	search->best->left_value = left_value;
	search->best->right_value = right_value;
	return true;
}

static void
search_number(Search *search, const int64_t *sums, int column, int bins)
{
	int			direction = search->rule->directions == NULL ? 0 :
		search->rule->directions[column];
	Pair		missing = {0, 0};
	Pair		left = {0, 0};
	bool		has_missing = cvm_has_bin(search->touched, bins) && sums[2 * bins + 1] != 0;

	if (has_missing)
		missing = (Pair) {sums[2 * bins], sums[2 * bins + 1]};

	for (int bin = cvm_next_bin(search->touched, 0, bins); bin < bins;
		 bin = cvm_next_bin(search->touched, bin + 1, bins))
	{
		Pair		right;

		if (sums[2 * bin + 1] == 0)
			continue;
		left.gradient += sums[2 * bin];
		left.curvature += sums[2 * bin + 1];
		right.gradient = search->total.gradient - left.gradient;
		right.curvature = search->total.curvature - left.curvature;
		if (improves(search, direction, left, right))
		{
			search->best->column = column;
			search->best->bin = bin;
			search->best->missing_left = !has_missing && left.curvature > right.curvature;
		}
		if (has_missing && bin < bins - 1)
		{
			Pair		wide = {left.gradient + missing.gradient,
			left.curvature + missing.curvature};

			right.gradient -= missing.gradient;
			right.curvature -= missing.curvature;
			if (improves(search, direction, wide, right))
			{
				search->best->column = column;
				search->best->bin = bin;
				search->best->missing_left = true;
			}
		}
	}
}

/* A level on its way into the order. */
typedef struct Level
{
	double		key;
	int			bin;
} Level;

static int
compare_levels(const void *a, const void *b)
{
	const Level *left = a;
	const Level *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return left->bin - right->bin;
}

static void
set_levels(CvmSplit *split, const Level *levels, int count)
{
	memset(split->set, 0, sizeof(split->set));
	for (int i = 0; i < count; i++)
		split->set[levels[i].bin / 32] |= UINT32_C(1) << (levels[i].bin % 32);
}

static void
search_category(Search *search, const int64_t *sums, int column, int bins)
{
	double		row = (double) search->total.curvature / (double) search->node->rows;
	Level		levels[CVM_BIN_PLACES];
	Pair		left = {0, 0};
	int			count = 0;

	for (int bin = cvm_next_bin(search->touched, 0, bins); bin < bins;
		 bin = cvm_next_bin(search->touched, bin + 1, bins))
	{
		double		curvature = (double) sums[2 * bin + 1];

		if (curvature < LEVEL_ROWS * row * 0.999999 || curvature == 0)
			continue;
		levels[count].key = -(double) sums[2 * bin] / (curvature + LEVEL_ROWS * row);
		levels[count++].bin = bin;
	}
	qsort(levels, count, sizeof(Level), compare_levels);
	for (int i = 0; i < count; i++)
	{
		Pair		right;

		left.gradient += sums[2 * levels[i].bin];
		left.curvature += sums[2 * levels[i].bin + 1];
		right.gradient = search->total.gradient - left.gradient;
		right.curvature = search->total.curvature - left.curvature;
		if (improves(search, 0, left, right))
		{
			search->best->column = column;
			search->best->missing_left = false;
			set_levels(search->best, levels, i + 1);
		}
	}
}

/* ---- classes ---- */

static double
class_score(const CvmSplitRule *rule, const int64_t *weights, double *total)
{
	double		sum = 0;
	double		score = 0;

	for (int k = 0; k < rule->width; k++)
		sum += (double) weights[k];
	*total = sum * rule->curvature_unit;
	if (sum == 0)
		return 0;
	if (rule->impurity == CVM_IMPURITY_GINI)
	{
		for (int k = 0; k < rule->width; k++)
			score += (double) weights[k] * (double) weights[k];
		score /= sum;
	}
	else
		for (int k = 0; k < rule->width; k++)
			if (weights[k] > 0)
				score += (double) weights[k] * log((double) weights[k] / sum);
	return score * rule->curvature_unit;
}

/* left: sums; the right side is what is left of the node. */
static bool
improves_classes(Search *search, const int64_t *left)
{
	const CvmSplitRule *rule = search->rule;
	int64_t    *right = rule->work + 3 * (size_t) rule->width;
	double		left_weight;
	double		right_weight;
	double		gain;

	for (int k = 0; k < rule->width; k++)
		right[k] = search->node->totals[k] - left[k];
	gain = class_score(rule, left, &left_weight) + class_score(rule, right, &right_weight) -
		search->parent;
	if (left_weight < rule->least_weight || right_weight < rule->least_weight ||
		left_weight == 0 || right_weight == 0 || !(gain > search->best->gain))
		return false;
	search->best->gain = gain;
	return true;
}

static bool
add_bin(int64_t *sums, const int64_t *bin, int width)
{
	bool		any = false;

	for (int k = 0; k < width; k++)
	{
		sums[k] += bin[k];
		any |= bin[k] != 0;
	}
	return any;
}

static double
sum_of(const int64_t *sums, int width)
{
	double		total = 0;

	for (int k = 0; k < width; k++)
		total += (double) sums[k];
	return total;
}

static void
search_number_classes(Search *search, const int64_t *sums, int column, int bins)
{
	int			width = search->rule->width;
	int64_t    *left = search->rule->work;
	int64_t    *wide = search->rule->work + width;
	const int64_t *missing = sums + (size_t) bins * width;
	bool		has_missing = cvm_has_bin(search->touched, bins) && sum_of(missing, width) > 0;

	memset(left, 0, width * sizeof(int64_t));
	for (int bin = cvm_next_bin(search->touched, 0, bins); bin < bins;
		 bin = cvm_next_bin(search->touched, bin + 1, bins))
	{
		if (!add_bin(left, sums + (size_t) bin * width, width))
			continue;
		if (improves_classes(search, left))
		{
			search->best->column = column;
			search->best->bin = bin;
			search->best->missing_left = !has_missing &&
				2 * sum_of(left, width) > sum_of(search->node->totals, width);
		}
		if (!has_missing || bin == bins - 1)
			continue;
		memcpy(wide, left, width * sizeof(int64_t));
		(void) add_bin(wide, missing, width);
		if (improves_classes(search, wide))
		{
			search->best->column = column;
			search->best->bin = bin;
			search->best->missing_left = true;
		}
	}
}

/* With more than two classes levels are in the order of the largest one's share. */
static void
search_category_classes(Search *search, const int64_t *sums, int column, int bins)
{
	int			width = search->rule->width;
	const int64_t *totals = search->node->totals;
	double		row = sum_of(totals, width) / (double) search->node->rows;
	int64_t    *left = search->rule->work;
	Level		levels[CVM_BIN_PLACES];
	int			count = 0;
	int			largest = 0;

	for (int k = 1; k < width; k++)
		if (totals[k] > totals[largest])
			largest = k;
	for (int bin = cvm_next_bin(search->touched, 0, bins); bin < bins;
		 bin = cvm_next_bin(search->touched, bin + 1, bins))
	{
		const int64_t *own = sums + (size_t) bin * width;
		double		weight = sum_of(own, width);

		if (weight < LEVEL_ROWS * row * 0.999999 || weight == 0)
			continue;
		levels[count].key = (double) own[largest] / (weight + LEVEL_ROWS * row);
		levels[count++].bin = bin;
	}
	qsort(levels, count, sizeof(Level), compare_levels);
	memset(left, 0, width * sizeof(int64_t));
	for (int i = 0; i < count; i++)
	{
		(void) add_bin(left, sums + (size_t) levels[i].bin * width, width);
		if (improves_classes(search, left))
		{
			search->best->column = column;
			search->best->missing_left = false;
			set_levels(search->best, levels, i + 1);
		}
	}
}

/* ---- all columns ---- */

static void
prepare_search(Search *search)
{
	const CvmSplitRule *rule = search->rule;
	const CvmSplitNode *node = search->node;
	double		weight;

	if (rule->impurity != CVM_IMPURITY_NEWTON)
	{
		search->parent = class_score(rule, node->totals, &weight);
		return;
	}
	search->total.gradient = node->totals[0];
	search->total.curvature = node->totals[1];
	search->bounded = rule->directions != NULL;
	search->parent = search->bounded ?
		score_at(rule, search->total,
				 newton_value(rule, search->total, node->lower, node->upper)) :
		free_score(rule, search->total);
}

void
cvm_split_search(const CvmSplitRule *rule, const CvmHistogramShape *shape,
				 const CvmSplitNode *node, const int64_t *sums, CvmSplit *split)
{
	bool		pairs = rule->impurity == CVM_IMPURITY_NEWTON;
	Search		search = {.rule = rule,.node = node,.best = split};

	prepare_search(&search);
	split->gain = fmax(split->gain, LEAST_GAIN * fabs(search.parent));
	for (int i = 0; i < shape->columns; i++)
	{
		int			column = cvm_histogram_column(shape, i);
		const int64_t *own = sums + (size_t) i * CVM_BIN_PLACES * rule->width;
		int			count = shape->bins->counts[column];

		search.touched = shape->touched == NULL ? NULL : shape->touched[i];
		if (cvm_bins_is_category(shape->bins, column))
			(pairs ? search_category : search_category_classes) (&search, own, column, count);
		else
			(pairs ? search_number : search_number_classes) (&search, own, column, count);
	}
	if (split->column < 0)
		split->gain = 0;
}
