/*
 * train.h
 *		The main job: source -> frame -> fit -> model -> version.
 */
#ifndef CVM_TRAIN_H
#define CVM_TRAIN_H

#include "postgres.h"

#include "catalog/registry.h"
#include "frame/split.h"
#include "learn/measure/metrics.h"

typedef struct CvmTrainResult
{
	int			version;
	const char *algorithm;
	const char *task;
	int64		training_rows;
	int64		validation_rows;
	Jsonb	   *metrics;		/* {"validation": {...}, "training": {...}} */
	const char *status;			/* of the version: active, candidate, rejected */
	const char *reason;			/* why it is not active, or NULL */
	double		seconds;
} CvmTrainResult;

/*
 * Trains a new version by the definition with the current user's rights and
 * the current search_path, stores the definition and the version, and promotes
 * it as options.promote says (gate.h).  Nothing is written before the fit is
 * done.  SPI must be connected.
 */
extern CvmTrainResult *cvm_train(CvmDefinition *definition);

/*
 * The same in three parts.  Only the first and the last touch the database
 * (SPI connected), so that with outlives_transaction each can have a
 * transaction of its own, and nobody's vacuum or ALTER TABLE waits while a
 * model learns; unless cvm_training_reads_again, then the first two need the
 * same one.  Everything is in the memory context that is current at the start
 * of each part, which must be the same one.
 *
 * replace: the definition is new, and to be stored.  run: the row in
 * training_runs, or 0 to write one (trigger "train").
 */
typedef struct CvmTraining CvmTraining;

extern CvmTraining *cvm_training_read(CvmDefinition *definition, bool replace,
									  bool outlives_transaction);
/*
 * The first part of a partial fit, on rows past the watermark of the active
 * version (source NULL), or on all rows of a source; promote: unless options say
 * otherwise.  NULL and the reason where none is possible.  There may be no rows
 * (cvm_training_has_rows); then it can only be abandoned.
 */
extern CvmTraining *cvm_training_read_partial(CvmDefinition *definition, const char *source,
											  CvmPromote promote, bool outlives_transaction,
											  char **obstacle);
extern bool cvm_training_has_rows(const CvmTraining *training);
extern void cvm_training_abandon(CvmTraining *training);

/* What the rows go up to, or NULL. */
extern const char *cvm_training_watermark(const CvmTraining *training);

/* Why it is a training on all rows, for the record. */
extern void cvm_training_explain_mode(CvmTraining *training, const char *reason);

extern const CvmDefinition *cvm_training_definition(const CvmTraining *training);
extern bool cvm_training_reads_again(const CvmTraining *training);
extern void cvm_training_learn(CvmTraining *training);
extern CvmTrainResult *cvm_training_store(CvmTraining *training, int run);

/*
 * A training that is measured and not stored: how good a model of this
 * definition is on the rows that are held out (fold: NULL, those that the
 * options say).  definition->model is NULL.  metrics: CVM_MAX_METRICS; returns
 * how many.  primary: the metric that models of this kind are compared by.
 */
extern int	cvm_training_measure(CvmDefinition *definition, const CvmFold *fold,
								 CvmMetric *metrics, const char **primary,
								 bool *more_is_better);

#endif							/* CVM_TRAIN_H */
