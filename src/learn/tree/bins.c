/*
 * bins.c
 *		Columns cut into bins, and rows as one byte a column.
 */
#include "learn/tree/bins.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/measure/ranking.h"

/* What sorting a column takes, in columns of the sample. */
#define SORTED_COLUMNS 4

/* ---- a sample ---- */

/*
 * Which rows are in the sample follows from a hash of their number, so that
 * no order of the rows can do harm.  Returns the columns from "first" on, one
 * after another, *count values in each.
 */
static double *
take_sample(CvmBlockSource *source, size_t wanted, uint64_t seed, int first, int columns,
			size_t *count)
{
	double		share = source->rows > wanted ? (double) wanted / (double) source->rows : 1;
	size_t		room = source->rows > wanted ? wanted : source->rows;
	double	   *sample = CVM_NEW(double, room * columns);
	uint64_t	number = 0;

	*count = 0;
	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++, number++)
		{
			if (*count == room ||
				(share < 1 && (double) cvm_hash64(number, seed) >= share * 0x1p64))
				continue;
			for (int c = 0; c < columns; c++)
				sample[c * room + *count] =
					block->dense[(size_t) row * source->dense_columns + first + c];
			(*count)++;
		}
	}
	/* close the gaps between columns */
	for (int c = 1; c < columns && *count < room; c++)
		memmove(sample + c * *count, sample + c * room, *count * sizeof(double));
	return sample;
}

/* Moves the values that are not missing to the front, rising; returns how many. */
static size_t
sort_present(double *values, size_t count, CvmRanking *ranking)
{
	ranking->count = 0;
	ranking->sorted = false;
	for (size_t i = 0; i < count; i++)
		if (!isnan(values[i]))
			cvm_ranking_add(ranking, true, values[i], 1);
	cvm_ranking_sort(ranking);
	for (size_t i = 0; i < ranking->count; i++)
		values[i] = cvm_ranked_row_score(&ranking->rows[ranking->count - 1 - i]);
	return ranking->count;
}

/* A number from the lower value on, but below the upper one. */
static double
between(double lower, double upper)
{
	double		middle = lower / 2 + upper / 2;

	return middle < upper ? middle : lower;
}

/* The middles between neighbors; returns how many, or -1 for too many. */
static int
edges_of_distinct(const double *sorted, size_t count, double *edges)
{
	int			found = 0;

	for (size_t i = 1; i < count; i++)
	{
		if (sorted[i] == sorted[i - 1])
			continue;
		if (found == CVM_MOST_BINS - 1)
			return -1;
		edges[found++] = between(sorted[i - 1], sorted[i]);
	}
	return found;
}

/* At quantiles, each once. */
static int
edges_of_quantiles(const double *sorted, size_t count, double *edges)
{
	int			found = 0;

	for (int q = 1; q < CVM_MOST_BINS; q++)
	{
		size_t		place = (size_t) ((double) (count - 1) * q / CVM_MOST_BINS);
		size_t		above = place;
		double		edge;

		/* the next value that is really larger */
		while (above < count && sorted[above] == sorted[place])
			above++;
		if (above == count)
			break;
		edge = between(sorted[place], sorted[above]);
		if (found == 0 || edge > edges[found - 1])
			edges[found++] = edge;
	}
	return found;
}

static void
learn_column(CvmBins *bins, int column, double *values, size_t count, CvmRanking *ranking)
{
	double		edges[CVM_MOST_BINS];
	size_t		present = sort_present(values, count, ranking);
	int			found = edges_of_distinct(values, present, edges);

	if (found < 0)
		found = edges_of_quantiles(values, present, edges);
	bins->counts[column] = found + 1;
	bins->edges[column] = CVM_NEW(double, found);
	memcpy(bins->edges[column], edges, found * sizeof(double));
}

/* Columns that are sampled together: their values, and those of one in order. */
static int
columns_together(const CvmBlockSource *source, size_t sample, size_t memory)
{
	size_t		rows = source->rows < sample ? source->rows : sample;
	size_t		column = (rows + 1) * sizeof(double);
	size_t		fitting = memory / column;

	return fitting < 1 + SORTED_COLUMNS ? 1 : fitting - SORTED_COLUMNS > (size_t) source->dense_columns ?
		source->dense_columns : (int) (fitting - SORTED_COLUMNS);
}

CvmBins *
cvm_bins_learn(const CvmExpansion *layout, CvmBlockSource *source, size_t sample, size_t memory,
			   uint64_t seed)
{
	CvmBins    *bins = CVM_NEW_ZERO(CvmBins, 1);
	CvmRanking	ranking = {0};
	int			together = columns_together(source, sample, memory);

	bins->layout = layout;
	bins->dense_columns = layout->dense_columns;
	bins->columns = layout->dense_columns + layout->coded_columns;
	bins->counts = CVM_NEW(int, bins->columns);
	bins->edges = CVM_NEW_ZERO(double *, bins->dense_columns);
	for (int first = 0; first < bins->dense_columns; first += together)
	{
		int			columns = bins->dense_columns - first < together ?
			bins->dense_columns - first : together;
		size_t		count;
		double	   *values = take_sample(source, sample, seed, first, columns, &count);

		for (int c = 0; c < columns; c++)
		{
			cvm_check_interrupt();
			learn_column(bins, first + c, values + c * count, count, &ranking);
		}
		cvm_release(values);
	}
	for (int c = 0; c < layout->coded_columns; c++)
		bins->counts[bins->dense_columns + c] =
			cvm_bin_of_level(layout->level_counts[c] - 1) + 1;
	cvm_release(ranking.rows);
	return bins;
}

void
cvm_bins_release(CvmBins *bins)
{
	for (int c = 0; c < bins->dense_columns; c++)
		cvm_release(bins->edges[c]);
	cvm_release(bins->edges);
	cvm_release(bins->counts);
	cvm_release(bins);
}

/* ---- rows ---- */

/*
 * The bins of a column of a block: how many edges are below each value.  All
 * rows take the same steps of halving, so that they do not wait for each
 * other.
 */
static void
bin_numbers(const CvmBlock *block, int column, int stride, const double *edges, int count,
			uint8_t *bins)
{
	double		values[CVM_BLOCK_ROWS];
	int32_t		found[CVM_BLOCK_ROWS] = {0};

	for (int row = 0; row < block->rows; row++)
		values[row] = block->dense[(size_t) row * stride + column];
	for (int length = count; length > 0;)
	{
		int			half = (length + 1) / 2;

		for (int row = 0; row < block->rows; row++)
			found[row] += edges[found[row] + half - 1] < values[row] ? half : 0;
		length -= half;
	}
	for (int row = 0; row < block->rows; row++)
		bins[row] = (uint8_t) (isnan(values[row]) ? count + 1 : found[row]);
}

static void
bin_levels(const CvmExpansion *layout, const CvmBlock *block, int column, uint8_t *bins)
{
	for (int row = 0; row < block->rows; row++)
		bins[row] = (uint8_t)
			cvm_bin_of_level(cvm_expansion_level(layout, column,
												 block->codes[(size_t) row * layout->coded_columns +
															  column]));
}

void
cvm_bin_block(const CvmBins *bins, const CvmBlock *block, uint8_t *by_row,
			  uint8_t *by_column, size_t stride)
{
	int			columns = bins->columns;
	int			dense = bins->dense_columns;
	uint8_t		scratch[CVM_BLOCK_ROWS];

	for (int c = 0; c < columns; c++)
	{
		uint8_t    *own = by_column == NULL ? scratch : by_column + c * stride;

		if (c < dense)
			bin_numbers(block, c, dense, bins->edges[c], bins->counts[c] - 1, own);
		else
			bin_levels(bins->layout, block, c - dense, own);
		for (int row = 0; row < block->rows; row++)
			by_row[(size_t) row * columns + c] = own[row];
	}
}

size_t
cvm_binned_row_size(int columns)
{
	return 2 * (size_t) columns + 2 * sizeof(double);
}

void
cvm_bin_rows_into(const CvmBins *bins, CvmBlockSource *source, const CvmBinnedRows *rows)
{
	size_t		next = 0;

	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_check_interrupt();
		cvm_bin_block(bins, block, rows->by_row + next * rows->columns, rows->by_column + next,
					  rows->rows);
		memcpy(rows->target + next, block->target, block->rows * sizeof(double));
		memcpy(rows->weight + next, block->weight, block->rows * sizeof(double));
		next += block->rows;
	}
}

CvmBinnedRows *
cvm_bin_rows(const CvmBins *bins, CvmBlockSource *source)
{
	CvmBinnedRows *rows = CVM_NEW_ZERO(CvmBinnedRows, 1);

	rows->rows = source->rows;
	rows->columns = bins->columns;
	rows->by_row = CVM_NEW(uint8_t, rows->rows * rows->columns);
	rows->by_column = CVM_NEW(uint8_t, rows->rows * rows->columns);
	rows->target = CVM_NEW(double, rows->rows);
	rows->weight = CVM_NEW(double, rows->rows);
	cvm_bin_rows_into(bins, source, rows);
	return rows;
}

void
cvm_binned_rows_release(CvmBinnedRows *rows)
{
	if (rows == NULL)
		return;
	cvm_release(rows->by_row);
	cvm_release(rows->by_column);
	cvm_release(rows->target);
	cvm_release(rows->weight);
	cvm_release(rows);
}
