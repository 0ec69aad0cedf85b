/*
 * confusion.c
 *		Figures from a confusion matrix.
 */
#include "learn/measure/confusion.h"

#include <math.h>
#include <stddef.h>

static double
count_at(const double *counts, int classes, int actual, int predicted)
{
	return counts[(size_t) actual * classes + predicted];
}

static double
actual_weight(const double *counts, int classes, int class)
{
	double		sum = 0;

	for (int k = 0; k < classes; k++)
		sum += count_at(counts, classes, class, k);
	return sum;
}

static double
predicted_weight(const double *counts, int classes, int class)
{
	double		sum = 0;

	for (int k = 0; k < classes; k++)
		sum += count_at(counts, classes, k, class);
	return sum;
}

static double
ratio_or_zero(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

double
cvm_confusion_accuracy(const double *counts, int classes)
{
	double		hits = 0;
	double		all = 0;

	for (int i = 0; i < classes; i++)
	{
		hits += count_at(counts, classes, i, i);
		all += actual_weight(counts, classes, i);
	}
	return all > 0 ? hits / all : NAN;
}

double
cvm_confusion_balanced_accuracy(const double *counts, int classes)
{
	double		sum = 0;
	int			met = 0;

	for (int i = 0; i < classes; i++)
	{
		double		actual = actual_weight(counts, classes, i);

		if (actual <= 0)
			continue;
		sum += count_at(counts, classes, i, i) / actual;
		met++;
	}
	return met > 0 ? sum / met : NAN;
}

double
cvm_confusion_matthews(const double *counts, int classes)
{
	double		hits = 0;
	double		all = 0;
	double		crossed = 0;
	double		actual_squares = 0;
	double		predicted_squares = 0;
	double		denominator;

	for (int i = 0; i < classes; i++)
	{
		double		actual = actual_weight(counts, classes, i);
		double		predicted = predicted_weight(counts, classes, i);

		hits += count_at(counts, classes, i, i);
		all += actual;
		crossed += actual * predicted;
		actual_squares += actual * actual;
		predicted_squares += predicted * predicted;
	}
	if (all <= 0)
		return NAN;
	denominator = (all * all - actual_squares) * (all * all - predicted_squares);
	return denominator > 0 ? (hits * all - crossed) / sqrt(denominator) : 0;
}

bool
cvm_confusion_class(const double *counts, int classes, int class, CvmClassFigures *figures)
{
	double		actual = actual_weight(counts, classes, class);
	double		predicted = predicted_weight(counts, classes, class);
	double		hits = count_at(counts, classes, class, class);

	figures->precision = ratio_or_zero(hits, predicted);
	figures->recall = ratio_or_zero(hits, actual);
	figures->f1 = ratio_or_zero(2 * hits, actual + predicted);
	return actual + predicted > 0;
}

void
cvm_confusion_means(const double *counts, int classes, CvmClassFigures *figures)
{
	CvmClassFigures sum = {0, 0, 0};
	int			met = 0;

	for (int k = 0; k < classes; k++)
	{
		CvmClassFigures own;

		if (!cvm_confusion_class(counts, classes, k, &own))
			continue;
		sum.precision += own.precision;
		sum.recall += own.recall;
		sum.f1 += own.f1;
		met++;
	}
	figures->precision = met > 0 ? sum.precision / met : NAN;
	figures->recall = met > 0 ? sum.recall / met : NAN;
	figures->f1 = met > 0 ? sum.f1 / met : NAN;
}
