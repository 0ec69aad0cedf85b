/*
 * moments.c
 *		Mean, deviation and range of number columns, block by block.
 *
 * Within a block sums are taken about the mean so far, s = sum w (x - c) and
 * q = sum w (x - c)^2, and merged by (Chan, Golub and LeVeque, 1979)
 *
 *	  d = s / w_b,  W = W_a + w_b
 *	  mean   += d w_b / W
 *	  square += (q - s d) + d^2 W_a w_b / W
 *
 * so that a large mean costs no digits of the deviation.  A column's first
 * block is summed about the plain mean of that block, its center, and the mean
 * is kept as an offset to it: c, the mean as one number, is rounded, and d
 * takes that rounding into account.
 *
 * Squares of numbers past 1e154 overflow, and those below 1e-162 vanish.  A
 * column whose largest magnitude is out of the ordinary is therefore counted
 * in units of a power of two near it; its blocks are summed again one value at
 * a time, as nobody's data are like that.
 */
#include "encode/moments.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "linalg/block.h"
#include "linalg/clones.h"

/* Magnitudes whose squares, and weighted sums of squares, are safe. */
#define LEAST_COMMON 0x1p-300
#define LARGEST_COMMON 0x1p300

/* The inverse of a smaller unit would overflow. */
#define LEAST_EXPONENT (-1000)

/* Neighboring columns that are summed at once. */
#define GROUP 4

typedef struct BlockSums
{
	double		count[GROUP];
	double		weight[GROUP];
	double		sum[GROUP];
	double		square[GROUP];
	double		low[GROUP];
	double		high[GROUP];
} BlockSums;

void
cvm_moments_init(CvmMoments *moments)
{
	moments->present = 0;
	moments->weight = 0;
	moments->minimum = INFINITY;
	moments->maximum = -INFINITY;
	moments->unit = 1;
	moments->center = 0;
	moments->offset = 0;
	moments->square = 0;
}

double
cvm_moments_mean(const CvmMoments *moments)
{
	return (moments->center + moments->offset) * moments->unit;
}

double
cvm_moments_deviation(const CvmMoments *moments)
{
	if (!(moments->weight > 0))
		return 0;
	return sqrt(moments->square / moments->weight) * moments->unit;
}

/* The kernels, for vectors of two doubles and, where there are, of four. */
#define LANES 2
#define NAME(name) name##_2
#define TARGET
#include "encode/moments_kernel.h"
#undef LANES
#undef NAME
#undef TARGET

#ifdef CVM_HAVE_AVX2_CLONES
#define LANES 4
#define NAME(name) name##_4
#define TARGET __attribute__((target("avx2")))
#include "encode/moments_kernel.h"
#undef LANES
#undef NAME
#undef TARGET
#endif

static void
sum_columns(const double *values, ptrdiff_t stride, int rows, const double *weights,
			const double *means, BlockSums *sums)
{
#ifdef CVM_HAVE_AVX2_CLONES
	if (__builtin_cpu_supports("avx2"))
	{
		sum_columns_4(values, stride, rows, weights, means, sums);
		return;
	}
#endif
	sum_columns_2(values, stride, rows, weights, means, sums);
}

/* The plain mean of one column in units of 1 / inverse; 0 without values. */
static double
plain_mean(const double *values, ptrdiff_t stride, int rows, double inverse)
{
	double		sum = 0;
	int			count = 0;

	for (int row = 0; row < rows; row++)
	{
		double		value = values[row * stride];

		if (isnan(value))
			continue;
		sum += value * inverse;
		count++;
	}
	return count == 0 ? 0 : sum / count;
}

/* How far the mean, as one number, is above the mean (Knuth's two-sum). */
static double
mean_rounding(const CvmMoments *moments)
{
	double		mean = moments->center + moments->offset;
	double		offset = mean - moments->center;
	double		center = mean - offset;

	return (center - moments->center) + (offset - moments->offset);
}

/* Merges the sums of a block that were taken about the mean as one number. */
static void
merge(CvmMoments *moments, double block_weight, double sum, double square)
{
	double		weight = moments->weight + block_weight;
	double		shift = sum / block_weight;
	double		within = square - sum * shift;

	shift += mean_rounding(moments);
	moments->offset += shift * (block_weight / weight);
	moments->square += (within > 0 ? within : 0) +
		shift * shift * moments->weight * (block_weight / weight);
	moments->weight = weight;
}

/* Counts in another unit from now on. */
static void
change_unit(CvmMoments *moments, double unit)
{
	double		ratio = moments->unit / unit;

	moments->center *= ratio;
	moments->offset *= ratio;
	moments->square = moments->square * ratio * ratio;
	moments->unit = unit;
}

void
cvm_moments_repeat(CvmMoments *moments, int64_t rows)
{
	if (moments->present == 0)
		return;
	moments->square *= 1 + rows / moments->weight;
	moments->weight += rows;
	moments->present += rows;
}

/*
 * The other one's sums about this one's mean follow from its own: with d the
 * distance of the means, sum = W d and square = q + W d^2.
 */
void
cvm_moments_merge(CvmMoments *moments, const CvmMoments *other)
{
	CvmMoments	added = *other;
	double		distance;

	if (other->present == 0)
		return;
	if (moments->present == 0)
	{
		*moments = *other;
		return;
	}
	if (moments->unit < added.unit)
		change_unit(moments, added.unit);
	else if (added.unit < moments->unit)
		change_unit(&added, moments->unit);
	distance = (added.center - (moments->center + moments->offset)) + added.offset;
	moments->present += added.present;
	moments->minimum = fmin(moments->minimum, added.minimum);
	moments->maximum = fmax(moments->maximum, added.maximum);
	merge(moments, added.weight, added.weight * distance,
		  added.square + added.weight * distance * distance);
}

static bool
is_common(double magnitude)
{
	return magnitude == 0 || (magnitude >= LEAST_COMMON && magnitude <= LARGEST_COMMON);
}

/*
 * Adds a column whose numbers are of uncommon size, after its range was
 * brought up to date.
 */
static void
add_uncommon(CvmMoments *moments, const double *values, ptrdiff_t stride, int rows,
			 const double *weights)
{
	double		magnitude = fmax(-moments->minimum, moments->maximum);
	double		unit = 1;
	double		block_weight = 0;
	double		sum = 0;
	double		square = 0;
	double		inverse;
	double		mean;

	if (!isfinite(magnitude))
		return;
	if (!is_common(magnitude))
	{
		int			exponent = ilogb(magnitude);

		unit = ldexp(1, exponent < LEAST_EXPONENT ? LEAST_EXPONENT : exponent);
	}
	inverse = 1 / unit;
	if (moments->weight > 0)
		change_unit(moments, unit);
	else
	{
		moments->center = plain_mean(values, stride, rows, inverse);
		moments->unit = unit;
	}
	mean = moments->center + moments->offset;

	for (int row = 0; row < rows; row++)
	{
		double		away = values[row * stride] * inverse - mean;
		double		weight = weights == NULL ? 1 : weights[row];

		if (isnan(away))
			continue;
		block_weight += weight;
		sum += weight * away;
		square += weight * away * away;
	}
	merge(moments, block_weight, sum, square);
}

static void
add_column(CvmMoments *moments, const double *values, ptrdiff_t stride, int rows,
		   const double *weights, const BlockSums *sums, int lane)
{
	if (sums->count[lane] == 0)
		return;
	moments->present += (int64_t) sums->count[lane];
	moments->minimum = fmin(moments->minimum, sums->low[lane]);
	moments->maximum = fmax(moments->maximum, sums->high[lane]);
	if (moments->unit == 1 && is_common(fmax(-moments->minimum, moments->maximum)))
		merge(moments, sums->weight[lane], sums->sum[lane], sums->square[lane]);
	else
		add_uncommon(moments, values, stride, rows, weights);
}

/*
 * Columns past the last GROUP ones are copied to where there are as many
 * as that.
 */
void
cvm_moments_add(CvmMoments *moments, int columns, const double *values,
				int rows, const double *weights, int *present)
{
	double		padded[CVM_BLOCK_ROWS * GROUP];

	for (int first = 0; first < columns; first += GROUP)
	{
		int			width = columns - first < GROUP ? columns - first : GROUP;
		const double *tile = values + first;
		ptrdiff_t	stride = columns;
		double		means[GROUP] = {0};
		BlockSums	sums;

		if (width < GROUP)
		{
			memset(padded, 0, sizeof(padded));
			for (int row = 0; row < rows; row++)
				memcpy(&padded[row * GROUP], tile + row * stride, width * sizeof(double));
			tile = padded;
			stride = GROUP;
		}
		for (int lane = 0; lane < width; lane++)
		{
			CvmMoments *column = &moments[first + lane];

			if (column->weight == 0)
				column->center = plain_mean(tile + lane, stride, rows, 1);
			means[lane] = column->center + column->offset;
		}
		sum_columns(tile, stride, rows, weights, means, &sums);
		for (int lane = 0; lane < width; lane++)
		{
			add_column(&moments[first + lane], tile + lane, stride, rows, weights, &sums, lane);
			present[first + lane] = (int) sums.count[lane];
		}
	}
}
