/*
 * test_bins.c
 *		Columns in bins, histograms against a naive twin, and the best split
 *		against all splits.
 */
#include "check.h"

#include "learn/tree/tree_split.h"
#include "tree_fixture.h"

static void
test_edges(void)
{
	TreeRows	table = make_rows(3000, 1);
	CvmBins    *bins = cvm_bins_learn(&table.layout, &table.source, 100000, SIZE_MAX, 7);
	CvmBinnedRows *rows = cvm_bin_rows(bins, &table.source);
	int			sizes[CVM_BIN_PLACES] = {0};

	CHECK(bins->columns == DENSE + 1 && bins->counts[DENSE] == LEVELS);
	CHECK(bins->counts[3] == 5);
	CHECK(bins->edges[3][0] == 0.5 && bins->edges[3][3] == 3.5);
	CHECK(bins->counts[1] == CVM_MOST_BINS);
	for (int row = 0; row < table.rows; row++)
	{
		for (int c = 0; c < DENSE; c++)
		{
			double		value = number_at(&table, row, c);
			int			bin = rows->by_row[row * rows->columns + c];

			CHECK(rows->by_column[(size_t) c * rows->rows + row] == bin);
			if (isnan(value))
				CHECK(bin == bins->counts[c]);
			else
				CHECK((bin == 0 || value > bins->edges[c][bin - 1]) &&
					  (bin == bins->counts[c] - 1 || value <= bins->edges[c][bin]));
		}
		CHECK(rows->by_row[row * rows->columns + DENSE] == level_at(&table, row));
		sizes[rows->by_row[row * rows->columns + 1]]++;
	}
	for (int bin = 0; bin < CVM_MOST_BINS; bin++)
		CHECK(sizes[bin] >= 5 && sizes[bin] <= 20);	/* 3000 / 255 = 11.8 */
	cvm_binned_rows_release(rows);
	cvm_bins_release(bins);
}

/* A sample has the same bins, about; and the same ones each time. */
static void
test_sample(void)
{
	TreeRows	table = make_rows(20000, 2);
	CvmBins    *all = cvm_bins_learn(&table.layout, &table.source, 100000, SIZE_MAX, 7);
	CvmBins    *some = cvm_bins_learn(&table.layout, &table.source, 4000, SIZE_MAX, 7);
	CvmBins    *again = cvm_bins_learn(&table.layout, &table.source, 4000, SIZE_MAX, 7);

	for (int edge = 20; edge < CVM_MOST_BINS - 20; edge++)
	{
		CHECK(fabs(all->edges[1][edge] - some->edges[1][edge]) < 0.15);
		CHECK(again->edges[1][edge] == some->edges[1][edge]);
	}
}

/* Neighbors that no number lies between; all missing; one value. */
static void
test_odd_columns(void)
{
	TreeRows	table = make_rows(100, 3);
	double		next = nextafter(1, 2);
	CvmBins    *bins;

	for (int row = 0; row < 100; row++)
	{
		double	   *x = table.blocks[0]->dense + row * DENSE;

		x[0] = NAN;
		x[1] = 5;
		x[2] = row % 2 ? 1 : next;
		x[3] = row % 2 ? -1e308 : 1e308;
	}
	bins = cvm_bins_learn(&table.layout, &table.source, 1000, SIZE_MAX, 7);
	CHECK(bins->counts[0] == 1 && bins->counts[1] == 1);
	CHECK(bins->counts[2] == 2 && bins->edges[2][0] == 1);
	CHECK(bins->counts[3] == 2 && bins->edges[3][0] == 0);
}

/* ---- histograms ---- */

typedef struct Statistics
{
	int64_t    *packed;
	int		   *g;
	int		   *h;
	uint16_t   *weights;
	int32_t    *classes;
	int32_t    *numbers;
	size_t		count;
} Statistics;

static Statistics
draw_statistics(int rows, CvmRandom *random)
{
	Statistics	drawn = {
		malloc(rows * sizeof(int64_t)), malloc(rows * sizeof(int)), malloc(rows * sizeof(int)),
		malloc(rows * sizeof(uint16_t)), malloc(rows * sizeof(int32_t)),
		malloc(rows * sizeof(int32_t)), 0
	};

	for (int row = 0; row < rows; row++)
	{
		drawn.g[row] = (int) cvm_random_below(random, 2 * CVM_LARGEST_GRADIENT + 1) -
			CVM_LARGEST_GRADIENT;
		drawn.h[row] = (int) cvm_random_below(random, CVM_LARGEST_CURVATURE) + 1;
		drawn.packed[row] = cvm_pack_pair(drawn.g[row], drawn.h[row]);
		drawn.weights[row] = (uint16_t) drawn.h[row];
		drawn.classes[row] = (int32_t) cvm_random_below(random, 3);
		if (cvm_random_below(random, 10) > 0)
			drawn.numbers[drawn.count++] = row;
	}
	return drawn;
}

static int64_t
naive_sum(const CvmBinnedRows *rows, const Statistics *drawn, bool pair, int column, int bin,
		  int which)
{
	int64_t		sum = 0;

	for (size_t i = 0; i < drawn->count; i++)
	{
		int			row = drawn->numbers[i];

		if (rows->by_row[(size_t) row * rows->columns + column] != bin)
			continue;
		if (pair)
			sum += which == 0 ? drawn->g[row] : drawn->h[row];
		else if (drawn->classes[row] == which)
			sum += drawn->weights[row];
	}
	return sum;
}

/* More rows than are packed at once; all extremes in one bin would show overflow. */
static void
test_histograms(void)
{
	static const int32_t some[] = {4, 0};
	TreeRows	table = make_rows(150000, 4);
	CvmBins    *bins = cvm_bins_learn(&table.layout, &table.source, 1000, SIZE_MAX, 7);
	CvmBinnedRows *rows = cvm_bin_rows(bins, &table.source);
	CvmRandom	random;
	Statistics	drawn;
	int64_t    *narrow = malloc(5 * CVM_BIN_PLACES * sizeof(int64_t));

	cvm_random_seed(&random, 5);
	drawn = draw_statistics(table.rows, &random);
	for (int pair = 0; pair <= 1; pair++)
		for (int chosen = 0; chosen <= 1; chosen++)
		{
			CvmHistogramShape shape = {
				.bins = bins,.chosen = chosen ? some : NULL,.columns = chosen ? 2 : 5,
				.width = pair ? 2 : 3
			};
			CvmRowStatistics statistics = {.width = shape.width};
			int64_t    *sums = malloc(cvm_histogram_size(5, shape.width) * sizeof(int64_t));
			int64_t		totals[3];
			int64_t		expected[3] = {0};

			if (pair)
				statistics.packed = drawn.packed;
			statistics.weights = drawn.weights;
			statistics.classes = drawn.classes;
			cvm_histogram_fill(&shape, rows, &statistics, drawn.numbers, drawn.count, narrow, sums);
			for (int i = 0; i < shape.columns; i++)
				for (int bin = 0; bin < cvm_histogram_bins(&shape, i); bin += chosen ? 1 : 50)
					for (int k = 0; k < shape.width; k++)
						CHECK(sums[((size_t) i * CVM_BIN_PLACES + bin) * shape.width + k] ==
							  naive_sum(rows, &drawn, pair, cvm_histogram_column(&shape, i), bin, k));
			cvm_histogram_totals(&shape, sums, totals);
			for (int k = 0; k < shape.width; k++)
				for (int bin = 0; bin <= LEVELS; bin++)
					expected[k] += naive_sum(rows, &drawn, pair, 4, bin, k);
			for (int k = 0; k < shape.width; k++)
				CHECK(totals[k] == expected[k]);
			cvm_histogram_subtract(&shape, sums, sums);
			CHECK(sums[3 * shape.width] == 0);
			free(sums);
		}
	cvm_binned_rows_release(rows);
}

/* ---- splits ---- */

typedef struct Side
{
	double		g;
	double		h;
	double		classes[3];
} Side;

static double
side_score(CvmImpurity impurity, const Side *side, double l2)
{
	double		weight = side->classes[0] + side->classes[1] + side->classes[2];
	double		score = 0;

	if (impurity == CVM_IMPURITY_NEWTON)
		return side->g * side->g / (side->h + l2);
	for (int k = 0; k < 3; k++)
		if (side->classes[k] > 0)
			score += impurity == CVM_IMPURITY_GINI ?
				side->classes[k] * side->classes[k] / weight :
				side->classes[k] * log(side->classes[k] / weight);
	return score;
}

/* The gain of sending these bins of a column left. */
static double
naive_gain(const CvmBinnedRows *rows, const Statistics *drawn, CvmImpurity impurity, double l2,
		   int column, const bool *goes_left)
{
	Side		sides[3] = {{0}};

	for (size_t i = 0; i < drawn->count; i++)
	{
		int			row = drawn->numbers[i];
		int			left = goes_left[rows->by_row[(size_t) row * rows->columns + column]];

		for (int s = 0; s < 3; s++)
			if (s == 2 || s == left)
			{
				sides[s].g += drawn->g[row];
				sides[s].h += drawn->h[row];
				sides[s].classes[drawn->classes[row]] += drawn->h[row];
			}
	}
	if (sides[0].h == 0 || sides[1].h == 0)
		return 0;
	return side_score(impurity, &sides[0], l2) + side_score(impurity, &sides[1], l2) -
		side_score(impurity, &sides[2], l2);
}

/* All splits of numbers; all sets of levels. */
static double
naive_best(const CvmBins *bins, const CvmBinnedRows *rows, const Statistics *drawn,
		   CvmImpurity impurity, double l2, int column)
{
	bool		goes_left[CVM_BIN_PLACES];
	double		best = 0;

	if (cvm_bins_is_category(bins, column))
	{
		for (int set = 1; set < (1 << LEVELS) - 1; set++)
		{
			for (int bin = 0; bin < LEVELS; bin++)
				goes_left[bin] = (set >> bin) & 1;
			best = fmax(best, naive_gain(rows, drawn, impurity, l2, column, goes_left));
		}
		return best;
	}
	for (int last = 0; last < bins->counts[column]; last++)
		for (int missing = 0; missing <= 1; missing++)
		{
			for (int bin = 0; bin < bins->counts[column]; bin++)
				goes_left[bin] = bin <= last;
			goes_left[bins->counts[column]] = missing;
			best = fmax(best, naive_gain(rows, drawn, impurity, l2, column, goes_left));
		}
	return best;
}

static void
test_split(CvmImpurity impurity, double l2, uint64_t seed)
{
	TreeRows	table = make_rows(400, seed);
	CvmBins    *bins = cvm_bins_learn(&table.layout, &table.source, 1000, SIZE_MAX, 7);
	CvmBinnedRows *rows = cvm_bin_rows(bins, &table.source);
	bool		pair = impurity == CVM_IMPURITY_NEWTON;
	int64_t		work[12];
	int64_t		totals[3];
	CvmHistogramShape shape = {.bins = bins,.columns = 1,.width = pair ? 2 : 3};
	CvmSplitRule rule = {.impurity = impurity,.width = shape.width,.gradient_unit = 1,
	.curvature_unit = 1,.l2 = l2,.work = work};
	int64_t    *sums = malloc(cvm_histogram_size(1, 3) * sizeof(int64_t));
	int64_t    *narrow = malloc(CVM_BIN_PLACES * sizeof(int64_t));
	CvmRandom	random;
	Statistics	drawn;

	cvm_random_seed(&random, seed);
	drawn = draw_statistics(table.rows, &random);
	for (int32_t column = 0; column < bins->columns; column++)
	{
		CvmRowStatistics statistics = {.width = shape.width,.weights = drawn.weights,
		.classes = drawn.classes};
		CvmSplit	split = {.column = -1};
		CvmSplitNode node = {totals, drawn.count, -INFINITY, INFINITY};

		if (pair)
			statistics.packed = drawn.packed;
		shape.chosen = &column;
		cvm_histogram_fill(&shape, rows, &statistics, drawn.numbers, drawn.count, narrow, sums);
		cvm_histogram_totals(&shape, sums, totals);
		cvm_split_search(&rule, &shape, &node, sums, &split);
		/* the order of levels is the best one only without smoothing and for two classes */
		if (!cvm_bins_is_category(bins, column))
			CHECK_CLOSE(split.gain / naive_best(bins, rows, &drawn, impurity, l2, column), 1, 1e-9);
		else
			CHECK(split.gain > 0 && split.gain <= 1.0000001 *
				  naive_best(bins, rows, &drawn, impurity, l2, column));
		CHECK(split.column == column);
	}
}

int
main(void)
{
	test_edges();
	test_sample();
	test_odd_columns();
	test_histograms();
	for (uint64_t seed = 10; seed < 14; seed++)
	{
		test_split(CVM_IMPURITY_NEWTON, 0, seed);
		test_split(CVM_IMPURITY_NEWTON, 1e6, seed);
		test_split(CVM_IMPURITY_GINI, 0, seed);
		test_split(CVM_IMPURITY_ENTROPY, 0, seed);
	}
	return check_done();
}
