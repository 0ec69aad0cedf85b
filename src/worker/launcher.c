/*
 * launcher.c
 *		The one process that is always there.
 *
 * It sleeps on its latch until the next look is due.  A look starts one short
 * scheduler process after another, one a database, and waits for each.  The
 * launcher itself is connected to the shared catalogs only, which is enough
 * to list the databases, and so blocks no DROP DATABASE.
 *
 * States of the launcher's loop:
 *
 *	  asleep --(time, latch)--> looking --(all databases seen)--> asleep
 *
 * Nothing of the loop can throw: a failing look is a process that ended.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "pg/settings.h"
#include "worker/worker.h"

CvmWorkerShared *cvm_worker_shared = NULL;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

extern PGDLLEXPORT void cvm_launcher_main(Datum argument);

/* ---- shared memory ---- */

static void
request_shared_memory(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(CvmWorkerShared)));
	RequestNamedLWLockTranche("cvm", 1);
}

static void
start_shared_memory(void)
{
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	cvm_worker_shared = ShmemInitStruct("cvm worker", sizeof(CvmWorkerShared), &found);
	if (!found)
	{
		memset(cvm_worker_shared, 0, sizeof(CvmWorkerShared));
		cvm_worker_shared->lock = &GetNamedLWLockTranche("cvm")->lock;
	}
	LWLockRelease(AddinShmemInitLock);
}

void
cvm_worker_init(void)
{
	BackgroundWorker worker = {0};

	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_shared_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_shared_memory;
	cvm_drop_database_init();

	/* Not on a standby: there it starts with promotion. */
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 5;
	strlcpy(worker.bgw_library_name, "cvm", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "cvm_launcher_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "cvm launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "cvm launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}

/* ---- asking for a look ---- */

bool
cvm_worker_present(void)
{
	return cvm_worker_shared != NULL && cvm_worker_shared->launcher_pid != 0;
}

static void
wake(XactEvent event, void *argument)
{
	bool	   *wanted = argument;

	if (*wanted && event == XACT_EVENT_COMMIT && cvm_worker_present())
	{
		LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
		/* Two databases at once: a look at all of them serves both. */
		cvm_worker_shared->asked_database = MyDatabaseId;
		if (cvm_worker_shared->launcher != NULL)
			SetLatch(cvm_worker_shared->launcher);
		LWLockRelease(cvm_worker_shared->lock);
	}
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		*wanted = false;
}

void
cvm_worker_wake_at_commit(void)
{
	static bool wanted = false;
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(wake, &wanted);
	registered = true;
	wanted = true;
}

/* ---- the loop ---- */

static void
leave(int code, Datum argument)
{
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	cvm_worker_shared->launcher = NULL;
	cvm_worker_shared->launcher_pid = 0;
	LWLockRelease(cvm_worker_shared->lock);
}

/* Databases that can be connected to, in the current memory context. */
static List *
connectable_databases(void)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *databases = NIL;
	Relation	relation;
	TableScanDesc scan;
	HeapTuple	tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);

		if (database->datallowconn && !database->datistemplate)
		{
			MemoryContext transaction = MemoryContextSwitchTo(context);

			databases = lappend_oid(databases, database->oid);
			MemoryContextSwitchTo(transaction);
		}
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
	return databases;
}

static void
look_at(Oid database)
{
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;
	pid_t		pid;

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = MyProcPid;
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	strlcpy(worker.bgw_library_name, "cvm", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "cvm_scheduler_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "cvm scheduler", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "cvm scheduler", BGW_MAXLEN);

	/* Without a free worker slot the next look will do. */
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		return;
	if (WaitForBackgroundWorkerStartup(handle, &pid) == BGWH_STARTED)
		(void) WaitForBackgroundWorkerShutdown(handle);
	pfree(handle);
}

void
cvm_launcher_main(Datum argument)
{
	MemoryContext context;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);

	before_shmem_exit(leave, (Datum) 0);
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	cvm_worker_shared->launcher = MyLatch;
	cvm_worker_shared->launcher_pid = MyProcPid;
	LWLockRelease(cvm_worker_shared->lock);

	context = AllocSetContextCreate(TopMemoryContext, "cvm launcher", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		ListCell   *cell;
		bool		asked;

		MemoryContextReset(context);
		MemoryContextSwitchTo(context);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		cvm_worker_shared->asked_database = InvalidOid;
		foreach(cell, connectable_databases())
		{
			look_at(lfirst_oid(cell));
			CHECK_FOR_INTERRUPTS();
		}
		LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
		cvm_worker_shared->looks++;
		asked = OidIsValid(cvm_worker_shared->asked_database);
		LWLockRelease(cvm_worker_shared->lock);
		if (asked)
			continue;			/* asked for while we looked, perhaps too late to be seen */

		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 cvm_scheduler_interval, PG_WAIT_EXTENSION);
	}
}
