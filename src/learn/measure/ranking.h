/*
 * ranking.h
 *		Rows in the order of their scores: ROC curve and the area under it.
 *
 * A ranking takes 16 bytes a row and sorts in place, so that ten million
 * rows cost 160 MB and about a third of a second.  Where that is too much, a
 * ranking has a limit: when it is reached, neighboring scores are made ties,
 * all positives and all negatives of some rows becoming one of each.  With a
 * limit of a million rows or more the area changes by less than 1e-6.
 */
#ifndef CVM_RANKING_H
#define CVM_RANKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "learn/measure/metrics.h"
#include "learn/measure/ties.h"

typedef struct CvmRankedRow
{
	uint64_t	key;			/* the score, as an integer of the same order */
	double		weight;			/* > 0: positive class, < 0: negative class */
} CvmRankedRow;

typedef struct CvmRanking
{
	CvmRankedRow *rows;
	size_t		count;
	size_t		capacity;
	size_t		limit;			/* most rows that are kept; 0: all */
	bool		sorted;			/* by falling score */
} CvmRanking;

/*
 * Positive doubles are in the order of their bits, negative ones in the
 * opposite order.  Zero is made positive: -0.0 and 0.0 are a tie.
 */
static inline uint64_t
cvm_ranking_key(double score)
{
	uint64_t	bits;

	score += 0.0;
	memcpy(&bits, &score, sizeof(bits));
	return (bits >> 63) ? ~bits : bits | (UINT64_C(1) << 63);
}

/* Makes room for a row when there is none. */
extern void cvm_ranking_grow(CvmRanking *ranking);

/* An all-zero ranking, but for its limit, is an empty one.  weight > 0. */
static inline void
cvm_ranking_add(CvmRanking *ranking, bool positive, double score, double weight)
{
	CvmRankedRow *row;

	if (ranking->count == ranking->capacity)
		cvm_ranking_grow(ranking);
	row = &ranking->rows[ranking->count++];
	row->key = cvm_ranking_key(score);
	row->weight = positive ? weight : -weight;
	ranking->sorted = false;
}

/* Sorts by falling key; what "weight" holds goes along. */
extern void cvm_ranking_sort_rows(CvmRankedRow *rows, size_t count);

/* Area under the ROC curve, ties counted half; NaN where a class is missing. */
extern double cvm_ranking_auc(CvmRanking *ranking);

/* One point a distinct score, after (0, 0); allocated with cvm_alloc. */
extern int	cvm_ranking_roc(CvmRanking *ranking, CvmRocPoint **points);

/* Sorts by falling score. */
extern void cvm_ranking_sort(CvmRanking *ranking);
extern double cvm_ranked_row_score(const CvmRankedRow *row);

/* Reads a ranking tie by tie; the cursor is the state of the ties. */
typedef struct CvmRankingCursor
{
	const CvmRanking *ranking;
	size_t		position;
} CvmRankingCursor;

extern void cvm_ranking_ties(CvmRanking *ranking, CvmRankingCursor *cursor, CvmTies *ties);

#endif							/* CVM_RANKING_H */
