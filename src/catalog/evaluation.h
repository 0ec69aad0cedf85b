/*
 * evaluation.h
 *		The active version of a model on the rows of a labelled source.
 */
#ifndef CVM_EVALUATION_H
#define CVM_EVALUATION_H

#include "postgres.h"

#include "learn/measure/metrics.h"
#include "model/assessment.h"
#include "model/model.h"
#include "score/scorer.h"

typedef struct CvmEvaluation
{
	const CvmModel *model;
	CvmScorer  *scorer;
	CvmScoreSheet *sheet;		/* what all rows were measured by, or */
	CvmAssessment *lists;		/* of models that are judged by lists */
	int64		rows;			/* with a label and a weight */
} CvmEvaluation;

/*
 * Told of every row that counts, after it was scored, in the memory context
 * that _run was called in.
 */
typedef void (*CvmEvaluatedRow) (void *state, const CvmEvaluation *evaluation,
								 double label, double weight);

/*
 * Runs the source once, read-only, with the rights of the caller, who has to
 * own the model or be granted it, and scores every row; SPI is connected.
 * Errors: no active version, a column that is not there, a class that the
 * model does not know, no row.
 */
extern CvmEvaluation *cvm_evaluation_run(const char *model, const char *source,
										 CvmEvaluatedRow row, void *state);

/* As cvm_score_sheet_metrics. */
extern int	cvm_evaluation_metrics(CvmEvaluation *evaluation, CvmMetric *metrics);

#endif							/* CVM_EVALUATION_H */
