/*
 * kmeans.c
 *		Moving the centers over all rows.
 */
#include "learn/kmeans/kmeans.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/clones.h"

void
cvm_segments_init(CvmSegments *segments, int count, int width)
{
	memset(segments, 0, sizeof(*segments));
	segments->segments = count;
	segments->width = width;
	segments->centers = CVM_NEW_ZERO(double, (size_t) count * width);
	segments->weights = CVM_NEW_ZERO(double, count);
	segments->inertia = INFINITY;
}

void
cvm_segments_free(CvmSegments *segments)
{
	cvm_release(segments->centers);
	cvm_release(segments->weights);
}

/* ---- one pass ---- */

/* What a pass over rows finds out about segments. */
typedef struct Pass
{
	int			segments;
	int			width;
	double	   *squares;		/* of the centers */
	double	   *work;
	int		   *nearest;		/* of a chunk */
	double	   *distances;
	double	   *sums;			/* segments x width: weighted sums of their rows */
	double	   *weights;		/* segments */
	double		inertia;		/* not yet divided by the weight */
	double	   *farthest;		/* the row farthest from its center */
	double		farthest_distance;
} Pass;

static void
pass_create(Pass *pass, int segments, int width)
{
	pass->segments = segments;
	pass->width = width;
	pass->squares = CVM_NEW(double, segments);
	pass->work = CVM_NEW(double, CVM_NEAREST_WORK(width));
	pass->nearest = CVM_NEW(int, CVM_BLOCK_ROWS);
	pass->distances = CVM_NEW(double, CVM_BLOCK_ROWS);
	pass->sums = CVM_NEW(double, (size_t) segments * width);
	pass->weights = CVM_NEW(double, segments);
	pass->farthest = CVM_NEW(double, width);
}

static void
pass_free(Pass *pass)
{
	cvm_release(pass->squares);
	cvm_release(pass->work);
	cvm_release(pass->nearest);
	cvm_release(pass->distances);
	cvm_release(pass->sums);
	cvm_release(pass->weights);
	cvm_release(pass->farthest);
}

static void
pass_begin(Pass *pass)
{
	memset(pass->sums, 0, (size_t) pass->segments * pass->width * sizeof(double));
	memset(pass->weights, 0, pass->segments * sizeof(double));
	pass->inertia = 0;
	pass->farthest_distance = -1;
}

/* Adds up what was found out about the rows of a chunk. */
CVM_CLONES static void
count_rows(Pass *pass, const double *restrict vectors, const double *restrict weights, int rows)
{
	int			width = pass->width;
	double		inertia = pass->inertia;

	for (int row = 0; row < rows; row++)
	{
		const double *vector = vectors + (size_t) row * width;
		int			k = pass->nearest[row];
		double		weight = weights[row];
		double	   *restrict sums = pass->sums + (size_t) k * width;

		for (int i = 0; i < width; i++)
			sums[i] += weight * vector[i];
		pass->weights[k] += weight;
		inertia += weight * pass->distances[row];
		if (pass->distances[row] > pass->farthest_distance)
		{
			pass->farthest_distance = pass->distances[row];
			memcpy(pass->farthest, vector, width * sizeof(double));
		}
	}
	pass->inertia = inertia;
}

static void
pass_add(Pass *pass, const double *centers, const double *vectors, const double *weights,
		 int rows)
{
	cvm_center_squares(centers, pass->segments, pass->width, pass->squares);
	cvm_nearest_centers(vectors, rows, pass->width, centers, pass->squares, pass->segments,
						pass->work, pass->nearest, pass->distances);
	count_rows(pass, vectors, weights, rows);
}

/* All rows with centers that stay where they are. */
static void
pass_over(Pass *pass, const CvmVectors *vectors, const double *centers)
{
	pass_begin(pass);
	for (int chunk = 0; chunk < vectors->chunks; chunk++)
	{
		int			rows;
		const double *weights;
		const double *values = vectors->read(vectors->state, chunk, &rows, &weights);

		cvm_check_interrupt();
		pass_add(pass, centers, values, weights, rows);
	}
}

/* To the means of their rows; the first one without rows to the farthest row. */
static void
move_centers(const Pass *pass, CvmSegments *segments)
{
	bool		moved_empty = false;

	for (int k = 0; k < segments->segments; k++)
	{
		double	   *center = segments->centers + (size_t) k * segments->width;
		const double *sum = pass->sums + (size_t) k * segments->width;

		if (pass->weights[k] > 0)
			for (int i = 0; i < segments->width; i++)
				center[i] = sum[i] / pass->weights[k];
		else if (!moved_empty && pass->farthest_distance > 0)
		{
			memcpy(center, pass->farthest, segments->width * sizeof(double));
			moved_empty = true;
		}
	}
}

/* Inertia and weights of the centers as they are. */
static void
take_count(const Pass *pass, const CvmVectors *vectors, CvmSegments *segments)
{
	segments->inertia = pass->inertia / vectors->total_weight;
	memcpy(segments->weights, pass->weights, segments->segments * sizeof(double));
}

static void
report(const CvmProgress *progress, int pass, int passes, double inertia)
{
	if (progress != NULL)
		progress->report(progress->state, pass, passes, inertia, NAN, NAN, NAN);
}

void
cvm_kmeans_lloyd(const CvmVectors *vectors, CvmSegments *segments, int passes,
				 double tolerance, const CvmProgress *progress)
{
	double		before = INFINITY;
	Pass		pass;

	pass_create(&pass, segments->segments, segments->width);
	segments->converged = false;
	segments->iterations = 0;
	for (;;)
	{
		pass_over(&pass, vectors, segments->centers);
		take_count(&pass, vectors, segments);
		/* an infinite difference is none that is small */
		segments->converged = before - segments->inertia <= tolerance * segments->inertia;
		if (segments->converged || segments->iterations == passes)
			break;
		segments->iterations++;
		report(progress, segments->iterations, passes, segments->inertia);
		before = segments->inertia;
		move_centers(&pass, segments);
	}
	pass_free(&pass);
}

/* One pass; met: the weight of the rows that each center has met.  Returns the
 * sum of squared distances. */
static double
mini_batch_pass(Pass *pass, const CvmVectors *vectors, CvmSegments *segments, double *met)
{
	double		inertia = 0;

	for (int chunk = 0; chunk < vectors->chunks; chunk++)
	{
		int			rows;
		const double *weights;
		const double *values = vectors->read(vectors->state, chunk, &rows, &weights);

		cvm_check_interrupt();
		pass_begin(pass);
		pass_add(pass, segments->centers, values, weights, rows);
		inertia += pass->inertia;
		for (int k = 0; k < segments->segments; k++)
		{
			double	   *center = segments->centers + (size_t) k * segments->width;
			const double *sum = pass->sums + (size_t) k * segments->width;

			if (pass->weights[k] == 0)
				continue;
			met[k] += pass->weights[k];
			for (int i = 0; i < segments->width; i++)
				center[i] += (sum[i] - pass->weights[k] * center[i]) / met[k];
		}
	}
	return inertia;
}

void
cvm_kmeans_mini_batch(const CvmVectors *vectors, CvmSegments *segments, int passes,
					  const CvmProgress *progress)
{
	double	   *met = CVM_NEW_ZERO(double, segments->segments);
	Pass		pass;

	pass_create(&pass, segments->segments, segments->width);
	for (int number = 1; number <= passes; number++)
		report(progress, number, passes,
			   mini_batch_pass(&pass, vectors, segments, met) / vectors->total_weight);
	pass_over(&pass, vectors, segments->centers);
	take_count(&pass, vectors, segments);
	segments->iterations = passes;
	segments->converged = false;
	pass_free(&pass);
	cvm_release(met);
}

void
cvm_kmeans_go_on(const CvmVectors *vectors, CvmSegments *segments, const CvmProgress *progress)
{
	double		earlier = 0;
	double		inertia;
	Pass		pass;

	for (int k = 0; k < segments->segments; k++)
		earlier += segments->weights[k];
	pass_create(&pass, segments->segments, segments->width);
	inertia = mini_batch_pass(&pass, vectors, segments, segments->weights);
	report(progress, 1, 1, inertia / vectors->total_weight);
	segments->inertia = (earlier * segments->inertia + inertia) / (earlier + vectors->total_weight);
	segments->iterations = 1;
	segments->converged = false;
	pass_free(&pass);
}
