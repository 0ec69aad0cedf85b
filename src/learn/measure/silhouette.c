/*
 * silhouette.c
 *		How well points lie within their segments.
 *
 * Each pair of points is looked at twice: to look once would take memory for
 * each point and segment.
 */
#include "learn/measure/silhouette.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

static double
distance(const double *left, const double *right, int columns)
{
	double		sum = 0;

	for (int i = 0; i < columns; i++)
	{
		double		difference = left[i] - right[i];

		sum += difference * difference;
	}
	return sqrt(sum);
}

/* sums: of the distances of this point to the points of each segment. */
static double
silhouette_of(const double *sums, int own, const size_t *sizes, int segment_count)
{
	double		within;
	double		nearest = INFINITY;

	if (sizes[own] == 1)
		return 0;
	within = sums[own] / (double) (sizes[own] - 1);
	for (int s = 0; s < segment_count; s++)
		if (s != own && sizes[s] > 0 && sums[s] / (double) sizes[s] < nearest)
			nearest = sums[s] / (double) sizes[s];
	return fmax(within, nearest) > 0 ? (nearest - within) / fmax(within, nearest) : 0;
}

double
cvm_silhouette(const double *points, const int32_t *segments, size_t count,
			   int columns, int segment_count)
{
	double	   *sums = CVM_NEW(double, segment_count);
	size_t	   *sizes = CVM_NEW_ZERO(size_t, segment_count);
	int			met = 0;
	double		total = 0;

	for (size_t i = 0; i < count; i++)
		met += sizes[segments[i]]++ == 0;
	for (size_t i = 0; i < count && met > 1; i++)
	{
		cvm_check_interrupt();
		memset(sums, 0, segment_count * sizeof(double));
		for (size_t j = 0; j < count; j++)
			sums[segments[j]] += distance(points + i * columns, points + j * columns, columns);
		total += silhouette_of(sums, segments[i], sizes, segment_count);
	}
	cvm_release(sums);
	cvm_release(sizes);
	return met > 1 ? total / (double) count : NAN;
}
