/*
 * test_team.c
 *		Teams: forked processes stand for the server's workers.  What comes out is
 *		the same for every number of members.
 */
#include "check.h"

#include "learn/jobs.h"
#include "learn/network/network_fit.h"
#include "process_host.h"
#include "rows_fixture.h"

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
