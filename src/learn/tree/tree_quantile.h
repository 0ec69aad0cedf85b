/*
 * tree_quantile.h
 *		A weighted quantile, found digit by digit.
 *
 * The smallest value with at least a share of the weight up to it.  Values are
 * not kept: all of them are added CVM_QUANTILE_STEPS times, in the same order,
 * and each time eight more bits of the answer are known.
 */
#ifndef CVM_TREE_QUANTILE_H
#define CVM_TREE_QUANTILE_H

#include <stdint.h>

#define CVM_QUANTILE_STEPS 8

typedef struct CvmQuantileSearch
{
	int			steps;			/* that are done */
	uint64_t	prefix;			/* of the answer: 8 * steps bits of its rank */
	double		total;			/* weight of all values */
	double		below;			/* of those below the prefix */
	double		weights[256];	/* by the next digit */
} CvmQuantileSearch;

extern void cvm_quantile_begin(CvmQuantileSearch *search);
extern void cvm_quantile_add(CvmQuantileSearch *search, double value, double weight);

/* After all values were added; share of the weight, in (0, 1). */
extern void cvm_quantile_step(CvmQuantileSearch *search, double share);

/* After all steps; 0 where there was no value. */
extern double cvm_quantile_value(const CvmQuantileSearch *search);

#endif							/* CVM_TREE_QUANTILE_H */
