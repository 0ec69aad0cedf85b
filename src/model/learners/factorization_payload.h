/*
 * factorization_payload.h
 *		What a model of the algorithm matrix_factorization holds: its fields,
 *		their check, and the view of them that scores are made from.
 */
#ifndef CVM_FACTORIZATION_PAYLOAD_H
#define CVM_FACTORIZATION_PAYLOAD_H

#include "model/learners/learner_factorization.h"

/* Users and items among the terms of an encoder that has both. */
extern CvmPairLayout cvm_pair_layout(const CvmEncoder *encoder);

/*
 * The attributes of users or of items: inputs "from" to "to", not included.
 * Allocated.
 */
extern CvmAttributes *cvm_attributes_of_inputs(const CvmEncoder *encoder, int from, int to);

/* As learner->describe and learner->check. */
extern void cvm_factorization_describe(CvmModel *model, CvmFields *fields);
extern CvmStatus cvm_factorization_check(const CvmModel *model, CvmError *error);

/* The view of a model that was checked. */
extern void cvm_factorization_view(const CvmModel *model, CvmRecommender *recommender);

#endif							/* CVM_FACTORIZATION_PAYLOAD_H */
