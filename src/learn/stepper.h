/*
 * stepper.h
 *		One mini-batch step of sgd, momentum, adagrad or adam.
 *
 * The memory of an optimizer is a flat array of doubles of
 * cvm_stepper_size() so that it can live in an aggregate state and be merged,
 * copied and stored; cvm_stepper_bind lays the pointers over it.
 * adagrad: Duchi, Hazan and Singer (2011); adam: Kingma and Ba (2015), bias
 * corrected; averaging: Polyak and Juditsky (1992); clipping by norm:
 * Pascanu, Mikolov and Bengio (2013).
 */
#ifndef CVM_STEPPER_H
#define CVM_STEPPER_H

#include "learn/fit.h"

typedef struct CvmStepper
{
	CvmSolver	solver;
	int			parameters;		/* CVM_PARAMETERS(shape) */
	double	   *step;			/* [0]: steps taken, [1]: steps averaged */
	double	   *weights;		/* parameters */
	double	   *average;		/* parameters, only with averaging */
	double	   *first;			/* momentum, adam; else NULL */
	double	   *second;			/* adagrad, adam; else NULL */
} CvmStepper;

extern size_t cvm_stepper_size(CvmSolver solver, int parameters, bool averaging);
extern void cvm_stepper_bind(CvmStepper *stepper, CvmSolver solver, int parameters,
							 bool averaging, double *memory);

/* The default learning rate of a solver, used where options say 0. */
extern double cvm_default_learning_rate(CvmSolver solver);

/* Rate at a step: schedule and warm-up.  total_steps may be 0 when unknown. */
extern double cvm_learning_rate(const CvmOptions *options, CvmSolver solver,
								double step, double steps_per_epoch, double total_steps);

/*
 * Takes one step on the mean loss of the batch plus the penalty (divided by
 * total_weight, the weight of all rows of the fit: the same optimum as the
 * full-batch solvers).  L1 is a proximal step.  Returns the batch's mean
 * loss before the step.  work: cvm_stepper_work_size(shape) doubles.
 */
extern size_t cvm_stepper_work_size(const CvmShape *shape);
extern double cvm_stepper_take(CvmStepper *stepper, const CvmShape *shape,
							   const CvmBlock *batch, const CvmOptions *options,
							   double rate, double total_weight, double *work);

/* The weights to use: the average where there is one. */
extern const double *cvm_stepper_result(const CvmStepper *stepper);

#endif							/* CVM_STEPPER_H */
