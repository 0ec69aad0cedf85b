/*
 * priority.c
 *		Leaving the processors to others for a while.
 *
 * A niceness alone does nothing on many Linux systems: where the kernel groups
 * processes by session (sched_autogroup), it counts among those of one session
 * only, and every process of the server is a session of its own.  There the
 * group has a niceness too, which unlike that of the process anybody may take
 * back.  But on the whole system one may be set every tenth of a second only;
 * so nothing is done about work that is over sooner, and a timer goes on
 * trying.  Its handler makes system calls and nothing else.
 *
 * Short slices (Linux 6.12): others that wake up need not wait until a long one
 * is used up, and what share is left to us comes soon, so that whoever waits
 * for us in turn does not wait for long.
 *
 * Even so the system gives a process of that kind every gap of a few
 * microseconds, which is a third of a processor beside sessions that answer short
 * queries, and they find their processor cold or taken.  So who has to wait for
 * a processor while it learns concludes that others want it, and rests.
 */
#include "postgres.h"

#include <fcntl.h>
#include <math.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#include <sys/syscall.h>
#endif

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "pg/priority.h"

/* Work that takes less is in nobody's way; between attempts, too. */
#define PATIENCE_MS 200

static int	wanted_nice = 0;	/* 0: none */
static volatile sig_atomic_t is_lowered = false;
static char group_nice_text[12];
static bool is_registered = false;
static TimeoutId timer;

/* What the process has had of the processors, in nanoseconds. */
typedef struct Usage
{
	uint64		at;				/* by the clock */
	uint64		ran;
	uint64		waited;			/* for a processor, ready to run */
} Usage;

static Usage window;			/* as it began; at is 0 before the first */

#define WINDOW_NS (2 * INT64CONST(1000000))
#define CONTENDED 0.05		/* share of waiting that tells of others */
#define LEAST_SHARE 0.03		/* of the time, when others want a processor */
#define LONGEST_REST_MS 250

#ifdef __linux__

#define SLICE_NS 100000			/* the shortest there is */
#define MOST_ATTEMPTS 3

/* As in linux/sched/types.h, which may be older than the kernel. */
typedef struct SchedulingAttributes
{
	uint32		size;
	uint32		policy;
	uint64		flags;
	int32		nice;
	uint32		priority;
	uint64		runtime;
	uint64		deadline;
	uint64		period;
} SchedulingAttributes;

/* false: too soon after the last one. */
static bool
write_group_nice(const char *nice)
{
	int			file = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	bool		again;

	if (file < 0)
		return true;			/* there are no groups */
	again = write(file, nice, strlen(nice)) < 0 && errno == EAGAIN;
	close(file);
	return !again;
}

static void
set_slices(int nice)
{
#ifdef SYS_sched_setattr
	SchedulingAttributes attributes = {sizeof(SchedulingAttributes), SCHED_OTHER};

	attributes.nice = nice;
	attributes.runtime = SLICE_NS;
	(void) syscall(SYS_sched_setattr, 0, &attributes, 0);
#endif
}

/* false: the system does not tell. */
static bool
read_usage(Usage *usage)
{
	char		text[64];
	int			file = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
	ssize_t		size;

	if (file < 0)
		return false;
	size = read(file, text, sizeof(text) - 1);
	close(file);
	if (size <= 0)
		return false;
	text[size] = '\0';
	return sscanf(text, UINT64_FORMAT " " UINT64_FORMAT, &usage->ran, &usage->waited) == 2;
}

static void
raise_group(void)
{
	for (int attempt = 1; !write_group_nice("0") && attempt < MOST_ATTEMPTS; attempt++)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 PATIENCE_MS / 2, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

#else

static bool
write_group_nice(const char *nice)
{
	return true;
}

static void
set_slices(int nice)
{
}

static bool
read_usage(Usage *usage)
{
	return false;
}

static void
raise_group(void)
{
}

#endif

static void
lower(void)
{
	int			kept_errno = errno;

	if (!is_lowered)
	{
		(void) setpriority(PRIO_PROCESS, 0, wanted_nice);
		set_slices(wanted_nice);
		is_lowered = write_group_nice(group_nice_text);
	}
	errno = kept_errno;
}

void
cvm_priority_lower(int nice)
{
	if (!is_registered)
		timer = RegisterTimeout(USER_TIMEOUT, lower);
	is_registered = true;
	wanted_nice = nice;
	window.at = 0;
	snprintf(group_nice_text, sizeof(group_nice_text), "%d", nice);
	enable_timeout_every(timer,
						 TimestampTzPlusMilliseconds(GetCurrentTimestamp(), PATIENCE_MS),
						 PATIENCE_MS);
}

void
cvm_priority_raise(void)
{
	if (wanted_nice == 0)
		return;
	disable_timeout(timer, false);
	wanted_nice = 0;
	if (!is_lowered)
		return;
	is_lowered = false;
	(void) setpriority(PRIO_PROCESS, 0, 0);
	raise_group();
}

static uint64
clock_now(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64) now.tv_sec * UINT64CONST(1000000000) + now.tv_nsec;
}

/*
 * How long to rest after a window.  The time in which the process was ready to
 * run counts, not just that in which it ran: it is in the others' way for all
 * of it.  The share is as the kernel's weights have it, a factor of 1.25 for each
 * step of nice.
 */
static long
rest_after(const Usage *now)
{
	double		waited = now->waited - window.waited;
	double		ready = now->ran - window.ran + waited;
	double		share = fmax(LEAST_SHARE, pow(1.25, -wanted_nice));

	if (waited <= CONTENDED * ready)
		return 0;
	return (long) ceil(fmin(LONGEST_REST_MS, ready * (1 / share - 1) / 1e6));
}

void
cvm_priority_pace(void)
{
	Usage		now;
	long		rest = 0;

	if (!is_lowered)
		return;
	now.at = clock_now();
	if (now.at - window.at < WINDOW_NS)
		return;
	if (!read_usage(&now))
		return;
	if (window.at > 0)
		rest = rest_after(&now);
	if (rest > 0)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, rest,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		/* waiting for a processor after that says nothing new */
		(void) read_usage(&now);
		now.at = clock_now();
	}
	window = now;
}

int
cvm_priority_wanted(void)
{
	return wanted_nice;
}
