/*
 * ensemble.h
 *		The members of an ensemble, by their names.
 */
#ifndef CVM_CATALOG_ENSEMBLE_H
#define CVM_CATALOG_ENSEMBLE_H

#include "postgres.h"

#include "catalog/registry.h"
#include "frame/frame.h"

/*
 * Finds the active versions of option "models", with the rights of the current
 * user, and fills in what they say of a training: options->members,
 * request->base (task, classes and inputs) and, for method "stack", the rows that
 * no member has learned from (request->source, options->validation).  Errors
 * name the member that does not fit, and why.
 */
extern void cvm_ensemble_prepare(const CvmDefinition *definition, CvmOptions *options,
								 CvmFrameRequest *request);

/* After the rows were read: errors for rows that the members cannot score. */
extern void cvm_ensemble_check_rows(const CvmFrame *frame);

#endif							/* CVM_CATALOG_ENSEMBLE_H */
