/*
 * kmeans_choice.c
 *		How many segments: silhouette and gap statistic on a sample.
 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/kmeans/kmeans.h"
#include "learn/measure/silhouette.h"

/* Starts for each number of segments, rows of the silhouette (it compares all
 * pairs), and reference sets of the gap statistic. */
#define CHOICE_STARTS 4
#define SILHOUETTE_ROWS 1000
#define REFERENCE_SETS 10

/* ---- silhouette ---- */

static double
silhouette_of(const CvmVectorSample *sample, const CvmSegments *segments)
{
	int			rows = sample->rows < SILHOUETTE_ROWS ? sample->rows : SILHOUETTE_ROWS;
	int			count = segments->segments;
	double	   *squares = CVM_NEW(double, count);
	double	   *work = CVM_NEW(double, CVM_NEAREST_WORK(sample->width));
	double	   *distances = CVM_NEW(double, rows);
	int32_t    *nearest = CVM_NEW(int32_t, rows);
	double		silhouette;

	cvm_center_squares(segments->centers, count, sample->width, squares);
	cvm_nearest_centers(sample->values, rows, sample->width, segments->centers, squares, count,
						work, nearest, distances);
	silhouette = cvm_silhouette(sample->values, nearest, rows, sample->width, count);
	cvm_release(squares);
	cvm_release(work);
	cvm_release(distances);
	cvm_release(nearest);
	return silhouette;
}

static int
choose_by_silhouette(const CvmVectorSample *sample, int most, CvmRandom *random)
{
	double		highest = -INFINITY;
	int			best = 2;

	for (int count = 2; count <= most; count++)
	{
		CvmSegments segments;
		double		silhouette;

		cvm_segments_init(&segments, count, sample->width);
		cvm_kmeans_start(sample, CHOICE_STARTS, random, &segments);
		silhouette = silhouette_of(sample, &segments);
		if (silhouette > highest)
		{
			highest = silhouette;
			best = count;
		}
		cvm_segments_free(&segments);
	}
	return best;
}

/* ---- gap statistic ---- */

/* Rows that are uniform in the box of the sample's rows. */
static void
draw_reference(const CvmVectorSample *sample, CvmRandom *random, CvmVectorSample *reference)
{
	int			width = sample->width;

	reference->rows = sample->rows;
	reference->width = width;
	reference->values = CVM_NEW(double, (size_t) sample->rows * width);
	reference->weights = CVM_NEW(double, sample->rows);
	memcpy(reference->weights, sample->weights, sample->rows * sizeof(double));
	for (int i = 0; i < width; i++)
	{
		double		low = INFINITY;
		double		high = -INFINITY;

		for (int row = 0; row < sample->rows; row++)
		{
			low = fmin(low, sample->values[(size_t) row * width + i]);
			high = fmax(high, sample->values[(size_t) row * width + i]);
		}
		for (int row = 0; row < sample->rows; row++)
			reference->values[(size_t) row * width + i] =
				low + (high - low) * cvm_random_uniform(random);
	}
}

static double
log_inertia(const CvmVectorSample *sample, int count, CvmRandom *random)
{
	CvmSegments segments;
	double		inertia;

	cvm_segments_init(&segments, count, sample->width);
	cvm_kmeans_start(sample, CHOICE_STARTS, random, &segments);
	inertia = segments.inertia;
	cvm_segments_free(&segments);
	/* rows that coincide with their centers are as compact as can be */
	return log(fmax(inertia, 1e-300));
}

static int
choose_by_gap(const CvmVectorSample *sample, int most, CvmRandom *random)
{
	CvmVectorSample references[REFERENCE_SETS];
	double		gap_before = NAN;
	int			best = most;

	for (int i = 0; i < REFERENCE_SETS; i++)
		draw_reference(sample, random, &references[i]);
	for (int count = 1; count <= most; count++)
	{
		double		mean = 0;
		double		square = 0;
		double		gap;
		double		error;

		for (int i = 0; i < REFERENCE_SETS; i++)
		{
			double		value = log_inertia(&references[i], count, random);

			mean += value / REFERENCE_SETS;
			square += value * value / REFERENCE_SETS;
		}
		gap = mean - log_inertia(sample, count, random);
		error = sqrt(fmax(0, square - mean * mean) * (1 + 1.0 / REFERENCE_SETS));
		if (gap_before >= gap - error)
		{
			best = count - 1;
			break;
		}
		gap_before = gap;
	}
	for (int i = 0; i < REFERENCE_SETS; i++)
		cvm_vector_sample_free(&references[i]);
	return best;
}

int
cvm_choose_segments(const CvmVectorSample *sample, CvmSegmentChoice by, int most,
					CvmRandom *random)
{
	if (most > sample->rows)
		most = sample->rows;
	return by == CVM_CHOOSE_BY_GAP ? choose_by_gap(sample, most, random) :
		choose_by_silhouette(sample, most, random);
}
