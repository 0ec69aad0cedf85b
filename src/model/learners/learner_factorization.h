/*
 * learner_factorization.h
 *		Matrix factorization in the table of learners.
 */
#ifndef CVM_LEARNER_FACTORIZATION_H
#define CVM_LEARNER_FACTORIZATION_H

#include "model/learner.h"

#define CVM_ALGORITHM_MATRIX_FACTORIZATION 16

/*
 * The payload.  Users and items are the levels of the first two terms but
 * their last ones, which stand for all others.
 */
typedef struct CvmFactorizationPayload
{
	int			factorization;	/* CvmFactorization, not AUTO */
	int			factors;
	int			user_inputs;	/* inputs after the first two that describe the user */
	double		mean;
	const double *user_factors; /* users x factors */
	const double *user_biases;
	const double *item_factors; /* items x factors */
	const double *item_biases;
	const double *user_newcomers;	/* width of the attributes x (factors + 1) */
	const double *item_newcomers;
	int			seen;			/* pairs that have met; 0: they are not kept */
	const int32_t *seen_starts; /* users + 1 */
	const int32_t *seen_items;
} CvmFactorizationPayload;

extern const CvmLearner cvm_learner_matrix_factorization;

#endif							/* CVM_LEARNER_FACTORIZATION_H */
