/*
 * calendar.h
 *		Due times: cron expressions and intervals in PostgreSQL's time zones.
 */
#ifndef CVM_CALENDAR_H
#define CVM_CALENDAR_H

#include "postgres.h"
#include "utils/timestamp.h"

typedef struct CvmCalendar
{
	const Interval *every;		/* or NULL */
	const char *at;				/* cron expression (base/cron.h), or NULL */
	const char *time_zone;		/* whose days and months both go by */
} CvmCalendar;

/* Errors when the text is no cron expression, or there is no such zone. */
extern void cvm_calendar_check(const CvmCalendar *calendar);

/*
 * The first due time after "now" in the series that "due" is part of: the
 * times of the expression, else due + every, due + 2 every, ...
 * *passed: how many times of the series, from due on, are not after now;
 * counted up to CVM_MOST_PASSED.
 */
extern TimestampTz cvm_calendar_next(const CvmCalendar *calendar, TimestampTz due,
									 TimestampTz now, int64 *passed);

#define CVM_MOST_PASSED 10000

#endif							/* CVM_CALENDAR_H */
