/*
 * histogram.h
 *		Sums over the rows of a node, by column and bin.
 *
 * What is summed are integers, so that sums do not depend on the order of
 * rows, a child's sums are exactly its parent's less its sibling's, and
 * workers may share the rows.  A row has one of two kinds of statistics:
 *
 *	  pair		a gradient (signed, 16 bits) and a curvature (unsigned, 16
 *				bits), both in one word: 2 sums a bin.
 *	  classes	a weight (16 bits) that counts for the class of the row: one
 *				sum a class and bin.
 */
#ifndef CVM_HISTOGRAM_H
#define CVM_HISTOGRAM_H

#include "learn/tree/bins.h"

typedef struct CvmRowStatistics
{
	int			width;			/* sums a bin: 2, or the number of classes */
	const int64_t *packed;		/* pair: by row, gradient * 2^32 + curvature */
	const uint16_t *weights;	/* classes: by row */
	const int32_t *classes;		/* classes: by row */
} CvmRowStatistics;

#define CVM_LARGEST_GRADIENT 32767
#define CVM_LARGEST_CURVATURE 65535

static inline int64_t
cvm_pack_pair(int gradient, int curvature)
{
	return (int64_t) ((uint64_t) (int64_t) gradient << 32) + curvature;
}

/*
 * A histogram has room for CVM_BIN_PLACES bins a column, for all columns or
 * the chosen ones: sums[(i * CVM_BIN_PLACES + bin) * width], i counting those.
 * Only the bins that a column has are filled.
 */
typedef struct CvmHistogramShape
{
	const CvmBins *bins;
	const int32_t *chosen;		/* column numbers, or NULL for the first ones */
	int			columns;		/* how many */
	int			width;
	uint64_t  (*touched)[CVM_BIN_PLACES / 64];	/* by column as in sums: the bins that
												 * are filled, a bit each; NULL: all */
} CvmHistogramShape;

/* The first filled bin from "bin" on, or "bins"; touched: of the column, or NULL. */
static inline int
cvm_next_bin(const uint64_t *touched, int bin, int bins)
{
	while (touched != NULL && bin < bins)
	{
		uint64_t	rest = touched[bin / 64] >> (bin % 64);

		if (rest != 0)
			return bin + __builtin_ctzll(rest);
		bin = (bin | 63) + 1;
	}
	return bin < bins ? bin : bins;
}

static inline bool
cvm_has_bin(const uint64_t *touched, int bin)
{
	return touched == NULL || ((touched[bin / 64] >> (bin % 64)) & 1) != 0;
}

static inline int
cvm_histogram_column(const CvmHistogramShape *shape, int i)
{
	return shape->chosen == NULL ? i : shape->chosen[i];
}

/* Bins of a column, the one for missing numbers too. */
static inline int
cvm_histogram_bins(const CvmHistogramShape *shape, int i)
{
	return shape->bins->counts[cvm_histogram_column(shape, i)] + 1;
}

/* Numbers that histograms of so many columns need. */
extern size_t cvm_histogram_size(int columns, int width);

/*
 * Fills sums for the rows with these numbers.  narrow: columns * CVM_BIN_PLACES
 * words of scratch (pair only).  Where the shape has a place for the bins that are
 * touched, no others are filled: for a few rows that is quicker.
 */
extern void cvm_histogram_fill(const CvmHistogramShape *shape, const CvmBinnedRows *rows,
							   const CvmRowStatistics *statistics,
							   const int32_t *numbers, size_t count,
							   int64_t *narrow, int64_t *sums);

/*
 * The same in pieces, for members of a team, each of which has sums of its
 * own.  Pairs of at most CVM_PACKED_ROWS rows are added up in a narrow
 * histogram, one word a bin, and then unpacked, which adds to sums; classes are
 * added to sums.
 */
#define CVM_PACKED_ROWS 65536

extern void cvm_histogram_clear(const CvmHistogramShape *shape, int width, int64_t *sums);
extern void cvm_histogram_add_pairs(const CvmHistogramShape *shape, const CvmBinnedRows *rows,
									const int64_t *packed, const int32_t *numbers,
									size_t count, int64_t *narrow);
extern void cvm_histogram_unpack(const CvmHistogramShape *shape, const int64_t *narrow,
								 int64_t *sums);
extern void cvm_histogram_add_classes(const CvmHistogramShape *shape, const CvmBinnedRows *rows,
									  const CvmRowStatistics *statistics,
									  const int32_t *numbers, size_t count, int64_t *sums);

/* sums += other, sums -= other */
extern void cvm_histogram_add(const CvmHistogramShape *shape, int64_t *sums,
							  const int64_t *other);
extern void cvm_histogram_subtract(const CvmHistogramShape *shape, int64_t *sums,
								   const int64_t *other);

/* Sums of all rows: those of any one column. */
extern void cvm_histogram_totals(const CvmHistogramShape *shape, const int64_t *sums,
								 int64_t *totals);

#endif							/* CVM_HISTOGRAM_H */
