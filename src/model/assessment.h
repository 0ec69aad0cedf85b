/*
 * assessment.h
 *		How good a model is on rows, whatever its task is judged by.
 */
#ifndef CVM_ASSESSMENT_H
#define CVM_ASSESSMENT_H

#include "learn/measure/comparison.h"
#include "learn/measure/metrics.h"
#include "model/predictor.h"

typedef struct CvmAssessment CvmAssessment;

/* learned: the rows are those that the model has learned from. */
extern CvmAssessment *cvm_assessment_create(const CvmModel *model, bool learned);
extern void cvm_assessment_free(CvmAssessment *assessment);

/*
 * A block that the model's encoder has encoded; weights: NULL for those of the
 * block.  Returns the predictions, valid until the next call, or NULL where
 * none were made.
 */
extern const double *cvm_assessment_add(CvmAssessment *assessment, const CvmBlock *block,
										const double *weights);

/* Fills up to CVM_MAX_METRICS; returns how many. */
extern int	cvm_assessment_metrics(CvmAssessment *assessment, CvmMetric *metrics);

/*
 * Two models of one task and the same classes on the same rows, which the
 * encoder of each has encoded.  false: the primary metric has no value on them.
 */
extern bool cvm_contest(const CvmModel *candidate, const CvmModel *active,
						const CvmBlockSource *candidate_rows, const CvmBlockSource *active_rows,
						CvmVerdict *verdict);

#endif							/* CVM_ASSESSMENT_H */
