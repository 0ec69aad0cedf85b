/*
 * forest_job.h
 *		Trees of a forest, grown by a team.
 *
 * Rows are in shared memory, and a unit of the job is a tree, which one process
 * grows alone.  It leaves the tree in a place of the shared memory; one that does
 * not fit there is grown again by the leader.
 */
#ifndef CVM_FOREST_JOB_H
#define CVM_FOREST_JOB_H

#include "learn/tree/forest_grow.h"

typedef struct CvmForestJob CvmForestJob;

extern const CvmJob cvm_forest_job;

/*
 * NULL where there would be no worker.  sample: seen again when it is complete,
 * by cvm_forest_job_open.
 */
extern CvmForestJob *cvm_forest_job_begin(const CvmTreeWork *work, const CvmGrowthOptions *growth);
extern void cvm_forest_job_end(CvmForestJob *job);

/* Where the leader puts the rows before it opens the job. */
extern const CvmBinnedRows *cvm_forest_job_rows(const CvmForestJob *job);
extern void cvm_forest_job_open(CvmForestJob *job, const CvmForestSample *sample);

/* Trees that are grown together. */
extern int	cvm_forest_job_places(const CvmForestJob *job);

/* Grows "count" trees from the first-th on. */
extern void cvm_forest_job_grow(CvmForestJob *job, int first, int count);

/*
 * The i-th of these, from 0: its nodes and sets, values and weights of its
 * leaves, which the next call replaces.  NULL: it did not fit.
 */
extern const CvmGrownTree *cvm_forest_job_tree(CvmForestJob *job, int i, const double **values,
											   const double **weights);

#endif							/* CVM_FOREST_JOB_H */
