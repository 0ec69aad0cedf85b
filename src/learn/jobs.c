/*
 * jobs.c
 *		Every job that a team can have, so that its workers find it.
 */
#include "learn/jobs.h"

#include "learn/network/network_job.h"
#include "learn/tree/forest_job.h"
#include "learn/tree/tree_job.h"

const CvmJob *const cvm_jobs[CVM_JOB_COUNT] = {
	[CVM_JOB_NETWORK] = &cvm_network_job,
	[CVM_JOB_TREE] = &cvm_tree_job,
	[CVM_JOB_FOREST] = &cvm_forest_job
};
