/*
 * runs.h
 *		Training runs: one row each, from request to result.
 */
#ifndef CVM_RUNS_H
#define CVM_RUNS_H

#include "postgres.h"

/*
 * Adds a run with the next number of its model, under the lock of the
 * model's registry row.  status: "queued", "running", or "succeeded" for one
 * that began with the current statement.  Returns the number, or 0 when the
 * new run is unfinished and the model already has such a one.
 */
extern int	cvm_run_create(const char *model, const char *trigger, const char *status,
						   const char *reason, int attempt);

/* queued -> running, with the pid of this process; false: no longer queued. */
extern bool cvm_run_start(const char *model, int run);

/* running or succeeded -> succeeded; the figures are written by cvm_train. */
extern void cvm_run_succeed(const char *model, int run, int version, int64 training_rows,
							int64 validation_rows, int64 rows_left_out, int64 null_cells,
							int iterations, const char *outcome, const char *reason);

/* queued or running -> failed, skipped or cancelled; error and reason may be NULL. */
extern void cvm_run_end(const char *model, int run, const char *status,
						const char *reason, const char *error);

/* Why a queued run still waits. */
extern void cvm_run_wait(const char *model, int run, const char *reason);

#endif							/* CVM_RUNS_H */
