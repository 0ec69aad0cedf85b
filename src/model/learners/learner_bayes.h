/*
 * learner_bayes.h
 *		Naive Bayes in the table of learners.
 */
#ifndef CVM_LEARNER_BAYES_H
#define CVM_LEARNER_BAYES_H

#include "model/learner.h"

#define CVM_ALGORITHM_NAIVE_BAYES 12

extern const CvmLearner cvm_learner_naive_bayes;

#endif							/* CVM_LEARNER_BAYES_H */
