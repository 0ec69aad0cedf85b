/*
 * team.c
 *		Work that several processes share.
 *
 * One word of the shared memory, the ticket, holds the number of units (high
 * half) and of those handed out (low half).  Whoever raises the low half by one
 * has the unit that it counted.  That a slow member does so with a ticket of
 * an earlier run is no harm: if the word is the same again, so is its meaning.
 *
 * A unit takes microseconds, less than it takes to wake a process.  So members
 * wait with their eyes open for a while, then let others run, and sleep only
 * when there has been nothing to do for some milliseconds.
 *
 * On a busy machine a worker may lose its processor in the middle of a unit,
 * and the leader waits for it longer than the unit would have taken.  So the
 * leader keeps the times, and where waiting outweighs working it does without
 * the others for a while.
 */
#include "base/team.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/memory.h"

#define CACHE_LINE 64

/* Looks before a member lets others run, and before it sleeps. */
#define SPINS 2000
#define LOOKS (SPINS + 2000)

/* Runs after which the leader compares its times, and for how many it may do
 * without workers at first and at most. */
#define TRIAL_RUNS 200
#define FEWEST_RUNS_ALONE 1000
#define MOST_RUNS_ALONE 64000

/* Each member looks at these all the time, so each has a cache line. */
typedef struct Board
{
	uint64_t	ticket;
	char		pad1[CACHE_LINE - sizeof(uint64_t)];
	uint32_t	done;
	char		pad2[CACHE_LINE - sizeof(uint32_t)];
	uint32_t	over;
	char		pad3[CACHE_LINE - sizeof(uint32_t)];
} Board;

struct CvmTeam
{
	const CvmJob *job;
	Board	   *board;
	void	   *own;			/* the leader's; NULL before the first run */
	void	   *allocation;		/* of a leader alone */
	void	   *handle;			/* of the host */
	double		working;		/* seconds since the last comparison */
	double		waiting;
	int			runs;			/* since then */
	int			runs_alone;		/* that are left of a time alone */
	int			next_alone;		/* runs of the next such time */
};

static const CvmTeamHost *host;

void
cvm_set_team_host(const CvmTeamHost *new_host)
{
	host = new_host;
}

/* ---- waiting ---- */

static void
relax(int *looks)
{
	if (++*looks < SPINS)
	{
#if defined(__x86_64__) || defined(__i386__)
		__builtin_ia32_pause();
#endif
		return;
	}
	cvm_check_interrupt();
	if (*looks < LOOKS)
		sched_yield();
	else
		host->nap();
}

/* ---- units ---- */

/* Takes the next unit; false: all are handed out. */
static bool
take_unit(Board *board, int *unit)
{
	uint64_t	ticket = __atomic_load_n(&board->ticket, __ATOMIC_ACQUIRE);

	while ((uint32_t) ticket < ticket >> 32)
		if (__atomic_compare_exchange_n(&board->ticket, &ticket, ticket + 1, false,
										__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		{
			*unit = (int) (uint32_t) ticket;
			return true;
		}
	return false;
}

static void
do_unit(const CvmJob *job, Board *board, void *own, int unit)
{
	job->work(own, unit);
	__atomic_fetch_add(&board->done, 1, __ATOMIC_RELEASE);
}

/* ---- the leader ---- */

int
cvm_team_possible(int workers)
{
	return host == NULL || workers <= 0 ? 0 : host->possible(workers);
}

CvmTeam *
cvm_team_begin(const CvmJob *job, size_t shared_size, int workers)
{
	CvmTeam    *team = CVM_NEW_ZERO(CvmTeam, 1);
	size_t		size = sizeof(Board) + shared_size;

	team->job = job;
	team->next_alone = FEWEST_RUNS_ALONE;
	if (host != NULL && workers > 0)
		team->board = host->begin(job, size, workers, &team->handle);
	if (team->board == NULL)
	{
		team->allocation = cvm_alloc_zero(size + CACHE_LINE, 1);
		team->board = (Board *) (((uintptr_t) team->allocation + CACHE_LINE - 1) /
								 CACHE_LINE * CACHE_LINE);
	}
	return team;
}

void *
cvm_team_shared(const CvmTeam *team)
{
	return team->board + 1;
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

/* Whether workers are worth having is seen every so many runs. */
static void
compare_times(CvmTeam *team)
{
	if (++team->runs < TRIAL_RUNS)
		return;
	if (team->waiting > team->working)
	{
		team->runs_alone = team->next_alone;
		if (team->next_alone < MOST_RUNS_ALONE)
			team->next_alone *= 2;
	}
	else
		team->next_alone = FEWEST_RUNS_ALONE;
	team->runs = 0;
	team->working = team->waiting = 0;
}

static void
run_together(CvmTeam *team, int units)
{
	Board	   *board = team->board;
	double		began = seconds();
	double		idle;
	int			looks = 0;
	int			unit;

	__atomic_store_n(&board->done, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&board->ticket, (uint64_t) units << 32, __ATOMIC_RELEASE);
	while (take_unit(board, &unit))
		do_unit(team->job, board, team->own, unit);
	idle = seconds();
	while (__atomic_load_n(&board->done, __ATOMIC_ACQUIRE) < (uint32_t) units)
		relax(&looks);
	team->working += idle - began;
	team->waiting += seconds() - idle;
	compare_times(team);
}

void
cvm_team_run(CvmTeam *team, int units)
{
	if (team->own == NULL)
		team->own = team->job->enter(cvm_team_shared(team));
	if (team->handle != NULL && team->runs_alone == 0 && units > 1)
	{
		run_together(team, units);
		return;
	}
	for (int unit = 0; unit < units; unit++)
		team->job->work(team->own, unit);
	if (team->runs_alone > 0)
		team->runs_alone--;
}

void
cvm_team_end(CvmTeam *team)
{
	if (team->own != NULL)
		team->job->leave(team->own);
	__atomic_store_n(&team->board->over, 1, __ATOMIC_RELEASE);
	if (team->handle != NULL)
		host->end(team->handle);
	cvm_release(team->allocation);
	cvm_release(team);
}

/* ---- workers ---- */

void
cvm_team_follow(const CvmJob *job, void *memory)
{
	Board	   *board = memory;
	void	   *own = NULL;
	int			looks = 0;
	int			unit;

	while (!__atomic_load_n(&board->over, __ATOMIC_ACQUIRE))
	{
		if (!take_unit(board, &unit))
		{
			relax(&looks);
			continue;
		}
		if (own == NULL)
			own = job->enter(board + 1);
		do_unit(job, board, own, unit);
		looks = 0;
	}
	if (own != NULL)
		job->leave(own);
}
