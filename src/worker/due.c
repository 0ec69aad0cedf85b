/*
 * due.c
 *		Which models are due, and what becomes of their schedules.
 *
 * The view cvm.schedule_state says what is due and why; this file acts on it,
 * one model after another, each in a subtransaction: a row that a session
 * has locked is left for the next look, and one model's trouble is not the
 * others'.
 *
 * New rows by the table's counters: what a counter gained since the last look
 * is added up in the schedule.  A counter that went back (statistics reset, a
 * crash) starts at zero again, so nothing is lost but what nobody looked at.
 *
 * After the n-th failure in a row a model waits 2^n minutes, give or take a
 * quarter so that models that failed together do not come back together, at
 * most a day.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/random.h"
#include "catalog/access.h"
#include "catalog/events.h"
#include "catalog/runs.h"
#include "pg/clock.h"
#include "pg/report.h"
#include "pg/settings.h"
#include "worker/calendar.h"
#include "worker/due.h"
#include "worker/fresh_rows.h"
#include "worker/slot.h"

#define MODEL(name) 1, (Oid[]) {TEXTOID}, (Datum[]) {CStringGetTextDatum(name)}, NULL

/* ---- looking ---- */

void
cvm_close_leftovers(void)
{
	List	   *models = NIL;
	List	   *runs = NIL;
	ListCell   *model;
	ListCell   *run;

	cvm_catalog_execute("SELECT model, run FROM cvm.training_runs WHERE status = 'running'",
						0, NULL, NULL, NULL, false);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		models = lappend(models, cvm_catalog_text(i, 1));
		runs = lappend_int(runs, cvm_catalog_integer(i, 2));
	}
	forboth(model, models, run, runs)
	{
		if (cvm_run_has_process(lfirst(model), lfirst_int(run)))
			continue;
		/* Nothing to close: it ended well after our list was made. */
		if (cvm_run_end(lfirst(model), lfirst_int(run), CVM_RUN_FAILED,
						"the process ended before the run did", NULL))
			cvm_schedule_failed(lfirst(model), "the process ended before the run did");
	}
}

void
cvm_count_fresh_rows(void)
{
	cvm_catalog_execute("WITH counted AS MATERIALIZED ("
						" SELECT s.model, cvm.rows_inserted(r.source, r.search_path) AS rows"
						" FROM cvm.schedules AS s JOIN cvm.model_registry AS r USING (model)"
						" WHERE s.min_new_rows IS NOT NULL AND s.watermark IS NULL),"
						" free AS MATERIALIZED ("
						" SELECT s.model, c.rows FROM cvm.schedules AS s JOIN counted AS c USING (model)"
						" WHERE c.rows IS DISTINCT FROM s.rows_counted"
						" FOR UPDATE OF s SKIP LOCKED)"
						" UPDATE cvm.schedules AS s SET rows_counted = f.rows, new_rows = s.new_rows"
						"  + CASE WHEN s.rows_counted IS NULL THEN 0"
						"    WHEN f.rows >= s.rows_counted THEN f.rows - s.rows_counted"
						"    ELSE f.rows END"
						" FROM free AS f WHERE f.model = s.model",
						0, NULL, NULL, NULL, false);
}

static void
queue(void *argument)
{
	CvmQueuedRun *due = argument;
	bool		isnull;
	char	   *cause;
	int			attempt;

	/* Again, for it may have changed while others were queued. */
	cvm_catalog_execute("SELECT cause, failures FROM cvm.schedule_state"
						" WHERE model = $1 AND cause IS NOT NULL",
						MODEL(due->model), false);
	if (SPI_processed == 0)
		return;
	cause = cvm_catalog_text(0, 1);
	attempt = DatumGetInt32(cvm_catalog_datum(0, 2, &isnull)) + 1;
	(void) cvm_run_create(due->model, "schedule", CVM_RUN_QUEUED, cause, attempt);
}

void
cvm_guarded(void (*call) (void *argument), void *argument, const char *model)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		call(argument);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *failure;

		MemoryContextSwitchTo(context);
		failure = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (cvm_is_cancel(failure))
			ReThrowError(failure);
		ereport(DEBUG1,
				(errmsg_internal("model \"%s\" could not be looked at: %s",
								 model, failure->message)));
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}

void
cvm_queue_due(void)
{
	List	   *due = NIL;
	ListCell   *cell;

	cvm_catalog_execute("SELECT model FROM cvm.schedule_state WHERE cause IS NOT NULL"
						" ORDER BY coalesce(retry_at, next_due), model",
						0, NULL, NULL, NULL, false);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		CvmQueuedRun *run = palloc0(sizeof(CvmQueuedRun));

		run->model = cvm_catalog_text(i, 1);
		due = lappend(due, run);
	}
	foreach(cell, due)
	{
		CvmQueuedRun *run = lfirst(cell);

		CHECK_FOR_INTERRUPTS();
		cvm_guarded(queue, run, run->model);
	}
}

List *
cvm_queued_runs(void)
{
	List	   *queued = NIL;

	cvm_catalog_execute("SELECT model, run, trigger = 'schedule' FROM cvm.training_runs"
						" WHERE status = 'queued' ORDER BY requested_at, model",
						0, NULL, NULL, NULL, false);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		CvmQueuedRun *run = palloc(sizeof(CvmQueuedRun));
		bool		isnull;

		run->model = cvm_catalog_text(i, 1);
		run->run = cvm_catalog_integer(i, 2);
		run->scheduled = DatumGetBool(cvm_catalog_datum(i, 3, &isnull));
		queued = lappend(queued, run);
	}
	return queued;
}

TimestampTz
cvm_next_due(void)
{
	bool		isnull;
	Datum		value;

	cvm_catalog_execute("SELECT min(due_at) FROM cvm.schedule_state WHERE run IS NULL",
						0, NULL, NULL, NULL, false);
	value = cvm_catalog_datum(0, 1, &isnull);
	return isnull ? DT_NOEND : DatumGetTimestampTz(value);
}

TimestampTz
cvm_model_due_at(const char *model)
{
	bool		isnull;
	Datum		value;

	cvm_catalog_execute("SELECT min(CASE WHEN cause IS NOT NULL THEN '-infinity' ELSE due_at END)"
						" FROM cvm.schedule_state WHERE model = $1 OR model IN ("
						"  SELECT s.model FROM cvm.schedules AS s WHERE s.after = $1)",
						MODEL(model), false);
	value = cvm_catalog_datum(0, 1, &isnull);
	return isnull ? DT_NOEND : DatumGetTimestampTz(value);
}

void
cvm_watch_scheduled_tables(void)
{
	cvm_catalog_execute("SELECT r.source, r.search_path,"
						" greatest(s.min_new_rows - s.new_rows, 1)"
						" FROM cvm.schedules AS s JOIN cvm.model_registry AS r USING (model)"
						" WHERE s.min_new_rows IS NOT NULL AND s.paused_at IS NULL",
						0, NULL, NULL, NULL, false);
	cvm_watch_begin();
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Oid			table = cvm_source_table(cvm_catalog_text(i, 1), cvm_catalog_text(i, 2));

		if (OidIsValid(table))
			cvm_watch_table(table, DatumGetInt64(cvm_catalog_datum(i, 3, &isnull)));
	}
	cvm_watch_end();
}

/* ---- around a run ---- */

CvmRetrainingPlan
cvm_schedule_plan(const char *model, int run, const char *finding)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(run),
	finding != NULL ? CStringGetTextDatum(finding) : (Datum) 0};
	MemoryContext context = CurrentMemoryContext;
	CvmRetrainingPlan plan = {NULL};
	bool		isnull;

	cvm_catalog_execute("SELECT s.options || jsonb_strip_nulls(jsonb_build_object("
						"  'watermark', s.watermark, 'incremental', nullif(s.incremental, false),"
						"  'decay', s.decay)), s.incremental,"
						" CASE WHEN t.trigger = 'retrain' THEN 'asked for by hand'"
						"  WHEN $3 IS NOT NULL THEN $3"
						"  WHEN s.partial_runs + 1 >= s.full_every"
						"   THEN format('one of every %s runs', s.full_every) END"
						" FROM cvm.schedules AS s LEFT JOIN cvm.training_runs AS t"
						"  ON t.model = s.model AND t.run = $2 WHERE s.model = $1",
						3, types, values, finding != NULL ? NULL : "  n", true);
	MemoryContextSwitchTo(context); /* SPI leaves its own */
	if (SPI_processed == 0)
		return plan;
	plan.options = DatumGetJsonbPCopy(cvm_catalog_datum(0, 1, &isnull));
	plan.incremental = DatumGetBool(cvm_catalog_datum(0, 2, &isnull));
	if (plan.incremental)
		plan.full_reason = cvm_catalog_text(0, 3);
	return plan;
}

/* Moves next_due past now; says how many due times that are now in the past. */
static int64
move_next_due(const char *model, TimestampTz now)
{
	CvmCalendar calendar = {NULL};
	bool		isnull;
	Datum		due;
	Datum		every;
	int64		passed;
	Oid			types[] = {TEXTOID, TIMESTAMPTZOID};
	Datum		values[2];

	cvm_catalog_execute("SELECT next_due, every, at, time_zone FROM cvm.schedules"
						" WHERE model = $1 AND next_due <= cvm.clock()",
						MODEL(model), false);
	if (SPI_processed == 0)
		return 0;
	due = cvm_catalog_datum(0, 1, &isnull);
	every = cvm_catalog_datum(0, 2, &isnull);
	calendar.every = isnull ? NULL : DatumGetIntervalP(every);
	calendar.at = cvm_catalog_text(0, 3);
	calendar.time_zone = cvm_catalog_text(0, 4);
	values[0] = CStringGetTextDatum(model);
	values[1] = TimestampTzGetDatum(cvm_calendar_next(&calendar, DatumGetTimestampTz(due),
													  now, &passed));
	cvm_catalog_execute("UPDATE cvm.schedules SET next_due = $2 WHERE model = $1",
						2, types, values, NULL, false);
	return passed;
}

void
cvm_schedule_started(const char *model)
{
	int64		passed = move_next_due(model, cvm_clock()->now());

	if (passed > 1)
		(void) cvm_run_create(model, "schedule", CVM_RUN_SKIPPED,
							  psprintf("%s" INT64_FORMAT " due times passed without a run",
									   passed >= CVM_MOST_PASSED ? "more than " : "",
									   passed - 1), 1);
	cvm_catalog_execute("UPDATE cvm.schedules AS s SET retry_at = NULL,"
						" new_rows_at_start = new_rows, trained_at = cvm.clock(),"
						" after_run = coalesce((SELECT max(run) FROM cvm.training_runs AS t"
						"  WHERE t.model = s.after AND t.status = 'succeeded'), 0)"
						" WHERE model = $1",
						MODEL(model), false);
}

void
cvm_schedule_checked(const char *model)
{
	cvm_catalog_execute("UPDATE cvm.schedules SET next_check = cvm.clock() + check_every"
						" WHERE model = $1 AND next_check <= cvm.clock()",
						MODEL(model), false);
}

void
cvm_schedule_succeeded(const char *model, int run)
{
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(run)};

	cvm_catalog_execute("UPDATE cvm.schedules AS s SET failures = 0, retry_at = NULL,"
						" partial_runs = CASE WHEN EXISTS (SELECT FROM cvm.training_runs AS t"
						"  WHERE t.model = $1 AND t.run = $2 AND t.mode = 'partial')"
						"  THEN partial_runs + 1 ELSE 0 END,"
						" paused_at = NULL, paused_reason = NULL, recount_at = NULL,"
						" new_rows = greatest(new_rows - new_rows_at_start, 0), new_rows_at_start = 0,"
						" watermark_seen = coalesce((SELECT v.watermark FROM cvm.model_versions AS v"
						"  WHERE v.model = s.model ORDER BY v.version DESC LIMIT 1), watermark_seen)"
						" WHERE model = $1",
						2, types, values, NULL, false);
}

void
cvm_schedule_idled(const char *model, const char *watermark)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model),
	watermark != NULL ? CStringGetTextDatum(watermark) : (Datum) 0};

	cvm_catalog_execute("UPDATE cvm.schedules SET failures = 0, retry_at = NULL, recount_at = NULL,"
						" new_rows = greatest(new_rows - new_rows_at_start, 0), new_rows_at_start = 0,"
						" watermark_seen = coalesce($2, watermark_seen) WHERE model = $1",
						2, types, values, watermark != NULL ? NULL : " n", false);
}

void
cvm_schedule_failed(const char *model, const char *error)
{
	Oid			types[] = {TEXTOID, FLOAT8OID, INT4OID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), (Datum) 0,
		Int32GetDatum(cvm_pause_after_failures), CStringGetTextDatum(error)};
	char	   *reason;
	uint64		noise = cvm_hash_bytes(model, strlen(model), (uint64) cvm_clock()->now());

	values[1] = Float8GetDatum(0.75 + (double) (noise % 1024) / 2048);
	cvm_catalog_execute("UPDATE cvm.schedules SET failures = failures + 1,"
						" retry_at = CASE WHEN $3 = 0 OR failures + 1 < $3 THEN cvm.clock() +"
						"  least(interval '1 minute' * 2 ^ least(failures + 1, 20), interval '1 day') * $2 END,"
						" paused_at = CASE WHEN failures + 1 >= $3 AND $3 > 0 THEN cvm.clock() END,"
						" paused_reason = CASE WHEN failures + 1 >= $3 AND $3 > 0"
						"  THEN format('%s failures in a row, the last one: %s', failures + 1, $4) END"
						" WHERE model = $1 RETURNING paused_reason",
						4, types, values, NULL, false);
	if (SPI_processed > 0 && (reason = cvm_catalog_text(0, 1)) != NULL)
		cvm_event(CVM_EVENT_SCHEDULE_PAUSED, model, 0, 0, reason);
}
