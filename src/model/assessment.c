/*
 * assessment.c
 *		How good a model is on rows, whatever its task is judged by.
 *
 * By answers, or by distances as if these were answers, a score sheet
 * (learn/measure/metrics.h) or a comparison row by row (learn/measure/comparison.h) says it;
 * by lists, the judge of lists (list_judge.h), which looks at users and not at
 * rows.
 */
#include "model/assessment.h"

#include "base/memory.h"
#include "model/list_judge.h"

struct CvmAssessment
{
	const CvmModel *model;
	CvmPredictor *predictor;
	CvmScoreSheet *sheet;		/* one of the two */
	CvmListJudge *judge;
	double	   *predictions;
};

CvmAssessment *
cvm_assessment_create(const CvmModel *model, bool learned)
{
	CvmAssessment *assessment = CVM_NEW_ZERO(CvmAssessment, 1);
	CvmMeasure	measure = cvm_model_measure(model);

	assessment->model = model;
	assessment->predictor = cvm_predictor_create(model);
	if (cvm_task_judging(model->task) == CVM_BY_LIST)
		assessment->judge = cvm_list_judge_create(&assessment->predictor, 1, learned);
	else
	{
		assessment->sheet = cvm_score_sheet_create(&measure);
		assessment->predictions = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * model->outputs);
	}
	return assessment;
}

void
cvm_assessment_free(CvmAssessment *assessment)
{
	if (assessment->judge != NULL)
		cvm_list_judge_free(assessment->judge);
	if (assessment->sheet != NULL)
		cvm_score_sheet_free(assessment->sheet);
	cvm_release(assessment->predictions);
	cvm_release(assessment);
}

const double *
cvm_assessment_add(CvmAssessment *assessment, const CvmBlock *block, const double *weights)
{
	if (assessment->judge != NULL)
	{
		cvm_list_judge_add(assessment->judge, &block);
		return NULL;
	}
	cvm_predictor_predict(assessment->predictor, block, assessment->predictions);
	cvm_measured_predictions(assessment->model, block->rows, assessment->predictions);
	cvm_score_sheet_add_rows(assessment->sheet, block->rows, block->target,
							 assessment->predictions, weights != NULL ? weights : block->weight);
	return assessment->predictions;
}

int
cvm_assessment_metrics(CvmAssessment *assessment, CvmMetric *metrics)
{
	return assessment->judge != NULL ? cvm_list_judge_metrics(assessment->judge, metrics) :
		cvm_score_sheet_metrics(assessment->sheet, metrics);
}

/* ---- two models ---- */

/* Reads a block of each source. */
static void
read_both(const CvmBlockSource *const *sources, int index, const CvmBlock **blocks)
{
	cvm_check_interrupt();
	for (int m = 0; m < 2; m++)
		blocks[m] = sources[m]->read(sources[m]->state, index);
}

static bool
contest_of_lists(CvmPredictor *const *predictors, const CvmBlockSource *const *sources,
				 CvmVerdict *verdict)
{
	CvmListJudge *judge = cvm_list_judge_create(predictors, 2, false);
	const CvmBlock *blocks[2];
	bool		valid;

	for (int b = 0; b < sources[0]->blocks; b++)
	{
		read_both(sources, b, blocks);
		cvm_list_judge_add(judge, blocks);
	}
	valid = cvm_list_judge_verdict(judge, verdict);
	cvm_list_judge_free(judge);
	return valid;
}

static bool
contest_of_answers(const CvmModel *model, CvmPredictor *const *predictors,
				   const CvmBlockSource *const *sources, CvmVerdict *verdict)
{
	CvmMeasure	measure = cvm_model_measure(model);
	CvmComparison *comparison = cvm_comparison_create(&measure);
	size_t		size = (size_t) CVM_BLOCK_ROWS * model->outputs;
	double	   *predictions = CVM_NEW(double, 2 * size);
	const CvmBlock *blocks[2];
	bool		valid;

	for (int b = 0; b < sources[0]->blocks; b++)
	{
		read_both(sources, b, blocks);
		for (int m = 0; m < 2; m++)
			cvm_predictor_predict(predictors[m], blocks[m], predictions + m * size);
		cvm_comparison_add_rows(comparison, blocks[0]->rows, blocks[0]->target, predictions,
								predictions + size, blocks[0]->weight);
	}
	valid = cvm_comparison_verdict(comparison, verdict);
	cvm_comparison_free(comparison);
	cvm_release(predictions);
	return valid;
}

bool
cvm_contest(const CvmModel *candidate, const CvmModel *active,
			const CvmBlockSource *candidate_rows, const CvmBlockSource *active_rows,
			CvmVerdict *verdict)
{
	CvmPredictor *predictors[] = {cvm_predictor_create(candidate), cvm_predictor_create(active)};
	const CvmBlockSource *sources[] = {candidate_rows, active_rows};

	if (cvm_task_judging(candidate->task) == CVM_BY_LIST)
		return contest_of_lists(predictors, sources, verdict);
	return contest_of_answers(candidate, predictors, sources, verdict);
}
