/*
 * jobs.h
 *		Every job that a team can have, so that its workers find it.
 */
#ifndef CVM_JOBS_H
#define CVM_JOBS_H

#include "base/team.h"

typedef enum CvmJobNumber
{
	CVM_JOB_NETWORK,
	CVM_JOB_TREE,
	CVM_JOB_FOREST
} CvmJobNumber;

#define CVM_JOB_COUNT 3

extern const CvmJob *const cvm_jobs[CVM_JOB_COUNT];

#endif							/* CVM_JOBS_H */
