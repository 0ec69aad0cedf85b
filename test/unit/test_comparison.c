/*
 * test_comparison.c
 *		Comparisons of two models against numpy 1.24 and a naive twin.
 *
 * The reference figures are DeLong's covariance by its definition (all pairs
 * of rows), and the sample variance of the rows' influences; a bootstrap of
 * 20,000 samples agreed with both to 1 %.
 */
#include "check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/measure/comparison.h"

#define ROWS 200

typedef struct Rows
{
	double		label[ROWS];
	double		one[ROWS];
	double		other[ROWS];
	double		weight[ROWS];
} Rows;

static void
fill(Rows *rows, bool weighted)
{
	int64_t		x = 42;

	for (int i = 0; i < ROWS; i++)
	{
		double		u[4];

		for (int k = 0; k < 4; k++)
		{
			x = (x * 1103515245 + 12345) % (INT64_C(1) << 31);
			u[k] = (double) x / (INT64_C(1) << 31);
		}
		rows->label[i] = u[0] + 0.3 * u[1] + 0.3 * u[2] > 0.9;
		rows->one[i] = rint((u[0] + u[3] * 0.6) * 10) / 10;
		rows->other[i] = rint((u[1] + u[0] * 0.5) * 100) / 100;
		rows->weight[i] = weighted ? 0.5 + i % 4 : 1;
	}
}

static CvmVerdict
compare(const Rows *rows, CvmFamily family, CvmTask task)
{
	CvmComparison *comparison = cvm_comparison_create(&(CvmMeasure) {family, task, task == CVM_BINARY ? 2 : 0});
	CvmVerdict	verdict;

	memset(&verdict, 0, sizeof(verdict));
	cvm_comparison_add_rows(comparison, 120, rows->label, rows->one, rows->other, rows->weight);
	cvm_comparison_add_rows(comparison, ROWS - 120, rows->label + 120, rows->one + 120,
							rows->other + 120, rows->weight + 120);
	CHECK(cvm_comparison_verdict(comparison, &verdict));
	cvm_comparison_free(comparison);
	return verdict;
}

static void
references(void)
{
	Rows		rows;
	CvmVerdict	verdict;

	fill(&rows, false);
	verdict = compare(&rows, CVM_LOGISTIC, CVM_BINARY);
	CHECK(strcmp(verdict.metric, "auc") == 0 && verdict.rows == ROWS);
	CHECK_CLOSE(verdict.candidate, 0.9122886931875696, 1e-14);
	CHECK_CLOSE(verdict.active, 0.750835104767689, 1e-14);
	CHECK_CLOSE(verdict.gain, 0.16145358841988056, 1e-14);
	CHECK_CLOSE(verdict.std_error / 0.03828577856886077, 1, 1e-12);

	verdict = compare(&rows, CVM_LINEAR, CVM_REGRESSION);
	CHECK(strcmp(verdict.metric, "rmse") == 0);
	CHECK_CLOSE(verdict.candidate, 0.5189894025893015, 1e-14);
	CHECK_CLOSE(verdict.active, 0.5523875451166508, 1e-14);
	CHECK_CLOSE(verdict.gain, 0.033398142527349295, 1e-13);
	CHECK_CLOSE(verdict.std_error / 0.02518065414198971, 1, 1e-12);
}

/* DeLong's variance of the difference by all pairs, with weights. */
static double
naive_variance(const Rows *rows, double gain)
{
	double		variance = 0;

	for (int class = 0; class < 2; class++)
	{
		double		total = 0;
		double		sum = 0;
		int			count = 0;

		for (int i = 0; i < ROWS; i++)
			if (rows->label[i] == class)
			{
				total += rows->weight[i];
				count++;
			}
		for (int i = 0; i < ROWS; i++)
		{
			double		difference = 0;
			double		others = 0;

			if (rows->label[i] != class)
				continue;
			for (int j = 0; j < ROWS; j++)
			{
				int			sign = class == 1 ? 1 : -1;
				double		one = sign * (rows->one[i] - rows->one[j]);
				double		other = sign * (rows->other[i] - rows->other[j]);

				if (rows->label[j] == class)
					continue;
				others += rows->weight[j];
				difference += rows->weight[j] *
					(((one > 0) + 0.5 * (one == 0)) - ((other > 0) + 0.5 * (other == 0)));
			}
			difference = difference / others - gain;
			sum += rows->weight[i] * rows->weight[i] * difference * difference;
		}
		variance += sum / (total * total) * count / (count - 1);
	}
	return variance;
}

static void
weights(void)
{
	Rows		rows;
	CvmVerdict	verdict;
	CvmVerdict	scaled;

	fill(&rows, true);
	verdict = compare(&rows, CVM_LOGISTIC, CVM_BINARY);
	CHECK_CLOSE(verdict.std_error * verdict.std_error / naive_variance(&rows, verdict.gain), 1, 1e-12);
	for (int i = 0; i < ROWS; i++)
		rows.weight[i] *= 1024;
	scaled = compare(&rows, CVM_LOGISTIC, CVM_BINARY);
	CHECK(scaled.gain == verdict.gain && scaled.std_error == verdict.std_error);
	scaled = compare(&rows, CVM_LINEAR, CVM_REGRESSION);
	CHECK_CLOSE(scaled.gain, scaled.active - scaled.candidate, 0);
	for (int i = 100; i < ROWS; i++)
		rows.weight[i] = 0;
	CHECK(compare(&rows, CVM_LINEAR, CVM_REGRESSION).rows == 100);
}

/* The AUC of one side by all pairs of rows that were drawn, so many times each. */
static double
area(const Rows *rows, const double *scores, const int *drawn)
{
	double		area = 0;
	double		pairs = 0;

	for (int i = 0; i < ROWS; i++)
		for (int j = 0; j < ROWS && drawn[i] > 0 && rows->label[i] == 1; j++)
			if (rows->label[j] == 0 && drawn[j] > 0)
			{
				double		weight = rows->weight[i] * rows->weight[j] * drawn[i] * drawn[j];

				pairs += weight;
				area += weight * ((scores[i] > scores[j]) + 0.5 * (scores[i] == scores[j]));
			}
	return area / pairs;
}

/* DeLong's standard error is that of a paired bootstrap (Efron, 1979), whose own
 * error at so many samples is 2 %. */
static void
bootstrap(bool weighted)
{
	enum {SAMPLES = 1500};
	Rows		rows;
	CvmVerdict	verdict;
	double		sum = 0;
	double		squares = 0;
	uint64_t	draw = 0;

	fill(&rows, weighted);
	verdict = compare(&rows, CVM_LOGISTIC, CVM_BINARY);
	for (int sample = 0; sample < SAMPLES; sample++)
	{
		int			drawn[ROWS] = {0};
		double		gain;

		for (int i = 0; i < ROWS; i++)
			drawn[cvm_hash64(draw++, 7) % ROWS]++;
		gain = area(&rows, rows.one, drawn) - area(&rows, rows.other, drawn);
		sum += gain;
		squares += gain * gain;
	}
	squares = squares / SAMPLES - (sum / SAMPLES) * (sum / SAMPLES);
	CHECK_CLOSE(verdict.std_error / sqrt(squares), 1, 0.06);
}

/* All rows agree, but they are few. */
static void
few_rows(void)
{
	double		labels[20];
	double		right[20];
	double		wrong[20];
	double		ones[20];

	for (int i = 0; i < 20; i++)
	{
		labels[i] = right[i] = i % 2;
		wrong[i] = 1 - i % 2;
		ones[i] = 1;
	}
	for (int rows = 2; rows <= 20; rows++)
	{
		CvmComparison *comparison = cvm_comparison_create(&(CvmMeasure) {CVM_LOGISTIC, CVM_BINARY, 2});
		CvmVerdict	verdict;

		cvm_comparison_add_rows(comparison, rows, labels, right, wrong, ones);
		CHECK(cvm_comparison_verdict(comparison, &verdict));
		CHECK(verdict.gain == 1 && verdict.std_error == 0);
		CHECK(verdict.evidence == (size_t) rows / 2);
		CHECK(isinf(cvm_verdict_interval(&verdict)) == (rows < 20));
		cvm_comparison_free(comparison);
	}
}

static void
edges(void)
{
	Rows		rows;
	CvmVerdict	verdict;
	CvmComparison *comparison;
	double		probabilities[2][6] = {{0.7, 0.2, 0.1, 0.1, 0.1, 0.8}, {0.2, 0.3, 0.5, 0.2, 0.2, 0.6}};
	double		labels[2] = {0, 2};
	double		ones[2] = {1, 1};

	/* the same model twice */
	fill(&rows, false);
	memcpy(rows.other, rows.one, sizeof(rows.one));
	verdict = compare(&rows, CVM_LOGISTIC, CVM_BINARY);
	CHECK(verdict.gain == 0 && verdict.std_error == 0);
	verdict = compare(&rows, CVM_HUBER, CVM_REGRESSION);
	CHECK(verdict.gain == 0 && verdict.std_error == 0);

	/* one class, no row */
	for (int i = 0; i < ROWS; i++)
		rows.label[i] = 1;
	comparison = cvm_comparison_create(&(CvmMeasure) {CVM_LOGISTIC, CVM_BINARY, 2});
	CHECK(!cvm_comparison_verdict(comparison, &verdict));
	cvm_comparison_add_rows(comparison, ROWS, rows.label, rows.one, rows.other, rows.weight);
	CHECK(!cvm_comparison_verdict(comparison, &verdict));
	cvm_comparison_free(comparison);
	comparison = cvm_comparison_create(&(CvmMeasure) {CVM_LINEAR, CVM_REGRESSION, 0});
	CHECK(!cvm_comparison_verdict(comparison, &verdict));
	cvm_comparison_free(comparison);

	/* softmax and poisson by hand */
	comparison = cvm_comparison_create(&(CvmMeasure) {CVM_SOFTMAX, CVM_MULTICLASS, 3});
	cvm_comparison_add_rows(comparison, 2, labels, probabilities[0], probabilities[1], ones);
	CHECK(cvm_comparison_verdict(comparison, &verdict));
	CHECK_CLOSE(verdict.candidate, -(log(0.7) + log(0.8)) / 2, 1e-15);
	CHECK_CLOSE(verdict.active, -(log(0.2) + log(0.6)) / 2, 1e-15);
	CHECK_CLOSE(verdict.std_error, fabs(log(0.7 / 0.2) - log(0.8 / 0.6)) / 2, 1e-14);
	cvm_comparison_free(comparison);
	comparison = cvm_comparison_create(&(CvmMeasure) {CVM_POISSON, CVM_REGRESSION, 0});
	cvm_comparison_add_rows(comparison, 2, labels, (double[]) {0.5, 2}, (double[]) {1, 3}, ones);
	CHECK(cvm_comparison_verdict(comparison, &verdict));
	CHECK(strcmp(verdict.metric, "deviance") == 0);
	CHECK_CLOSE(verdict.candidate, 0.5, 1e-15);
	CHECK_CLOSE(verdict.active, (2 + 2 * (2 * log(2.0 / 3) + 1)) / 2, 1e-15);
	cvm_comparison_free(comparison);
}

/* More rows than are kept: the figures are those of a fair share of them. */
static void
many_rows(void)
{
	Rows		rows;
	CvmVerdict	few;
	CvmVerdict	verdict;
	CvmComparison *comparison = cvm_comparison_create(&(CvmMeasure) {CVM_LOGISTIC, CVM_BINARY, 2});

	fill(&rows, false);
	few = compare(&rows, CVM_LOGISTIC, CVM_BINARY);
	for (int i = 0; i < 12505; i++)
		cvm_comparison_add_rows(comparison, ROWS, rows.label, rows.one, rows.other, rows.weight);
	CHECK(cvm_comparison_verdict(comparison, &verdict));
	CHECK(verdict.rows > CVM_COMPARISON_ROWS / 2 && verdict.rows <= CVM_COMPARISON_ROWS);
	CHECK_CLOSE(verdict.gain, few.gain, 0.003);
	CHECK_CLOSE(verdict.std_error * sqrt((double) verdict.rows) / (few.std_error * sqrt(ROWS)), 1, 0.01);
	cvm_comparison_free(comparison);
}

int
main(void)
{
	references();
	weights();
	bootstrap(false);
	bootstrap(true);
	few_rows();
	edges();
	many_rows();
	return check_done();
}
