/*
 * segment_fit.h
 *		Learning a model, with segments where options ask for them.
 *
 * Option segment_by names a category column.  Each of its values with at least
 * segment_min_rows training rows gets parameters of its own,
 *
 *	  argmin  sum of row losses of the segment + shrinkage/2 |own - common|^2
 *
 * on the encoded scale, intercept included: a segment of few rows stays near
 * the common parameters, one of many goes its own way (empirical Bayes: Efron and
 * Morris, 1975; for classifiers Evgeniou and Pontil, 2004).
 */
#ifndef CVM_SEGMENT_FIT_H
#define CVM_SEGMENT_FIT_H

#include "model/learner.h"

/*
 * lesson->learner's fit of model->learner, and then the segments.  model: as for
 * CvmLearner.fit.  CVM_BAD_OPTION: the algorithm cannot have segments;
 * CVM_NO_FEATURES: no other column; CVM_NO_ROWS: no value has rows enough;
 * CVM_LIMIT: more than option segment_limit of them have.
 */
extern CvmStatus cvm_learn_model(const CvmLesson *lesson, CvmModel *model, CvmError *error);

/* CVM_BAD_OPTION where the learner cannot have segments and options want some. */
extern CvmStatus cvm_segments_check_options(const CvmLearner *learner,
											const CvmOptions *options, CvmError *error);

#endif							/* CVM_SEGMENT_FIT_H */
