/*
 * schedule.c
 *		schedule(), unschedule(), pause(), resume().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "catalog/access.h"
#include "catalog/events.h"
#include "catalog/registry.h"
#include "pg/clock.h"
#include "pg/options_json.h"
#include "worker/calendar.h"
#include "worker/due.h"
#include "worker/fresh_rows.h"
#include "worker/watermark.h"
#include "worker/worker.h"

/* Arguments of cvm.schedule, in order. */
enum
{
	ARG_MODEL, ARG_EVERY, ARG_MIN_NEW_ROWS, ARG_OPTIONS, ARG_AT, ARG_TIME_ZONE,
	ARG_MAX_AGE, ARG_AFTER, ARG_WATERMARK, ARG_COUNT
};

static void
connect_spi(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

/* An interval that is always a step forward, in whatever month. */
static void
check_interval(const char *model, const char *name, const Interval *interval)
{
	if (interval->time >= 0 && interval->day >= 0 && interval->month >= 0 &&
		(interval->time > 0 || interval->day > 0 || interval->month > 0))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be a positive interval in the schedule of model \"%s\"",
					name, model)));
}

/* Any chain of "after" that leads back here would never end. */
static void
check_after(const char *model, const char *after)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), CStringGetTextDatum(after)};

	(void) cvm_definition_require_use(after);
	cvm_catalog_execute("WITH RECURSIVE chain AS ("
						" SELECT $2::text AS model"
						" UNION SELECT s.after FROM chain AS c"
						" JOIN cvm.schedules AS s ON s.model = c.model WHERE s.after IS NOT NULL)"
						" SELECT FROM chain WHERE model = $1",
						2, types, values, NULL, false);
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" cannot come after \"%s\", which comes after it",
						model, after)));
}

static void
check_causes(FunctionCallInfo fcinfo, const char *name, const CvmCalendar *calendar)
{
	if (PG_ARGISNULL(ARG_EVERY) && PG_ARGISNULL(ARG_AT) && PG_ARGISNULL(ARG_MIN_NEW_ROWS) &&
		PG_ARGISNULL(ARG_MAX_AGE) && PG_ARGISNULL(ARG_AFTER))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a schedule for model \"%s\" needs a cause: every, at, min_new_rows, max_age or after",
						name),
				 errhint("For example: every => '1 day', min_new_rows => 500.")));
	if (!PG_ARGISNULL(ARG_EVERY) && !PG_ARGISNULL(ARG_AT))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a schedule for model \"%s\" goes by every or by at, not by both", name)));
	if (!PG_ARGISNULL(ARG_EVERY))
		check_interval(name, "every", calendar->every);
	if (!PG_ARGISNULL(ARG_MAX_AGE))
		check_interval(name, "max_age", PG_GETARG_INTERVAL_P(ARG_MAX_AGE));
	if (!PG_ARGISNULL(ARG_MIN_NEW_ROWS) && PG_GETARG_INT64(ARG_MIN_NEW_ROWS) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_new_rows must be positive, not " INT64_FORMAT,
						PG_GETARG_INT64(ARG_MIN_NEW_ROWS))));
	cvm_calendar_check(calendar);
}

static int64
count_rows(const CvmDefinition *definition)
{
	Oid			table = cvm_source_table(definition->source, definition->search_path);

	if (!OidIsValid(table))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("new rows of model \"%s\" cannot be counted, because its source is not a table",
						definition->model),
				 errhint("Name a watermark, a column that grows with new rows, or use every or at.")));
	return cvm_table_rows_inserted(table);
}

/* cvm.schedule(model, every, min_new_rows, options, at, time_zone, max_age, after, watermark) */
PG_FUNCTION_INFO_V1(cvm_schedule);
Datum
cvm_schedule(PG_FUNCTION_ARGS)
{
	static const Oid argument_types[] = {TEXTOID, INTERVALOID, INT8OID, JSONBOID, TEXTOID,
	TEXTOID, INTERVALOID, TEXTOID, TEXTOID};
	CvmDefinition *definition;
	CvmOptions	checked;
	CvmCalendar calendar = {NULL};
	char	   *name;
	TimestampTz now = cvm_clock()->now();
	Oid			types[ARG_COUNT + 4];
	Datum		values[ARG_COUNT + 4];
	char		nulls[ARG_COUNT + 5] = "";

	if (PG_ARGISNULL(ARG_MODEL))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("model must not be NULL")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(ARG_MODEL));
	if (!PG_ARGISNULL(ARG_EVERY))
		calendar.every = PG_GETARG_INTERVAL_P(ARG_EVERY);
	if (!PG_ARGISNULL(ARG_AT))
		calendar.at = text_to_cstring(PG_GETARG_TEXT_PP(ARG_AT));
	calendar.time_zone = PG_ARGISNULL(ARG_TIME_ZONE)
		? pg_get_timezone_name(session_timezone)
		: text_to_cstring(PG_GETARG_TEXT_PP(ARG_TIME_ZONE));
	check_causes(fcinfo, name, &calendar);

	connect_spi();
	definition = cvm_definition_require_owner(name, true);
	if (!PG_ARGISNULL(ARG_OPTIONS))
	{
		cvm_options_for_train(&checked);
		cvm_options_apply_json(&checked, PG_GETARG_JSONB_P(ARG_OPTIONS));
	}
	if (!PG_ARGISNULL(ARG_AFTER))
		check_after(name, text_to_cstring(PG_GETARG_TEXT_PP(ARG_AFTER)));

	for (int i = 0; i < ARG_COUNT; i++)
	{
		types[i] = argument_types[i];
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	values[ARG_TIME_ZONE] = CStringGetTextDatum(calendar.time_zone);
	nulls[ARG_TIME_ZONE] = ' ';
	types[ARG_COUNT] = types[ARG_COUNT + 1] = TIMESTAMPTZOID;
	types[ARG_COUNT + 2] = INT8OID;
	types[ARG_COUNT + 3] = TEXTOID;
	values[ARG_COUNT] = TimestampTzGetDatum(now);
	nulls[ARG_COUNT] = ' ';
	nulls[ARG_COUNT + 1] = 'n';
	nulls[ARG_COUNT + 2] = 'n';
	nulls[ARG_COUNT + 3] = 'n';
	if (calendar.every != NULL || calendar.at != NULL)
	{
		int64		passed;

		values[ARG_COUNT + 1] = TimestampTzGetDatum(cvm_calendar_next(&calendar, now, now, &passed));
		nulls[ARG_COUNT + 1] = ' ';
	}
	if (!PG_ARGISNULL(ARG_WATERMARK))
	{
		char	   *seen = cvm_watermark_now(definition,
											 text_to_cstring(PG_GETARG_TEXT_PP(ARG_WATERMARK)));

		values[ARG_COUNT + 3] = seen ? CStringGetTextDatum(seen) : (Datum) 0;
		nulls[ARG_COUNT + 3] = seen ? ' ' : 'n';
	}
	else if (!PG_ARGISNULL(ARG_MIN_NEW_ROWS))
	{
		values[ARG_COUNT + 2] = Int64GetDatum(count_rows(definition));
		nulls[ARG_COUNT + 2] = ' ';
	}
	cvm_catalog_execute("INSERT INTO cvm.schedules"
						" (model, every, min_new_rows, options, at, time_zone, max_age, after, watermark,"
						"  created_at, trained_at, next_due, rows_counted, watermark_seen, after_run)"
						" VALUES ($1, $2, $3, coalesce($4, '{}'), $5, $6, $7, $8, $9,"
						"  $10, $10, $11, $12, $13, coalesce((SELECT max(run) FROM cvm.training_runs"
						"   WHERE model = $8 AND status = 'succeeded'), 0))"
						" ON CONFLICT (model) DO UPDATE SET every = excluded.every,"
						" min_new_rows = excluded.min_new_rows, options = excluded.options,"
						" at = excluded.at, time_zone = excluded.time_zone,"
						" max_age = excluded.max_age, after = excluded.after,"
						" created_at = excluded.created_at, trained_at = excluded.trained_at,"
						" next_due = excluded.next_due, rows_counted = excluded.rows_counted,"
						" watermark = excluded.watermark, watermark_seen = excluded.watermark_seen,"
						" recount_at = NULL,"
						" after_run = excluded.after_run, new_rows = 0, new_rows_at_start = 0,"
						" failures = 0, retry_at = NULL, paused_at = NULL, paused_reason = NULL",
						ARG_COUNT + 4, types, values, nulls, false);
	cvm_event(CVM_EVENT_SCHEDULED, name, 0, 0, NULL);
	SPI_finish();
	if (!cvm_worker_present())
		ereport(NOTICE,
				(errmsg("no background worker is running, so nothing retrains by itself"),
				 errhint("Add cvm to shared_preload_libraries, or call cvm.run_due() from another scheduler.")));
	cvm_ask_at_commit();
	PG_RETURN_VOID();
}

/* Runs a statement on the schedule of a model of the caller's; $2: the reason. */
static void
change_schedule(FunctionCallInfo fcinfo, const char *statement, const char *reason,
				CvmEventKind event)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(name), CStringGetTextDatum(reason)};

	connect_spi();
	(void) cvm_definition_require_owner(name, true);
	cvm_catalog_execute(statement, 2, types, values, NULL, false);
	if (SPI_processed == 0)
		ereport(NOTICE, (errmsg("model \"%s\" has no schedule", name)));
	else
		cvm_event(event, name, 0, 0, reason[0] != '\0' ? reason : NULL);
	SPI_finish();
	cvm_ask_at_commit();
}

/* cvm.unschedule(model text) */
PG_FUNCTION_INFO_V1(cvm_unschedule);
Datum
cvm_unschedule(PG_FUNCTION_ARGS)
{
	change_schedule(fcinfo, "DELETE FROM cvm.schedules WHERE model = $1 AND $2 = ''", "",
					CVM_EVENT_UNSCHEDULED);
	PG_RETURN_VOID();
}

/* cvm.pause(model text, reason text) */
PG_FUNCTION_INFO_V1(cvm_pause);
Datum
cvm_pause(PG_FUNCTION_ARGS)
{
	change_schedule(fcinfo, "UPDATE cvm.schedules SET paused_at = cvm.clock(), paused_reason = $2"
					" WHERE model = $1", text_to_cstring(PG_GETARG_TEXT_PP(1)),
					CVM_EVENT_SCHEDULE_PAUSED);
	PG_RETURN_VOID();
}

/* cvm.resume(model text) */
PG_FUNCTION_INFO_V1(cvm_resume);
Datum
cvm_resume(PG_FUNCTION_ARGS)
{
	change_schedule(fcinfo, "UPDATE cvm.schedules SET paused_at = NULL, paused_reason = NULL,"
					" failures = 0, retry_at = NULL WHERE model = $1 AND $2 = ''", "",
					CVM_EVENT_SCHEDULE_RESUMED);
	PG_RETURN_VOID();
}
