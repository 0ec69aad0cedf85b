/*
 * network_job.c
 *		The gradient of a batch, by a team.
 *
 * The shared memory is a head and arrays after it; its places are said as
 * distances from the head, because processes see it at different addresses.
 */
#include "learn/network/network_job.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/jobs.h"
#include "learn/network/network_pass.h"
#include "linalg/clones.h"

/* Rows of a unit: their gradient has to cost more than its sum does. */
#define SHARD_ROWS 64
#define SHARD_ROWS_LARGE 128
#define LARGE_NETWORK (1 << 16)

/* Shards of a round, and the memory that their gradients may take. */
#define MOST_SHARDS 16
#define GRADIENT_BYTES ((size_t) 32 * 1024 * 1024)

/* Multiplications that a training must have for each worker, to be worth one. */
#define WORK_OF_WORKER 2e9

#define CACHE_LINE 64

typedef struct Shared
{
	CvmNetwork	network;
	double		dropout;
	double		adversarial;
	int64_t		seed;
	int			shard_rows;
	int			rows;			/* of this round */
	uint64_t	first_shard;	/* of this round, counted from the first batch */
	size_t		parameter_count;
	/* distances from the head, in bytes */
	size_t		parameters;		/* float */
	size_t		gradients;		/* float, of shards */
	size_t		losses;			/* double, of shards */
	size_t		dense;			/* the rows */
	size_t		codes;
	size_t		target;
	size_t		weight;
} Shared;

struct CvmNetworkJob
{
	CvmTeam    *team;
	Shared	   *shared;
	CvmBlock	round;			/* the rows in shared memory */
	int			most_rows;
	double	   *gradient;		/* of the batch */
	double		loss;
	double		batch_weight;
	bool		fresh;			/* no round of this batch is done */
};

static void *
at(Shared *shared, size_t distance)
{
	return (char *) shared + distance;
}

/* ---- members ---- */

typedef struct Member
{
	Shared	   *shared;
	CvmNetworkPass *pass;
	CvmBlock	rows;
} Member;

static void
view_rows(Shared *shared, CvmBlock *rows)
{
	rows->dense = at(shared, shared->dense);
	rows->codes = at(shared, shared->codes);
	rows->target = at(shared, shared->target);
	rows->weight = at(shared, shared->weight);
}

static void *
enter(void *memory)
{
	Member	   *member = CVM_NEW_ZERO(Member, 1);

	member->shared = memory;
	member->pass = cvm_network_pass_create(&member->shared->network);
	cvm_network_use(member->pass, at(memory, member->shared->parameters));
	view_rows(memory, &member->rows);
	return member;
}

static void
leave(void *own)
{
	Member	   *member = own;

	cvm_network_pass_free(member->pass);
	cvm_release(member);
}

/* The gradient of a shard. */
static void
work(void *own, int unit)
{
	Member	   *member = own;
	Shared	   *shared = member->shared;
	CvmNetworkNoise noise = {shared->dropout, shared->adversarial};
	float	   *gradients = at(shared, shared->gradients);
	double	   *losses = at(shared, shared->losses);
	CvmBlock	shard;

	if (noise.dropout > 0)
		cvm_random_seed(&noise.random, cvm_hash64(shared->first_shard + unit,
												  (uint64_t) shared->seed));
	member->rows.rows = shared->rows;
	cvm_block_rows(&member->rows, unit * shared->shard_rows, shared->shard_rows,
				   shared->network.dense_columns, shared->network.coded_columns, &shard);
	losses[unit] = cvm_network_gradient(member->pass, &shard, &noise,
										gradients + unit * shared->parameter_count);
}

const CvmJob cvm_network_job = {
	.number = CVM_JOB_NETWORK,.enter = enter,.work = work,.leave = leave
};

/* ---- the leader ---- */

/* Places an array after what is there; its distance from the head. */
static size_t
place(size_t *size, size_t count, size_t element)
{
	size_t		distance = (*size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;

	*size = distance + count * element;
	return distance;
}

CvmNetworkJob *
cvm_network_job_begin(const CvmNetwork *network, const CvmOptions *options, double rows,
					  bool alone)
{
	CvmNetworkJob *job = CVM_NEW_ZERO(CvmNetworkJob, 1);
	size_t		parameters = cvm_network_parameters(network);
	size_t		size = sizeof(Shared);
	size_t		shards = GRADIENT_BYTES / (parameters * sizeof(float));
	/* forward, and twice as much backward; of codes one row each */
	double		multiplications = 3 * rows * (parameters - (double) network->units[0] *
											  (network->slots - network->dense_columns - network->coded_columns));
	int			workers = alone || shards < 2 ? 0
		: (int) fmin(MOST_SHARDS - 1, multiplications / WORK_OF_WORKER);
	Shared		shared = {.network = *network};

	shards = shards < 1 ? 1 : shards > MOST_SHARDS ? MOST_SHARDS : shards;
	shared.dropout = options->dropout;
	shared.adversarial = options->adversarial;
	shared.seed = options->seed;
	shared.parameter_count = parameters;
	shared.shard_rows = parameters < LARGE_NETWORK ? SHARD_ROWS : SHARD_ROWS_LARGE;
	job->most_rows = (int) shards * shared.shard_rows;
	shared.parameters = place(&size, parameters, sizeof(float));
	shared.gradients = place(&size, shards * parameters, sizeof(float));
	shared.losses = place(&size, shards, sizeof(double));
	shared.dense = place(&size, (size_t) job->most_rows * network->dense_columns, sizeof(double));
	shared.codes = place(&size, (size_t) job->most_rows * network->coded_columns, sizeof(int32_t));
	shared.target = place(&size, job->most_rows, sizeof(double));
	shared.weight = place(&size, job->most_rows, sizeof(double));

	job->team = cvm_team_begin(&cvm_network_job, size, workers);
	job->shared = cvm_team_shared(job->team);
	*job->shared = shared;
	view_rows(job->shared, &job->round);
	job->gradient = CVM_NEW(double, parameters);
	job->fresh = true;
	return job;
}

void
cvm_network_job_end(CvmNetworkJob *job)
{
	cvm_team_end(job->team);
	cvm_release(job->gradient);
	cvm_release(job);
}

void
cvm_network_job_load(CvmNetworkJob *job, const double *parameters)
{
	cvm_network_to_single(job->shared->parameter_count, parameters,
						  at(job->shared, job->shared->parameters));
}

CVM_CLONES static void
add_to(size_t count, const float *part, double *sum)
{
	for (size_t i = 0; i < count; i++)
		sum[i] += part[i];
}

/* Does the rows in shared memory. */
static void
run_round(CvmNetworkJob *job)
{
	Shared	   *shared = job->shared;
	const float *gradients = at(shared, shared->gradients);
	const double *losses = at(shared, shared->losses);
	int			shards = (job->round.rows + shared->shard_rows - 1) / shared->shard_rows;

	if (job->fresh)
	{
		memset(job->gradient, 0, shared->parameter_count * sizeof(double));
		job->loss = job->batch_weight = 0;
		job->fresh = false;
	}
	shared->rows = job->round.rows;
	cvm_team_run(job->team, shards);
	for (int shard = 0; shard < shards; shard++)
	{
		add_to(shared->parameter_count, gradients + shard * shared->parameter_count, job->gradient);
		job->loss += losses[shard];
	}
	for (int row = 0; row < job->round.rows; row++)
		job->batch_weight += job->round.weight[row];
	shared->first_shard += shards;
	job->round.rows = 0;
}

void
cvm_network_job_add(CvmNetworkJob *job, const CvmBlock *rows)
{
	size_t		dense = job->shared->network.dense_columns;
	size_t		coded = job->shared->network.coded_columns;
	CvmBlock	part;
	CvmBlock	place;

	for (int row = 0; row < rows->rows; row += part.rows)
	{
		cvm_block_rows(rows, row, job->most_rows - job->round.rows, (int) dense, (int) coded, &part);
		place = job->round;
		place.rows = job->most_rows;
		cvm_block_rows(&place, job->round.rows, part.rows, (int) dense, (int) coded, &place);
		memcpy(place.dense, part.dense, part.rows * dense * sizeof(double));
		memcpy(place.codes, part.codes, part.rows * coded * sizeof(int32_t));
		memcpy(place.target, part.target, part.rows * sizeof(double));
		memcpy(place.weight, part.weight, part.rows * sizeof(double));
		job->round.rows += part.rows;
		if (job->round.rows == job->most_rows)
			run_round(job);
	}
}

const double *
cvm_network_job_finish(CvmNetworkJob *job, double *loss, double *weight)
{
	if (job->round.rows > 0)
		run_round(job);
	*loss = job->loss;
	*weight = job->batch_weight;
	job->fresh = true;
	return job->gradient;
}
