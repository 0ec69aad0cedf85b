/*
 * run.h
 *		One training run in the caller's session.
 */
#ifndef CVM_RUN_H
#define CVM_RUN_H

#include "catalog/retraining.h"
#include "catalog/runs.h"

/*
 * Retrains, or checks, in a subtransaction; the run's row exists and says
 * "running".  Returns how it ended: succeeded, skipped or failed, which is
 * written to the run; *reason: the error's message, or the reason of the run,
 * or NULL.  The caller's transaction goes on.  SPI is connected.
 */
extern CvmRunStatus cvm_run_here(const char *model, int run, const char **reason);

#endif							/* CVM_RUN_H */
