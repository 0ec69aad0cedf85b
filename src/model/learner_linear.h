/*
 * learner_linear.h
 *		The linear families as learners.
 */
#ifndef CVM_LEARNER_LINEAR_H
#define CVM_LEARNER_LINEAR_H

#include "model/learner.h"

extern const CvmLearner cvm_learner_linear;
extern const CvmLearner cvm_learner_logistic;
extern const CvmLearner cvm_learner_softmax;
extern const CvmLearner cvm_learner_poisson;
extern const CvmLearner cvm_learner_svm;
extern const CvmLearner cvm_learner_huber;

#endif							/* CVM_LEARNER_LINEAR_H */
