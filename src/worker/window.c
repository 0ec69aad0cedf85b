/*
 * window.c
 *		The hours in which scheduled runs may start: cvm.retrain_window.
 *
 * "22:00-06:00", by the server's TimeZone.  Runs that are at work when the
 * window closes come to their end; retrain() goes by no window.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgtime.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "pg/settings.h"
#include "worker/calendar.h"
#include "worker/window.h"

static int
minute_of_day(TimestampTz time)
{
	struct pg_tm tm;
	fsec_t		fraction;
	int			zone;

	if (timestamp2tm(time, &zone, &tm, &fraction, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return tm.tm_hour * 60 + tm.tm_min;
}

TimestampTz
cvm_retrain_window_opens(TimestampTz now)
{
	CvmCalendar calendar = {NULL};
	int			from;
	int			to;
	int			minute;
	int64		passed;

	if (!cvm_parse_window(cvm_retrain_window, &from, &to))
		return now;
	minute = minute_of_day(now);
	if (from <= to ? from <= minute && minute < to : from <= minute || minute < to)
		return now;
	calendar.at = psprintf("%d:%02d", from / 60, from % 60);
	calendar.time_zone = pg_get_timezone_name(session_timezone);
	return cvm_calendar_next(&calendar, now, now, &passed);
}
