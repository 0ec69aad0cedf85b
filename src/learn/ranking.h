/*
 * ranking.h
 *		Rows in the order of their scores: ROC curve and the area under it.
 *
 * A ranking takes 16 bytes a row and sorts in place, so that ten million
 * rows cost 160 MB and about a second.
 */
#ifndef CVM_RANKING_H
#define CVM_RANKING_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/metrics.h"

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
	bool		sorted;			/* by falling score */
} CvmRanking;

/* An all-zero ranking is an empty one. */
extern void cvm_ranking_add(CvmRanking *ranking, bool positive, double score, double weight);

/* Area under the ROC curve, ties counted half; NaN where a class is missing. */
extern double cvm_ranking_auc(CvmRanking *ranking);

/* One point a distinct score, after (0, 0); allocated with cvm_alloc. */
extern int	cvm_ranking_roc(CvmRanking *ranking, CvmRocPoint **points);

#endif							/* CVM_RANKING_H */
