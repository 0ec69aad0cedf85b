/*
 * stepper.h
 *		One mini-batch step of sgd, momentum, adagrad or adam.
 *
 * The memory of an optimizer is a flat array of doubles of
 * cvm_stepper_size() so that it can live in an aggregate state and be merged,
 * copied and stored; cvm_stepper_bind lays the pointers over it.  All zeros,
 * but for the weights to start from, is a stepper that has taken no step.
 *
 * With g the gradient of the batch's mean loss, r the rate, w the weights:
 *
 *	  sgd		w -= r g
 *	  momentum	v = mu v + g; w -= r v				(Polyak, 1964)
 *	  adagrad	s += g^2; w -= r g / (sqrt(s) + eps)
 *				(Duchi, Hazan and Singer, 2011; eps = 1e-10)
 *	  adam		m and s are decaying means of g and g^2 (0.9, 0.999),
 *				corrected for their start at zero;
 *				w -= r m / (sqrt(s) + eps)	(Kingma and Ba, 2015; eps = 1e-8)
 *
 * clip scales g down to that norm (Pascanu, Mikolov and Bengio, 2013) before
 * the L2 penalty adds l2 w.  The L1 penalty is a proximal step in the metric
 * of the solver: it moves a weight by r l1 over the same divisor towards zero
 * and no further.  Averaging: cvm_stepper_result().
 */
#ifndef CVM_STEPPER_H
#define CVM_STEPPER_H

#include "learn/linear/fit.h"

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

/* In doubles. */
extern size_t cvm_stepper_size(CvmSolver solver, int parameters, bool averaging);
extern void cvm_stepper_bind(CvmStepper *stepper, CvmSolver solver, int parameters,
							 bool averaging, double *memory);

/*
 * The default learning rate of a solver, used where options say 0.  It suits
 * features and targets of deviation 1; cvm_fit_stochastic, which sees the rows
 * beforehand, chooses one for sgd and momentum itself.
 */
extern double cvm_default_learning_rate(CvmSolver solver);

/*
 * Rate of a step, the first one being step 0.  It rises linearly during the
 * epochs of warm-up; then it stays (constant), falls as 1 / (1 + epochs)
 * (inverse), or along half a cosine to zero at total_steps (cosine; Loshchilov
 * and Hutter, 2017).  steps_per_epoch 0: not known, 1,000 are taken for an
 * epoch.  total_steps 0: not known, a cosine stays at its top.
 */
extern double cvm_learning_rate(const CvmOptions *options, CvmSolver solver,
								double step, double steps_per_epoch, double total_steps);

/*
 * Takes one step on the mean loss of the batch plus the penalty (divided by
 * total_weight, the weight of all rows of the fit: the same optimum as the
 * full-batch solvers).  The batch may have any number of rows.  Returns the
 * batch's mean loss before the step.  work: cvm_stepper_work_size(shape)
 * doubles; nothing in it is kept between calls.
 */
extern size_t cvm_stepper_work_size(const CvmShape *shape);
extern double cvm_stepper_take(CvmStepper *stepper, const CvmShape *shape,
							   const CvmBlock *batch, const CvmOptions *options,
							   double rate, double total_weight, double *work);

/*
 * What work begins with between begin and finish: sums over the rows so far,
 * for who adds rows in a way of his own.
 */
enum
{
	CVM_STEPPER_LOSS = 0,
	CVM_STEPPER_WEIGHT = 1,
	CVM_STEPPER_GRADIENT = 2	/* parameters */
};

/*
 * The same for a batch that comes in parts: begin, add each part, finish.
 * The weights must not change between, and work is kept.
 */
extern void cvm_stepper_begin(const CvmStepper *stepper, double *work);
extern void cvm_stepper_add(const CvmStepper *stepper, const CvmShape *shape,
							const CvmBlock *part, double *work);
extern double cvm_stepper_finish(CvmStepper *stepper, const CvmShape *shape,
								 const CvmOptions *options, double rate,
								 double total_weight, double *work);

/*
 * The same for a learner that has the gradient, summed over a batch of that
 * weight: begin, move every range of parameters once, end.
 */
typedef struct CvmStep
{
	double		rate;
	double		scale;			/* of the gradient: mean of the batch, clipped */
	double		l2;
	double		l1;
	double		momentum;
	double		first_correction;	/* adam: for moments that began at zero */
	double		second_correction;
} CvmStep;

extern void cvm_step_begin(CvmStepper *stepper, const double *gradient, double weight,
						   const CvmOptions *options, double rate, double total_weight,
						   CvmStep *step);
extern void cvm_step_move(CvmStepper *stepper, const CvmStep *step, const double *gradient,
						  int from, int to, bool penalized);
extern void cvm_step_end(CvmStepper *stepper);

/*
 * The weights to use: the average where there is one.  In it the weights of
 * step t count as t^3 (polynomial-decay averaging; Shamir and Zhang, 2013):
 * nearly all of it is the later half of the steps, whatever their number.
 */
extern const double *cvm_stepper_result(const CvmStepper *stepper);

#endif							/* CVM_STEPPER_H */
