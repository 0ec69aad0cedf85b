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

/* The shape of a fit; delta: of huber. */
extern CvmShape cvm_linear_shape(const CvmEncoder *encoder, CvmFamily family, int outputs,
								 double delta);

/* ---- linear_update.c: see learner.h ---- */

/* After a fit of all rows, for the partial fits to come: one more pass. */
extern void cvm_linear_keep_knowledge(const CvmLesson *lesson, const CvmShape *shape,
									  const double *parameters, CvmModel *model);
extern CvmStatus cvm_linear_partial_fit(const CvmLesson *lesson, CvmModel *model, CvmError *error);
extern void cvm_linear_describe_knowledge(CvmModel *model, CvmFields *fields);
extern CvmStatus cvm_linear_check_knowledge(const CvmModel *model, CvmError *error);

#endif							/* CVM_LEARNER_LINEAR_H */
