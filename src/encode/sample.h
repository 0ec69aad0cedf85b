/*
 * sample.h
 *		A bounded sample of training rows, for quantiles.
 *
 * For src/encode only.
 */
#ifndef CVM_SAMPLE_H
#define CVM_SAMPLE_H

#include <stdint.h>

typedef struct CvmSample
{
	int			columns;
	int			limit;			/* most rows that it may keep */
	int			count;
	int			capacity;
	uint64_t	threshold;		/* rows whose hash is above it are not kept */
	uint64_t   *hashes;
	double	   *weights;
	double	   *values;			/* count x columns, row-major */
} CvmSample;

extern void cvm_sample_init(CvmSample *sample, int columns);

/* Offers rows; hashes[] are those of their numbers in the order of training. */
extern void cvm_sample_add(CvmSample *sample, const double *values, const double *weights,
						   const uint64_t *hashes, int rows);

/*
 * Weighted quantiles at 0, 1/parts, .. 1 of the values of a column that are
 * not missing; quantiles: parts + 1.  Without values all are NaN.
 */
extern void cvm_sample_quantiles(const CvmSample *sample, int column, int parts,
								 double *quantiles);

#endif							/* CVM_SAMPLE_H */
