/*
 * drift.c
 *		How far rows of today are from those that a model learned from.
 *
 * The hard part is that quantiles repeat where many rows have one value (no
 * purchases, no complaints): a bin that ends with such a value holds more than
 * a tenth of the rows, and how many the quantiles around it say.
 */
#include "learn/measure/drift.h"

#include <math.h>

#define LEAST_SHARE 1e-4

/* A quantile between two values that many rows have closes no bin of its own. */
#define LEAST_BIN 0.02

static double
total(const double *values, int count)
{
	double		sum = 0;

	for (int i = 0; i < count; i++)
		sum += values[i];
	return sum > 0 ? sum : 1;
}

double
cvm_drift_psi(const double *expected, const double *actual, int bins)
{
	double		expected_total = total(expected, bins);
	double		actual_total = total(actual, bins);
	double		index = 0;

	for (int i = 0; i < bins; i++)
	{
		double		before = fmax(expected[i] / expected_total, LEAST_SHARE);
		double		after = fmax(actual[i] / actual_total, LEAST_SHARE);

		index += (after - before) * log(after / before);
	}
	return index;
}

double
cvm_drift_chi_squared(const double *expected, const double *counts, int bins, int *freedom)
{
	double		expected_total = total(expected, bins);
	double		rows = 0;
	double		statistic = 0;

	*freedom = -1;
	for (int i = 0; i < bins; i++)
		if (expected[i] > 0)
			rows += counts[i];
	for (int i = 0; i < bins; i++)
	{
		double		wanted = rows * expected[i] / expected_total;

		if (!(expected[i] > 0))
			continue;
		++*freedom;
		if (wanted > 0)
			statistic += (counts[i] - wanted) * (counts[i] - wanted) / wanted;
	}
	return statistic;
}

double
cvm_drift_ks(const double *expected, const double *actual, int bins)
{
	double		expected_total = total(expected, bins);
	double		actual_total = total(actual, bins);
	double		before = 0;
	double		after = 0;
	double		distance = 0;

	for (int i = 0; i < bins; i++)
	{
		before += expected[i] / expected_total;
		after += actual[i] / actual_total;
		distance = fmax(distance, fabs(after - before));
	}
	return distance;
}

/* Share of the numbers that are not above an edge, one of the quantiles. */
static double
share_up_to(const double *quantiles, int count, double edge)
{
	int			first = 0;
	int			last;

	while (quantiles[first] < edge)
		first++;
	last = first;
	while (last + 1 < count && quantiles[last + 1] <= edge)
		last++;
	if (last == count - 1)
		return 1;
	/* a value that many rows have ends somewhere before the next quantile */
	return (last + (last > first ? 0.5 : 0)) / (count - 1);
}

int
cvm_drift_bins(const double *quantiles, int count, double *edges, double *shares)
{
	int			found = 0;
	double		below = 0;

	for (int decile = 1; decile < CVM_DRIFT_BINS; decile++)
	{
		double		edge = quantiles[decile * (count - 1) / CVM_DRIFT_BINS];
		double		share;

		if (found > 0 && edges[found - 1] == edge)
			continue;
		share = share_up_to(quantiles, count, edge);
		if (share - below < LEAST_BIN)
			continue;
		edges[found] = edge;
		shares[found++] = share - below;
		below = share;
	}
	shares[found] = 1 - below;
	return found;
}

int
cvm_drift_bins_between(const double *sorted, int count, double *edges, double *shares)
{
	int			found = 0;
	int			below = 0;

	for (int decile = 1; decile < CVM_DRIFT_BINS; decile++)
	{
		int			end = (int) ((double) decile * count / CVM_DRIFT_BINS);

		if (end <= below)
			continue;
		while (end < count && sorted[end] == sorted[end - 1])
			end++;
		if (end == count)
			break;
		if (end - below < LEAST_BIN * count)
			continue;
		edges[found] = sorted[end - 1] / 2 + sorted[end] / 2;
		if (edges[found] >= sorted[end])	/* neighbors among the doubles */
			edges[found] = sorted[end - 1];
		shares[found++] = (double) (end - below) / count;
		below = end;
	}
	shares[found] = count > 0 ? (double) (count - below) / count : 1;
	return found;
}
