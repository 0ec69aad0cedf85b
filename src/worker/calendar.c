/*
 * calendar.c
 *		Due times: cron expressions and intervals in PostgreSQL's time zones.
 *
 * base/cron.c knows the calendar; what a zone's clocks do is PostgreSQL's
 * knowledge, asked for one stretch without a jump after another.
 */
#include "postgres.h"

#include "fmgr.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "base/cron.h"
#include "pg/report.h"
#include "worker/calendar.h"

/* Between 1970, where cron.c counts from, and 2000, PostgreSQL's epoch. */
#define EPOCH_DIFFERENCE \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

static pg_tz *
find_zone(const char *name)
{
	pg_tz	   *zone = pg_tzset(name);

	if (zone == NULL || !pg_tz_acceptable(zone))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" is not known", name),
				 errhint("SELECT name FROM pg_timezone_names lists the time zones.")));
	return zone;
}

static int64
offset_in_zone(void *state, int64 time, int64 *until)
{
	pg_time_t	at = (pg_time_t) time;
	pg_time_t	boundary;
	long		before;
	long		after;
	int			before_is_dst;
	int			after_is_dst;
	int			found = pg_next_dst_boundary(&at, &before, &before_is_dst, &boundary,
											 &after, &after_is_dst, state);

	if (found < 0)
	{
		*until = PG_INT64_MAX;
		return 0;
	}
	*until = found > 0 ? (int64) boundary : PG_INT64_MAX;
	return before;
}

static void
parse(const char *at, CvmCron *cron)
{
	CvmError	error = {0};

	cvm_report(cvm_cron_parse(at, cron, &error), &error);
}

void
cvm_calendar_check(const CvmCalendar *calendar)
{
	CvmCron		cron;

	(void) find_zone(calendar->time_zone);
	if (calendar->at != NULL)
		parse(calendar->at, &cron);
}

static TimestampTz
cron_after(const CvmCron *cron, pg_tz *time_zone, TimestampTz after)
{
	CvmZone		zone = {offset_in_zone, time_zone};
	int64		seconds = after / USECS_PER_SEC - (after % USECS_PER_SEC < 0);
	int64		next = cvm_cron_next(cron, &zone, seconds + EPOCH_DIFFERENCE);

	return next == PG_INT64_MAX ? DT_NOEND : (next - EPOCH_DIFFERENCE) * USECS_PER_SEC;
}

static TimestampTz
next_by_cron(const char *at, pg_tz *zone, TimestampTz due, TimestampTz now, int64 *passed)
{
	CvmCron		cron;

	parse(at, &cron);
	*passed = 0;
	while (due <= now && *passed < CVM_MOST_PASSED)
	{
		++*passed;
		due = cron_after(&cron, zone, due);
	}
	return due > now && *passed > 0 ? due : cron_after(&cron, zone, now);
}

/* Periods that have surely passed: no day has 26 hours. */
static int64
least_periods(TimestampTz due, const Interval *every, TimestampTz now)
{
	double		longest = every->time +
		(every->day + every->month * 31.0) * 26 * USECS_PER_HOUR;

	return now <= due ? 0 : (int64) ((double) (now - due) / longest * 0.999999);
}

static TimestampTz
add_periods(TimestampTz due, const Interval *every, int64 count)
{
	Datum		span = DirectFunctionCall2(interval_mul, IntervalPGetDatum(every),
										   Float8GetDatum((double) count));

	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(due), span));
}

/* The least count of periods that leads past now, and where to. */
static int64
count_periods(TimestampTz due, const Interval *every, TimestampTz now, TimestampTz *next)
{
	int64		count = Max(least_periods(due, every, now), 1);

	while ((*next = add_periods(due, every, count)) <= now)
		count++;
	return count;
}

static TimestampTz
next_by_interval(const Interval *every, pg_tz *zone, TimestampTz due, TimestampTz now,
				 int64 *passed)
{
	pg_tz	   *session_zone = session_timezone;
	TimestampTz next;

	/* timestamptz + interval knows the days of the session's zone only */
	session_timezone = zone;
	PG_TRY();
	{
		*passed = count_periods(due, every, now, &next);
	}
	PG_FINALLY();
	{
		session_timezone = session_zone;
	}
	PG_END_TRY();
	*passed = due <= now ? Min(*passed, CVM_MOST_PASSED) : 0;
	return next;
}

TimestampTz
cvm_calendar_next(const CvmCalendar *calendar, TimestampTz due, TimestampTz now, int64 *passed)
{
	pg_tz	   *zone = find_zone(calendar->time_zone);

	return calendar->at != NULL
		? next_by_cron(calendar->at, zone, due, now, passed)
		: next_by_interval(calendar->every, zone, due, now, passed);
}

/* cvm.next_time(at text, time_zone text, after timestamptz) -> timestamptz */
PG_FUNCTION_INFO_V1(cvm_next_time);
Datum
cvm_next_time(PG_FUNCTION_ARGS)
{
	pg_tz	   *zone = PG_ARGISNULL(1) ? session_timezone
		: find_zone(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	TimestampTz after = PG_ARGISNULL(2) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(2);
	CvmCron		cron;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	parse(text_to_cstring(PG_GETARG_TEXT_PP(0)), &cron);
	if (TIMESTAMP_NOT_FINITE(after))
		PG_RETURN_TIMESTAMPTZ(after);
	PG_RETURN_TIMESTAMPTZ(cron_after(&cron, zone, after));
}
