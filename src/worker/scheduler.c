/*
 * scheduler.c
 *		One look at one database: what a crash left, what is due, what waits.
 *
 * The look is one short transaction.  Runs are started after it, for their
 * processes must find their rows committed.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "catalog/access.h"
#include "catalog/runs.h"
#include "pg/settings.h"
#include "worker/due.h"
#include "worker/worker.h"

extern PGDLLEXPORT void cvm_scheduler_main(Datum argument);

/* A process that is not up after this long will never be: its fork failed. */
#define STARTUP_LIMIT_MS (60 * 1000)

/* The longest wait for a row that a session holds: others wait behind us. */
#define LOOK_LOCK_TIMEOUT "500ms"

/* ---- slots ---- */

static bool
slot_in_use(const CvmRunSlot *slot, TimestampTz now)
{
	return OidIsValid(slot->database) &&
		(slot->pid != 0 || !TimestampDifferenceExceeds(slot->taken_at, now, STARTUP_LIMIT_MS));
}

bool
cvm_run_has_process(const char *model, int run)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		found = false;

	if (cvm_worker_shared == NULL)
		return false;
	LWLockAcquire(cvm_worker_shared->lock, LW_SHARED);
	for (int i = 0; i < CVM_MAX_RUNS && !found; i++)
	{
		CvmRunSlot *slot = &cvm_worker_shared->runs[i];

		found = slot_in_use(slot, now) &&
			slot->database == MyDatabaseId && slot->run == run &&
			strcmp(slot->model, model) == 0;
	}
	LWLockRelease(cvm_worker_shared->lock);
	return found;
}

/* An index, or -1 when as many runs as allowed are at work. */
static int
take_slot(const char *model, int run)
{
	TimestampTz now = GetCurrentTimestamp();
	int			taken = 0;
	int			free_slot = -1;

	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < CVM_MAX_RUNS; i++)
	{
		if (slot_in_use(&cvm_worker_shared->runs[i], now))
			taken++;
		else if (free_slot < 0)
			free_slot = i;
	}
	if (taken >= cvm_max_retrain_workers)
		free_slot = -1;
	if (free_slot >= 0)
	{
		CvmRunSlot *slot = &cvm_worker_shared->runs[free_slot];

		slot->database = MyDatabaseId;
		slot->pid = 0;
		slot->taken_at = now;
		slot->run = run;
		strlcpy(slot->model, model, sizeof(slot->model));
	}
	LWLockRelease(cvm_worker_shared->lock);
	return free_slot;
}

static void
free_run_slot(int index)
{
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	cvm_worker_shared->runs[index].database = InvalidOid;
	LWLockRelease(cvm_worker_shared->lock);
}

const char *
cvm_run_launch(const char *model, int run)
{
	BackgroundWorker worker = {0};
	int			slot;

	if (cvm_run_has_process(model, run))
		return NULL;
	slot = take_slot(model, run);
	if (slot < 0)
		return "waits: cvm.max_retrain_workers runs are at work";

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = Int32GetDatum(slot);
	strlcpy(worker.bgw_library_name, "cvm", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "cvm_run_main", sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, BGW_MAXLEN, "cvm run %s", model);
	strlcpy(worker.bgw_type, "cvm run", BGW_MAXLEN);
	if (!RegisterDynamicBackgroundWorker(&worker, NULL))
	{
		free_run_slot(slot);
		return "waits: no background worker slot is free (max_worker_processes)";
	}
	return NULL;
}

/* ---- a look ---- */

static void
look(void)
{
	List	   *models;
	List	   *runs;
	ListCell   *model;
	ListCell   *run;
	List	   *reasons = NIL;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (!OidIsValid(get_extension_oid("cvm", true)))
	{
		PopActiveSnapshot();
		CommitTransactionCommand();
		return;
	}
	SPI_connect();
	cvm_close_leftovers();
	cvm_queue_due();
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	models = cvm_queued_models(&runs);
	foreach(run, runs)
		reasons = lappend(reasons, (void *) cvm_run_launch(list_nth(models,
																	foreach_current_index(run)),
														   lfirst_int(run)));
	forboth(model, models, run, runs)
	{
		const char *reason = list_nth(reasons, foreach_current_index(model));

		if (reason != NULL)
			cvm_run_wait(lfirst(model), lfirst_int(run), reason);
	}
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
}

static void
leave(int code, Datum argument)
{
	cvm_worker_shared->scheduler_pid = 0;
}

void
cvm_scheduler_main(Datum argument)
{
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	before_shmem_exit(leave, (Datum) 0);
	cvm_worker_shared->scheduler_pid = MyProcPid;
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(argument), InvalidOid, 0);
	pgstat_report_appname("cvm scheduler");
	SetConfigOption("lock_timeout", LOOK_LOCK_TIMEOUT, PGC_USERSET, PGC_S_SESSION);
	look();
}
