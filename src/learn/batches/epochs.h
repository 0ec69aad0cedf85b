/*
 * epochs.h
 *		Training by mini-batches: the loop that every such learner shares.
 *
 * Each epoch shuffles the rows (shuffle.h), gives them to the learner in
 * batches of options.batch_size and lets it step at the rate of the schedule.
 * With validation rows and patience, the weights of the epoch with the
 * lowest validation loss are the result, and training stops when
 * options.patience epochs did not improve on it (Prechelt, 1998); otherwise
 * the last weights are.
 */
#ifndef CVM_EPOCHS_H
#define CVM_EPOCHS_H

#include "learn/linear/fit.h"

typedef struct CvmBatchLearner
{
	/* Takes rows into the current batch; it may change them. */
	void		(*add) (void *state, CvmBlock *rows);

	/* Ends the batch with a step; its mean loss before the step. */
	double		(*step) (void *state, double rate);

	/* The mean loss of the present weights on other rows. */
	double		(*validate) (void *state, CvmBlockSource *validation);

	/* The present weights are the result unless better ones come. */
	void		(*keep) (void *state);
	void	   *state;
} CvmBatchLearner;

typedef struct CvmEpochs
{
	CvmOutcome	outcome;		/* epoch limit, early stopped or diverged */
	int			epochs;			/* begun */
	double		training_loss;	/* mean of the last epoch's batches */
	double		validation_loss;	/* of the weights kept; NaN without such rows */
} CvmEpochs;

/* options.epochs, or where that is 0 as many as 20,000 steps take (5 to 200). */
extern int	cvm_epoch_count(const CvmOptions *options, uint64_t rows);

extern void cvm_run_epochs(const CvmBatchLearner *learner, CvmBlockSource *training,
						   CvmBlockSource *validation, const CvmOptions *options,
						   CvmSolver solver, const CvmProgress *progress,
						   CvmEpochs *result);

#endif							/* CVM_EPOCHS_H */
