/*
 * run.c
 *		One training run: in a process of its own, or in the caller's session.
 *
 * In a process the run is marked as running and committed before the work; the
 * work takes a transaction to read and one to store, with none while it
 * learns; a failure is written in one more, after the last was rolled back.
 * Killed in between, the run stays "running" without a process, which the next
 * look closes.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "catalog/retraining.h"
#include "catalog/runs.h"
#include "pg/clock.h"
#include "pg/priority.h"
#include "pg/report.h"
#include "pg/runtime.h"
#include "pg/settings.h"
#include "worker/check.h"
#include "worker/due.h"
#include "worker/housekeeping.h"
#include "worker/run.h"
#include "worker/transaction.h"
#include "worker/window.h"
#include "worker/worker.h"

extern PGDLLEXPORT void cvm_run_main(Datum argument);

/* A run waits no longer for a table that somebody has locked: it holds a slot. */
#define RUN_LOCK_TIMEOUT "1min"

/* ---- in this session ---- */

/*
 * Whether a run that is due for a check has nothing to train for: it is closed.
 * *finding: of the check, NULL if the run is none.
 */
static bool
closed_by_check(const char *model, int run, const char **finding)
{
	char	   *found;

	*finding = NULL;
	if (!cvm_is_check(model, run))
		return false;
	cvm_schedule_checked(model);
	if (cvm_check(model, &found))
	{
		cvm_run_change_cause(model, run, found);
		*finding = found;
		return false;
	}
	*finding = found;
	(void) cvm_run_end(model, run, CVM_RUN_SKIPPED, found, NULL);
	return true;
}

/* Whether there are no rows to learn from: the run is closed. */
static bool
closed_without_rows(CvmTraining *training, const char *model, int run, const char **reason)
{
	if (cvm_training_has_rows(training))
		return false;
	*reason = "no new rows to learn from";
	cvm_schedule_idled(model, cvm_training_watermark(training));
	cvm_training_abandon(training);
	(void) cvm_run_end(model, run, CVM_RUN_SKIPPED, *reason, NULL);
	return true;
}

/* All of a run in one transaction. */
static CvmRunStatus
train_here(const char *model, int run, const char *finding, const char **reason)
{
	CvmRetrainingPlan plan;
	CvmTraining *training;

	cvm_schedule_started(model);
	plan = cvm_schedule_plan(model, run, finding);
	training = cvm_retraining_read(model, &plan, false);
	if (closed_without_rows(training, model, run, reason))
		return CVM_RUN_SKIPPED;
	cvm_retraining_learn(training);
	*reason = cvm_retraining_store(training, run)->reason;
	cvm_schedule_succeeded(model, run);
	cvm_prune(model);
	return CVM_RUN_SUCCEEDED;
}

CvmRunStatus
cvm_run_here(const char *model, int run, const char **reason)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile CvmRunStatus status = CVM_RUN_FAILED;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		if (closed_by_check(model, run, reason))
			status = CVM_RUN_SKIPPED;
		else
			status = train_here(model, run, *reason, reason);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *failure;

		MemoryContextSwitchTo(context);
		failure = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		/* A cancel is for the caller's statement, not only for this run. */
		if (cvm_is_cancel(failure))
			ReThrowError(failure);
		status = CVM_RUN_FAILED;
		*reason = failure->message;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;

	if (status == CVM_RUN_FAILED)
	{
		cvm_schedule_started(model);
		(void) cvm_run_end(model, run, CVM_RUN_FAILED, NULL, *reason);
		cvm_schedule_failed(model, *reason);
	}
	return status;
}

/* ---- in a process ---- */

/*
 * Reads, learns and stores in transactions of their own, so that nobody waits
 * for the snapshot and the table locks of a model that learns.
 */
static void
train(const char *model, int run, const char *finding)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "cvm run",
												  ALLOCSET_DEFAULT_SIZES);
	CvmRetrainingPlan plan;
	CvmTraining *training;
	const char *reason;
	bool		reads_again;

	cvm_begin();
	MemoryContextSwitchTo(context);
	plan = cvm_schedule_plan(model, run, finding);
	MemoryContextSwitchTo(context);
	training = cvm_retraining_read(model, &plan, true);
	if (closed_without_rows(training, model, run, &reason))
	{
		cvm_commit();
		return;
	}
	reads_again = cvm_training_reads_again(training);
	if (!reads_again)
		cvm_commit();

	/* Not for longer, and not where the source is read again and again: whoever
	 * waits for a lock of ours shall not wait for others too. */
	if (cvm_retrain_nice > 0 && !reads_again)
		cvm_priority_lower(cvm_retrain_nice);
	MemoryContextSwitchTo(context);
	cvm_retraining_learn(training);
	cvm_priority_raise();

	if (!reads_again)
		cvm_begin();
	MemoryContextSwitchTo(context);
	(void) cvm_retraining_store(training, run);
	cvm_schedule_succeeded(model, run);
	cvm_prune(model);
	cvm_commit();
}

/* A check, in a transaction of its own. */
static bool
checked_and_closed(const char *model, int run, char **finding)
{
	const char *found;
	bool		closed;

	cvm_begin();
	closed = closed_by_check(model, run, &found);
	*finding = found != NULL ? MemoryContextStrdup(TopMemoryContext, found) : NULL;
	if (!closed)
		cvm_schedule_started(model);
	cvm_commit();
	return closed;
}

static void
work(const char *model, int run)
{
	char	   *volatile error = NULL;
	volatile bool cancelled = false;
	bool		check;

	cvm_begin();
	/* The extension may have been dropped since the run was queued. */
	if (!OidIsValid(get_extension_oid("cvm", true)) || !cvm_run_start(model, run))
	{
		cvm_commit();				/* taken back, or dropped with its model */
		return;
	}
	check = cvm_is_check(model, run);
	if (check)
		cvm_schedule_checked(model);
	else
		cvm_schedule_started(model);
	cvm_commit();
	if (cvm_retrain_timeout > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, cvm_retrain_timeout);

	PG_TRY();
	{
		char	   *finding = NULL;

		if (!check || !checked_and_closed(model, run, &finding))
			train(model, run, finding);
	}
	PG_CATCH();
	{
		ErrorData  *failure = cvm_abort(TopMemoryContext);

		cvm_memory_limit(0);	/* it stays to be written down */
		error = failure->message;
		cancelled = cvm_is_cancel(failure);
		if (cancelled && cvm_retrain_timeout > 0 && !get_timeout_active(STATEMENT_TIMEOUT))
		{
			cancelled = false;
			error = psprintf("took longer than cvm.retrain_timeout (%d ms)", cvm_retrain_timeout);
		}
	}
	PG_END_TRY();
	disable_timeout(STATEMENT_TIMEOUT, false);
	cvm_priority_raise();

	if (error != NULL)
	{
		ereport(LOG, (errmsg("retraining of model \"%s\" failed: %s", model, error)));
		cvm_begin();
		if (OidIsValid(get_extension_oid("cvm", true)))
		{
			/* nothing to close: the name stands for another model by now */
			if (cvm_run_end(model, run, cancelled ? CVM_RUN_CANCELLED : CVM_RUN_FAILED,
							NULL, error))
				cvm_schedule_failed(model, error);
		}
		cvm_commit();
	}
}

/*
 * The next queued run of this database takes over the slot.  A look is wanted
 * when this model, or one that comes after it, is due again.
 */
static void
leave(const char *model)
{
	TimestampTz look_at = DT_NOEND;
	CvmQueuedRun *next = NULL;
	ListCell   *cell;

	cvm_begin();
	if (OidIsValid(get_extension_oid("cvm", true)))
	{
		TimestampTz now = cvm_clock()->now();
		bool		open = cvm_retrain_window_opens(now) <= now;

		look_at = cvm_model_due_at(model);
		foreach(cell, cvm_queued_runs())
		{
			CvmQueuedRun *queued = lfirst(cell);

			if (cvm_run_has_process(queued->model, queued->run) || (queued->scheduled && !open))
				continue;
			next = queued;
			break;
		}
	}
	cvm_slot_leave(next == NULL ? NULL : next->model, next == NULL ? 0 : next->run, look_at);
	cvm_commit();
}

void
cvm_run_main(Datum argument)
{
	CvmRunSlot	slot;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	if (!cvm_slot_occupy(argument, &slot))
		return;

	BackgroundWorkerInitializeConnectionByOid(slot.database, InvalidOid, 0);
	pgstat_report_appname("cvm run");
	SetConfigOption("lock_timeout", RUN_LOCK_TIMEOUT, PGC_USERSET, PGC_S_SESSION);
	if (cvm_retrain_nice > 0)
		SetConfigOption("max_parallel_workers_per_gather", "0", PGC_USERSET, PGC_S_SESSION);
	cvm_memory_limit(cvm_retrain_memory);
	work(slot.model, slot.run);
	leave(slot.model);
}
