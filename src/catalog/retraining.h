/*
 * retraining.h
 *		Training a model again by its recorded definition, as its owner.
 *
 * Under the recorded search_path, in a security-restricted context: what the
 * source runs is the owner's code, whoever waits for it.  For the worker,
 * run_due() and retrain(wait => true).
 */
#ifndef CVM_RETRAINING_H
#define CVM_RETRAINING_H

#include "catalog/train.h"

/* What a schedule says of a run. */
typedef struct CvmRetrainingPlan
{
	Jsonb	   *options;		/* on top of the model's own, or NULL */
	bool		incremental;	/* from new rows only, where that is possible */
	char	   *full_reason;	/* why this run is to learn from all rows, or NULL */
} CvmRetrainingPlan;

/*
 * The three parts of a training (train.h).  All that touches the database is
 * done as the owner of the definition that was read; the first and the last
 * need a transaction, the second one if cvm_training_reads_again.  What was
 * read may be no rows: see cvm_training_has_rows.
 */
extern CvmTraining *cvm_retraining_read(const char *model, const CvmRetrainingPlan *plan,
										bool outlives_transaction);
extern void cvm_retraining_learn(CvmTraining *training);
extern CvmTrainResult *cvm_retraining_store(CvmTraining *training, int run);

/*
 * As a model's owner, between begin and end: role, search_path, restrictions.
 * An error ends it too.
 */
typedef struct CvmOwnerScope
{
	Oid			caller;
	int			security_context;
	int			nest_level;
} CvmOwnerScope;

extern CvmOwnerScope cvm_owner_begin(const CvmDefinition *definition);
extern void cvm_owner_end(CvmOwnerScope scope);

#endif							/* CVM_RETRAINING_H */
