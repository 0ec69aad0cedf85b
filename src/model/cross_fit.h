/*
 * cross_fit.h
 *		Predictions for training rows by models that did not learn from them.
 *
 * The rows of a lesson are dealt out to folds by a hash of their number and the
 * seed.  A model is learned from the rows outside of each fold, as the whole
 * one was from all, and predicts those in it.  So that this takes no more than
 * 32 MB, of many rows a share is predicted.
 */
#ifndef CVM_CROSS_FIT_H
#define CVM_CROSS_FIT_H

#include "model/learner.h"

#define CVM_CROSS_FIT_FOLDS 5

typedef struct CvmCrossFit
{
	/* what it is for */
	size_t		count;			/* rows that were predicted */
	int			outputs;
	double	   *predictions;	/* outputs x count: those of an output together */
	double	   *targets;		/* count */
	double	   *weights;		/* without class_weight */

	/* inside */
	const CvmLesson *lesson;
	const double *class_factors;
	uint64_t	share;			/* rows whose lots are below are predicted */
	double		fold_weights[CVM_CROSS_FIT_FOLDS];
	size_t		fold_rows[CVM_CROSS_FIT_FOLDS];
	size_t		capacity;
} CvmCrossFit;

/*
 * class_factors: of class_weight, by class; or NULL.  CVM_ONE_CLASS where a
 * class has too few rows to be in every part that is learned from.
 */
extern CvmStatus cvm_cross_fit_begin(CvmCrossFit *cross_fit, const CvmLesson *lesson,
									 const CvmModel *model, const double *class_factors,
									 CvmError *error);

/*
 * One fold, each once.  model: that of all rows, of which a copy learns.  What
 * is allocated here is not needed after it.
 */
extern CvmStatus cvm_cross_fit_fold(CvmCrossFit *cross_fit, int fold, const CvmModel *model,
									CvmError *error);

#endif							/* CVM_CROSS_FIT_H */
