/*
 * slot.c
 *		Runs at work: at most cvm.max_retrain_workers, each in a slot.
 *
 * The hard part is a process that never comes up (its fork failed, or the
 * postmaster forgot it while it restarted): a slot that has been starting for
 * longer than a minute is taken for free, and a process that comes up later
 * finds that its ticket is no longer valid.
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"

#include "pg/settings.h"
#include "worker/slot.h"
#include "worker/worker.h"

#define STARTUP_LIMIT_MS (60 * 1000)

/* What a process is told: its slot and the ticket. */
#define ARGUMENT(index, ticket) UInt64GetDatum((uint64) (ticket) * CVM_MAX_RUNS + (index))
#define ARGUMENT_INDEX(argument) ((int) (DatumGetUInt64(argument) % CVM_MAX_RUNS))
#define ARGUMENT_TICKET(argument) ((uint32) (DatumGetUInt64(argument) / CVM_MAX_RUNS))

/* The one place where a slot changes its state; the lock is held. */
static void
become(CvmRunSlot *slot, CvmSlotState state)
{
	static const bool allowed[][3] = {
		[CVM_SLOT_FREE] = {[CVM_SLOT_STARTING] = true},
		[CVM_SLOT_STARTING] = {[CVM_SLOT_AT_WORK] = true, [CVM_SLOT_FREE] = true},
		[CVM_SLOT_AT_WORK] = {[CVM_SLOT_FREE] = true}
	};

	if (!allowed[slot->state][state])
		elog(ERROR, "slot of a run cannot go from state %d to %d", slot->state, state);
	slot->state = state;
}

/* Frees a slot whose process never came up; the lock is held exclusively. */
static void
reclaim(CvmRunSlot *slot, TimestampTz now)
{
	if (slot->state == CVM_SLOT_STARTING &&
		TimestampDifferenceExceeds(slot->taken_at, now, STARTUP_LIMIT_MS))
		become(slot, CVM_SLOT_FREE);
}

bool
cvm_run_has_process(const char *model, int run)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		found = false;

	if (cvm_worker_shared == NULL)
		return false;
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < CVM_MAX_RUNS && !found; i++)
	{
		CvmRunSlot *slot = &cvm_worker_shared->runs[i];

		reclaim(slot, now);
		found = slot->state != CVM_SLOT_FREE && slot->database == MyDatabaseId &&
			slot->run == run && strcmp(slot->model, model) == 0;
	}
	LWLockRelease(cvm_worker_shared->lock);
	return found;
}

/* An index, or -1 and the reason when as many runs as allowed are at work. */
static int
take(const char *model, int run, const char **reason)
{
	TimestampTz now = GetCurrentTimestamp();
	int			taken = 0;
	int			taken_here = 0;
	int			free_slot = -1;

	*reason = NULL;
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < CVM_MAX_RUNS; i++)
	{
		CvmRunSlot *slot = &cvm_worker_shared->runs[i];

		reclaim(slot, now);
		if (slot->state == CVM_SLOT_FREE)
			free_slot = free_slot < 0 ? i : free_slot;
		else
		{
			taken++;
			taken_here += slot->database == MyDatabaseId;
		}
	}
	if (taken >= cvm_max_retrain_workers)
		*reason = "waits: cvm.max_retrain_workers runs are at work";
	else if (cvm_max_retrain_workers_per_database > 0 &&
			 taken_here >= cvm_max_retrain_workers_per_database)
		*reason = "waits: cvm.max_retrain_workers_per_database runs are at work";
	if (*reason != NULL)
		free_slot = -1;
	else
	{
		CvmRunSlot *slot = &cvm_worker_shared->runs[free_slot];

		become(slot, CVM_SLOT_STARTING);
		slot->database = MyDatabaseId;
		slot->ticket++;
		slot->pid = 0;
		slot->taken_at = now;
		slot->run = run;
		strlcpy(slot->model, model, sizeof(slot->model));
	}
	LWLockRelease(cvm_worker_shared->lock);
	return free_slot;
}

const char *
cvm_run_launch(const char *model, int run, bool *server_limit)
{
	BackgroundWorker worker = {0};
	const char *reason;
	int			slot;

	*server_limit = false;
	if (cvm_run_has_process(model, run))
		return NULL;
	slot = take(model, run, &reason);
	if (slot < 0)
		return reason;

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = ARGUMENT(slot, cvm_worker_shared->runs[slot].ticket);
	strlcpy(worker.bgw_library_name, "cvm", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "cvm_run_main", sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, BGW_MAXLEN, "cvm run %s", model);
	strlcpy(worker.bgw_type, "cvm run", BGW_MAXLEN);
	if (!RegisterDynamicBackgroundWorker(&worker, NULL))
	{
		LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
		become(&cvm_worker_shared->runs[slot], CVM_SLOT_FREE);
		LWLockRelease(cvm_worker_shared->lock);
		*server_limit = true;
		return "waits: no background worker slot is free (max_worker_processes)";
	}
	return NULL;
}

static void
leave(int code, Datum argument)
{
	CvmRunSlot *slot = &cvm_worker_shared->runs[ARGUMENT_INDEX(argument)];

	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	become(slot, CVM_SLOT_FREE);
	/* Others may be waiting for the slot, and the model may be due again. */
	cvm_ask_locked(slot->database);
	LWLockRelease(cvm_worker_shared->lock);
}

bool
cvm_slot_occupy(Datum argument, CvmRunSlot *copy)
{
	CvmRunSlot *slot = &cvm_worker_shared->runs[ARGUMENT_INDEX(argument)];
	bool		valid;

	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	valid = slot->state == CVM_SLOT_STARTING && slot->ticket == ARGUMENT_TICKET(argument);
	if (valid)
	{
		become(slot, CVM_SLOT_AT_WORK);
		slot->pid = MyProcPid;
		*copy = *slot;
	}
	LWLockRelease(cvm_worker_shared->lock);
	if (valid)
		before_shmem_exit(leave, argument);
	return valid;
}

int
cvm_runs_at_work(void)
{
	int			count = 0;

	for (int i = 0; i < CVM_MAX_RUNS; i++)
		count += cvm_worker_shared->runs[i].state != CVM_SLOT_FREE;
	return count;
}

void
cvm_end_runs(Oid database)
{
	LWLockAcquire(cvm_worker_shared->lock, LW_SHARED);
	for (int i = 0; i < CVM_MAX_RUNS; i++)
	{
		CvmRunSlot *slot = &cvm_worker_shared->runs[i];

		if (slot->state == CVM_SLOT_AT_WORK && slot->database == database)
			(void) kill(slot->pid, SIGTERM);
	}
	LWLockRelease(cvm_worker_shared->lock);
}
