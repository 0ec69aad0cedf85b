/*
 * nearest.c
 *		The nearest center of each row, a tile of rows at a time.
 *
 * The squared distance is |x|^2 - 2 x'c + |c|^2.  It loses digits where a row
 * lies on its center; a difference that comes out negative is zero.
 *
 * A tile has its rows side by side, column by column, so that all of them are
 * compared with a few centers at once, and what is nearest so far stays in
 * registers.  There are few columns and few centers: a matrix product by BLAS
 * spends more time on packing these than on multiplying.
 */
#include "learn/kmeans/kmeans.h"

#include <math.h>
#include <string.h>

#include "encode/lanes.h"
#include "linalg/clones.h"
#include "linalg/dense.h"

#define NAME(name) name##_baseline
#define LANES 2
#define CENTERS 2
#define TARGET
#include "learn/kmeans/nearest_kernel.h"

#ifdef CVM_HAVE_AVX2_CLONES
#define NAME(name) name##_avx2
#define LANES 4
#define CENTERS 4
#define TARGET __attribute__((target("avx2")))
#include "learn/kmeans/nearest_kernel.h"
#endif

void
cvm_center_squares(const double *centers, int segments, int width, double *squares)
{
	for (int k = 0; k < segments; k++)
		squares[k] = cvm_dot(width, centers + (size_t) k * width, centers + (size_t) k * width);
}

/*
 * Rows to columns, two by two numbers at a time.  The last row stands for those
 * that a tile lacks.
 */
static void
fill_tile(const double *vectors, int rows, int width, double *tile)
{
	for (int i = 0; i < CVM_TILE_ROWS; i += 2)
	{
		const double *upper = vectors + (size_t) (i < rows ? i : rows - 1) * width;
		const double *lower = vectors + (size_t) (i + 1 < rows ? i + 1 : rows - 1) * width;
		double	   *out = tile + i;
		int			j = 0;

		for (; j + 2 <= width; j += 2, out += 2 * CVM_TILE_ROWS)
		{
			CvmLanes	first = {upper[j], lower[j]};
			CvmLanes	second = {upper[j + 1], lower[j + 1]};

			memcpy(out, &first, sizeof(first));
			memcpy(out + CVM_TILE_ROWS, &second, sizeof(second));
		}
		if (j < width)
		{
			out[0] = upper[j];
			out[1] = lower[j];
		}
	}
}

static void
find_nearest(int width, const double *tile, const double *centers, const double *center_squares,
			 int segments, int64_t *nearest, double *distances)
{
#ifdef CVM_HAVE_AVX2_CLONES
	if (__builtin_cpu_supports("avx2"))
	{
		find_nearest_avx2(width, tile, centers, center_squares, segments, nearest, distances);
		return;
	}
#endif
	find_nearest_baseline(width, tile, centers, center_squares, segments, nearest, distances);
}

void
cvm_nearest_centers(const double *vectors, int rows, int width, const double *centers,
					const double *center_squares, int segments, double *work,
					int *nearest, double *distances)
{
	for (int first = 0; first < rows; first += CVM_TILE_ROWS)
	{
		int			count = rows - first < CVM_TILE_ROWS ? rows - first : CVM_TILE_ROWS;
		int64_t		indexes[CVM_TILE_ROWS];
		double		squares[CVM_TILE_ROWS];

		fill_tile(vectors + (size_t) first * width, count, width, work);
		find_nearest(width, work, centers, center_squares, segments, indexes, squares);
		for (int i = 0; i < count; i++)
		{
			nearest[first + i] = (int) indexes[i];
			distances[first + i] = squares[i];
		}
	}
}
