/*
 * train_state.h
 *		A training at work, for train.c and train_read.c.
 */
#ifndef CVM_TRAIN_STATE_H
#define CVM_TRAIN_STATE_H

#include "catalog/partial.h"
#include "catalog/progress.h"
#include "catalog/score_profile.h"
#include "catalog/train.h"
#include "frame/frame.h"
#include "utils/timestamp.h"

typedef struct CvmMetricSet
{
	CvmMetric	metrics[CVM_MAX_METRICS];
	int			count;
} CvmMetricSet;

struct CvmTraining
{
	CvmDefinition *definition;
	bool		replace;		/* the definition is to be stored */
	CvmOptions	options;
	TimestampTz started;
	CvmTrainProgress progress;
	CvmFrame   *frame;
	CvmFrame   *compared;		/* the held-out rows with the columns of the active
								 * version, where it reads others; or NULL */
	char	   *watermark;		/* or NULL */
	const CvmModel *start;		/* of a warm start, or NULL */
	bool		partial;
	CvmPartialBase base;		/* of a partial fit */
	const char *mode_reason;	/* why it is a full or a partial fit, or NULL */
	CvmModel   *model;
	CvmMetricSet	training;
	CvmMetricSet	validation;
	CvmScoreProfile *scores;	/* or NULL */
};

/* Without its rows; promote: unless options say otherwise. */
extern CvmTraining *cvm_training_begin(CvmDefinition *definition, bool replace,
									   CvmPromote promote);
extern void cvm_training_read_rows(CvmTraining *training, bool outlives_transaction,
								   const CvmFold *fold);

#endif							/* CVM_TRAIN_STATE_H */
