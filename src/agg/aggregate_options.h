/*
 * aggregate_options.h
 *		Options of the fitting aggregates.
 */
#ifndef CVM_AGGREGATE_OPTIONS_H
#define CVM_AGGREGATE_OPTIONS_H

#include "postgres.h"
#include "utils/jsonb.h"

#include "agg/fit_state.h"

/*
 * Reads options; json may be NULL.  given: as in CvmFitState.  Errors: what
 * cvm_options_apply_json says, and options that the method has no use for.
 */
extern void cvm_aggregate_options(CvmFitMethod method, Jsonb *json,
								  CvmOptions *options, uint32 *given);

/* As JSON, for the model. */
extern char *cvm_aggregate_options_text(const CvmFitState *state);

#endif							/* CVM_AGGREGATE_OPTIONS_H */
