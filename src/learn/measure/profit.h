/*
 * profit.h
 *		What decisions are worth, and the threshold that follows.
 *
 * A customer whose probability of the positive class is above the threshold is
 * contacted (predicted positive).  Each of the four things that can come of a
 * customer has its profit, in any unit; costs are negative.
 */
#ifndef CVM_PROFIT_H
#define CVM_PROFIT_H

#include <stdbool.h>

#include "learn/measure/ties.h"

typedef struct CvmProfit
{
	double		true_positive;	/* contacted, and positive */
	double		false_positive; /* contacted in vain */
	double		true_negative;	/* rightly left alone */
	double		false_negative; /* missed */
	double		threshold;		/* 0 to 1 */
} CvmProfit;

/* Finite, and right decisions are worth more than wrong ones. */
extern bool cvm_profit_is_sound(const CvmProfit *profit);

/*
 * The probability above which contacting is worth more than not, where
 * probabilities are right: p true_positive + (1 - p) false_positive =
 * p false_negative + (1 - p) true_negative (Elkan, 2001).
 */
extern double cvm_profit_expected_threshold(const CvmProfit *profit);

/* Of rows of which so much weight is contacted, and all rows. */
extern double cvm_profit_of(const CvmProfit *profit, double contacted_positive,
							double contacted_negative, double positives, double negatives);

/*
 * The threshold of the largest profit on ranked rows: half-way between two
 * scores; the highest of several that are equally good, so that nobody is
 * contacted for nothing.
 */
extern double cvm_profit_best_threshold(const CvmProfit *profit, CvmTies *ties);

#endif							/* CVM_PROFIT_H */
