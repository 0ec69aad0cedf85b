/*
 * refine.h
 *		What is made of a model once it has learned: calibration and threshold.
 */
#ifndef CVM_REFINE_H
#define CVM_REFINE_H

#include "postgres.h"

#include "model/learner.h"

/* Errors: options that do not suit the task, which is that of the lesson. */
extern void cvm_refine_check(const CvmLesson *lesson, const char *target);

/*
 * Sets model->calibration and model->profit as the lesson's options say.  Both
 * are learned from training rows that are left out in turn, never from
 * held-out ones.  class_factors: of class_weight, or NULL.
 */
extern void cvm_refine(const CvmLesson *lesson, const double *class_factors, CvmModel *model);

#endif							/* CVM_REFINE_H */
