/*
 * team_host.c
 *		Parallel workers as members of a team (base/team.h).
 *
 * While a team is there the leader is in parallel mode: it may compute, report
 * its progress and read temporary files, but not change the database.  An error
 * or the end of the transaction ends the workers as those of a parallel query,
 * and an error of a worker becomes one of the leader.
 *
 * Without any worker there is no parallel mode: where none can be had, the
 * work is done all the same.
 */
#include "postgres.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/dsm_impl.h"
#include "storage/latch.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "base/team.h"
#include "learn/jobs.h"
#include "pg/priority.h"
#include "pg/runtime.h"
#include "pg/settings.h"
#include "pg/team_host.h"

/* Keys of the shared memory. */
#define KEY_START 1
#define KEY_MEMORY 2

#define CACHE_LINE 64

typedef struct Start
{
	int			job;			/* its number */
	int			nice;			/* of the leader (priority.h) */
	int			memory;			/* its limit, in kB (runtime.h) */
} Start;

extern PGDLLEXPORT void cvm_team_worker(dsm_segment *segment, shm_toc *toc);

static int
possible_workers(int wanted)
{
	long		processors = sysconf(_SC_NPROCESSORS_ONLN);

	/* a parallel query that calls us has its workers already */
	if (!IsTransactionState() || IsInParallelMode() || IsParallelWorker())
		return 0;
	wanted = Min(wanted, cvm_max_training_workers);
	return processors > 0 ? Min(wanted, (int) processors - 1) : wanted;
}

/* A container may have little shared memory; to run out of it is an error. */
static bool
has_room(size_t size)
{
	struct statvfs room;

	return dynamic_shared_memory_type != DSM_IMPL_POSIX || statvfs("/dev/shm", &room) != 0 ||
		size < (double) room.f_bavail * room.f_frsize * 0.9;
}

static void
leave_parallel_mode(ParallelContext *context)
{
	DestroyParallelContext(context);
	ExitParallelMode();
}

static void *
begin_team(const CvmJob *job, size_t size, int workers, void **handle)
{
	ParallelContext *context;
	bool		pushed = false;
	Start	   *start;
	void	   *memory;

	*handle = NULL;
	workers = possible_workers(workers);
	if (workers <= 0 || !has_room(size))
		return NULL;

	cvm_memory_expect(size);
	EnterParallelMode();
	/* workers get the active snapshot, though they do not look at any row */
	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pushed = true;
	}
	context = CreateParallelContext("cvm", "cvm_team_worker", workers);
	shm_toc_estimate_chunk(&context->estimator, sizeof(Start));
	shm_toc_estimate_chunk(&context->estimator, size + CACHE_LINE);
	shm_toc_estimate_keys(&context->estimator, 2);
	InitializeParallelDSM(context);
	if (pushed)
		PopActiveSnapshot();
	if (context->nworkers == 0)
	{
		leave_parallel_mode(context);
		return NULL;
	}

	start = shm_toc_allocate(context->toc, sizeof(Start));
	start->job = job->number;
	start->nice = cvm_priority_wanted();
	start->memory = cvm_memory_limit_now();
	shm_toc_insert(context->toc, KEY_START, start);
	memory = (void *) TYPEALIGN(CACHE_LINE, shm_toc_allocate(context->toc, size + CACHE_LINE));
	memset(memory, 0, size);
	shm_toc_insert(context->toc, KEY_MEMORY, memory);
	LaunchParallelWorkers(context);
	if (context->nworkers_launched == 0)
	{
		leave_parallel_mode(context);
		return NULL;
	}
	*handle = context;
	return memory;
}

static void
end_team(void *handle)
{
	WaitForParallelWorkersToFinish((ParallelContext *) handle);
	leave_parallel_mode((ParallelContext *) handle);
}

static void
nap(void)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 1,
					 WAIT_EVENT_PARALLEL_FINISH);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

void
cvm_team_worker(dsm_segment *segment, shm_toc *toc)
{
	const Start *start = shm_toc_lookup(toc, KEY_START, false);

	if (start->job < 0 || start->job >= CVM_JOB_COUNT)
		elog(ERROR, "no job has the number %d", start->job);
	if (start->nice > 0)
		cvm_priority_lower(start->nice);
	cvm_memory_limit(start->memory);
	cvm_team_follow(cvm_jobs[start->job], shm_toc_lookup(toc, KEY_MEMORY, false));
}

static const CvmTeamHost server_host = {possible_workers, begin_team, end_team, nap};

void
cvm_install_team_host(void)
{
	cvm_set_team_host(&server_host);
}
