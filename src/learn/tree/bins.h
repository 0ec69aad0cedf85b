/*
 * bins.h
 *		Columns cut into bins, and rows as one byte a column.
 *
 * A tree asks of a number only whether it is above a threshold, and there are
 * few thresholds worth asking for: those between the bins that are made here
 * once.  A number has up to 255 bins of about equally many rows (each value
 * its own where there are no more), a category one a level; of more than 255
 * levels the rarest share the last bin.  One bin after these is for missing
 * numbers.
 *
 * Columns: first the dense ones (numbers as they are, NaN for missing), then
 * the coded ones, as in a CvmExpansion.
 */
#ifndef CVM_BINS_H
#define CVM_BINS_H

#include <stddef.h>

#include "linalg/block.h"
#include "linalg/expansion.h"

#define CVM_MOST_BINS 255		/* of values */
#define CVM_BIN_PLACES 256		/* of values, and of missing ones */
#define CVM_BIN_WORDS (CVM_BIN_PLACES / 32)

typedef struct CvmBins
{
	const CvmExpansion *layout;
	int			columns;
	int			dense_columns;
	int		   *counts;			/* by column: bins of values, 1 to 255; the bin
								 * of missing numbers is counts[column] */
	double	  **edges;			/* by dense column: counts - 1, rising; bin b holds
								 * values above edges[b - 1] up to edges[b] */
} CvmBins;

/*
 * Learns the bins from a sample of at most "sample" of the rows, the same for
 * one seed.  memory: bytes for the sample; where it takes more, columns are
 * sampled one group after another.  The layout must outlive the bins.
 */
extern CvmBins *cvm_bins_learn(const CvmExpansion *layout, CvmBlockSource *source,
							   size_t sample, size_t memory, uint64_t seed);
extern void cvm_bins_release(CvmBins *bins);

static inline bool
cvm_bins_is_category(const CvmBins *bins, int column)
{
	return column >= bins->dense_columns;
}

/* Levels past the last bin share it. */
static inline int
cvm_bin_of_level(int level)
{
	return level < CVM_MOST_BINS ? level : CVM_MOST_BINS - 1;
}

/*
 * Rows in bins.  Both orders are kept: histograms read whole rows, partitions
 * read one column.
 */
typedef struct CvmBinnedRows
{
	size_t		rows;
	int			columns;
	uint8_t    *by_row;			/* rows x columns */
	uint8_t    *by_column;		/* columns x rows */
	double	   *target;
	double	   *weight;
} CvmBinnedRows;

/*
 * The bins of a block's rows: by row, and, unless it is NULL, by column, with so
 * many places for each.
 */
extern void cvm_bin_block(const CvmBins *bins, const CvmBlock *block, uint8_t *by_row,
						  uint8_t *by_column, size_t stride);

/* Reads all of the source into new arrays, or into those that are there. */
extern CvmBinnedRows *cvm_bin_rows(const CvmBins *bins, CvmBlockSource *source);
extern void cvm_bin_rows_into(const CvmBins *bins, CvmBlockSource *source,
							  const CvmBinnedRows *rows);
extern void cvm_binned_rows_release(CvmBinnedRows *rows);

/* Bytes that cvm_bin_rows takes for one row. */
extern size_t cvm_binned_row_size(int columns);

#endif							/* CVM_BINS_H */
