/*
 * test_figures.c
 *		Figures of ranked rows, confusion matrices, lists and segments against
 *		naive twins.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/measure/confusion.h"
#include "learn/measure/ranking.h"
#include "learn/measure/recommended_list.h"
#include "learn/measure/silhouette.h"

#define ROWS 300

static double scores[ROWS];
static double weights[ROWS];
static bool labels[ROWS];

/* Few distinct scores, so that there are ties. */
static void
draw_rows(CvmRandom *random, CvmRanking *ranking, bool weighted)
{
	memset(ranking, 0, sizeof(*ranking));
	for (int i = 0; i < ROWS; i++)
	{
		labels[i] = cvm_random_below(random, 3) == 0;
		scores[i] = (double) cvm_random_below(random, 40) / 40 - 0.3 + labels[i] * 0.1;
		weights[i] = weighted ? 1 + (double) cvm_random_below(random, 4) : 1;
		cvm_ranking_add(ranking, labels[i], scores[i], weights[i]);
	}
}

static double
naive_auc(void)
{
	double		right = 0;
	double		pairs = 0;

	for (int i = 0; i < ROWS; i++)
		for (int j = 0; j < ROWS; j++)
			if (labels[i] && !labels[j])
			{
				double		weight = weights[i] * weights[j];

				pairs += weight;
				right += scores[i] > scores[j] ? weight :
					scores[i] == scores[j] ? weight / 2 : 0;
			}
	return right / pairs;
}

/* Weight of the rows of a class with at least this score. */
static double
weight_above(double score, int wanted)
{
	double		sum = 0;

	for (int i = 0; i < ROWS; i++)
		if (scores[i] >= score && (wanted < 0 || labels[i] == wanted))
			sum += weights[i];
	return sum;
}

static double
naive_average_precision(void)
{
	double		sum = 0;

	for (int i = 0; i < ROWS; i++)
		if (labels[i])
			sum += weights[i] * weight_above(scores[i], 1) / weight_above(scores[i], -1);
	return sum / weight_above(-1, 1);
}

static void
test_ranked(void)
{
	CvmRandom	random;
	CvmRanking	ranking;
	CvmRankingCursor cursor;
	CvmTies		ties;
	CvmScoreBin bins[7];
	double		positives = 0;
	double		rows = 0;

	cvm_random_seed(&random, 1);
	for (int weighted = 0; weighted <= 1; weighted++)
	{
		draw_rows(&random, &ranking, weighted);
		cvm_ranking_ties(&ranking, &cursor, &ties);
		CHECK(ties.positives == weight_above(-1, 1) && ties.negatives == weight_above(-1, 0));
		CHECK_CLOSE(cvm_ties_auc(&ties), naive_auc(), 1e-12);
		cvm_ranking_ties(&ranking, &cursor, &ties);
		CHECK_CLOSE(cvm_ties_average_precision(&ties), naive_average_precision(), 1e-12);
		cvm_ranking_ties(&ranking, &cursor, &ties);
		CHECK_CLOSE(cvm_ties_lift(&ties, 1), 1, 1e-12);
	}

	/* bins of equal weight that hold everything, in order */
	cvm_ranking_ties(&ranking, &cursor, &ties);
	cvm_ties_bins(&ties, 7, bins);
	for (int i = 0; i < 7; i++)
	{
		CHECK_CLOSE(bins[i].positive + bins[i].negative,
					(ties.positives + ties.negatives) / 7, 1e-10);
		CHECK(i == 0 || bins[i].lowest <= bins[i - 1].lowest);
		positives += bins[i].positive;
		rows += bins[i].positive + bins[i].negative;
	}
	CHECK_CLOSE(positives, ties.positives, 1e-12);
	CHECK_CLOSE(rows, ties.positives + ties.negatives, 1e-12);
	cvm_ranking_ties(&ranking, &cursor, &ties);
	CHECK_CLOSE(cvm_ties_lift(&ties, 1.0 / 7),
				bins[0].positive / (bins[0].positive + bins[0].negative) /
				(ties.positives / (ties.positives + ties.negatives)), 1e-10);
}

static int
compare(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return left < right ? -1 : left > right;
}

static void
test_quantiles(void)
{
	CvmRandom	random;
	CvmRanking	ranking;
	CvmRankingCursor cursor;
	CvmTies		ties;
	double		sorted[ROWS];
	double		edges[10];

	cvm_random_seed(&random, 2);
	draw_rows(&random, &ranking, false);
	memcpy(sorted, scores, sizeof(sorted));
	qsort(sorted, ROWS, sizeof(double), compare);
	for (int bins = 1; bins <= 11; bins++)
	{
		cvm_ranking_ties(&ranking, &cursor, &ties);
		cvm_ties_quantiles(&ties, bins, edges);
		for (int edge = 1; edge < bins; edge++)
		{
			double		place = (ROWS - 1.0) * edge / bins;
			int			low = (int) place;
			int			high = low + 1 < ROWS ? low + 1 : low;

			CHECK_CLOSE(edges[edge - 1],
						sorted[low] + (sorted[high] - sorted[low]) * (place - low), 1e-12);
		}
	}
}

static void
test_empty(void)
{
	CvmRanking	ranking = {0};
	CvmRankingCursor cursor;
	CvmTies		ties;

	cvm_ranking_ties(&ranking, &cursor, &ties);
	CHECK(isnan(cvm_ties_auc(&ties)));
	CHECK(isnan(cvm_ties_average_precision(&ties)));
	CHECK(isnan(cvm_ties_lift(&ties, 0.5)));
	CHECK(isnan(cvm_confusion_accuracy(NULL, 0)));
	CHECK(isnan(cvm_confusion_balanced_accuracy(NULL, 0)));
	CHECK(isnan(cvm_confusion_matthews(NULL, 0)));
	CHECK(cvm_list_average_precision(NULL, 0, 3) == 0 && cvm_list_hit_rate(NULL, 0, 3) == 0);
}

/* Two classes: the textbook formula. */
static void
test_confusion(void)
{
	double		counts[] = {50, 10, 5, 35};
	double		never[] = {60, 0, 40, 0};
	CvmClassFigures figures;

	CHECK_CLOSE(cvm_confusion_matthews(counts, 2),
				(50.0 * 35 - 10 * 5) / sqrt(60.0 * 40 * 55 * 45), 1e-14);
	CHECK(cvm_confusion_matthews(never, 2) == 0);
	CHECK_CLOSE(cvm_confusion_accuracy(counts, 2), 0.85, 1e-14);
	CHECK_CLOSE(cvm_confusion_balanced_accuracy(counts, 2), (50.0 / 60 + 35.0 / 40) / 2, 1e-14);
	CHECK(cvm_confusion_class(counts, 2, 1, &figures));
	CHECK_CLOSE(figures.precision, 35.0 / 45, 1e-14);
	CHECK_CLOSE(figures.recall, 35.0 / 40, 1e-14);
	CHECK_CLOSE(figures.f1, 2 * figures.precision * figures.recall /
				(figures.precision + figures.recall), 1e-14);
}

/* The mean of a figure over random orders of the ties. */
static double
mean_over_orders(const CvmListItem *items, int count, int k,
				 double (*figure) (const CvmListItem *items, int count, int k))
{
	CvmRandom	random;
	CvmListItem mixed[20];
	double		sum = 0;
	int			orders = 20000;

	cvm_random_seed(&random, 3);
	for (int order = 0; order < orders; order++)
	{
		memcpy(mixed, items, count * sizeof(CvmListItem));
		for (int i = 0; i < count; i++)
			mixed[i].score += cvm_random_uniform(&random) * 1e-3;
		cvm_list_sort(mixed, count);
		sum += figure(mixed, count, k);
	}
	return sum / orders;
}

static double
plain_average_precision(const CvmListItem *items, int count, int k)
{
	double		hits = 0;
	double		sum = 0;
	int			all = 0;

	for (int i = 0; i < count; i++)
		all += items[i].relevance > 0;
	for (int i = 0; i < k; i++)
		if (items[i].relevance > 0)
			sum += ++hits / (i + 1);
	return sum / (all < k ? all : k);
}

static double
plain_hit_rate(const CvmListItem *items, int count, int k)
{
	for (int i = 0; i < k; i++)
		if (items[i].relevance > 0)
			return 1;
	return 0;
}

static void
test_lists(void)
{
	CvmListItem items[12];

	for (int i = 0; i < 12; i++)
	{
		items[i].score = 5 - i / 5;
		items[i].relevance = i == 3 || i == 6 || i == 7 || i == 11;
	}
	for (int k = 1; k <= 12; k++)
	{
		CHECK_CLOSE(cvm_list_average_precision(items, 12, k),
					mean_over_orders(items, 12, k, plain_average_precision), 0.01);
		CHECK_CLOSE(cvm_list_hit_rate(items, 12, k),
					mean_over_orders(items, 12, k, plain_hit_rate), 0.01);
	}
	/* the best order gets 1, by definition */
	for (int i = 0; i < 12; i++)
		items[i].score = items[i].relevance = 12 - i;
	CHECK_CLOSE(cvm_list_ndcg(items, 12, 5), 1, 1e-14);
}

static void
test_silhouette(void)
{
	/* on a line: two pairs and one that is alone */
	double		points[] = {0, 1, 10, 12, 100};
	int32_t		segments[] = {0, 0, 1, 1, 2};
	int32_t		one[] = {0, 0, 0, 0, 0};
	double		expected = (10.0 / 11 + 9.0 / 10 + 7.5 / 9.5 + 9.5 / 11.5 + 0) / 5;

	CHECK_CLOSE(cvm_silhouette(points, segments, 5, 1, 3), expected, 1e-14);
	CHECK(isnan(cvm_silhouette(points, one, 5, 1, 1)));
}

int
main(void)
{
	test_ranked();
	test_quantiles();
	test_empty();
	test_confusion();
	test_lists();
	test_silhouette();
	return check_done();
}
