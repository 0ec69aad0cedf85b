/*
 * progress.h
 *		How far a training is: pg_stat_activity and the learning curve.
 */
#ifndef CVM_TRAIN_PROGRESS_H
#define CVM_TRAIN_PROGRESS_H

#include "postgres.h"

#include "catalog/record.h"
#include "learn/linear/fit.h"

typedef struct CvmTrainProgress
{
	CvmProgress callback;		/* what the learner calls */
	const char *model;
	CvmEpoch   *epochs;			/* the curve so far */
	int			count;
	int			capacity;
	MemoryContext context;
} CvmTrainProgress;

extern void cvm_progress_begin(CvmTrainProgress *progress, const char *model);

/* Shows a phase without epochs: "reading rows", "measuring". */
extern void cvm_progress_phase(CvmTrainProgress *progress, const char *phase);

/* Shows the session's own query again. */
extern void cvm_progress_end(CvmTrainProgress *progress);

#endif							/* CVM_TRAIN_PROGRESS_H */
