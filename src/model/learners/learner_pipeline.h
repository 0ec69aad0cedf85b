/*
 * learner_pipeline.h
 *		Stages that are one model: each but the last makes rows into fewer
 *		numbers, from which the next one learns.
 */
#ifndef CVM_LEARNER_PIPELINE_H
#define CVM_LEARNER_PIPELINE_H

#include "model/learner.h"

#define CVM_ALGORITHM_PIPELINE 30

/*
 * What it holds.  The first stage has the encoder of the whole model, each
 * other one a single input, the array of numbers that the one before gives.
 */
typedef struct CvmPipeline
{
	CvmModelList stages;		/* at least 2; the last one predicts */
} CvmPipeline;

extern const CvmLearner cvm_learner_pipeline;

/* NULL for models of other algorithms. */
extern const CvmPipeline *cvm_model_pipeline(const CvmModel *model);

/* The numbers of a stage as the next one's encoder sees them: rows x dense_columns. */
extern void cvm_pipeline_encode(const CvmEncoder *encoder, int size, int rows,
								const double *values, double *dense);

/*
 * pipeline_fit.c.  The check is that of the stages' algorithms, before rows are
 * read; final: NULL for "auto".
 */
extern CvmStatus cvm_pipeline_check(const CvmStages *stages, const CvmLearner *final,
									CvmError *error);
extern CvmStatus cvm_pipeline_fit(const CvmLesson *lesson, CvmModel *model, CvmError *error);

#endif							/* CVM_LEARNER_PIPELINE_H */
