/*
 * runs.h
 *		Training runs: one row each, from request to result.
 */
#ifndef CVM_RUNS_H
#define CVM_RUNS_H

#include "postgres.h"

/*
 *	  (none) ---> queued ----> running ----> succeeded
 *		|			|			  |--------> failed
 *		|			|--> skipped  |--------> cancelled
 *		|			|			  '--------> skipped: a check found no reason
 *		|			'--> cancelled, failed
 *		|--> running			retrain(wait => true)
 *		|--> succeeded			train(), in one piece when it is over
 *		'--> skipped			a due time that passed
 *
 * An unfinished run (queued, running) is unique for its model.
 */
typedef enum CvmRunStatus
{
	CVM_RUN_NONE,
	CVM_RUN_QUEUED,
	CVM_RUN_RUNNING,
	CVM_RUN_SUCCEEDED,
	CVM_RUN_FAILED,
	CVM_RUN_SKIPPED,
	CVM_RUN_CANCELLED
} CvmRunStatus;

/*
 * Adds a run with the next number of its model, under the lock of the
 * model's registry row.  reason: of an unfinished run, why it was asked for; of
 * another, why it is what it is.  Returns the number, or 0 when the run would
 * be an unfinished one and the model already has one.
 */
extern int	cvm_run_create(const char *model, const char *trigger, CvmRunStatus status,
						   const char *reason, int attempt);

/* queued -> running, with the pid of this process; false: no longer queued. */
extern bool cvm_run_start(const char *model, int run);

typedef struct CvmRunResult
{
	int			version;
	int64		training_rows;
	int64		validation_rows;
	int64		rows_left_out;
	int64		null_cells;
	int			iterations;
	const char *outcome;
	const char *reason;			/* or NULL */
	bool		partial;		/* learned from new rows only */
	const char *mode_reason;	/* why it was a full or a partial fit, or NULL */
} CvmRunResult;

/* running -> succeeded, or the figures of a run that was created so.  An error
 * when the run was closed in the meantime: its version must not be kept. */
extern void cvm_run_succeed(const char *model, int run, const CvmRunResult *result);

/* queued or running -> failed, skipped or cancelled; reason and error may be
 * NULL.  false: it had ended before. */
extern bool cvm_run_end(const char *model, int run, CvmRunStatus status,
						const char *reason, const char *error);

/* What a check found, as the cause of the run that it was. */
extern void cvm_run_change_cause(const char *model, int run, const char *cause);

extern const char *cvm_run_status_name(CvmRunStatus status);

/* Why a queued run still waits. */
extern void cvm_run_wait(const char *model, int run, const char *reason);

#endif							/* CVM_RUNS_H */
