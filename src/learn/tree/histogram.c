/*
 * histogram.c
 *		Sums over the rows of a node, by column and bin.
 *
 * This is where the time of trees goes.  Of a pair both sums are added up in
 * one word, the curvature in its lower half: 16 bits and at most
 * CVM_PACKED_ROWS rows keep it from running over into the gradient's half.  So
 * many rows at a time are added to a narrow histogram that stays in the
 * processor's cache, and then to the sums of the node.
 */
#include "learn/tree/histogram.h"

#include <string.h>

#include "base/memory.h"

#define PREFETCH_ROWS 24

size_t
cvm_histogram_size(int columns, int width)
{
	return (size_t) columns * CVM_BIN_PLACES * width;
}

/* All columns of some rows; four columns at a time are independent of each other. */
static void
add_rows(const uint8_t *restrict bins, int columns, const int64_t *restrict packed,
		 const int32_t *restrict numbers, size_t count, int64_t *restrict narrow)
{
	for (size_t i = 0; i < count; i++)
	{
		const uint8_t *row = bins + (size_t) numbers[i] * columns;
		int64_t		value = packed[numbers[i]];
		int64_t    *sums = narrow;
		int			c = 0;

		if (i + PREFETCH_ROWS < count)
		{
			const uint8_t *ahead = bins + (size_t) numbers[i + PREFETCH_ROWS] * columns;

			/* a row may lie across two cache lines */
			__builtin_prefetch(ahead);
			__builtin_prefetch(ahead + columns - 1);
			__builtin_prefetch(packed + numbers[i + PREFETCH_ROWS]);
		}
		for (; c + 4 <= columns; c += 4, sums += 4 * CVM_BIN_PLACES)
		{
			sums[row[c]] += value;
			sums[CVM_BIN_PLACES + row[c + 1]] += value;
			sums[2 * CVM_BIN_PLACES + row[c + 2]] += value;
			sums[3 * CVM_BIN_PLACES + row[c + 3]] += value;
		}
		for (; c < columns; c++, sums += CVM_BIN_PLACES)
			sums[row[c]] += value;
	}
}

static void
add_chosen(const uint8_t *restrict bins, int all_columns, const int32_t *restrict chosen,
		   int columns, const int64_t *restrict packed,
		   const int32_t *restrict numbers, size_t count, int64_t *restrict narrow)
{
	for (size_t i = 0; i < count; i++)
	{
		const uint8_t *row = bins + (size_t) numbers[i] * all_columns;
		int64_t		value = packed[numbers[i]];

		if (i + PREFETCH_ROWS < count)
			__builtin_prefetch(bins + (size_t) numbers[i + PREFETCH_ROWS] * all_columns);
		for (int c = 0; c < columns; c++)
			narrow[(size_t) c * CVM_BIN_PLACES + row[chosen[c]]] += value;
	}
}

void
cvm_histogram_clear(const CvmHistogramShape *shape, int width, int64_t *sums)
{
	for (int c = 0; c < shape->columns; c++)
		memset(sums + (size_t) c * CVM_BIN_PLACES * width, 0,
			   (size_t) cvm_histogram_bins(shape, c) * width * sizeof(int64_t));
}

void
cvm_histogram_unpack(const CvmHistogramShape *shape, const int64_t *restrict narrow, int64_t *restrict sums)
{
	for (int c = 0; c < shape->columns; c++)
	{
		int			bins = cvm_histogram_bins(shape, c);
		const int64_t *from = narrow + (size_t) c * CVM_BIN_PLACES;
		int64_t    *to = sums + 2 * (size_t) c * CVM_BIN_PLACES;

		for (int bin = 0; bin < bins; bin++)
		{
			to[2 * bin] += from[bin] >> 32;
			to[2 * bin + 1] += from[bin] & 0xffffffff;
		}
	}
}

void
cvm_histogram_add_pairs(const CvmHistogramShape *shape, const CvmBinnedRows *rows,
						const int64_t *packed, const int32_t *numbers, size_t count,
						int64_t *narrow)
{
	cvm_check_interrupt();
	if (shape->chosen == NULL)
		add_rows(rows->by_row, shape->columns, packed, numbers, count, narrow);
	else
		add_chosen(rows->by_row, rows->columns, shape->chosen, shape->columns, packed,
				   numbers, count, narrow);
}

void
cvm_histogram_add_classes(const CvmHistogramShape *shape, const CvmBinnedRows *rows,
						  const CvmRowStatistics *statistics, const int32_t *numbers,
						  size_t count, int64_t *sums)
{
	size_t		width = shape->width;

	for (size_t i = 0; i < count; i++)
	{
		const uint8_t *row = rows->by_row + (size_t) numbers[i] * rows->columns;
		int64_t    *own = sums + statistics->classes[numbers[i]];
		int64_t		weight = statistics->weights[numbers[i]];

		if (i % CVM_PACKED_ROWS == 0)
			cvm_check_interrupt();
		if (i + PREFETCH_ROWS < count)
			__builtin_prefetch(rows->by_row + (size_t) numbers[i + PREFETCH_ROWS] * rows->columns);
		for (int c = 0; c < shape->columns; c++, own += CVM_BIN_PLACES * width)
			own[row[cvm_histogram_column(shape, c)] * width] += weight;
	}
}

/* Fills no bin but those that rows are in. */
static void
fill_touched(const CvmHistogramShape *shape, const CvmBinnedRows *rows,
			 const CvmRowStatistics *statistics, const int32_t *numbers, size_t count,
			 int64_t *sums)
{
	size_t		width = shape->width;

	memset(shape->touched, 0, shape->columns * sizeof(shape->touched[0]));
	for (size_t i = 0; i < count; i++)
	{
		const uint8_t *row = rows->by_row + (size_t) numbers[i] * rows->columns;

		for (int c = 0; c < shape->columns; c++)
		{
			int			bin = row[cvm_histogram_column(shape, c)];
			uint64_t   *touched = &shape->touched[c][bin / 64];
			uint64_t	bit = UINT64_C(1) << (bin % 64);
			int64_t    *own = sums + ((size_t) c * CVM_BIN_PLACES + bin) * width;

			if ((*touched & bit) == 0)
				memset(own, 0, width * sizeof(int64_t));
			*touched |= bit;
			if (statistics->packed != NULL)
			{
				own[0] += statistics->packed[numbers[i]] >> 32;
				own[1] += statistics->packed[numbers[i]] & 0xffffffff;
			}
			else
				own[statistics->classes[numbers[i]]] += statistics->weights[numbers[i]];
		}
	}
}

void
cvm_histogram_fill(const CvmHistogramShape *shape, const CvmBinnedRows *rows,
				   const CvmRowStatistics *statistics, const int32_t *numbers, size_t count,
				   int64_t *narrow, int64_t *sums)
{
	if (shape->touched != NULL)
	{
		fill_touched(shape, rows, statistics, numbers, count, sums);
		return;
	}
	cvm_histogram_clear(shape, shape->width, sums);
	if (statistics->packed == NULL)
	{
		cvm_histogram_add_classes(shape, rows, statistics, numbers, count, sums);
		return;
	}
	while (count > 0)
	{
		size_t		part = count < CVM_PACKED_ROWS ? count : CVM_PACKED_ROWS;

		cvm_histogram_clear(shape, 1, narrow);
		cvm_histogram_add_pairs(shape, rows, statistics->packed, numbers, part, narrow);
		cvm_histogram_unpack(shape, narrow, sums);
		numbers += part;
		count -= part;
	}
}

/* The numbers that a column has in a histogram, from *first on. */
static size_t
column_numbers(const CvmHistogramShape *shape, int i, size_t *first)
{
	*first = (size_t) i * CVM_BIN_PLACES * shape->width;
	return (size_t) cvm_histogram_bins(shape, i) * shape->width;
}

void
cvm_histogram_add(const CvmHistogramShape *shape, int64_t *restrict sums,
				  const int64_t *restrict other)
{
	for (int c = 0; c < shape->columns; c++)
	{
		size_t		first;
		size_t		count = column_numbers(shape, c, &first);

		for (size_t i = first; i < first + count; i++)
			sums[i] += other[i];
	}
}

void
cvm_histogram_subtract(const CvmHistogramShape *shape, int64_t *restrict sums,
					   const int64_t *restrict other)
{
	for (int c = 0; c < shape->columns; c++)
	{
		size_t		first;
		size_t		count = column_numbers(shape, c, &first);

		for (size_t i = first; i < first + count; i++)
			sums[i] -= other[i];
	}
}

void
cvm_histogram_totals(const CvmHistogramShape *shape, const int64_t *sums, int64_t *totals)
{
	int			bins = cvm_histogram_bins(shape, 0);

	const uint64_t *touched = shape->touched == NULL ? NULL : shape->touched[0];

	memset(totals, 0, shape->width * sizeof(int64_t));
	for (int bin = cvm_next_bin(touched, 0, bins); bin < bins;
		 bin = cvm_next_bin(touched, bin + 1, bins))
		for (int k = 0; k < shape->width; k++)
			totals[k] += sums[(size_t) bin * shape->width + k];
}
