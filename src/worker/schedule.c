/*
 * schedule.c
 *		schedule(), unschedule(), pause(), resume().
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "catalog/access.h"
#include "catalog/events.h"
#include "catalog/registry.h"
#include "model/learner.h"
#include "pg/clock.h"
#include "pg/options_json.h"
#include "worker/calendar.h"
#include "worker/due.h"
#include "worker/fresh_rows.h"
#include "worker/watermark.h"
#include "worker/worker.h"

/* Columns of cvm.schedules that schedule() sets: its arguments, in order, and
 * what the worker starts from. */
enum
{
	ARG_MODEL, ARG_EVERY, ARG_MIN_NEW_ROWS, ARG_OPTIONS, ARG_AT, ARG_TIME_ZONE,
	ARG_MAX_AGE, ARG_AFTER, ARG_WATERMARK, ARG_DRIFT_THRESHOLD, ARG_DECAY_THRESHOLD,
	ARG_PROBATION, ARG_CHECK_EVERY, ARG_INCREMENTAL, ARG_FULL_EVERY, ARG_DECAY,
	SET_CREATED_AT, SET_TRAINED_AT, SET_NEXT_DUE, SET_NEXT_CHECK, SET_ROWS_COUNTED,
	SET_WATERMARK_SEEN, SET_AFTER_RUN, COLUMN_COUNT
};

#define ARG_COUNT (ARG_DECAY + 1)

static const struct
{
	const char *name;
	Oid			type;
}			columns[COLUMN_COUNT] =
{
	[ARG_MODEL] = {"model", TEXTOID},
	[ARG_EVERY] = {"every", INTERVALOID},
	[ARG_MIN_NEW_ROWS] = {"min_new_rows", INT8OID},
	[ARG_OPTIONS] = {"options", JSONBOID},
	[ARG_AT] = {"at", TEXTOID},
	[ARG_TIME_ZONE] = {"time_zone", TEXTOID},
	[ARG_MAX_AGE] = {"max_age", INTERVALOID},
	[ARG_AFTER] = {"after", TEXTOID},
	[ARG_WATERMARK] = {"watermark", TEXTOID},
	[ARG_DRIFT_THRESHOLD] = {"drift_threshold", FLOAT8OID},
	[ARG_DECAY_THRESHOLD] = {"decay_threshold", FLOAT8OID},
	[ARG_PROBATION] = {"probation", INTERVALOID},
	[ARG_CHECK_EVERY] = {"check_every", INTERVALOID},
	[ARG_INCREMENTAL] = {"incremental", BOOLOID},
	[ARG_FULL_EVERY] = {"full_every", INT4OID},
	[ARG_DECAY] = {"decay", FLOAT8OID},
	[SET_CREATED_AT] = {"created_at", TIMESTAMPTZOID},
	[SET_TRAINED_AT] = {"trained_at", TIMESTAMPTZOID},
	[SET_NEXT_DUE] = {"next_due", TIMESTAMPTZOID},
	[SET_NEXT_CHECK] = {"next_check", TIMESTAMPTZOID},
	[SET_ROWS_COUNTED] = {"rows_counted", INT8OID},
	[SET_WATERMARK_SEEN] = {"watermark_seen", TEXTOID},
	[SET_AFTER_RUN] = {"after_run", INT4OID}
};

typedef struct ScheduleRow
{
	Datum		values[COLUMN_COUNT];
	char		nulls[COLUMN_COUNT + 1];
} ScheduleRow;

static void
set(ScheduleRow *row, int column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = ' ';
}

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
check_positive(FunctionCallInfo fcinfo, int argument, bool or_zero)
{
	double		value;

	if (PG_ARGISNULL(argument))
		return;
	value = PG_GETARG_FLOAT8(argument);
	if (!(value > 0 || (or_zero && value == 0)) || isinf(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be positive, not %g", columns[argument].name, value)));
}

static bool
is_incremental(FunctionCallInfo fcinfo)
{
	return !PG_ARGISNULL(ARG_INCREMENTAL) && PG_GETARG_BOOL(ARG_INCREMENTAL);
}

static void
check_incremental(FunctionCallInfo fcinfo, const char *name)
{
	if (!is_incremental(fcinfo))
	{
		if (!PG_ARGISNULL(ARG_DECAY))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("decay needs incremental => true in the schedule of model \"%s\"", name),
					 errhint("A training on all rows has no earlier knowledge to decay.")));
		return;
	}
	if (PG_ARGISNULL(ARG_WATERMARK))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("incremental needs a watermark in the schedule of model \"%s\"", name),
				 errhint("Name a column that grows with new rows, for example watermark => 'created_at'.")));
	if (!PG_ARGISNULL(ARG_FULL_EVERY) && PG_GETARG_INT32(ARG_FULL_EVERY) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("full_every must be positive, not %d", PG_GETARG_INT32(ARG_FULL_EVERY)),
				 errhint("Leave it out for one of every 10 runs, or give NULL for none.")));
	if (!PG_ARGISNULL(ARG_DECAY) &&
		!(PG_GETARG_FLOAT8(ARG_DECAY) >= 1e-6 && PG_GETARG_FLOAT8(ARG_DECAY) <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("decay must be between 1e-06 and 1, not %g", PG_GETARG_FLOAT8(ARG_DECAY)),
				 errhint("It is the factor that earlier rows count less by with each run.")));
}

static void
check_arguments(FunctionCallInfo fcinfo, const char *name, const CvmCalendar *calendar)
{
	static const int causes[] = {ARG_EVERY, ARG_AT, ARG_MIN_NEW_ROWS, ARG_MAX_AGE, ARG_AFTER,
	ARG_DRIFT_THRESHOLD, ARG_DECAY_THRESHOLD};
	static const int intervals[] = {ARG_EVERY, ARG_MAX_AGE, ARG_PROBATION, ARG_CHECK_EVERY};
	bool		has_cause = false;

	for (int i = 0; i < lengthof(causes); i++)
		has_cause |= !PG_ARGISNULL(causes[i]);
	if (!has_cause)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a schedule for model \"%s\" needs a cause: every, at, min_new_rows, max_age, after, drift_threshold or decay_threshold",
						name),
				 errhint("For example: every => '1 day', min_new_rows => 500.")));
	if (!PG_ARGISNULL(ARG_EVERY) && !PG_ARGISNULL(ARG_AT))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a schedule for model \"%s\" goes by every or by at, not by both", name)));
	for (int i = 0; i < lengthof(intervals); i++)
		if (!PG_ARGISNULL(intervals[i]))
			check_interval(name, columns[intervals[i]].name, PG_GETARG_INTERVAL_P(intervals[i]));
	if (!PG_ARGISNULL(ARG_MIN_NEW_ROWS) && PG_GETARG_INT64(ARG_MIN_NEW_ROWS) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_new_rows must be positive, not " INT64_FORMAT,
						PG_GETARG_INT64(ARG_MIN_NEW_ROWS))));
	check_incremental(fcinfo, name);
	check_positive(fcinfo, ARG_DRIFT_THRESHOLD, false);
	check_positive(fcinfo, ARG_DECAY_THRESHOLD, true);
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

static int
last_run(const char *model)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model)};

	cvm_catalog_execute("SELECT max(run) FROM cvm.training_runs"
						" WHERE model = $1 AND status = 'succeeded'",
						1, types, values, NULL, false);
	return cvm_catalog_integer(0, 1);
}

/* Inserts the row, or puts it in the place of an earlier schedule. */
static void
store(ScheduleRow *row)
{
	StringInfoData names;
	StringInfoData parameters;
	StringInfoData updates;
	Oid			types[COLUMN_COUNT];

	initStringInfo(&names);
	initStringInfo(&parameters);
	initStringInfo(&updates);
	for (int i = 0; i < COLUMN_COUNT; i++)
	{
		types[i] = columns[i].type;
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", columns[i].name);
		appendStringInfo(&parameters, "%s$%d", i > 0 ? ", " : "", i + 1);
		appendStringInfo(&updates, "%s = excluded.%s, ", columns[i].name, columns[i].name);
	}
	cvm_catalog_execute(psprintf("INSERT INTO cvm.schedules (%s) VALUES (%s)"
								 " ON CONFLICT (model) DO UPDATE SET %s new_rows = 0,"
								 " new_rows_at_start = 0, recount_at = NULL, failures = 0,"
								 " partial_runs = 0, retry_at = NULL, paused_at = NULL,"
								 " paused_reason = NULL",
								 names.data, parameters.data, updates.data),
						COLUMN_COUNT, types, row->values, row->nulls, false);
}

/* Whether something has to be looked after between trainings. */
static bool
wants_checks(FunctionCallInfo fcinfo, const CvmOptions *options)
{
	return !PG_ARGISNULL(ARG_DRIFT_THRESHOLD) || !PG_ARGISNULL(ARG_DECAY_THRESHOLD) ||
		!PG_ARGISNULL(ARG_PROBATION) || options->promote == CVM_PROMOTE_CHALLENGER;
}

/* Says that incremental will do nothing. */
static void
notice_full_runs(const CvmDefinition *definition)
{
	const CvmLearner *learner = cvm_learner_by_name(definition->algorithm);

	if (learner != NULL && learner->partial_fit == NULL)
		ereport(NOTICE,
				(errmsg("algorithm \"%s\" cannot learn from new rows alone, so every run will learn from all rows",
						learner->name)));
}

/* cvm.schedule(...): the arguments are the first columns above */
PG_FUNCTION_INFO_V1(cvm_schedule);
Datum
cvm_schedule(PG_FUNCTION_ARGS)
{
	CvmDefinition *definition;
	CvmOptions	options;
	CvmCalendar calendar = {NULL};
	CvmCalendar checks = {NULL};
	ScheduleRow row = {{0}};
	char	   *name;
	TimestampTz now = cvm_clock()->now();
	int64		passed;

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
	check_arguments(fcinfo, name, &calendar);

	connect_spi();
	definition = cvm_definition_require_owner(name, true);
	cvm_options_for_train(&options);
	cvm_options_apply_json(&options, definition->options, definition->algorithm);
	if (!PG_ARGISNULL(ARG_OPTIONS))
		cvm_options_apply_json(&options, PG_GETARG_JSONB_P(ARG_OPTIONS), definition->algorithm);
	if (!PG_ARGISNULL(ARG_AFTER))
		check_after(name, text_to_cstring(PG_GETARG_TEXT_PP(ARG_AFTER)));

	memset(row.nulls, 'n', COLUMN_COUNT);
	for (int i = 0; i < ARG_COUNT; i++)
		if (!PG_ARGISNULL(i))
			set(&row, i, PG_GETARG_DATUM(i));
	set(&row, ARG_INCREMENTAL, BoolGetDatum(is_incremental(fcinfo)));
	set(&row, ARG_TIME_ZONE, CStringGetTextDatum(calendar.time_zone));
	if (PG_ARGISNULL(ARG_OPTIONS))
		set(&row, ARG_OPTIONS, DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	if (PG_ARGISNULL(ARG_CHECK_EVERY))
		set(&row, ARG_CHECK_EVERY, DirectFunctionCall3(interval_in, CStringGetDatum("1 day"),
													   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	set(&row, SET_CREATED_AT, TimestampTzGetDatum(now));
	set(&row, SET_TRAINED_AT, TimestampTzGetDatum(now));
	set(&row, SET_AFTER_RUN, Int32GetDatum(0));
	if (calendar.every != NULL || calendar.at != NULL)
		set(&row, SET_NEXT_DUE, TimestampTzGetDatum(cvm_calendar_next(&calendar, now, now, &passed)));
	if (wants_checks(fcinfo, &options))
	{
		checks.every = DatumGetIntervalP(row.values[ARG_CHECK_EVERY]);
		checks.time_zone = calendar.time_zone;
		set(&row, SET_NEXT_CHECK, TimestampTzGetDatum(cvm_calendar_next(&checks, now, now, &passed)));
	}
	if (!PG_ARGISNULL(ARG_WATERMARK))
	{
		char	   *seen = cvm_watermark_now(definition,
											 text_to_cstring(PG_GETARG_TEXT_PP(ARG_WATERMARK)));

		if (seen != NULL)
			set(&row, SET_WATERMARK_SEEN, CStringGetTextDatum(seen));
	}
	else if (!PG_ARGISNULL(ARG_MIN_NEW_ROWS))
		set(&row, SET_ROWS_COUNTED, Int64GetDatum(count_rows(definition)));
	if (!PG_ARGISNULL(ARG_AFTER))
		set(&row, SET_AFTER_RUN, Int32GetDatum(last_run(text_to_cstring(PG_GETARG_TEXT_PP(ARG_AFTER)))));
	store(&row);
	cvm_event(CVM_EVENT_SCHEDULED, name, 0, 0, NULL);
	if (is_incremental(fcinfo))
		notice_full_runs(definition);
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
