/*
 * network_job.h
 *		The gradient of a batch, by a team.
 *
 * The rows of a batch are cut into shards whose size depends on nothing but
 * the network; a unit of the job is the gradient of a shard.  So the sum, in the
 * order of the shards, is the same for every team.  Where a batch has more
 * rows than the shared memory takes, they are done in rounds.
 */
#ifndef CVM_NETWORK_JOB_H
#define CVM_NETWORK_JOB_H

#include "base/team.h"
#include "learn/network/network.h"
#include "linalg/block.h"

typedef struct CvmNetworkJob CvmNetworkJob;

extern const CvmJob cvm_network_job;

/*
 * options: seed, dropout, adversarial; rows: as many at most will be learned
 * from, which decides on workers; alone: without any.
 */
extern CvmNetworkJob *cvm_network_job_begin(const CvmNetwork *network, const CvmOptions *options,
											double rows, bool alone);
extern void cvm_network_job_end(CvmNetworkJob *job);

/* The parameters to use from now on. */
extern void cvm_network_job_load(CvmNetworkJob *job, const double *parameters);

/* Takes rows into the batch. */
extern void cvm_network_job_add(CvmNetworkJob *job, const CvmBlock *rows);

/*
 * Ends the batch: its weighted loss, weight and gradient (in units of
 * scale^2), which is the caller's until the next rows.
 */
extern const double *cvm_network_job_finish(CvmNetworkJob *job, double *loss, double *weight);

#endif							/* CVM_NETWORK_JOB_H */
