/*
 * moments_kernel.h
 *		Sums of a block's columns, for one width of vectors.
 *
 * Included by moments.c once for each: LANES doubles a vector, TARGET the
 * function attribute, NAME(x) the name of x in this width.  Every sum is over
 * rows in their order, so that the width shows in the time only.
 */
typedef double NAME(Lanes) __attribute__((vector_size(LANES * sizeof(double))));
typedef int64_t NAME(Mask) __attribute__((vector_size(LANES * sizeof(double))));

/* The first of two where mask is set, else the second; the first or zero. */
#define SELECT(mask, yes, no) \
	((NAME(Lanes)) (((mask) & (NAME(Mask)) (yes)) | (~(mask) & (NAME(Mask)) (no))))
#define KEEP(mask, value) ((NAME(Lanes)) ((mask) & (NAME(Mask)) (value)))

/* Sums of LANES columns from "first" on; weighted is a constant where this is called. */
TARGET static inline __attribute__((always_inline)) void
NAME(sum_lanes) (const double *values, ptrdiff_t stride, int rows, const double *weights,
				 const double *means, bool weighted, int first, BlockSums *sums)
{
	const NAME(Lanes) zero = {0};
	const NAME(Lanes) one = zero + 1.0;
	NAME(Lanes) mean;
	NAME(Lanes) count = zero;
	NAME(Lanes) weight = zero;
	NAME(Lanes) sum = zero;
	NAME(Lanes) square = zero;
	NAME(Lanes) low = zero + INFINITY;
	NAME(Lanes) high = zero - INFINITY;

	values += first;
	memcpy(&mean, means + first, sizeof(mean));
	for (int row = 0; row < rows; row++)
	{
		NAME(Lanes) value;
		NAME(Lanes) away;
		NAME(Mask) there;

		memcpy(&value, values + row * stride, sizeof(value));
		there = value == value;
		away = KEEP(there, value - mean);
		count += KEEP(there, one);
		if (weighted)
		{
			NAME(Lanes) own = zero + weights[row];
			NAME(Lanes) moment = own * away;

			weight += KEEP(there, own);
			sum += moment;
			square += moment * away;
		}
		else
		{
			sum += away;
			square += away * away;
		}
		low = SELECT(value < low, value, low);
		high = SELECT(value > high, value, high);
	}
	if (!weighted)
		weight = count;
	memcpy(sums->count + first, &count, sizeof(count));
	memcpy(sums->weight + first, &weight, sizeof(weight));
	memcpy(sums->sum + first, &sum, sizeof(sum));
	memcpy(sums->square + first, &square, sizeof(square));
	memcpy(sums->low + first, &low, sizeof(low));
	memcpy(sums->high + first, &high, sizeof(high));
}

/* Sums of GROUP columns; weights may be NULL. */
TARGET static void
NAME(sum_columns) (const double *values, ptrdiff_t stride, int rows, const double *weights,
				   const double *means, BlockSums *sums)
{
	for (int first = 0; first < GROUP; first += LANES)
		if (weights == NULL)
			NAME(sum_lanes) (values, stride, rows, weights, means, false, first, sums);
		else
			NAME(sum_lanes) (values, stride, rows, weights, means, true, first, sums);
}

#undef SELECT
#undef KEEP
