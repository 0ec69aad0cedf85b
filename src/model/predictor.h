/*
 * predictor.h
 *		The one place where models predict blocks.
 *
 * Whoever scores blocks of encoded rows makes a predictor of the model and
 * asks it: it calls the learner, and knows what belongs to a model besides what
 * its learner has fitted, its calibration and its threshold.
 */
#ifndef CVM_PREDICTOR_H
#define CVM_PREDICTOR_H

#include "model/learner.h"

typedef struct CvmPredictor CvmPredictor;

/* The model must outlive it. */
extern CvmPredictor *cvm_predictor_create(const CvmModel *model);

extern const CvmModel *cvm_predictor_model(const CvmPredictor *predictor);

/*
 * Blocks that were encoded by the model's own encoder, any number of them.
 * predictions: as of learner->predict, calibrated.
 */
extern void cvm_predictor_predict(CvmPredictor *predictor, const CvmBlock *block,
								  double *predictions);

/* The last step alone, for what the learner predicts: rows x outputs, in place. */
static inline void
cvm_model_calibrate(const CvmModel *model, int rows, double *predictions)
{
	if (model->calibration != NULL)
		cvm_calibrate(model->calibration, rows, predictions);
}

/* The probability above which the positive class of a binary model is predicted. */
static inline double
cvm_model_threshold(const CvmModel *model)
{
	return model->profit != NULL ? model->profit->threshold : 0.5;
}

/*
 * The class that one row's prediction stands for: of two the positive one
 * above the threshold, of more the most probable, the first of equal ones.
 */
extern int	cvm_model_class(const CvmModel *model, const double *prediction);

/* As learner->transform and learner->explain, of learners that have them. */
extern void cvm_predictor_transform(CvmPredictor *predictor, const CvmBlock *block,
									double *values);
extern void cvm_predictor_explain(CvmPredictor *predictor, const CvmBlock *row, double *base,
								  double *contributions);

/* As learner->recommender; NULL where the learner has none. */
extern const CvmRecommender *cvm_predictor_recommender(const CvmPredictor *predictor);

#endif							/* CVM_PREDICTOR_H */
