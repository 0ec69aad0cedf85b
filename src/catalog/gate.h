/*
 * gate.h
 *		Whether a new version becomes the active one.
 */
#ifndef CVM_GATE_H
#define CVM_GATE_H

#include "postgres.h"

#include "catalog/registry.h"
#include "frame/frame.h"
#include "model/model.h"

typedef struct CvmDecision
{
	const char *status;			/* active, candidate, challenger or rejected */
	char	   *reason;			/* why, in the user's words */
} CvmDecision;

/* The active version, or NULL where there is none; latest: not by the
 * statement's snapshot, for callers that hold the lock of the registry row. */
extern const CvmModel *cvm_active_model_of(const CvmDefinition *definition, bool latest);

/* Whether a model answers the question of the frame: same task and classes. */
extern bool cvm_same_question(const CvmModel *model, const CvmFrame *frame);

/*
 * Decides by options.promote; the rule stands in gate.c.  The caller holds the
 * lock of the model's registry row, and the definition is what it locked.
 */
extern CvmDecision cvm_gate_decide(const CvmOptions *options, CvmFrame *frame,
								   const CvmModel *candidate, const CvmDefinition *definition);

#endif							/* CVM_GATE_H */
