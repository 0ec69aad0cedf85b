/*
 * predict.h
 *		Ways in for functions that do more with a row than to predict.
 */
#ifndef CVM_PREDICT_H
#define CVM_PREDICT_H

#include "postgres.h"
#include "fmgr.h"

#include "score/scorer.h"

/*
 * Score the row in argument 1 by the model in argument 0, a name or a value;
 * the scorer that did it, whose row it is, or NULL where there is no model.
 */
extern CvmScorer *cvm_score_name_row(FunctionCallInfo fcinfo, const CvmModel **model);
extern CvmScorer *cvm_score_value_row(FunctionCallInfo fcinfo, const CvmModel **model);

#endif							/* CVM_PREDICT_H */
