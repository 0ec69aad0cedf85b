/*
 * moments.h
 *		Mean, deviation and range of number columns, block by block.
 *
 * For src/encode, and for src/agg, whose states keep them.
 */
#ifndef CVM_MOMENTS_H
#define CVM_MOMENTS_H

#include <stdint.h>

typedef struct CvmMoments
{
	int64_t		present;		/* rows that have a value (are not NaN) */
	double		weight;			/* their weight */
	double		minimum;		/* +infinity without values */
	double		maximum;		/* -infinity without values */
	double		unit;			/* a power of two, 1 for numbers of common size */
	double		center;			/* the weighted mean, in units, is center + offset; */
	double		offset;			/* a single number would lose digits */
	double		square;			/* weighted sum of squares about the mean, in
								 * squared units */
} CvmMoments;

extern void cvm_moments_init(CvmMoments *moments);

/*
 * Adds rows x columns values, row-major, of which NaN are missing.  weights:
 * rows, or NULL for a weight of one.  present[column] gets the number of
 * values that were there.  Infinite values leave an infinite minimum or
 * maximum, and nothing else of use.
 */
extern void cvm_moments_add(CvmMoments *moments, int columns, const double *values,
							int rows, const double *weights, int *present);

/* Adds rows that were not looked at, as if they were like those seen. */
extern void cvm_moments_repeat(CvmMoments *moments, int64_t rows);

/* Adds the values that another one has seen. */
extern void cvm_moments_merge(CvmMoments *moments, const CvmMoments *other);

extern double cvm_moments_mean(const CvmMoments *moments);

/* Population standard deviation. */
extern double cvm_moments_deviation(const CvmMoments *moments);

#endif							/* CVM_MOMENTS_H */
