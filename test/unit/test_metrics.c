/*
 * test_metrics.c
 *		Metrics against scikit-learn 1.2.1 on data made by whole-number
 *		formulas, and against naive twins.
 *
 * The formulas stand in fill_binary(), fill_multiclass() and
 * fill_regression(); the figures are those of sklearn.metrics for them.
 */
#include "check.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/measure/metrics.h"

#define ROWS 200
#define TOLERANCE 1e-12

static double
weight_of(int row, bool weighted)
{
	return weighted ? 1 + (row * 13) % 5 * 0.5 : 1;
}

static double
metric(CvmScoreSheet *sheet, const char *name)
{
	CvmMetric	metrics[CVM_MAX_METRICS];
	int			count = cvm_score_sheet_metrics(sheet, metrics);

	for (int i = 0; i < count; i++)
		if (strcmp(metrics[i].name, name) == 0)
			return metrics[i].value;
	CHECK(!"metric is missing");
	return NAN;
}

static bool
has_metric(CvmScoreSheet *sheet, const char *name)
{
	CvmMetric	metrics[CVM_MAX_METRICS];
	int			count = cvm_score_sheet_metrics(sheet, metrics);

	for (int i = 0; i < count; i++)
		if (strcmp(metrics[i].name, name) == 0)
			return true;
	return false;
}

static CvmScoreSheet *
fill_binary(bool weighted)
{
	CvmScoreSheet *sheet = cvm_score_sheet_create(&(CvmMeasure) {CVM_LOGISTIC, CVM_BINARY, 2});

	for (int i = 0; i < ROWS; i++)
	{
		int			label = (i * i * 7 + 3 * i) % 11 < 5;
		double		probability = ((i * 37 + 11) % 41 + 0.5 + label * 6) / 48.0;

		cvm_score_sheet_add(sheet, label, &probability, weight_of(i, weighted));
	}
	return sheet;
}

static CvmScoreSheet *
fill_multiclass(bool weighted)
{
	CvmScoreSheet *sheet = cvm_score_sheet_create(&(CvmMeasure) {CVM_SOFTMAX, CVM_MULTICLASS, 4});

	for (int i = 0; i < ROWS; i++)
	{
		int			label = (i * i * 5 + i) % 13 % 4;
		double		probabilities[4];
		double		sum = 0;

		for (int k = 0; k < 4; k++)
		{
			probabilities[k] = (i * (17 + 4 * k) + 3 * k) % 23 + 1 + (label == k) * 9;
			sum += probabilities[k];
		}
		for (int k = 0; k < 4; k++)
			probabilities[k] /= sum;
		cvm_score_sheet_add(sheet, label, probabilities, weight_of(i, weighted));
	}
	return sheet;
}

static CvmScoreSheet *
fill_regression(CvmFamily family, bool weighted)
{
	CvmScoreSheet *sheet = cvm_score_sheet_create(&(CvmMeasure) {family, CVM_REGRESSION, 0});

	for (int i = 0; i < ROWS; i++)
	{
		double		target = i * 29 % 31;
		double		prediction = target * 0.8 + ((i * 7) % 13) * 0.5 + 0.25;

		cvm_score_sheet_add(sheet, target, &prediction, weight_of(i, weighted));
	}
	return sheet;
}

static void
test_binary(void)
{
	CvmScoreSheet *sheet = fill_binary(false);

	CHECK_CLOSE(metric(sheet, "accuracy"), 0.545, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "auc"), 0.608456477186927, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "log_loss"), 0.7286871913212059, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "brier"), 0.26596354166666664, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "precision"), 0.68, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "recall"), 0.5354330708661418, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "f1"), 0.5991189427312776, TOLERANCE);
	CHECK_CLOSE(cvm_score_sheet_confusion(sheet)[0], 41, 0);
	CHECK_CLOSE(cvm_score_sheet_confusion(sheet)[1], 32, 0);
	CHECK_CLOSE(cvm_score_sheet_confusion(sheet)[2], 59, 0);
	CHECK_CLOSE(cvm_score_sheet_confusion(sheet)[3], 68, 0);
	cvm_score_sheet_free(sheet);

	sheet = fill_binary(true);
	CHECK_CLOSE(metric(sheet, "accuracy"), 0.5425, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "auc"), 0.6051654332904333, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "log_loss"), 0.7319290665672635, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "brier"), 0.26720052083333334, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "precision"), 0.6733668341708543, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "recall"), 0.5317460317460317, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "f1"), 0.5942350332594236, TOLERANCE);
	cvm_score_sheet_free(sheet);
}

static void
test_multiclass(void)
{
	CvmScoreSheet *sheet = fill_multiclass(false);

	CHECK_CLOSE(metric(sheet, "accuracy"), 0.67, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "auc"), 0.8666966200911441, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "log_loss"), 1.0099982704313835, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "precision"), 0.6682235892762208, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "recall"), 0.6710412810682179, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "f1"), 0.6634739815640797, TOLERANCE);
	CHECK(!has_metric(sheet, "brier"));
	cvm_score_sheet_free(sheet);

	sheet = fill_multiclass(true);
	CHECK_CLOSE(metric(sheet, "accuracy"), 0.6725, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "auc"), 0.8719001363907121, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "log_loss"), 1.0003645886174168, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "precision"), 0.670709455917985, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "recall"), 0.6697174340259365, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "f1"), 0.6648996292799809, TOLERANCE);
	cvm_score_sheet_free(sheet);
}

static void
test_regression(void)
{
	CvmScoreSheet *sheet = fill_regression(CVM_POISSON, false);

	CHECK_CLOSE(metric(sheet, "rmse"), 2.5653459805648047, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "mae"), 2.0925, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "r2"), 0.9171388019499641, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "deviance"), 0.7866475140553086, TOLERANCE);
	cvm_score_sheet_free(sheet);

	sheet = fill_regression(CVM_POISSON, true);
	CHECK_CLOSE(metric(sheet, "rmse"), 2.477670276691392, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "mae"), 1.954125, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "r2"), 0.9224551811847376, TOLERANCE);
	CHECK_CLOSE(metric(sheet, "deviance"), 0.7427662393490562, TOLERANCE);
	cvm_score_sheet_free(sheet);

	sheet = fill_regression(CVM_LINEAR, false);
	CHECK(!has_metric(sheet, "deviance"));
	cvm_score_sheet_free(sheet);
}

/* Figures of roc_curve(drop_intermediate=False). */
static void
test_roc(void)
{
	CvmScoreSheet *sheet = fill_binary(true);
	CvmRocPoint *points;
	int			count = cvm_score_sheet_roc(sheet, &points);

	CHECK(count == 48);
	CHECK(isinf(points[0].threshold));
	CHECK_CLOSE(points[0].false_positive_rate, 0, 0);
	CHECK_CLOSE(points[0].true_positive_rate, 0, 0);
	CHECK_CLOSE(points[10].false_positive_rate, 0.11824324324324324, TOLERANCE);
	CHECK_CLOSE(points[10].true_positive_rate, 0.23214285714285715, TOLERANCE);
	CHECK_CLOSE(points[10].threshold, 0.78125, 0);
	CHECK_CLOSE(points[30].false_positive_rate, 0.6081081081081081, TOLERANCE);
	CHECK_CLOSE(points[30].true_positive_rate, 0.7123015873015873, TOLERANCE);
	CHECK_CLOSE(points[30].threshold, 0.3645833333333333, 0);
	CHECK_CLOSE(points[count - 1].false_positive_rate, 1, 0);
	CHECK_CLOSE(points[count - 1].true_positive_rate, 1, 0);
	cvm_release(points);
	cvm_score_sheet_free(sheet);
}

/* Many rows, few of them alike, negative scores too: pairs counted one by one. */
static void
test_auc_naive(void)
{
	enum
	{
		rows = 3000
	};
	static double scores[rows];
	static double weights[rows];
	static int	labels[rows];
	CvmScoreSheet *sheet = cvm_score_sheet_create(&(CvmMeasure) {CVM_LOGISTIC, CVM_BINARY, 2});
	CvmRandom	random;
	double		wins = 0;
	double		pairs = 0;

	cvm_random_seed(&random, 7);
	for (int i = 0; i < rows; i++)
	{
		scores[i] = cvm_random_normal(&random);
		if (i % 3 == 0)
			scores[i] = floor(scores[i] * 4) / 4;	/* ties, zeros */
		if (i % 100 == 0)
			scores[i] = -0.0;
		labels[i] = cvm_random_uniform(&random) < 0.4;
		weights[i] = cvm_random_uniform(&random) + 0.1;
		cvm_score_sheet_add(sheet, labels[i], &scores[i], weights[i]);
	}
	for (int i = 0; i < rows; i++)
		for (int k = 0; k < rows; k++)
			if (labels[i] == 1 && labels[k] == 0)
			{
				double		weight = weights[i] * weights[k];

				pairs += weight;
				if (scores[i] > scores[k])
					wins += weight;
				else if (scores[i] == scores[k])
					wins += weight / 2;
			}
	CHECK_CLOSE(metric(sheet, "auc"), wins / pairs, 1e-11);
	cvm_score_sheet_free(sheet);
}

static void
test_edges(void)
{
	CvmScoreSheet *sheet = cvm_score_sheet_create(&(CvmMeasure) {CVM_LOGISTIC, CVM_BINARY, 2});
	double		zero = 0;
	double		one = 1;
	CvmRocPoint *points;
	bool		more;

	/* no rows */
	CHECK(isnan(metric(sheet, "accuracy")));
	CHECK(isnan(metric(sheet, "auc")));
	CHECK(isnan(metric(sheet, "log_loss")));
	CHECK(isnan(metric(sheet, "f1")));
	CHECK(cvm_score_sheet_roc(sheet, &points) == 1);
	cvm_release(points);

	/* rows without weight do not count */
	cvm_score_sheet_add(sheet, 1, &one, 0);
	CHECK(isnan(metric(sheet, "accuracy")));

	/* one class; certain and wrong is a large but finite loss */
	cvm_score_sheet_add(sheet, 1, &zero, 2);
	CHECK(isnan(metric(sheet, "auc")));
	CHECK_CLOSE(metric(sheet, "log_loss"), -log(DBL_EPSILON), TOLERANCE);
	CHECK_CLOSE(metric(sheet, "precision"), 0, 0);
	CHECK_CLOSE(metric(sheet, "f1"), 0, 0);

	/* perfect */
	cvm_score_sheet_free(sheet);
	sheet = cvm_score_sheet_create(&(CvmMeasure) {CVM_LOGISTIC, CVM_BINARY, 2});
	cvm_score_sheet_add(sheet, 1, &one, 1);
	cvm_score_sheet_add(sheet, 0, &zero, 1);
	CHECK_CLOSE(metric(sheet, "auc"), 1, 0);
	CHECK_CLOSE(metric(sheet, "f1"), 1, 0);
	CHECK(metric(sheet, "log_loss") < 1e-15);
	cvm_score_sheet_free(sheet);

	/* a constant target has no r2; a mean of zero makes deviance infinite */
	sheet = cvm_score_sheet_create(&(CvmMeasure) {CVM_POISSON, CVM_REGRESSION, 0});
	cvm_score_sheet_add(sheet, 1, &one, 1);
	cvm_score_sheet_add(sheet, 1, &zero, 1);
	CHECK(isnan(metric(sheet, "r2")));
	CHECK(isinf(metric(sheet, "deviance")));
	cvm_score_sheet_free(sheet);

	CHECK(strcmp(cvm_primary_metric(&(CvmMeasure) {CVM_LOGISTIC, CVM_BINARY}, &more), "auc") == 0 && more);
	CHECK(strcmp(cvm_primary_metric(&(CvmMeasure) {CVM_SOFTMAX, CVM_MULTICLASS}, &more), "log_loss") == 0 && !more);
	CHECK(strcmp(cvm_primary_metric(&(CvmMeasure) {CVM_HUBER, CVM_REGRESSION}, &more), "rmse") == 0 && !more);
	CHECK(strcmp(cvm_primary_metric(&(CvmMeasure) {CVM_POISSON, CVM_REGRESSION}, &more), "deviance") == 0 && !more);
}

/* By hand. */
static void
test_profit_and_quantile(void)
{
	const double labels[] = {1, 1, 0, 0, 0};
	const double probabilities[] = {0.9, 0.2, 0.3, 0.05, 0.6};
	const double weights[] = {1, 1, 1, 1, 2};
	const double targets[] = {1, 5, 3};
	const double predictions[] = {2, 2, 3};
	CvmProfit	profit = {.true_positive = 90,.false_positive = -10,.false_negative = -1,.threshold = 0.25};
	CvmScoreSheet *sheet = cvm_score_sheet_create(&(CvmMeasure) {CVM_LOGISTIC, CVM_BINARY, 2,.profit = &profit});
	CvmMetric	metrics[CVM_MAX_METRICS];
	int			count;
	bool		more;

	cvm_score_sheet_add_rows(sheet, 5, labels, probabilities, weights);
	count = cvm_score_sheet_metrics(sheet, metrics);
	CHECK(strcmp(metrics[count - 1].name, "profit") == 0);
	CHECK_CLOSE(metrics[count - 1].value, (90 - 1 - 10 - 20) / 6.0, 1e-14);
	CHECK_CLOSE(metrics[0].value, 2.0 / 6, 1e-14);	/* accuracy by the threshold */
	cvm_score_sheet_free(sheet);

	sheet = cvm_score_sheet_create(&(CvmMeasure) {CVM_LINEAR, CVM_REGRESSION,.quantile = 0.75});
	cvm_score_sheet_add_rows(sheet, 3, targets, predictions, weights);
	count = cvm_score_sheet_metrics(sheet, metrics);
	CHECK(strcmp(metrics[count - 1].name, "pinball_loss") == 0);
	CHECK_CLOSE(metrics[count - 1].value, (0.25 + 0.75 * 3) / 3, 1e-14);
	cvm_score_sheet_free(sheet);
	CHECK(strcmp(cvm_primary_metric(&(CvmMeasure) {CVM_LINEAR, CVM_REGRESSION,.quantile = 0.5}, &more),
				 "pinball_loss") == 0 && !more);
}

int
main(void)
{
	test_binary();
	test_multiclass();
	test_regression();
	test_roc();
	test_auc_naive();
	test_edges();
	test_profit_and_quantile();
	return check_done();
}
