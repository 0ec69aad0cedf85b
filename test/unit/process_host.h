/*
 * process_host.h
 *		Forked processes that stand for the server's workers.
 */
#ifndef CVM_PROCESS_HOST_H
#define CVM_PROCESS_HOST_H

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/team.h"

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

static int
possible(int workers)
{
	return workers < workers_to_have ? workers : workers_to_have;
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

static const CvmTeamHost processes = {possible, begin, end, nap};

#endif							/* CVM_PROCESS_HOST_H */
