/*
 * gate.h
 *		Whether a new version becomes the active one.
 */
#ifndef CVM_GATE_H
#define CVM_GATE_H

#include "postgres.h"

#include "catalog/registry.h"
#include "frame/frame.h"
#include "learn/measure/comparison.h"
#include "model/model.h"

typedef struct CvmDecision
{
	const char *status;			/* active, candidate, challenger or rejected */
	char	   *reason;			/* why, in the user's words */
	bool		alert;			/* somebody should look at it: it was not compared */
} CvmDecision;

/* The active version, or NULL where there is none; latest: not by the
 * statement's snapshot, for callers that hold the lock of the registry row. */
extern const CvmModel *cvm_active_model_of(const CvmDefinition *definition, bool latest);

/* Whether a model answers the question of the frame: same task and classes. */
extern bool cvm_same_question(const CvmModel *model, const CvmFrame *frame);

/* The name of a column that a model reads and a frame has not read, or NULL. */
extern const char *cvm_unread_input(const CvmModel *model, const CvmFrame *frame);

/*
 * Decides by options.promote; the rule stands in gate.c.  The caller holds the
 * lock of the model's registry row, and the definition is what it locked.
 * compared: the same held-out rows with more columns, or NULL.
 */
extern CvmDecision cvm_gate_decide(const CvmOptions *options, CvmFrame *frame, CvmFrame *compared,
								   const CvmModel *candidate, const CvmDefinition *definition);

/* "auc 0.8123 against 0.7911 of version 3 on ROWS (+0.0212 +/- 0.0031)" */
extern char *cvm_verdict_text(const CvmVerdict *verdict, int active, const char *rows);

#endif							/* CVM_GATE_H */
