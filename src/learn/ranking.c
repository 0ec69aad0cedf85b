/*
 * ranking.c
 *		Rows in the order of their scores: ROC curve and the area under it.
 *
 * The hard part is to sort ten million rows in place, in bounded time and the
 * same way everywhere.  Scores become unsigned integers of the same order,
 * which are sorted byte by byte from the top: "American flag sort" (McIlroy,
 * Bostic and McIlroy, 1993).  Eight bytes bound the depth of the recursion.
 */
#include "learn/ranking.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

#define SMALL_SORT 32			/* rows from which insertion sort is slower */

/*
 * Positive doubles are in the order of their bits, negative ones in the
 * opposite order.  Zero is made positive: -0.0 and 0.0 are a tie.
 */
static uint64_t
key_from_score(double score)
{
	uint64_t	bits;

	score += 0.0;
	memcpy(&bits, &score, sizeof(bits));
	return (bits >> 63) ? ~bits : bits | (UINT64_C(1) << 63);
}

static double
score_from_key(uint64_t key)
{
	uint64_t	bits = (key >> 63) ? key & ~(UINT64_C(1) << 63) : ~key;
	double		score;

	memcpy(&score, &bits, sizeof(score));
	return score;
}

static void
insertion_sort(CvmRankedRow *rows, size_t count)
{
	for (size_t i = 1; i < count; i++)
	{
		CvmRankedRow row = rows[i];
		size_t		j = i;

		while (j > 0 && rows[j - 1].key < row.key)
		{
			rows[j] = rows[j - 1];
			j--;
		}
		rows[j] = row;
	}
}

/* Sorts by falling key; the bytes above "shift" are equal in all rows. */
static void
flag_sort(CvmRankedRow *rows, size_t count, int shift)
{
	size_t		next[256] = {0};
	size_t		end[256];
	size_t		position = 0;

	if (count <= SMALL_SORT)
	{
		insertion_sort(rows, count);
		return;
	}
	cvm_check_interrupt();

	for (size_t i = 0; i < count; i++)
		next[255 - ((rows[i].key >> shift) & 255)]++;
	for (int bucket = 0; bucket < 256; bucket++)
	{
		size_t		size = next[bucket];

		next[bucket] = position;
		position += size;
		end[bucket] = position;
	}

	/* Put each row into its bucket, carrying on with the one found there. */
	for (int bucket = 0; bucket < 256; bucket++)
	{
		while (next[bucket] < end[bucket])
		{
			CvmRankedRow row = rows[next[bucket]];
			int			home = 255 - ((row.key >> shift) & 255);

			while (home != bucket)
			{
				CvmRankedRow other = rows[next[home]];

				rows[next[home]++] = row;
				row = other;
				home = 255 - ((row.key >> shift) & 255);
			}
			rows[next[bucket]++] = row;
		}
	}

	if (shift == 0)
		return;
	position = 0;
	for (int bucket = 0; bucket < 256; bucket++)
	{
		flag_sort(rows + position, end[bucket] - position, shift - 8);
		position = end[bucket];
	}
}

static void
sort(CvmRanking *ranking)
{
	if (!ranking->sorted)
		flag_sort(ranking->rows, ranking->count, 56);
	ranking->sorted = true;
}

void
cvm_ranking_add(CvmRanking *ranking, bool positive, double score, double weight)
{
	CvmRankedRow *row;

	if (ranking->count == ranking->capacity)
	{
		ranking->capacity = ranking->capacity ? ranking->capacity + ranking->capacity / 2 : 256;
		if (ranking->rows == NULL)
			ranking->rows = CVM_NEW(CvmRankedRow, ranking->capacity);
		else
			ranking->rows = cvm_resize(ranking->rows, ranking->capacity, sizeof(CvmRankedRow));
	}
	row = &ranking->rows[ranking->count++];
	row->key = key_from_score(score);
	row->weight = positive ? weight : -weight;
	ranking->sorted = false;
}

/*
 * Adds up the weights of the rows that share the score of row "start";
 * returns the row after them.  The order of rows within a tie is open, but
 * sums of whole-number weights are exact.
 */
static size_t
sum_tie(const CvmRanking *ranking, size_t start, double *positive, double *negative)
{
	size_t		i = start;

	*positive = 0;
	*negative = 0;
	do
	{
		double		weight = ranking->rows[i].weight;

		if (weight > 0)
			*positive += weight;
		else
			*negative -= weight;
		i++;
	} while (i < ranking->count && ranking->rows[i].key == ranking->rows[start].key);
	return i;
}

/* Mann and Whitney (1947): share of pairs in the right order. */
double
cvm_ranking_auc(CvmRanking *ranking)
{
	double		positives = 0;
	double		negatives = 0;
	double		area = 0;

	sort(ranking);
	for (size_t i = 0; i < ranking->count;)
	{
		double		positive;
		double		negative;

		i = sum_tie(ranking, i, &positive, &negative);
		area += negative * (positives + positive / 2);
		positives += positive;
		negatives += negative;
	}
	if (positives <= 0 || negatives <= 0)
		return NAN;
	return area / (positives * negatives);
}

int
cvm_ranking_roc(CvmRanking *ranking, CvmRocPoint **points)
{
	CvmRocPoint *roc;
	int			count = 1;
	int			filled = 1;
	double		positives = 0;
	double		negatives = 0;

	sort(ranking);
	for (size_t i = 0; i < ranking->count; i++)
		if (i == 0 || ranking->rows[i].key != ranking->rows[i - 1].key)
			count++;

	roc = CVM_NEW(CvmRocPoint, count);
	roc[0].threshold = INFINITY;
	roc[0].true_positive_rate = 0;
	roc[0].false_positive_rate = 0;
	for (size_t i = 0; i < ranking->count;)
	{
		double		positive;
		double		negative;
		double		threshold = score_from_key(ranking->rows[i].key);

		i = sum_tie(ranking, i, &positive, &negative);
		positives += positive;
		negatives += negative;
		roc[filled].threshold = threshold;
		roc[filled].true_positive_rate = positives;
		roc[filled].false_positive_rate = negatives;
		filled++;
	}

	/* From weights to rates; NaN where there is no row of a class. */
	for (int i = 0; i < count; i++)
	{
		roc[i].true_positive_rate /= positives;
		roc[i].false_positive_rate /= negatives;
	}
	*points = roc;
	return count;
}
