/*
 * predictor.h
 *		The one place where models predict blocks.
 *
 * Whoever scores blocks of encoded rows makes a predictor of the model and
 * asks it: it calls the learner, and knows what belongs to a model besides what
 * its learner has fitted.
 */
#ifndef CVM_PREDICTOR_H
#define CVM_PREDICTOR_H

#include "model/learner.h"

typedef struct CvmPredictor CvmPredictor;

/* The model must outlive it. */
extern CvmPredictor *cvm_predictor_create(const CvmModel *model);

/*
 * Blocks that were encoded by the model's own encoder, any number of them.
 * predictions: as of learner->predict.
 */
extern void cvm_predictor_predict(CvmPredictor *predictor, const CvmBlock *block,
								  double *predictions);

/* As learner->transform and learner->explain, of learners that have them. */
extern void cvm_predictor_transform(CvmPredictor *predictor, const CvmBlock *block,
									double *values);
extern void cvm_predictor_explain(CvmPredictor *predictor, const CvmBlock *row, double *base,
								  double *contributions);

#endif							/* CVM_PREDICTOR_H */
