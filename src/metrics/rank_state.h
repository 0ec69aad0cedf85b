/*
 * rank_state.h
 *		Labels and scores of any number of rows, to be read in the order of
 *		their scores.
 */
#ifndef CVM_RANK_STATE_H
#define CVM_RANK_STATE_H

#include "postgres.h"

#include "learn/measure/ties.h"

typedef struct CvmRankState CvmRankState;

/* In the current memory context; files are closed with the resource owner, or by _free. */
extern CvmRankState *cvm_rank_create(void);

/* Errors: score NaN, weight negative or not finite.  Rows of weight 0 do not count. */
extern void cvm_rank_add(CvmRankState *state, bool positive, double score, double weight);

/* Adds the rows of another state, which stays as it is. */
extern void cvm_rank_merge(CvmRankState *state, const CvmRankState *other);

/* Reads all rows; only one reading of a state at a time. */
extern void cvm_rank_ties(CvmRankState *state, CvmTies *ties);

extern void cvm_rank_free(CvmRankState *state);

/*
 * All rows as bytes and back, after a head of the caller's; rows in a file are
 * read, and stay there.
 */
extern bytea *cvm_rank_serialize(const CvmRankState *state, const void *head, Size head_size);
extern CvmRankState *cvm_rank_deserialize(bytea *bytes, void *head, Size head_size);

#endif							/* CVM_RANK_STATE_H */
