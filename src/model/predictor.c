/*
 * predictor.c
 *		The one place where models predict blocks.
 */
#include "model/predictor.h"

#include "base/memory.h"

struct CvmPredictor
{
	const CvmModel *model;
	void	   *prepared;		/* by the learner */
};

CvmPredictor *
cvm_predictor_create(const CvmModel *model)
{
	CvmPredictor *predictor = CVM_NEW_ZERO(CvmPredictor, 1);

	predictor->model = model;
	predictor->prepared = model->learner->prepare(model);
	return predictor;
}

void
cvm_predictor_predict(CvmPredictor *predictor, const CvmBlock *block, double *predictions)
{
	predictor->model->learner->predict(predictor->prepared, block, predictions);
}

void
cvm_predictor_transform(CvmPredictor *predictor, const CvmBlock *block, double *values)
{
	predictor->model->learner->transform(predictor->prepared, block, values);
}

void
cvm_predictor_explain(CvmPredictor *predictor, const CvmBlock *row, double *base,
					  double *contributions)
{
	predictor->model->learner->explain(predictor->prepared, row, base, contributions);
}
