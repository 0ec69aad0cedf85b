/*
 * learner_kmeans.h
 *		Segments in the table of learners.
 */
#ifndef CVM_LEARNER_KMEANS_H
#define CVM_LEARNER_KMEANS_H

#include "model/learner.h"

#define CVM_ALGORITHM_KMEANS 14

/* The payload: rows expanded to vectors (linalg/expansion.h) have a center each. */
typedef struct CvmSegmentation
{
	int			segments;
	const double *centers;		/* segments x width of the expansion */
	const double *shares;		/* of the training weight */
	double		inertia;		/* mean squared distance of training rows */
} CvmSegmentation;

extern const CvmLearner cvm_learner_kmeans;

#endif							/* CVM_LEARNER_KMEANS_H */
