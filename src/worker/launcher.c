/*
 * launcher.c
 *		The one process that is always there.
 *
 * It knows, of each database, when it is to be looked at next, and sleeps on
 * its latch until the first of these times.  A look is a short scheduler
 * process; the launcher waits for each, so there is one at a time.  It is
 * connected to the shared catalogs only, which is enough to list the
 * databases, and so blocks no DROP DATABASE.
 *
 * Memory: the list of databases lives as long as the process, everything else
 * in a context that each turn of the loop resets.  Nothing of the loop can
 * throw: a failing look is a process that ended.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "pg/clock.h"
#include "pg/settings.h"
#include "worker/fresh_rows.h"
#include "worker/worker.h"

/* Asked for at every commit, a database is looked at no more often than this. */
#define LEAST_PAUSE (200 * 1000)

/* Databases without the extension: CREATE EXTENSION and schedule() ask. */
#define INTERVALS_WITHOUT_EXTENSION 10

typedef struct Database
{
	Oid			oid;
	TimestampTz next_look;		/* by cvm_clock() */
	TimestampTz looked_at;		/* by the real clock */
	bool		listed;
} Database;

static Database *databases = NULL;
static int	database_count = 0;
static int	database_capacity = 0;

extern PGDLLEXPORT void cvm_launcher_main(Datum argument);

/* ---- the list ---- */

static void
list_database(Oid oid)
{
	int			at = 0;

	while (at < database_count && databases[at].oid != oid)
		at++;
	if (at == database_count)
	{
		if (database_count == database_capacity)
		{
			database_capacity = Max(16, database_capacity * 2);
			databases = databases == NULL
				? MemoryContextAlloc(TopMemoryContext, database_capacity * sizeof(Database))
				: repalloc(databases, database_capacity * sizeof(Database));
		}
		database_count++;
		databases[at].oid = oid;
		databases[at].next_look = DT_NOBEGIN;
		databases[at].looked_at = 0;
	}
	databases[at].listed = true;
}

/* Brings the list up to date with the databases that can be connected to. */
static void
list_databases(void)
{
	MemoryContext context = CurrentMemoryContext;
	Relation	relation;
	TableScanDesc scan;
	HeapTuple	tuple;
	int			kept = 0;

	for (int i = 0; i < database_count; i++)
		databases[i].listed = false;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);

		if (database->datallowconn && !database->datistemplate)
			list_database(database->oid);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);

	for (int i = 0; i < database_count; i++)
	{
		if (databases[i].listed)
			databases[kept++] = databases[i];
		else
			cvm_watch_forget(databases[i].oid);
	}
	database_count = kept;
}

/* ---- a look ---- */

/* false: no process could be started. */
static bool
run_scheduler(Oid database)
{
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;
	BgwHandleStatus status;
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

	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		return false;
	status = WaitForBackgroundWorkerStartup(handle, &pid);
	if (status == BGWH_STARTED)
		status = WaitForBackgroundWorkerShutdown(handle);
	pfree(handle);
	if (status == BGWH_POSTMASTER_DIED)
		proc_exit(1);
	return true;
}

static void
look_at(Database *database)
{
	CvmWorkerShared *shared = cvm_worker_shared;
	TimestampTz now = cvm_clock()->now();
	TimestampTz interval = (TimestampTz) cvm_scheduler_interval * 1000;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->has_extension = true;	/* unless the look says otherwise */
	shared->next_look = DT_NOEND;
	LWLockRelease(shared->lock);

	/* Without a free worker slot: again in a second. */
	if (!run_scheduler(database->oid))
		shared->next_look = now + USECS_PER_SEC;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->looks++;
	if (!shared->has_extension)
		interval *= INTERVALS_WITHOUT_EXTENSION;
	database->next_look = Min(shared->next_look, now + interval);
	LWLockRelease(shared->lock);
	database->looked_at = GetCurrentTimestamp();
}

/* ---- the loop ---- */

/* The one place where the launcher changes its state; the lock is held. */
static void
become(CvmLauncherState state)
{
	static const bool allowed[][3] = {
		[CVM_LAUNCHER_ABSENT] = {[CVM_LAUNCHER_LOOKING] = true},
		[CVM_LAUNCHER_LOOKING] = {[CVM_LAUNCHER_ASLEEP] = true, [CVM_LAUNCHER_ABSENT] = true},
		[CVM_LAUNCHER_ASLEEP] = {[CVM_LAUNCHER_LOOKING] = true, [CVM_LAUNCHER_ABSENT] = true}
	};

	if (!allowed[cvm_worker_shared->launcher_state][state])
		elog(ERROR, "launcher cannot go from state %d to %d",
			 cvm_worker_shared->launcher_state, state);
	cvm_worker_shared->launcher_state = state;
	cvm_worker_shared->launcher = state == CVM_LAUNCHER_ABSENT ? NULL : MyLatch;
	cvm_worker_shared->launcher_pid = state == CVM_LAUNCHER_ABSENT ? 0 : MyProcPid;
}

static void
leave(int code, Datum argument)
{
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	become(CVM_LAUNCHER_ABSENT);
	LWLockRelease(cvm_worker_shared->lock);
}

/*
 * Sleeps, unless something happened during the looks: waiting for their
 * processes has used up the latch.
 */
static void
sleep_until(TimestampTz next)
{
	bool		asked;

	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	asked = cvm_worker_shared->asked_count > 0;
	if (!asked)
		become(CVM_LAUNCHER_ASLEEP);
	LWLockRelease(cvm_worker_shared->lock);
	if (asked)
		return;

	if (!ConfigReloadPending)
		cvm_clock()->wait(next);
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	become(CVM_LAUNCHER_LOOKING);
	LWLockRelease(cvm_worker_shared->lock);
}

/* Brings the looks that somebody asks for forward. */
static void
take_asked(TimestampTz now)
{
	CvmWorkerShared *shared = cvm_worker_shared;
	TimestampTz real_now = GetCurrentTimestamp();

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < database_count; i++)
		for (int j = 0; j < shared->asked_count; j++)
		{
			CvmAsked   *asked = &shared->asked[j];
			TimestampTz pause = databases[i].looked_at + LEAST_PAUSE - real_now;
			TimestampTz earliest = now + (cvm_mock_clock < 0 ? Max(pause, 0) : 0);

			if (!OidIsValid(asked->database) || asked->database == databases[i].oid)
				databases[i].next_look = Min(databases[i].next_look,
											 Max(asked->at, earliest));
		}
	shared->asked_count = 0;
	LWLockRelease(shared->lock);
}

/* Looks at every database that is due; returns when the next one will be. */
static TimestampTz
round_of_looks(TimestampTz now)
{
	TimestampTz next = now + (TimestampTz) cvm_scheduler_interval * 1000;

	for (int i = 0; i < database_count; i++)
	{
		if (databases[i].next_look <= now)
			look_at(&databases[i]);
		next = Min(next, databases[i].next_look);
		CHECK_FOR_INTERRUPTS();
	}
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	cvm_worker_shared->looked_at = now;
	LWLockRelease(cvm_worker_shared->lock);
	return next;
}

void
cvm_launcher_main(Datum argument)
{
	MemoryContext context;
	TimestampTz last = DT_NOBEGIN;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);

	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	become(CVM_LAUNCHER_LOOKING);
	LWLockRelease(cvm_worker_shared->lock);
	before_shmem_exit(leave, (Datum) 0);

	context = AllocSetContextCreate(TopMemoryContext, "cvm launcher", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		TimestampTz now;
		bool		look_at_all = false;

		MemoryContextReset(context);
		MemoryContextSwitchTo(context);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			look_at_all = true; /* limits and hours may have changed */
		}

		now = cvm_clock()->now();
		list_databases();
		if (now < last)			/* set back: everything would wait */
			look_at_all = true;
		for (int i = 0; i < database_count && look_at_all; i++)
			databases[i].next_look = DT_NOBEGIN;
		last = now;
		take_asked(now);
		sleep_until(round_of_looks(now));
	}
}
