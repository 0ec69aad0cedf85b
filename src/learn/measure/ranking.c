/*
 * ranking.c
 *		Rows in the order of their scores: ROC curve and the area under it.
 *
 * The hard part is to sort ten million rows in place, in bounded time and the
 * same way everywhere.  Scores become unsigned integers of the same order,
 * which are put into buckets in place, "American flag sort" (McIlroy, Bostic
 * and McIlroy, 1993), and then bucket by bucket.  Buckets do not stand for the
 * values of a byte, as scores have most of their upper bytes in common: they
 * divide the range of the keys that are there.  Each level of the recursion
 * divides it by half of the buckets or more, which bounds the depth.
 */
#include "learn/measure/ranking.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

#define SMALL_SORT 32			/* rows from which insertion sort is slower */
#define MOST_BUCKETS 512
#define BUCKET_ROWS 8			/* in the mean, where there are fewer buckets */

#define FIRST_CAPACITY 256
#define COLLAPSED_ROWS 8			/* at most as many, by weight, become two */

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

/* The shift that brings differences of keys up to "range" below "buckets". */
static int
bucket_shift(uint64_t range, size_t buckets)
{
	int			shift = 0;

	while ((range >> shift) >= buckets)
		shift++;
	return shift;
}

void
cvm_ranking_sort_rows(CvmRankedRow *rows, size_t count)
{
	size_t		next[MOST_BUCKETS];
	size_t		end[MOST_BUCKETS];
	size_t		buckets = count / BUCKET_ROWS < MOST_BUCKETS ? count / BUCKET_ROWS : MOST_BUCKETS;
	size_t		position = 0;
	uint64_t	low;
	uint64_t	high;
	int			shift;

	if (count <= SMALL_SORT)
	{
		insertion_sort(rows, count);
		return;
	}
	cvm_check_interrupt();

	low = high = rows[0].key;
	for (size_t i = 1; i < count; i++)
	{
		low = rows[i].key < low ? rows[i].key : low;
		high = rows[i].key > high ? rows[i].key : high;
	}
	if (low == high)
		return;
	shift = bucket_shift(high - low, buckets);
	buckets = ((high - low) >> shift) + 1;

	memset(next, 0, buckets * sizeof(size_t));
	for (size_t i = 0; i < count; i++)
		next[(high - rows[i].key) >> shift]++;
	for (size_t bucket = 0; bucket < buckets; bucket++)
	{
		size_t		size = next[bucket];

		next[bucket] = position;
		position += size;
		end[bucket] = position;
	}

	/* Put each row into its bucket, carrying on with the one found there. */
	for (size_t bucket = 0; bucket < buckets; bucket++)
	{
		while (next[bucket] < end[bucket])
		{
			CvmRankedRow row = rows[next[bucket]];
			size_t		home = (high - row.key) >> shift;

			while (home != bucket)
			{
				CvmRankedRow other = rows[next[home]];

				rows[next[home]++] = row;
				row = other;
				home = (high - row.key) >> shift;
			}
			rows[next[bucket]++] = row;
		}
	}

	if (shift == 0)
		return;
	position = 0;
	for (size_t bucket = 0; bucket < buckets; bucket++)
	{
		cvm_ranking_sort_rows(rows + position, end[bucket] - position);
		position = end[bucket];
	}
}

static void
sort(CvmRanking *ranking)
{
	if (!ranking->sorted)
		cvm_ranking_sort_rows(ranking->rows, ranking->count);
	ranking->sorted = true;
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

/* ---- room ---- */

static void
put_row(CvmRanking *ranking, size_t *place, uint64_t key, double weight)
{
	if (weight == 0)
		return;
	ranking->rows[*place].key = key;
	ranking->rows[*place].weight = weight;
	(*place)++;
}

static void
put_tie(CvmRanking *ranking, size_t *place, uint64_t first, double below,
		double positives, double negatives)
{
	uint64_t	key = first;

	if (below > 0)
		key -= (uint64_t) (below / (positives + negatives));
	put_row(ranking, place, key, positives);
	put_row(ranking, place, key, -negatives);
}

static double
total_weight(const CvmRanking *ranking)
{
	double		total = 0;

	for (size_t i = 0; i < ranking->count; i++)
		total += fabs(ranking->rows[i].weight);
	return total;
}

/*
 * Makes ties of neighboring scores at their mean, as long as a tie's weight
 * stays below a share of all.  Two neighboring ties weigh more than one share
 * together, so at most half of the rows are left.
 */
static void
collapse(CvmRanking *ranking)
{
	double		share = total_weight(ranking) * COLLAPSED_ROWS / ranking->count;
	size_t		place = 0;
	uint64_t	first = 0;		/* the key that the tie began with */
	double		positives = 0;
	double		negatives = 0;
	double		below = 0;		/* weighted distances of its keys to it */

	sort(ranking);
	for (size_t i = 0; i < ranking->count;)
	{
		uint64_t	key = ranking->rows[i].key;
		double		positive;
		double		negative;

		i = sum_tie(ranking, i, &positive, &negative);
		if (positives + negatives + positive + negative > share)
		{
			put_tie(ranking, &place, first, below, positives, negatives);
			positives = negatives = below = 0;
		}
		if (positives + negatives == 0)
			first = key;
		positives += positive;
		negatives += negative;
		below += (positive + negative) * (first - key);
	}
	put_tie(ranking, &place, first, below, positives, negatives);
	ranking->count = place;
}

void
cvm_ranking_grow(CvmRanking *ranking)
{
	size_t		capacity = ranking->capacity + ranking->capacity / 2 + FIRST_CAPACITY;

	if (ranking->limit > 0 && ranking->count >= ranking->limit)
	{
		collapse(ranking);
		return;
	}
	if (ranking->limit > 0 && capacity > ranking->limit)
		capacity = ranking->limit;
	ranking->rows = cvm_resize(ranking->rows, capacity, sizeof(CvmRankedRow));
	ranking->capacity = capacity;
}

/* ---- the curve ---- */

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

/* ---- for others ---- */

void
cvm_ranking_sort(CvmRanking *ranking)
{
	sort(ranking);
}

double
cvm_ranked_row_score(const CvmRankedRow *row)
{
	return score_from_key(row->key);
}

static bool
next_tie(void *state, CvmTie *tie)
{
	CvmRankingCursor *cursor = (CvmRankingCursor *) state;

	if (cursor->position == cursor->ranking->count)
		return false;
	tie->score = cvm_ranked_row_score(&cursor->ranking->rows[cursor->position]);
	cursor->position = sum_tie(cursor->ranking, cursor->position,
							   &tie->positive, &tie->negative);
	return true;
}

void
cvm_ranking_ties(CvmRanking *ranking, CvmRankingCursor *cursor, CvmTies *ties)
{
	cvm_ranking_sort(ranking);
	cursor->ranking = ranking;
	cursor->position = 0;
	ties->positives = ties->negatives = 0;
	for (size_t i = 0; i < ranking->count; i++)
		if (ranking->rows[i].weight > 0)
			ties->positives += ranking->rows[i].weight;
		else
			ties->negatives -= ranking->rows[i].weight;
	ties->next = next_tie;
	ties->state = cursor;
}
