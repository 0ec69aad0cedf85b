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

#include "pg/clock.h"
#include "pg/settings.h"
#include "worker/slot.h"
#include "worker/worker.h"

#define STARTUP_LIMIT_MS (60 * 1000)

/* What a process is told: its slot and the ticket. */
#define ARGUMENT(index, ticket) UInt64GetDatum((uint64) (ticket) * CVM_MAX_RUNS + (index))
#define ARGUMENT_INDEX(argument) ((int) (DatumGetUInt64(argument) % CVM_MAX_RUNS))
#define ARGUMENT_TICKET(argument) ((uint32) (DatumGetUInt64(argument) / CVM_MAX_RUNS))

/* Of the run that this process is. */
static Datum own_argument;

/* The one place where a slot changes its state; the lock is held. */
static void
become(CvmRunSlot *slot, CvmSlotState state)
{
	static const bool allowed[][3] = {
		[CVM_SLOT_FREE] = {[CVM_SLOT_STARTING] = true},
		[CVM_SLOT_STARTING] = {[CVM_SLOT_AT_WORK] = true, [CVM_SLOT_FREE] = true},
		[CVM_SLOT_AT_WORK] = {[CVM_SLOT_FREE] = true, [CVM_SLOT_STARTING] = true}
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

/* The slot is for a run of this database from now on; the lock is held. */
static void
assign(CvmRunSlot *slot, const char *model, int run)
{
	become(slot, CVM_SLOT_STARTING);
	slot->ticket++;
	slot->database = MyDatabaseId;
	slot->pid = 0;
	slot->taken_at = GetCurrentTimestamp();
	slot->run = run;
	strlcpy(slot->model, model, sizeof(slot->model));
}

/* Notes that this database waits for a slot; the lock is held. */
static void
wait_for_slot(void)
{
	CvmWorkerShared *shared = cvm_worker_shared;

	for (int i = 0; i < shared->waiting_count; i++)
		if (shared->waiting[i] == MyDatabaseId || !OidIsValid(shared->waiting[i]))
			return;
	if (shared->waiting_count == CVM_MAX_ASKED)
		shared->waiting[0] = InvalidOid;
	else
		shared->waiting[shared->waiting_count++] = MyDatabaseId;
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
	{
		*reason = "waits: cvm.max_retrain_workers runs are at work";
		wait_for_slot();
	}
	else if (cvm_max_retrain_workers_per_database > 0 &&
			 taken_here >= cvm_max_retrain_workers_per_database)
	{
		*reason = "waits: cvm.max_retrain_workers_per_database runs are at work";
		wait_for_slot();
	}
	if (*reason == NULL)
		assign(&cvm_worker_shared->runs[free_slot], model, run);
	LWLockRelease(cvm_worker_shared->lock);
	return *reason == NULL ? free_slot : -1;
}

/* Frees a slot, and tells those that wait for one; the lock is held. */
static void
make_free(CvmRunSlot *slot, TimestampTz look_at)
{
	CvmWorkerShared *shared = cvm_worker_shared;

	become(slot, CVM_SLOT_FREE);
	if (look_at != DT_NOEND)
		cvm_ask_locked(slot->database, look_at);
	for (int i = 0; i < shared->waiting_count; i++)
		cvm_ask_locked(shared->waiting[i], DT_NOBEGIN);
	shared->waiting_count = 0;
}

/* Starts the process of a slot that is starting; false: the server has none. */
static bool
start_process(int index)
{
	CvmRunSlot *slot = &cvm_worker_shared->runs[index];
	BackgroundWorker worker = {0};

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = ARGUMENT(index, slot->ticket);
	strlcpy(worker.bgw_library_name, "cvm", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "cvm_run_main", sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, BGW_MAXLEN, "cvm run %s", slot->model);
	strlcpy(worker.bgw_type, "cvm run", BGW_MAXLEN);
	if (RegisterDynamicBackgroundWorker(&worker, NULL))
		return true;
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	make_free(slot, cvm_clock()->now() + USECS_PER_SEC);
	LWLockRelease(cvm_worker_shared->lock);
	return false;
}

const char *
cvm_run_launch(const char *model, int run)
{
	const char *reason;
	int			slot;

	if (cvm_run_has_process(model, run))
		return NULL;
	slot = take(model, run, &reason);
	if (slot >= 0 && !start_process(slot))
		return "waits: no background worker slot is free (max_worker_processes)";
	return reason;
}

/* ---- in the process ---- */

static bool
is_ours(Datum argument)
{
	const CvmRunSlot *slot = &cvm_worker_shared->runs[ARGUMENT_INDEX(argument)];

	return slot->state == CVM_SLOT_AT_WORK && slot->ticket == ARGUMENT_TICKET(argument);
}

/* Where the process ended without cvm_slot_leave: killed, or by an error. */
static void
leave_at_exit(int code, Datum argument)
{
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	if (is_ours(argument))
		make_free(&cvm_worker_shared->runs[ARGUMENT_INDEX(argument)], DT_NOBEGIN);
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
	{
		own_argument = argument;
		before_shmem_exit(leave_at_exit, argument);
	}
	return valid;
}

void
cvm_slot_leave(const char *model, int run, TimestampTz look_at)
{
	CvmWorkerShared *shared = cvm_worker_shared;
	CvmRunSlot *slot = &shared->runs[ARGUMENT_INDEX(own_argument)];
	bool		passed_on;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < shared->waiting_count && model != NULL; i++)
		if (shared->waiting[i] != MyDatabaseId)
			model = NULL;
	passed_on = model != NULL && cvm_max_retrain_workers > 0;
	if (passed_on)
	{
		assign(slot, model, run);
		if (look_at != DT_NOEND)
			cvm_ask_locked(MyDatabaseId, look_at);
	}
	else
		make_free(slot, look_at);
	LWLockRelease(shared->lock);
	if (passed_on)
		(void) start_process(ARGUMENT_INDEX(own_argument));
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
