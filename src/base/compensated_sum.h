/*
 * compensated_sum.h
 *		Sums that keep the digits of ten million small numbers.
 *
 * Neumaier's variant (1974) of Kahan's summation.
 */
#ifndef CVM_COMPENSATED_SUM_H
#define CVM_COMPENSATED_SUM_H

#include <math.h>

typedef struct CvmSum
{
	double		sum;
	double		lost;			/* low-order part that "sum" could not hold */
} CvmSum;

static inline void
cvm_sum_add(CvmSum *total, double value)
{
	double		sum = total->sum + value;

	if (fabs(total->sum) >= fabs(value))
		total->lost += (total->sum - sum) + value;
	else
		total->lost += (value - sum) + total->sum;
	total->sum = sum;
}

static inline void
cvm_sum_merge(CvmSum *total, const CvmSum *other)
{
	cvm_sum_add(total, other->sum);
	total->lost += other->lost;
}

/* An infinite sum has nothing to compensate (infinity - infinity is NaN). */
static inline double
cvm_sum_value(const CvmSum *total)
{
	return isfinite(total->sum) ? total->sum + total->lost : total->sum;
}

#endif							/* CVM_COMPENSATED_SUM_H */
