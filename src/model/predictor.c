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
	cvm_model_calibrate(predictor->model, block->rows, predictions);
}

int
cvm_model_class(const CvmModel *model, const double *prediction)
{
	int			best = 0;

	if (model->task == CVM_BINARY)
		return prediction[0] > cvm_model_threshold(model);
	for (int k = 1; k < model->class_count; k++)
		if (prediction[k] > prediction[best])
			best = k;
	return best;
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

const CvmModel *
cvm_predictor_model(const CvmPredictor *predictor)
{
	return predictor->model;
}

const CvmRecommender *
cvm_predictor_recommender(const CvmPredictor *predictor)
{
	const CvmLearner *learner = predictor->model->learner;

	return learner->recommender != NULL ? learner->recommender(predictor->prepared) : NULL;
}
