/*
 * kmeans_start.c
 *		Centers to start from: k-means++ on a sample, several times.
 *
 * The first center is a random row; each next one is drawn with a probability
 * that grows with the squared distance to the nearest center so far, the best
 * of a few draws (greedy k-means++, Arthur and Vassilvitskii, 2007, section 7).
 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/kmeans/kmeans.h"

/* Passes over the sample from each start, and when to stop earlier. */
#define SAMPLE_PASSES 100
#define SAMPLE_TOLERANCE 1e-6

typedef struct Draw
{
	const CvmVectorSample *sample;
	CvmRandom  *random;
	double	   *nearest;		/* by row: squared distance to the nearest center */
	double	   *candidate;		/* the same, with one more center */
	double	   *best;			/* the same, with the best one more */
} Draw;

static double
squared_distance(const double *x, const double *y, int width)
{
	double		sum = 0;

	for (int i = 0; i < width; i++)
		sum += (x[i] - y[i]) * (x[i] - y[i]);
	return sum;
}

/* A row, with probability proportional to its weight times size[row]. */
static int
draw_row(const Draw *draw, const double *size, double total)
{
	double		left = cvm_random_uniform(draw->random) * total;
	int			last = 0;

	for (int row = 0; row < draw->sample->rows; row++)
	{
		double		share = draw->sample->weights[row] * (size == NULL ? 1 : size[row]);

		if (share <= 0)
			continue;
		last = row;
		left -= share;
		if (left < 0)
			break;
	}
	return last;
}

/* Distances with one more center; returns their weighted sum. */
static double
add_center(const Draw *draw, const double *center, const double *before, double *after)
{
	const CvmVectorSample *sample = draw->sample;
	double		total = 0;

	for (int row = 0; row < sample->rows; row++)
	{
		double		distance = squared_distance(sample->values + (size_t) row * sample->width,
												center, sample->width);

		after[row] = before == NULL || distance < before[row] ? distance : before[row];
		total += sample->weights[row] * after[row];
	}
	return total;
}

static void
draw_centers(Draw *draw, CvmSegments *segments)
{
	const CvmVectorSample *sample = draw->sample;
	int			width = sample->width;
	int			draws = 2 + (int) log(segments->segments);
	double		weight = 0;
	double		total;
	int			row;

	for (row = 0; row < sample->rows; row++)
		weight += sample->weights[row];
	row = draw_row(draw, NULL, weight);
	memcpy(segments->centers, sample->values + (size_t) row * width, width * sizeof(double));
	total = add_center(draw, segments->centers, NULL, draw->nearest);
	for (int k = 1; k < segments->segments; k++)
	{
		double		least = INFINITY;

		cvm_check_interrupt();
		for (int i = 0; i < draws; i++)
		{
			double		sum;
			double	   *swap;

			row = draw_row(draw, draw->nearest, total);
			sum = add_center(draw, sample->values + (size_t) row * width, draw->nearest,
							 draw->candidate);
			if (sum >= least)
				continue;
			least = sum;
			memcpy(segments->centers + (size_t) k * width,
				   sample->values + (size_t) row * width, width * sizeof(double));
			swap = draw->best;
			draw->best = draw->candidate;
			draw->candidate = swap;
		}
		memcpy(draw->nearest, draw->best, sample->rows * sizeof(double));
		total = least;
	}
}

void
cvm_kmeans_start(const CvmVectorSample *sample, int starts, CvmRandom *random,
				 CvmSegments *segments)
{
	Draw		draw = {
		.sample = sample,.random = random,
		.nearest = CVM_NEW(double, sample->rows),
		.candidate = CVM_NEW(double, sample->rows),
		.best = CVM_NEW(double, sample->rows)
	};
	CvmVectors	vectors;
	CvmSegments trial;

	cvm_vectors_of_sample(&vectors, sample);
	cvm_segments_init(&trial, segments->segments, sample->width);
	segments->inertia = INFINITY;
	for (int start = 0; start < starts; start++)
	{
		draw_centers(&draw, &trial);
		cvm_kmeans_lloyd(&vectors, &trial, SAMPLE_PASSES, SAMPLE_TOLERANCE, NULL);
		if (trial.inertia < segments->inertia)
		{
			CvmSegments swap = *segments;

			*segments = trial;
			trial = swap;
		}
	}
	cvm_segments_free(&trial);
	cvm_release(draw.nearest);
	cvm_release(draw.candidate);
	cvm_release(draw.best);
}
