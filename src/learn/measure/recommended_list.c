/*
 * recommended_list.c
 *		How good the first k of a ranked list of items are.
 */
#include "learn/measure/recommended_list.h"

#include <math.h>
#include <stdlib.h>

static int
by_falling_score(const void *a, const void *b)
{
	double		left = ((const CvmListItem *) a)->score;
	double		right = ((const CvmListItem *) b)->score;

	return left > right ? -1 : left < right;
}

static int
by_falling_relevance(const void *a, const void *b)
{
	double		left = ((const CvmListItem *) a)->relevance;
	double		right = ((const CvmListItem *) b)->relevance;

	return left > right ? -1 : left < right;
}

void
cvm_list_sort(CvmListItem *items, size_t count)
{
	qsort(items, count, sizeof(CvmListItem), by_falling_score);
}

/* A tie from item "start": the item after it, how much is relevant in it. */
static size_t
end_of_tie(const CvmListItem *items, size_t count, size_t start,
		   size_t *relevant, double *relevance)
{
	size_t		i = start;

	*relevant = 0;
	*relevance = 0;
	do
	{
		*relevant += items[i].relevance > 0;
		*relevance += items[i].relevance;
		i++;
	} while (i < count && items[i].score == items[start].score);
	return i;
}

/* Place from 0. */
static double
discount(size_t place)
{
	return 1 / log2((double) place + 2);
}

double
cvm_list_ndcg(CvmListItem *items, size_t count, size_t k)
{
	double		gain = 0;
	double		best = 0;

	if (k > count)
		k = count;
	for (size_t start = 0; start < k;)
	{
		size_t		relevant;
		double		relevance;
		double		discounts = 0;
		size_t		end = end_of_tie(items, count, start, &relevant, &relevance);

		for (size_t i = start; i < end && i < k; i++)
			discounts += discount(i);
		gain += relevance / (double) (end - start) * discounts;
		start = end;
	}
	qsort(items, count, sizeof(CvmListItem), by_falling_relevance);
	for (size_t i = 0; i < k; i++)
		best += items[i].relevance * discount(i);
	return best > 0 ? gain / best : 0;
}

/*
 * An item at place j of a tie of n, r of them relevant, is relevant with
 * probability r/n; then (j - 1)(r - 1)/(n - 1) relevant ones of the tie are
 * expected before it.
 */
double
cvm_list_average_precision(const CvmListItem *items, size_t count, size_t k)
{
	double		sum = 0;
	double		before = 0;		/* relevant items in ties above */
	size_t		all = 0;

	for (size_t start = 0; start < count;)
	{
		size_t		relevant;
		double		relevance;
		size_t		end = end_of_tie(items, count, start, &relevant, &relevance);
		double		n = (double) (end - start);
		double		r = (double) relevant;

		for (size_t i = start; i < end && i < k; i++)
		{
			double		own = n > 1 ? (double) (i - start) * (r - 1) / (n - 1) : 0;

			sum += r / n * (before + 1 + own) / (double) (i + 1);
		}
		before += r;
		all += relevant;
		start = end;
	}
	if (all == 0)
		return 0;
	return sum / (double) (all < k ? all : k);
}

double
cvm_list_hit_rate(const CvmListItem *items, size_t count, size_t k)
{
	double		miss = 1;		/* chance of none so far */

	for (size_t start = 0; start < count && start < k;)
	{
		size_t		relevant;
		double		relevance;
		size_t		end = end_of_tie(items, count, start, &relevant, &relevance);
		double		others = (double) (end - start - relevant);

		/* drawn one by one from the tie, none of them relevant */
		for (size_t i = start; i < end && i < k; i++)
			miss *= fmax(0, others - (double) (i - start)) / (double) (end - i);
		start = end;
	}
	return 1 - miss;
}
