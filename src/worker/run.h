/*
 * run.h
 *		One training run in the caller's session.
 */
#ifndef CVM_RUN_H
#define CVM_RUN_H

#include "catalog/retraining.h"

/*
 * Retrains in a subtransaction; the run's row exists and says "running".
 * false: failed, with the error's message, written to the run; the caller's
 * transaction goes on.  SPI is connected.
 */
extern bool cvm_run_here(const char *model, int run, CvmTrainResult **result, char **error);

#endif							/* CVM_RUN_H */
