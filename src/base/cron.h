/*
 * cron.h
 *		Times that repeat by the calendar: "30 3 * * mon-fri", "@daily", "03:30".
 *
 * Five fields, separated by blanks: minute (0-59), hour (0-23), day of the
 * month (1-31, L for the last one), month (1-12 or jan-dec), day of the week
 * (0-7 or sun-sat, 0 and 7 are Sunday).  A field is a list of numbers, ranges
 * and steps: "*", "5", "1-5", "0,30", "*" with "/15", "8-18/2".  Where both
 * days are restricted, that is, begin with no star, either will do, as in
 * Vixie's cron (1987).  "@hourly", "@daily" ("@midnight"), "@weekly",
 * "@monthly", "@yearly" ("@annually") and a time of day, "03:30", are short
 * for such expressions.
 *
 * Local time is not steady.  A time that the clock skips (summer time begins)
 * is due when the gap ends; a time that comes twice (summer time ends) is due
 * the first time only.  An expression for every hour goes by elapsed time: it
 * skips nothing and comes in both passes.
 *
 * Knows no PostgreSQL: what the zone's clocks do is asked of the caller.
 */
#ifndef CVM_CRON_H
#define CVM_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct CvmCron
{
	uint64_t	minutes;		/* bit n: minute n */
	uint32_t	hours;
	uint32_t	days;			/* bits 1 to 31 */
	uint32_t	months;			/* bits 1 to 12 */
	uint32_t	weekdays;		/* bits 0 (Sunday) to 6 */
	bool		last_day;		/* of the month */
	bool		either_day;		/* day or weekday, not both */
} CvmCron;

/*
 * A time zone.  offset: seconds that local time is ahead of UTC at this time
 * (seconds since 1970 UTC); *until: when that ends, or INT64_MAX.
 */
typedef struct CvmZone
{
	int64_t		(*offset) (void *state, int64_t time, int64_t *until);
	void	   *state;
} CvmZone;

/* CVM_BAD_OPTION when the text is no such expression or can never come. */
extern CvmStatus cvm_cron_parse(const char *text, CvmCron *cron, CvmError *error);

/* The first time after this one, in seconds since 1970 UTC. */
extern int64_t cvm_cron_next(const CvmCron *cron, const CvmZone *zone, int64_t after);

#endif							/* CVM_CRON_H */
