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

#include "encode/lanes.h"
#include "linalg/block.h"

/* Magnitudes whose squares, and weighted sums of squares, are safe. */
#define LEAST_COMMON 0x1p-300
#define LARGEST_COMMON 0x1p300

/* The inverse of a smaller unit would overflow. */
#define LEAST_EXPONENT (-1000)

typedef struct BlockSums
{
	double		count[CVM_LANES];
	double		weight[CVM_LANES];
	double		sum[CVM_LANES];
	double		square[CVM_LANES];
	double		low[CVM_LANES];
	double		high[CVM_LANES];
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

/*
 * Sums of CVM_LANES neighboring columns; values and means point to the
 * first.  weighted is a constant where this is called.
 */
static inline __attribute__((always_inline)) void
sum_lanes(const double *values, ptrdiff_t stride, int rows, const double *weights,
		  const double *means, bool weighted, BlockSums *sums)
{
	const CvmLanes one = CVM_LANES_OF(1.0);
	CvmLanes	mean;
	CvmLanes	count = {0};
	CvmLanes	weight = {0};
	CvmLanes	sum = {0};
	CvmLanes	square = {0};
	CvmLanes	low = CVM_LANES_OF(INFINITY);
	CvmLanes	high = CVM_LANES_OF(-INFINITY);

	memcpy(&mean, means, sizeof(mean));
	for (int row = 0; row < rows; row++)
	{
		CvmLanes	value;
		CvmLanes	away;
		CvmLaneMask there;

		memcpy(&value, values + row * stride, sizeof(value));
		there = value == value;
		away = CVM_LANES_KEEP(there, value - mean);
		count += CVM_LANES_KEEP(there, one);
		if (weighted)
		{
			CvmLanes	own = CVM_LANES_OF(weights[row]);
			CvmLanes	moment = own * away;

			weight += CVM_LANES_KEEP(there, own);
			sum += moment;
			square += moment * away;
		}
		else
		{
			sum += away;
			square += away * away;
		}
		low = CVM_LANES_SELECT(value < low, value, low);
		high = CVM_LANES_SELECT(value > high, value, high);
	}
	if (!weighted)
		weight = count;
	memcpy(sums->count, &count, sizeof(count));
	memcpy(sums->weight, &weight, sizeof(weight));
	memcpy(sums->sum, &sum, sizeof(sum));
	memcpy(sums->square, &square, sizeof(square));
	memcpy(sums->low, &low, sizeof(low));
	memcpy(sums->high, &high, sizeof(high));
}

static void
sum_plain(const double *values, ptrdiff_t stride, int rows, const double *means,
		  BlockSums *sums)
{
	sum_lanes(values, stride, rows, NULL, means, false, sums);
}

static void
sum_weighted(const double *values, ptrdiff_t stride, int rows, const double *weights,
			 const double *means, BlockSums *sums)
{
	sum_lanes(values, stride, rows, weights, means, true, sums);
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
 * Columns past the last CVM_LANES ones are copied to where there are as many
 * as that.
 */
void
cvm_moments_add(CvmMoments *moments, int columns, const double *values,
				int rows, const double *weights, int *present)
{
	double		padded[CVM_BLOCK_ROWS * CVM_LANES];

	for (int first = 0; first < columns; first += CVM_LANES)
	{
		int			width = columns - first < CVM_LANES ? columns - first : CVM_LANES;
		const double *tile = values + first;
		ptrdiff_t	stride = columns;
		double		means[CVM_LANES] = {0};
		BlockSums	sums;

		if (width < CVM_LANES)
		{
			memset(padded, 0, sizeof(padded));
			for (int row = 0; row < rows; row++)
				memcpy(&padded[row * CVM_LANES], tile + row * stride, width * sizeof(double));
			tile = padded;
			stride = CVM_LANES;
		}
		for (int lane = 0; lane < width; lane++)
		{
			CvmMoments *column = &moments[first + lane];

			if (column->weight == 0)
				column->center = plain_mean(tile + lane, stride, rows, 1);
			means[lane] = column->center + column->offset;
		}
		if (weights == NULL)
			sum_plain(tile, stride, rows, means, &sums);
		else
			sum_weighted(tile, stride, rows, weights, means, &sums);
		for (int lane = 0; lane < width; lane++)
		{
			add_column(&moments[first + lane], tile + lane, stride, rows, weights, &sums, lane);
			present[first + lane] = (int) sums.count[lane];
		}
	}
}
