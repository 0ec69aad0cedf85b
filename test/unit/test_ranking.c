/*
 * test_ranking.c
 *		Rankings against a naive twin, of scores of every sort; with a limit
 *		against without one.
 */
#include "check.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/measure/ranking.h"

/* Share of pairs in the right order, by comparing all of them. */
static double
naive_auc(const double *scores, const bool *positive, const double *weights, int rows)
{
	double		right = 0;
	double		pairs = 0;

	for (int i = 0; i < rows; i++)
		for (int j = 0; j < rows; j++)
		{
			double		weight = weights[i] * weights[j];

			if (!positive[i] || positive[j])
				continue;
			pairs += weight;
			right += scores[i] > scores[j] ? weight : scores[i] == scores[j] ? weight / 2 : 0;
		}
	return right / pairs;
}

/* Scores of a kind: what sorting finds hard is in how they are spread. */
static double
score_of(int kind, uint64_t random)
{
	double		uniform = (random >> 11) * 0x1p-53;

	switch (kind)
	{
		case 0:
			return uniform;
		case 1:					/* few values */
			return (double) (random % 7);
		case 2:					/* all the same */
			return 0.25;
		case 3:					/* of all magnitudes, with both signs */
			return (random % 2 ? 1 : -1) * ldexp(uniform, (int) (random % 2000) - 1000);
		case 4:					/* two clusters far apart, each very narrow */
			return random % 2 ? 1 + uniform * 1e-15 : uniform * 1e-300;
		case 5:					/* zeros of both signs and the extremes */
			return (double[]) {0.0, -0.0, DBL_MAX, -DBL_MAX, INFINITY, -INFINITY}[random % 6];
		default:				/* each next one half as far from the middle */
			return (random % 2 ? 1 : -1) * ldexp(1, -(int) (random % 1000));
	}
}

static void
test_kinds(void)
{
	enum {ROWS = 1500};
	static double scores[ROWS];
	static double weights[ROWS];
	static bool positive[ROWS];

	for (int kind = 0; kind <= 6; kind++)
	{
		CvmRanking	ranking = {0};
		CvmRocPoint *points;
		int			count;
		double		area = 0;

		for (int i = 0; i < ROWS; i++)
		{
			uint64_t	random = cvm_hash64(i, kind);

			scores[i] = score_of(kind, random);
			positive[i] = (random >> 60) % 3 == 0;
			weights[i] = 1 + (i % 3) * 0.5;
			cvm_ranking_add(&ranking, positive[i], scores[i], weights[i]);
		}
		CHECK_CLOSE(cvm_ranking_auc(&ranking), naive_auc(scores, positive, weights, ROWS), 1e-12);

		/* the area under the curve by its points is the same */
		count = cvm_ranking_roc(&ranking, &points);
		for (int i = 1; i < count; i++)
		{
			CHECK(i == 1 || points[i].threshold < points[i - 1].threshold);
			area += (points[i].false_positive_rate - points[i - 1].false_positive_rate) *
				(points[i].true_positive_rate + points[i - 1].true_positive_rate) / 2;
		}
		CHECK_CLOSE(area, cvm_ranking_auc(&ranking), 1e-12);
		cvm_release(points);
		cvm_release(ranking.rows);
	}
}

/* Makes n rows of overlapping classes; the scores come in rising order or not. */
static double
auc_of_overlapping(int rows, size_t limit, bool rising, size_t *kept)
{
	CvmRanking	ranking = {.limit = limit};
	double		auc;

	for (int i = 0; i < rows; i++)
	{
		double		score = rising ? (double) i / rows : (cvm_hash64(i, 1) >> 11) * 0x1p-53;
		bool		positive = (cvm_hash64(i, 2) >> 11) * 0x1p-53 < score;

		cvm_ranking_add(&ranking, positive, score, 1);
		if (limit > 0)
			CHECK(ranking.count <= limit);
	}
	*kept = ranking.capacity;
	auc = cvm_ranking_auc(&ranking);
	cvm_release(ranking.rows);
	return auc;
}

static void
test_limit(void)
{
	for (int rising = 0; rising <= 1; rising++)
	{
		size_t		kept;
		double		exact = auc_of_overlapping(200000, 0, rising, &kept);

		CHECK_CLOSE(auc_of_overlapping(200000, 200000, rising, &kept), exact, 1e-15);
		CHECK_CLOSE(auc_of_overlapping(200000, 20000, rising, &kept), exact, 1e-6);
		CHECK(kept == 20000);
		CHECK_CLOSE(auc_of_overlapping(200000, 500, rising, &kept), exact, 1e-3);
	}
}

/* Few distinct scores stay exact, however many rows there are. */
static void
test_limit_of_ties(void)
{
	CvmRanking	exact = {0};
	CvmRanking	limited = {.limit = 1000};

	for (int i = 0; i < 50000; i++)
	{
		uint64_t	random = cvm_hash64(i, 3);
		bool		positive = random % 100 < random / 100 % 50;

		cvm_ranking_add(&exact, positive, (double) (random / 100 % 4), 1);
		cvm_ranking_add(&limited, positive, (double) (random / 100 % 4), 1);
	}
	CHECK_CLOSE(cvm_ranking_auc(&limited), cvm_ranking_auc(&exact), 1e-15);
	cvm_release(exact.rows);
	cvm_release(limited.rows);
}

int
main(void)
{
	test_kinds();
	test_limit();
	test_limit_of_ties();
	return check_done();
}
