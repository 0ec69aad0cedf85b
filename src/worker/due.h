/*
 * due.h
 *		Which models are due, and what becomes of their schedules.
 *
 * SPI is connected for all of this.
 */
#ifndef CVM_DUE_H
#define CVM_DUE_H

#include "postgres.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "catalog/registry.h"
#include "catalog/retraining.h"

/* ---- a look ---- */

/*
 * Fails the runs that say "running" but have no process: the server or the
 * process died.  Only run processes commit that state, so without a launcher
 * every such row is a leftover.
 */
extern void cvm_close_leftovers(void);

/* Brings the schedules' counts of new rows up to date. */
extern void cvm_count_fresh_rows(void);

/* Calls in a subtransaction; an error, but a cancel, is for the debug log only. */
extern void cvm_guarded(void (*call) (void *argument), void *argument, const char *model);

/* Queues a run for every scheduled model that is due. */
extern void cvm_queue_due(void);

/* A queued run. */
typedef struct CvmQueuedRun
{
	char	   *model;
	int			run;
	bool		scheduled;		/* not asked for by hand */
} CvmQueuedRun;

/* Queued runs, oldest first. */
extern List *cvm_queued_runs(void);

/* When the next model will be due by time; DT_NOEND: none. */
extern TimestampTz cvm_next_due(void);

/* When a look is wanted because of one model, or of those that come after it:
 * DT_NOBEGIN for at once, DT_NOEND for never. */
extern TimestampTz cvm_model_due_at(const char *model);

/* Tells fresh_rows.h which tables are watched. */
extern void cvm_watch_scheduled_tables(void);

/* ---- around a run ---- */

/*
 * What the schedule of a model says of a run, in the current memory context;
 * finding: of the check that made it due, or NULL.
 */
extern CvmRetrainingPlan cvm_schedule_plan(const char *model, int run, const char *finding);

/*
 * A run starts: what was due is served by it.  Due times that passed without
 * a run are not made up for, but written down as one skipped run.
 */
extern void cvm_schedule_started(const char *model);

/* A check starts: the next one is due in check_every. */
extern void cvm_schedule_checked(const char *model);

/* It ended: success clears the back-off, failure doubles it, and the
 * cvm.pause_after_failures-th in a row pauses the schedule. */
extern void cvm_schedule_succeeded(const char *model, int run);
extern void cvm_schedule_failed(const char *model, const char *error);

/* It found no rows to learn from: as success, but new rows count from here. */
extern void cvm_schedule_idled(const char *model, const char *watermark);

#endif							/* CVM_DUE_H */
