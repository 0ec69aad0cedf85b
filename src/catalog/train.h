/*
 * train.h
 *		The main job: source -> frame -> fit -> model -> version.
 */
#ifndef CVM_TRAIN_H
#define CVM_TRAIN_H

#include "postgres.h"

#include "catalog/registry.h"

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
 * the current search_path, stores it and promotes it as options.promote says:
 * the default compares with the active version on the same held-out rows.
 * run: number of the row in training_runs that is already there (worker), or
 * 0 to write one (trigger "train").  Nothing is written before the fit is
 * done.  SPI must be connected.
 */
extern CvmTrainResult *cvm_train(CvmDefinition *definition, int run);

/*
 * Retrains a model by its recorded definition, as its owner, under the
 * recorded search_path, in a security-restricted context.  For the worker,
 * run_due() and retrain(wait => true).  extra: options of the schedule, or NULL.
 */
extern CvmTrainResult *cvm_retrain_by_definition(const char *model, int run, Jsonb *extra);

#endif							/* CVM_TRAIN_H */
