/*
 * slot.h
 *		Runs at work: at most cvm.max_retrain_workers, each in a slot.
 *
 * A run says "running" in a committed row only while a slot names it, so a
 * row without a slot is a leftover of a crash.
 *
 *	  free --(taken)--> starting --(process up)--> at work --(process ends)--> free
 *		^				 |	^						  |
 *		'----------------'	'--(passed on)------------'
 *		no process came up
 *
 * A process that ends passes its slot on to the next queued run of its
 * database, unless other databases wait for a slot too.
 */
#ifndef CVM_SLOT_H
#define CVM_SLOT_H

#include "postgres.h"
#include "utils/timestamp.h"

#define CVM_MAX_RUNS 64			/* the largest cvm.max_retrain_workers */

typedef enum CvmSlotState
{
	CVM_SLOT_FREE,
	CVM_SLOT_STARTING,
	CVM_SLOT_AT_WORK
} CvmSlotState;

typedef struct CvmRunSlot
{
	CvmSlotState state;
	Oid			database;
	uint32		ticket;			/* of this taking; a process that is late has another */
	int			pid;			/* at work */
	TimestampTz taken_at;		/* by the real clock */
	int			run;
	char		model[132];
} CvmRunSlot;

/* Whether a run of this database has a process, or one that is coming up. */
extern bool cvm_run_has_process(const char *model, int run);

/*
 * Takes a slot for a run of this database and starts its process; the reason
 * why not, or NULL.  A run without a slot stays queued; a look at the database
 * is asked for when there may be one.
 */
extern const char *cvm_run_launch(const char *model, int run);

/*
 * For the process, with its main argument: the slot is at work until the
 * process ends.  false: the slot was given up in the meantime.
 */
extern bool cvm_slot_occupy(Datum argument, CvmRunSlot *copy);

/*
 * For the process, at its end: passes the slot on to another run, if the model
 * is not NULL, or frees it.  look_at: when a look at the database is wanted,
 * at the latest; DT_NOEND for no need.
 */
extern void cvm_slot_leave(const char *model, int run, TimestampTz look_at);

/* How many slots are not free; the lock is held. */
extern int	cvm_runs_at_work(void);

/* Sends SIGTERM to the runs of a database. */
extern void cvm_end_runs(Oid database);

#endif							/* CVM_SLOT_H */
