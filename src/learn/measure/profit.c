/*
 * profit.c
 *		What decisions are worth, and the threshold that follows.
 */
#include "learn/measure/profit.h"

#include <math.h>

bool
cvm_profit_is_sound(const CvmProfit *profit)
{
	return isfinite(profit->true_positive) && isfinite(profit->false_positive) &&
		isfinite(profit->true_negative) && isfinite(profit->false_negative) &&
		profit->true_positive > profit->false_negative &&
		profit->true_negative > profit->false_positive;
}

/* Halves, so that no sum of two numbers overflows. */
double
cvm_profit_expected_threshold(const CvmProfit *profit)
{
	double		gain = profit->true_positive / 2 - profit->false_negative / 2;
	double		loss = profit->true_negative / 2 - profit->false_positive / 2;

	return 1 / (1 + gain / loss);
}

double
cvm_profit_of(const CvmProfit *profit, double contacted_positive, double contacted_negative,
			  double positives, double negatives)
{
	return contacted_positive * profit->true_positive +
		contacted_negative * profit->false_positive +
		(positives - contacted_positive) * profit->false_negative +
		(negatives - contacted_negative) * profit->true_negative;
}

double
cvm_profit_best_threshold(const CvmProfit *profit, CvmTies *ties)
{
	double		best = cvm_profit_of(profit, 0, 0, ties->positives, ties->negatives);
	double		threshold = 1;
	double		positives = 0;
	double		negatives = 0;
	bool		found = false;	/* the best one ends at the tie before */
	CvmTie		tie;

	while (ties->next(ties->state, &tie))
	{
		double		worth;

		if (found)
			threshold = threshold / 2 + tie.score / 2;
		found = false;
		positives += tie.positive;
		negatives += tie.negative;
		worth = cvm_profit_of(profit, positives, negatives, ties->positives, ties->negatives);
		if (worth > best)
		{
			best = worth;
			threshold = tie.score;
			found = true;
		}
	}
	return found ? 0 : fmin(fmax(threshold, 0), 1);
}
