/*
 * clock.c
 *		The time that schedules and runs go by, and waiting for it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"

#include "pg/clock.h"
#include "pg/settings.h"

static void
real_wait(TimestampTz until)
{
	TimestampTz now = GetCurrentTimestamp();
	long		milliseconds = until <= now ? 0 : TimestampDifferenceMilliseconds(now, until);

	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 milliseconds, PG_WAIT_EXTENSION);
}

static TimestampTz
mock_now(void)
{
	return (TimestampTz) cvm_mock_clock * USECS_PER_SEC;
}

/* A change of the setting comes with SIGHUP, which sets the latch. */
static void
mock_wait(TimestampTz until)
{
	if (until > mock_now())
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, 0, PG_WAIT_EXTENSION);
}

static const CvmClock real_clock = {GetCurrentTimestamp, real_wait};
static const CvmClock mock_clock = {mock_now, mock_wait};

const CvmClock *
cvm_clock(void)
{
	return cvm_mock_clock >= 0 ? &mock_clock : &real_clock;
}

/* cvm.clock() -> timestamptz */
PG_FUNCTION_INFO_V1(cvm_clock_now);
Datum
cvm_clock_now(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(cvm_clock()->now());
}
