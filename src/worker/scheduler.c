/*
 * scheduler.c
 *		One look at one database: what a crash left, what is due, what waits.
 *
 * A look is two short transactions: runs are started in the second one, for
 * their processes must find their rows committed.  What may take longer, the
 * counts past watermarks, comes last.
 */
#include "postgres.h"

#include "commands/extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/timeout.h"

#include "catalog/prediction_log.h"
#include "catalog/runs.h"
#include "pg/clock.h"
#include "pg/settings.h"
#include "worker/due.h"
#include "worker/housekeeping.h"
#include "worker/transaction.h"
#include "worker/watermark.h"
#include "worker/window.h"
#include "worker/worker.h"

extern PGDLLEXPORT void cvm_scheduler_main(Datum argument);

/* The longest wait for a row that a session holds: others wait behind us. */
#define LOOK_LOCK_TIMEOUT "500ms"

/* The longest look, in ms; what it did not come to is done at the next one. */
#define LOOK_TIMEOUT (30 * 1000)

/* Starts what is queued; says when the next look is wanted at the latest. */
static TimestampTz
start_runs(void)
{
	TimestampTz now = cvm_clock()->now();
	TimestampTz opens = cvm_retrain_window_opens(now);
	TimestampTz next = DT_NOEND;
	ListCell   *cell;

	foreach(cell, cvm_queued_runs())
	{
		CvmQueuedRun *queued = lfirst(cell);
		const char *reason;

		if (queued->scheduled && opens > now)
		{
			reason = psprintf("waits for cvm.retrain_window (%s)", cvm_retrain_window);
			next = Min(next, opens);
		}
		else
			reason = cvm_run_launch(queued->model, queued->run);
		if (reason != NULL)
			cvm_run_wait(queued->model, queued->run, reason);
	}
	return next;
}

static void
drop_old_partitions(void *argument)
{
	cvm_log_drop_old_partitions();
}

static void
forget_dropped_roles(void *argument)
{
	cvm_forget_dropped_roles();
}

static void
look(void)
{
	TimestampTz next;

	cvm_begin();
	if (!OidIsValid(get_extension_oid("cvm", true)))
	{
		cvm_worker_shared->has_extension = false;
		cvm_commit();
		return;
	}
	cvm_guarded(forget_dropped_roles, NULL, "(roles)");
	cvm_close_leftovers();
	cvm_count_fresh_rows();
	cvm_queue_due();
	cvm_guarded(drop_old_partitions, NULL, "(log)");
	cvm_commit();

	cvm_begin();
	next = start_runs();
	next = Min(next, cvm_next_due());
	cvm_watch_scheduled_tables();
	cvm_commit();
	if (cvm_count_past_watermarks())
		next = DT_NOBEGIN;		/* another look queues them */
	cvm_worker_shared->next_look = next;
}

void
cvm_scheduler_main(Datum argument)
{
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(argument), InvalidOid, 0);
	pgstat_report_appname("cvm scheduler");
	SetConfigOption("lock_timeout", LOOK_LOCK_TIMEOUT, PGC_USERSET, PGC_S_SESSION);
	enable_timeout_after(STATEMENT_TIMEOUT, LOOK_TIMEOUT);
	look();
}
