/*
 * worker.h
 *		Retraining in the background: what its processes share.
 *
 * With shared_preload_libraries = 'cvm' one launcher gives each database a
 * look when something of it becomes due, when a session asks, and every
 * cvm.scheduler_interval anyway.  A look is a scheduler process: it closes
 * what a crash left behind, queues the models that are due, starts a run
 * process for each queued run while cvm.max_retrain_workers allows, tells the
 * launcher when it is needed next, and leaves, so that nobody's DROP DATABASE
 * is in the way for longer than a look.
 */
#ifndef CVM_WORKER_H
#define CVM_WORKER_H

#include "postgres.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#include "worker/slot.h"

#define CVM_MAX_ASKED 64		/* databases that ask at once; more: all of them */

/*
 *	  absent --(process up)--> looking <--(time, asked)--> asleep
 *		^						  |						 |
 *		'-------------------------+--(process ends)------'
 */
typedef enum CvmLauncherState
{
	CVM_LAUNCHER_ABSENT,
	CVM_LAUNCHER_LOOKING,
	CVM_LAUNCHER_ASLEEP			/* and nobody asks */
} CvmLauncherState;

typedef struct CvmAsked
{
	Oid			database;
	TimestampTz at;				/* by cvm_clock(); DT_NOBEGIN: now */
} CvmAsked;

typedef struct CvmWorkerShared
{
	LWLock	   *lock;			/* over everything here */
	CvmLauncherState launcher_state;
	Latch	   *launcher;		/* NULL: absent */
	int			launcher_pid;
	int64		looks;			/* since the server started */
	TimestampTz looked_at;		/* by cvm_clock(); the last round of looks began */

	/* Databases that somebody wants a look at; InvalidOid: every one. */
	CvmAsked	asked[CVM_MAX_ASKED];
	int			asked_count;

	/* Databases with a queued run for which there was no slot; ditto. */
	Oid			waiting[CVM_MAX_ASKED];
	int			waiting_count;

	/* What the look that goes on says to the launcher. */
	bool		has_extension;
	TimestampTz next_look;		/* DT_NOEND: when asked */

	CvmRunSlot	runs[CVM_MAX_RUNS];
} CvmWorkerShared;

/* NULL without shared_preload_libraries. */
extern CvmWorkerShared *cvm_worker_shared;

/* Registers launcher, shared memory and hooks; only while the postmaster
 * loads shared_preload_libraries. */
extern void cvm_worker_init(void);

/* Whether a launcher is there to do what is queued. */
extern bool cvm_worker_present(void);

/* Asks for a look at a database: now, at some time (with the lock held
 * exclusively), or as soon as the transaction has committed. */
extern void cvm_ask(Oid database);
extern void cvm_ask_locked(Oid database, TimestampTz at);
extern void cvm_ask_at_commit(void);

/* Ends the runs of a database that is about to be dropped (drop_database.c). */
extern void cvm_drop_database_init(void);

#endif							/* CVM_WORKER_H */
