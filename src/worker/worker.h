/*
 * worker.h
 *		Retraining in the background: launcher, schedulers, runs.
 *
 * With shared_preload_libraries = 'cvm' one launcher looks, every
 * cvm.scheduler_interval or when somebody asks, at each connectable database:
 * a scheduler process connects, closes what a crash left behind, queues the
 * models that are due, and starts a run process for each queued run while
 * fewer than cvm.max_retrain_workers are at work.  Then it leaves, so that
 * nobody's DROP DATABASE is in the way for longer than a look.
 */
#ifndef CVM_WORKER_H
#define CVM_WORKER_H

#include "postgres.h"
#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#define CVM_MAX_RUNS 64			/* the largest cvm.max_retrain_workers */

/* A run that has been started; under CvmWorkerShared.lock. */
typedef struct CvmRunSlot
{
	Oid			database;		/* InvalidOid: free */
	int			pid;			/* 0: its process has not come up yet */
	TimestampTz taken_at;
	int			run;
	char		model[132];
} CvmRunSlot;

typedef struct CvmWorkerShared
{
	LWLock	   *lock;
	Latch	   *launcher;		/* NULL: not running */
	int			launcher_pid;
	int			scheduler_pid;	/* of the look that goes on, or 0 */
	Oid			asked_database; /* a session wants a look at this one now */
	int64		looks;
	CvmRunSlot	runs[CVM_MAX_RUNS];
} CvmWorkerShared;

/* NULL without shared_preload_libraries. */
extern CvmWorkerShared *cvm_worker_shared;

/* Registers the launcher and its shared memory; only while the postmaster
 * loads shared_preload_libraries. */
extern void cvm_worker_init(void);

/* Asks for a look at this database as soon as the transaction has committed. */
extern void cvm_worker_wake_at_commit(void);

/* Whether a launcher is there to do what is queued. */
extern bool cvm_worker_present(void);

/* Whether a run of this database has a process, or one that is coming up. */
extern bool cvm_run_has_process(const char *model, int run);

/* Ends the runs of a database that is about to be dropped (drop_database.c). */
extern void cvm_drop_database_init(void);

/*
 * Takes a slot for a run and starts its process; the reason why not, or NULL.
 * A run without a slot stays queued.
 */
extern const char *cvm_run_launch(const char *model, int run);

#endif							/* CVM_WORKER_H */
