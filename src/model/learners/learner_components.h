/*
 * learner_components.h
 *		Principal components and linear discriminant analysis in the table of
 *		learners.
 */
#ifndef CVM_LEARNER_COMPONENTS_H
#define CVM_LEARNER_COMPONENTS_H

#include "model/learner.h"

#define CVM_ALGORITHM_DISCRIMINANT 13
#define CVM_ALGORITHM_PCA 15

/*
 * What both keep: rows expanded to vectors (linalg/expansion.h) are projected
 * on axes about a mean.
 */
typedef struct CvmProjection
{
	int			axes;
	const double *means;		/* width of the expansion */
	const double *loadings;		/* axes x width */
	const double *variances;	/* axes: pca, along each; discriminant, share of the
								 * variance between classes */
	double		total_variance; /* discriminant: 1 */
	const double *scores;		/* discriminant: classes x (width + 1), see
								 * discriminant.h; else NULL */
} CvmProjection;

extern const CvmLearner cvm_learner_pca;
extern const CvmLearner cvm_learner_discriminant;

#endif							/* CVM_LEARNER_COMPONENTS_H */
