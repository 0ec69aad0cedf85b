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
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/resource.h>
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

int
cvm_priority_wanted(void)
{
	return wanted_nice;
}
