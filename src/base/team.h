/*
 * team.h
 *		Work that several processes share.
 *
 * The leader of a team has a job done: units of work over memory that all
 * members see.  Each unit reads what the leader has put there and writes a
 * place of its own, so that nothing depends on who does a unit, or when, or on
 * how many members there are: the leader puts the results together in the
 * order of the units.  A team without workers is the leader alone.
 *
 * Units are handed out one by one, so that a member which starts late or is
 * slow holds up no other for longer than a unit.
 */
#ifndef CVM_TEAM_H
#define CVM_TEAM_H

#include <stddef.h>

typedef struct CvmJob
{
	int			number;			/* by which a worker finds it: src/learn/jobs.h */

	/* What a member keeps for itself; the leader has filled the memory before. */
	void	   *(*enter) (void *shared);
	void		(*work) (void *own, int unit);
	void		(*leave) (void *own);
} CvmJob;

typedef struct CvmTeam CvmTeam;

/* How many of so many workers a team might have now. */
extern int	cvm_team_possible(int workers);

/* shared_size bytes of shared memory, zeroed; workers: as many as can be had, 0 for none. */
extern CvmTeam *cvm_team_begin(const CvmJob *job, size_t shared_size, int workers);
extern void *cvm_team_shared(const CvmTeam *team);

/* Has units 0 .. units - 1 done, and returns when they are. */
extern void cvm_team_run(CvmTeam *team, int units);

/* Also ends the workers; not needed after an error in the server. */
extern void cvm_team_end(CvmTeam *team);

/* What a worker does from its start to its end. */
extern void cvm_team_follow(const CvmJob *job, void *memory);

/*
 * How the host has workers.  possible: at most so many of those wanted.  begin: memory of that size, aligned to 64 bytes,
 * zeroed before the first worker sees it, and up to that many workers, each
 * of which calls cvm_team_follow(job, memory); *handle is given to end, which
 * waits for them.  nap: waits a millisecond or for an interrupt.
 */
typedef struct CvmTeamHost
{
	int			(*possible) (int workers);
	void	   *(*begin) (const CvmJob *job, size_t size, int workers, void **handle);
	void		(*end) (void *handle);
	void		(*nap) (void);
} CvmTeamHost;

/* Without one, or with NULL, every team is its leader alone. */
extern void cvm_set_team_host(const CvmTeamHost *host);

#endif							/* CVM_TEAM_H */
