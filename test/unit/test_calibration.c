/*
 * test_calibration.c
 *		Platt's and isotonic maps against scikit-learn 1.2.1
 *		(test/reference/calibration_sklearn.py), their application, and
 *		thresholds from profits.
 */
#include "check.h"

#include <stdlib.h>

#include "base/memory.h"
#include "learn/measure/calibration.h"
#include "learn/measure/profit.h"
#include "learn/measure/ranking.h"

#define ROWS 200

static double scores[ROWS];
static int32_t labels[ROWS];
static double ones[ROWS];
static double weights[ROWS];

/* As the script makes them. */
static void
make_rows(void)
{
	for (int i = 0; i < ROWS; i++)
	{
		double		z = 3 * sin(1.7 * i + 0.3);

		scores[i] = 1 / (1 + exp(-z));
		labels[i] = sin(5.1 * i) * 0.5 + 0.5 < 1 / (1 + exp(-0.5 * z - 0.25));
		ones[i] = 1;
		weights[i] = 1 + i % 3;
	}
}

static CvmLabelledScores
labelled_rows(const double *row_weights)
{
	CvmLabelledScores labelled = {
		.count = ROWS,.scores = scores,.labels = labels,.weights = row_weights,.positive = 1
	};

	return labelled;
}

static void
test_platt(void)
{
	CvmLabelledScores labelled = labelled_rows(ones);
	double		slope;
	double		intercept;

	cvm_platt_fit(&labelled, &slope, &intercept);
	CHECK_CLOSE(slope, 0.270224967252, 1e-10);
	CHECK_CLOSE(intercept, 0.173798829784, 1e-10);
	labelled = labelled_rows(weights);
	cvm_platt_fit(&labelled, &slope, &intercept);
	CHECK_CLOSE(slope, 0.276397875068, 1e-10);
	CHECK_CLOSE(intercept, 0.176518941244, 1e-10);

	/* the other class is the mirror image */
	labelled.positive = 0;
	cvm_platt_fit(&labelled, &slope, &intercept);
	CHECK(slope == 0);			/* its scores would have to be turned around */
	CHECK(isfinite(intercept) && intercept < 0);
}

/* Scores that are certain and right: finite all the same. */
static void
test_platt_separated(void)
{
	const double certain[] = {0, 0, 1, 1};
	const int32_t classes[] = {0, 0, 1, 1};
	CvmLabelledScores labelled = {
		.count = 4,.scores = certain,.labels = classes,.weights = ones,.positive = 1
	};
	double		slope;
	double		intercept;
	double		p = 1;
	CvmCalibration calibration = {
		.method = CVM_CALIBRATION_PLATT,.maps = 1,.slopes = &slope,.intercepts = &intercept
	};

	cvm_platt_fit(&labelled, &slope, &intercept);
	CHECK(isfinite(slope) && slope > 0 && isfinite(intercept));
	cvm_calibrate(&calibration, 1, &p);
	CHECK_CLOSE(p, 3.0 / 4, 1e-9);	/* the target that two positive rows have */
}

static void
test_isotonic(void)
{
	static const double at[] = {0.001, 0.06, 0.2, 0.5, 0.777, 0.93, 0.999};
	static const double plain[] = {
		0, 0.266193240614, 0.553571428571, 0.553571428571, 0.553571428571, 0.553571428571, 1
	};
	static const double weighted[] = {
		0, 0.266193240614, 0.549549549550, 0.549549549550, 0.549549549550, 0.549549549550, 1
	};

	for (int run = 0; run < 2; run++)
	{
		CvmLabelledScores labelled = labelled_rows(run == 0 ? ones : weights);
		double	   *map_scores;
		double	   *probabilities;
		int			points = cvm_isotonic_fit(&labelled, &map_scores, &probabilities);
		CvmCalibration calibration = {
			.method = CVM_CALIBRATION_ISOTONIC,.maps = 1,.points = points,.map_points = &points,
			.scores = map_scores,.probabilities = probabilities
		};

		CHECK(points == (run == 0 ? 8 : 10));
		for (int i = 1; i < points; i++)
			CHECK(map_scores[i] > map_scores[i - 1] && probabilities[i] >= probabilities[i - 1]);
		for (int i = 0; i < 7; i++)
		{
			double		p = at[i];

			cvm_calibrate(&calibration, 1, &p);
			CHECK_CLOSE(p, run == 0 ? plain[i] : weighted[i], 1e-10);
		}
	}
}

/* The best non-decreasing fit has no better neighbor: a naive twin of few rows. */
static void
test_isotonic_ties(void)
{
	const double tied[] = {0.5, 0.5, 0.5, 0.5};
	const int32_t classes[] = {1, 0, 0, 1};
	CvmLabelledScores labelled = {
		.count = 4,.scores = tied,.labels = classes,.weights = weights,.positive = 1
	};
	double	   *map_scores;
	double	   *probabilities;

	CHECK(cvm_isotonic_fit(&labelled, &map_scores, &probabilities) == 1);
	CHECK_CLOSE(map_scores[0], 0.5, 0);
	CHECK_CLOSE(probabilities[0], 2.0 / 7, 1e-15);	/* weights 1, 2, 3, 1 */
}

static void
test_multiclass(void)
{
	static const double slopes[] = {1, 1, 1};
	static const double intercepts[] = {0, 0, 0};
	static const int32_t map_points[] = {1, 1, 1};
	static const double zeros[] = {0, 0, 0};
	CvmCalibration calibration = {
		.method = CVM_CALIBRATION_PLATT,.maps = 3,.slopes = slopes,.intercepts = intercepts
	};
	double		predictions[] = {0.2, 0.3, 0.5, 0.25, 0.5, 0.25};

	/* the map that changes nothing */
	cvm_calibrate(&calibration, 2, predictions);
	CHECK_CLOSE(predictions[0], 0.2, 1e-14);
	CHECK_CLOSE(predictions[2], 0.5, 1e-14);
	CHECK_CLOSE(predictions[4], 0.5, 1e-14);

	/* nothing is possible: all are equally likely */
	calibration.method = CVM_CALIBRATION_ISOTONIC;
	calibration.points = 3;
	calibration.map_points = map_points;
	calibration.scores = calibration.probabilities = zeros;
	cvm_calibrate(&calibration, 1, predictions);
	for (int k = 0; k < 3; k++)
		CHECK_CLOSE(predictions[k], 1.0 / 3, 1e-15);
}

static void
test_profit(void)
{
	CvmProfit	profit = {.true_positive = 90,.false_positive = -10};
	CvmRanking	ranking = {0};
	CvmRankingCursor cursor;
	CvmTies		ties;

	CHECK(cvm_profit_is_sound(&profit));
	CHECK_CLOSE(cvm_profit_expected_threshold(&profit), 0.1, 1e-15);
	profit.false_positive = 10;
	CHECK(!cvm_profit_is_sound(&profit));
	profit.false_positive = -INFINITY;
	CHECK(!cvm_profit_is_sound(&profit));
	profit = (CvmProfit) {.true_positive = 5,.false_positive = -2,.true_negative = 1,.false_negative = -10};
	CHECK_CLOSE(cvm_profit_expected_threshold(&profit), 3.0 / 18, 1e-15);

	/* 0.9 +, 0.8 -, 0.7 +, 0.2 -: the first three are contacted */
	profit = (CvmProfit) {.true_positive = 90,.false_positive = -10};
	cvm_ranking_add(&ranking, true, 0.9, 1);
	cvm_ranking_add(&ranking, false, 0.2, 1);
	cvm_ranking_add(&ranking, true, 0.7, 1);
	cvm_ranking_add(&ranking, false, 0.8, 1);
	cvm_ranking_ties(&ranking, &cursor, &ties);
	CHECK_CLOSE(cvm_profit_best_threshold(&profit, &ties), 0.45, 1e-15);
	CHECK_CLOSE(cvm_profit_of(&profit, 2, 1, 2, 2), 170, 0);

	/* too dear: nobody is */
	profit.false_positive = -1000;
	profit.true_positive = 10;
	cvm_ranking_ties(&ranking, &cursor, &ties);
	CHECK(cvm_profit_best_threshold(&profit, &ties) > 0.7);
	profit.true_positive = 0.5;
	profit.false_negative = 0.4;
	profit.true_negative = -1;
	profit.false_positive = -2;
	CHECK(cvm_profit_is_sound(&profit));
}

int
main(void)
{
	make_rows();
	test_platt();
	test_platt_separated();
	test_isotonic();
	test_isotonic_ties();
	test_multiclass();
	test_profit();
	return check_done();
}
