/*
 * test_cron.c
 *		Cron expressions against the calendar, and against clocks that jump.
 *
 * Times are written as UTC; the zones are made by hand after Europe/Berlin
 * (2026: +1 h, +2 h from 29 March 01:00 to 25 October 01:00 UTC) and Lord
 * Howe (+10:30 and +11, half an hour of summer time).
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cron.h"

typedef struct Jump
{
	int64_t		at;
	int64_t		offset;			/* from then on */
} Jump;

static int64_t
utc(const char *text)
{
	struct tm	tm = {0};

	if (sscanf(text, "%d-%d-%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
			   &tm.tm_hour, &tm.tm_min, &tm.tm_sec) < 5)
		abort();
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t) timegm(&tm);
}

static int64_t
offset_from_jumps(void *state, int64_t time, int64_t *until)
{
	const Jump *jump = state;

	while (jump[1].at <= time)
		jump++;
	*until = jump[1].at;
	return jump->offset;
}

static int64_t
next_time(const char *expression, Jump *jumps, const char *after)
{
	CvmZone		zone = {offset_from_jumps, jumps};
	CvmError	error = {0};
	CvmCron		cron;

	if (cvm_cron_parse(expression, &cron, &error) != CVM_OK)
	{
		printf("%s: %s\n", expression, error.message);
		return -1;
	}
	return cvm_cron_next(&cron, &zone, utc(after));
}

static Jump plain[] = {{INT64_MIN, 0}, {INT64_MAX, 0}};

#define NEXT(expression, jumps, after, expected) \
	CHECK(next_time(expression, jumps, after) == utc(expected))

static void
calendar(void)
{
	NEXT("* * * * *", plain, "2026-01-31 23:59:30", "2026-02-01 00:00");
	NEXT("* * * * *", plain, "2026-01-31 23:59:00", "2026-02-01 00:00");
	NEXT("*/15 * * * *", plain, "2026-01-31 23:44:59", "2026-01-31 23:45");
	NEXT("30 3 * * *", plain, "2026-01-31 03:29:59", "2026-01-31 03:30");
	NEXT("30 3 * * *", plain, "2026-01-31 03:30", "2026-02-01 03:30");
	NEXT("03:30", plain, "2026-01-31 03:30", "2026-02-01 03:30");
	NEXT("3:05", plain, "2026-01-31 03:30", "2026-02-01 03:05");
	NEXT("0 9-17/4 * * *", plain, "2026-01-31 09:00", "2026-01-31 13:00");
	NEXT("0,30 8 * * *", plain, "2026-01-31 08:00", "2026-01-31 08:30");
	NEXT("0 0 29 2 *", plain, "2026-01-01 00:00", "2028-02-29 00:00");
	NEXT("0 0 29 2 *", plain, "2096-03-01 00:00", "2104-02-29 00:00");
	NEXT("0 0 29 2 *", plain, "1999-03-01 00:00", "2000-02-29 00:00");
	NEXT("0 0 L * *", plain, "2027-02-01 00:00", "2027-02-28 00:00");
	NEXT("0 0 L * *", plain, "2028-02-01 00:00", "2028-02-29 00:00");
	NEXT("0 0 L 12 *", plain, "2028-02-01 00:00", "2028-12-31 00:00");
	NEXT("0 0 31 * *", plain, "2026-03-31 00:00", "2026-05-31 00:00");
	/* 2026-01-01 was a Thursday */
	NEXT("0 0 * * mon-fri", plain, "2026-01-02 00:00", "2026-01-05 00:00");
	NEXT("0 0 * * Sun", plain, "2026-01-02 00:00", "2026-01-04 00:00");
	NEXT("0 0 * * 7", plain, "2026-01-02 00:00", "2026-01-04 00:00");
	NEXT("0 0 13 * fri", plain, "2026-01-02 00:00", "2026-01-09 00:00");
	NEXT("0 0 13 * fri", plain, "2026-01-09 00:00", "2026-01-13 00:00");
	NEXT("0 0 */2 * fri", plain, "2026-01-02 00:00", "2026-01-09 00:00");
	NEXT("0 0 1 JAN,jul *", plain, "2026-01-01 00:00", "2026-07-01 00:00");
	NEXT("@yearly", plain, "2026-01-01 00:00", "2027-01-01 00:00");
	NEXT("@Weekly", plain, "2026-01-01 00:00", "2026-01-04 00:00");
	NEXT("  @monthly", plain, "2026-01-01 00:00", "2026-02-01 00:00");
	NEXT("0 12 * * *", plain, "1969-12-30 12:00", "1969-12-31 12:00");
	NEXT("@hourly", plain, "1900-02-28 23:30", "1900-03-01 00:00");
}

static void
jumping_clocks(void)
{
	Jump		berlin[] = {{INT64_MIN, 3600}, {0, 7200}, {0, 3600}, {INT64_MAX, 0}};
	Jump		lord_howe[] = {{INT64_MIN, 39600}, {0, 37800}, {0, 39600}, {INT64_MAX, 0}};
	Jump		samoa[] = {{INT64_MIN, -36000}, {0, 50400}, {INT64_MAX, 0}};

	berlin[1].at = utc("2026-03-29 01:00");
	berlin[2].at = utc("2026-10-25 01:00");

	NEXT("0 12 * * *", berlin, "2026-03-28 11:00", "2026-03-29 10:00");
	NEXT("0 12 * * *", berlin, "2026-10-24 10:00", "2026-10-25 11:00");

	/* 02:30 does not exist on 29 March: due when the gap ends, once */
	NEXT("30 2 * * *", berlin, "2026-03-28 01:30", "2026-03-29 01:00");
	NEXT("30 2 * * *", berlin, "2026-03-29 01:00", "2026-03-30 00:30");
	NEXT("0,30 2 * * *", berlin, "2026-03-29 01:00", "2026-03-30 00:00");
	NEXT("0 3 * * *", berlin, "2026-03-28 23:00", "2026-03-29 01:00");
	NEXT("0 2,3 * * *", berlin, "2026-03-29 01:00", "2026-03-30 00:00");
	NEXT("30 2 1 * *", berlin, "2026-03-28 12:00", "2026-04-01 00:30");
	/* every hour: nothing is made up for */
	NEXT("30 * * * *", berlin, "2026-03-29 00:30", "2026-03-29 01:30");

	/* 02:30 comes twice on 25 October: due the first time only */
	NEXT("30 2 * * *", berlin, "2026-10-24 12:00", "2026-10-25 00:30");
	NEXT("30 2 * * *", berlin, "2026-10-25 00:30", "2026-10-26 01:30");
	NEXT("30 2 * * *", berlin, "2026-10-25 01:10", "2026-10-26 01:30");
	NEXT("0 3 * * *", berlin, "2026-10-25 00:30", "2026-10-25 02:00");
	NEXT("30 * * * *", berlin, "2026-10-25 00:30", "2026-10-25 01:30");
	NEXT("*/20 * * * *", berlin, "2026-10-25 00:40", "2026-10-25 01:00");

	lord_howe[1].at = utc("2026-04-04 15:00");
	lord_howe[2].at = utc("2026-10-03 15:30");
	NEXT("45 1 * * *", lord_howe, "2026-04-04 00:00", "2026-04-04 14:45");
	NEXT("45 1 * * *", lord_howe, "2026-04-04 14:45", "2026-04-05 15:15");
	NEXT("15 2 * * *", lord_howe, "2026-10-02 20:00", "2026-10-03 15:30");

	/* a whole day is left out: 30 December 2011 */
	samoa[1].at = utc("2011-12-30 10:00");
	NEXT("0 12 * * *", samoa, "2011-12-29 22:00", "2011-12-30 10:00");
	NEXT("0 12 * * *", samoa, "2011-12-30 10:00", "2011-12-30 22:00");
}

static void
refusals(void)
{
	static const char *const bad[] = {
		"", "   ", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *",
		"* * 32 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *",
		"*/-5 * * * *", "*/99 * * * *", "5/10 * * * *", "1,,2 * * * *", ",1 * * * *",
		"1, * * * *", "1- * * * *", "-1 * * * *", "a * * * *", "* * * foo *",
		"* * * * monday", "0 0 30 2 *", "0 0 31 apr,jun *", "24:00", "3:5", "3:60", "03:30 ",
		"99999999999999999999 * * * *", "*/99999999999999999999 * * * *", "@often",
		"L * * * *", "**", "* * * * *x", "1-2-3 * * * *", "1/ * * * *"
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		CvmError	error = {0};
		CvmCron		cron;

		CHECK(cvm_cron_parse(bad[i], &cron, &error) == CVM_BAD_OPTION);
		CHECK(error.message[0] != '\0' && error.hint[0] != '\0');
	}
}

/* Every time of a year by the search, and by looking at every minute. */
static void
against_every_minute(void)
{
	static const char *const expressions[] = {
		"7 */6 * * *", "0 0 1,15 * wed", "30 4 L * *", "*/37 3-5 * feb *", "0 22 * * 1-5"
	};
	CvmZone		zone = {offset_from_jumps, plain};

	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++)
	{
		CvmCron		cron;
		CvmError	error;
		int64_t		at = utc("2028-01-01 00:00") - 1;
		int64_t		end = utc("2029-01-01 00:00");
		int64_t		found;

		CHECK(cvm_cron_parse(expressions[i], &cron, &error) == CVM_OK);
		found = cvm_cron_next(&cron, &zone, at);
		for (int64_t minute = at + 1; minute < end; minute += 60)
		{
			time_t		seconds = (time_t) minute;
			time_t		tomorrow = seconds + 86400;
			struct tm	tm;
			struct tm	after;
			bool		by_day;
			bool		by_weekday;

			gmtime_r(&seconds, &tm);
			gmtime_r(&tomorrow, &after);
			by_day = ((cron.days >> tm.tm_mday) & 1) || (cron.last_day && after.tm_mday == 1);
			by_weekday = (cron.weekdays >> tm.tm_wday) & 1;
			if (((cron.minutes >> tm.tm_min) & 1) && ((cron.hours >> tm.tm_hour) & 1) &&
				((cron.months >> (tm.tm_mon + 1)) & 1) &&
				(cron.either_day ? by_day || by_weekday : by_day && by_weekday))
			{
				if (found != minute)
				{
					CHECK(found == minute);
					break;
				}
				found = cvm_cron_next(&cron, &zone, minute);
			}
		}
		CHECK(found >= end);
	}
}

int
main(void)
{
	calendar();
	jumping_clocks();
	refusals();
	against_every_minute();
	return check_done();
}
