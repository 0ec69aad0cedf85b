/*
 * segment_fit_state.h
 *		What segment_fit.c and segment_choice.c share while segments are learned.
 */
#ifndef CVM_SEGMENT_FIT_STATE_H
#define CVM_SEGMENT_FIT_STATE_H

#include "learn/measure/metrics.h"
#include "model/segments/segment_fit.h"
#include "model/segments/segment_rows.h"

typedef struct CvmSegmentFit
{
	const CvmLesson *lesson;
	const CvmLearner *learner;
	CvmModel   *model;
	CvmSegmentSet *set;
	CvmSegmentLayout layout;
	CvmSegmentCount *counts;	/* by level */
	CvmModel   *common;			/* by segment: the common parameters at its level */
	double	   *predictions;	/* of a block */
	CvmMeasure	measure;
	CvmError   *error;
} CvmSegmentFit;

/* The common parameters of a model at the level of each segment, into fit->common. */
extern void cvm_segments_set_common(CvmSegmentFit *fit, const CvmModel *model);

/*
 * Fits the parameters of a segment to these rows, pulled to the common ones.
 * tolerance: of the fit, where options ask for a smaller one.
 */
extern CvmStatus cvm_segments_adapt(const CvmSegmentFit *fit, int segment, CvmBlockSource *rows,
									double shrinkage, double tolerance, CvmModel *adapted);

/*
 * Sets shrinkage and rounds of fit->set as far as options leave them open, and
 * moves the common parameters of fit->model.
 */
extern CvmStatus cvm_segments_decide(CvmSegmentFit *fit);

#endif							/* CVM_SEGMENT_FIT_STATE_H */
