/*
 * shared.c
 *		The worker's shared memory, and asking the launcher for a look.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "worker/fresh_rows.h"
#include "worker/worker.h"

CvmWorkerShared *cvm_worker_shared = NULL;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static bool ask_at_commit = false;

static void
request_shared_memory(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(add_size(MAXALIGN(sizeof(CvmWorkerShared)), cvm_fresh_rows_size()));
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
	cvm_fresh_rows_start();
	LWLockRelease(AddinShmemInitLock);
}

static void
at_transaction_end(XactEvent event, void *argument)
{
	if (ask_at_commit && event == XACT_EVENT_COMMIT)
		cvm_ask(MyDatabaseId);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		ask_at_commit = false;
}

void
cvm_worker_init(void)
{
	BackgroundWorker worker = {0};

	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_shared_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_shared_memory;
	RegisterXactCallback(at_transaction_end, NULL);
	cvm_drop_database_init();
	cvm_fresh_rows_init();

	/* Not on a standby: there it starts with promotion. */
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 1;
	strlcpy(worker.bgw_library_name, "cvm", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "cvm_launcher_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "cvm launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "cvm launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}

bool
cvm_worker_present(void)
{
	return cvm_worker_shared != NULL && cvm_worker_shared->launcher_state != CVM_LAUNCHER_ABSENT;
}

void
cvm_ask_locked(Oid database, TimestampTz at)
{
	CvmWorkerShared *shared = cvm_worker_shared;
	int			i = 0;

	while (i < shared->asked_count && shared->asked[i].database != database)
		i++;
	if (i == CVM_MAX_ASKED)		/* no room: a look at every database, now */
	{
		shared->asked[0].database = InvalidOid;
		shared->asked[0].at = DT_NOBEGIN;
	}
	else if (i < shared->asked_count)
		shared->asked[i].at = Min(shared->asked[i].at, at);
	else
	{
		shared->asked[i].database = database;
		shared->asked[i].at = at;
		shared->asked_count++;
	}
	if (shared->launcher != NULL)
		SetLatch(shared->launcher);
}

void
cvm_ask(Oid database)
{
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	cvm_ask_locked(database, DT_NOBEGIN);
	LWLockRelease(cvm_worker_shared->lock);
}

void
cvm_ask_at_commit(void)
{
	ask_at_commit = cvm_worker_shared != NULL;
}
