/*
 * list_judge.h
 *		How good lists of recommended items are, of one model or of two.
 *
 * Rows that a model has not learned from say which items a user went on to
 * meet.  For each user of these rows the ten best items are listed, without
 * those that the model knows the user has met, and compared with the user's
 * items of the rows: discounted gain, average precision, and whether one of
 * them is in the list (learn/measure/recommended_list.h).  Figures are means over
 * users.
 *
 * Rows of users that a model does not know do not count, nor pairs that a
 * model has learned from; items that it does not know do, and are missed.
 * Two models are compared on the same users and rows.
 *
 * Memory: 16 bytes a row up to CVM_JUDGED_ROWS; of more rows those of a half, a
 * quarter, ... of the users are kept.  Of more than CVM_JUDGED_USERS users about
 * so many are drawn, of fewer where there are so many items that lists would take
 * long.
 */
#ifndef CVM_LIST_JUDGE_H
#define CVM_LIST_JUDGE_H

#include "learn/measure/comparison.h"
#include "learn/measure/metrics.h"
#include "model/predictor.h"

#define CVM_JUDGED_ROWS (2 * 1024 * 1024)
#define CVM_JUDGED_USERS 20000
#define CVM_LEAST_JUDGED_USERS 1000
#define CVM_JUDGED_SCORES 400000000.0	/* users times items */

#define CVM_MOST_JUDGED 2		/* models */

typedef struct CvmListJudge CvmListJudge;

/*
 * predictors of models of a task that is judged by lists; learned: the rows are
 * those that the model has learned from, and count all the same.
 */
extern CvmListJudge *cvm_list_judge_create(CvmPredictor *const *predictors, int count,
										   bool learned);
extern void cvm_list_judge_free(CvmListJudge *judge);

/* The same rows as the encoder of each model has encoded them. */
extern void cvm_list_judge_add(CvmListJudge *judge, const CvmBlock *const *blocks);

/* Of the first model; returns how many.  NaN where no row counts. */
extern int	cvm_list_judge_metrics(CvmListJudge *judge, CvmMetric *metrics);

/* The first one is the candidate.  false: no row counts. */
extern bool cvm_list_judge_verdict(CvmListJudge *judge, CvmVerdict *verdict);

#endif							/* CVM_LIST_JUDGE_H */
