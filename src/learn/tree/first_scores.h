/*
 * first_scores.h
 *		What rows are scored before the first tree of boosting: a constant, or by
 *		the trees that it goes on from.
 */
#ifndef CVM_FIRST_SCORES_H
#define CVM_FIRST_SCORES_H

#include "learn/tree/forest.h"
#include "learn/tree/tree_stream.h"

typedef struct CvmFirstScores
{
	int			outputs;
	const double *base;			/* [output] */
	int			trees;
	CvmForestWalk *walk;		/* NULL: there are no trees */
} CvmFirstScores;

/* Output-major scores of all rows of a source, in memory, or in a file's. */
extern void cvm_first_scores_fill(const CvmFirstScores *first, CvmBlockSource *source,
								  double *scores);
extern void cvm_first_scores_store(const CvmFirstScores *first, CvmBlockSource *source,
								   CvmTreeStream *stream);

#endif							/* CVM_FIRST_SCORES_H */
