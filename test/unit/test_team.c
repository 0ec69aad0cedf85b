/*
 * test_team.c
 *		Teams: forked processes stand for the server's workers.  What comes out is
 *		the same for every number of members.
 */
#include "check.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/team.h"
#include "learn/jobs.h"
#include "learn/network/network_fit.h"
#include "rows_fixture.h"

/* ---- a host of processes ---- */

#define MOST_WORKERS 8

typedef struct Crew
{
	void	   *memory;
	size_t		size;
	int			workers;
	pid_t		worker[MOST_WORKERS];
} Crew;

static int	workers_to_have;
static int	workers_asked;		/* for the last team */
static int *naps;				/* of all processes */

static void *
share(size_t size)
{
	void	   *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

static void *
begin(const CvmJob *job, size_t size, int workers, void **handle)
{
	Crew	   *crew = CVM_NEW_ZERO(Crew, 1);

	workers_asked = workers;
	crew->size = size;
	crew->memory = share(size);
	crew->workers = workers < workers_to_have ? workers : workers_to_have;
	for (int i = 0; i < crew->workers; i++)
	{
		crew->worker[i] = fork();
		if (crew->worker[i] == 0)
		{
			cvm_team_follow(job, crew->memory);
			_exit(0);
		}
	}
	*handle = crew;
	return crew->memory;
}

static void
end(void *handle)
{
	Crew	   *crew = handle;

	for (int i = 0; i < crew->workers; i++)
	{
		int			status;

		CHECK(waitpid(crew->worker[i], &status, 0) == crew->worker[i]);
		CHECK(status == 0);
	}
	munmap(crew->memory, crew->size);
	cvm_release(crew);
}

static void
nap(void)
{
	struct timespec millisecond = {0, 1000000};

	__atomic_fetch_add(naps, 1, __ATOMIC_RELAXED);
	nanosleep(&millisecond, NULL);
}

static const CvmTeamHost processes = {begin, end, nap};

/* ---- a job ---- */

#define UNITS 1000

typedef struct Sums
{
	int			factor;			/* what the leader fills in */
	int			entered;
	int			left;
	int			times[UNITS];	/* that a unit was done */
	long		results[UNITS];
} Sums;

static void *
enter_sums(void *shared)
{
	__atomic_fetch_add(&((Sums *) shared)->entered, 1, __ATOMIC_RELAXED);
	return shared;
}

static void
work_sums(void *own, int unit)
{
	Sums	   *sums = own;

	sums->times[unit]++;
	sums->results[unit] = (long) sums->factor * unit;
}

static void
leave_sums(void *own)
{
	__atomic_fetch_add(&((Sums *) own)->left, 1, __ATOMIC_RELAXED);
}

static const CvmJob sum_job = {.enter = enter_sums,.work = work_sums,.leave = leave_sums};

static void
test_units(void)
{
	for (workers_to_have = 0; workers_to_have <= 4; workers_to_have += 2)
	{
		CvmTeam    *team = cvm_team_begin(&sum_job, sizeof(Sums), 4);
		Sums	   *sums = cvm_team_shared(team);
		bool		right = true;

		CHECK((uintptr_t) sums % 64 == 0);
		for (int run = 1; run <= 2000; run++)
		{
			int			units = run % 7 == 0 ? UNITS : 1 + run % 5;

			memset(sums->times, 0, sizeof(sums->times));
			sums->factor = run;
			cvm_team_run(team, units);
			for (int unit = 0; unit < UNITS; unit++)
				right = right && sums->times[unit] == (unit < units) &&
					(unit >= units || sums->results[unit] == (long) run * unit);
		}
		CHECK(right);
		CHECK(sums->entered >= 1 && sums->entered <= workers_to_have + 1);
		cvm_team_run(team, 0);
		if (workers_to_have == 4)
		{
			/* workers that have nothing to do sleep, and wake up again */
			struct timespec moment = {0, 1000000};

			for (int i = 0; i < 5000 && __atomic_load_n(naps, __ATOMIC_RELAXED) == 0; i++)
				nanosleep(&moment, NULL);
			CHECK(__atomic_load_n(naps, __ATOMIC_RELAXED) > 0);
			sums->factor = 7;
			cvm_team_run(team, UNITS);
			CHECK(sums->results[UNITS - 1] == 7 * (UNITS - 1));
		}
		cvm_team_end(team);
	}
}

static void
test_jobs(void)
{
	for (int i = 0; i < CVM_JOB_COUNT; i++)
		CHECK(cvm_jobs[i] != NULL && cvm_jobs[i]->number == i);
}

/* ---- networks ---- */

/* Bit by bit the same network, whoever computed its gradients. */
static void
test_network(void)
{
	Rows		rows;
	CvmNetwork	network = {.family = CVM_SOFTMAX,.dense_columns = 8,.coded_columns = 2,.slots = 14,
	.hidden_layers = 2,.units = {64, 32},.outputs = 3,.scale = 1};
	CvmOptions	options;
	CvmNetworkFit fits[3];
	CvmError	error;

	rows_create(&rows, CVM_SOFTMAX, 3, 8, 2, 20000, 1, 5);
	cvm_options_for_train(&options);
	options.dropout = 0.1;
	options.epochs = 25;
	options.batch_size = 600;
	for (int i = 0; i < 3; i++)
	{
		workers_asked = 0;
		workers_to_have = i;
		CHECK(cvm_fit_network(&network, &rows.source, NULL, &options, NULL, NULL,
							  &fits[i], &error) == CVM_OK);
	}
	for (int i = 1; i < 3; i++)
		CHECK(memcmp(fits[i].parameters, fits[0].parameters,
					 cvm_network_parameters(&network) * sizeof(double)) == 0);
	for (int i = 0; i < 3; i++)
		cvm_release(fits[i].parameters);
	CHECK(workers_asked >= 2);

	/* a small training is not worth a worker */
	workers_asked = 0;
	options.epochs = 1;
	CHECK(cvm_fit_network(&network, &rows.source, NULL, &options, NULL, NULL, &fits[0], &error) == CVM_OK);
	CHECK(workers_asked == 0);
	cvm_release(fits[0].parameters);
	rows_free(&rows);
}

int
main(void)
{
	naps = share(sizeof(int));
	cvm_set_team_host(&processes);
	test_units();
	test_jobs();
	test_network();
	return check_done();
}
