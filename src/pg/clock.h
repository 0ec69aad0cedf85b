/*
 * clock.h
 *		The time that schedules and runs go by, and waiting for it.
 *
 * A table of two functions, so that tests live through a year without
 * sleeping: with the setting cvm.mock_clock (a developer's one) the time is
 * what the setting says, and waiting ends when it or the latch is set.
 */
#ifndef CVM_CLOCK_H
#define CVM_CLOCK_H

#include "postgres.h"
#include "utils/timestamp.h"

typedef struct CvmClock
{
	TimestampTz (*now) (void);

	/* Until that time, this process' latch, a signal or the postmaster's end. */
	void		(*wait) (TimestampTz until);
} CvmClock;

extern const CvmClock *cvm_clock(void);

#endif							/* CVM_CLOCK_H */
