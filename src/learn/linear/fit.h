/*
 * fit.h
 *		Fitting: from encoded blocks to coefficients.
 *
 * cvm_fit() picks the solver and runs it over blocks.  cvm_fit_objective()
 * runs the full-batch solvers (newton, lbfgs) over an objective that is
 * computed elsewhere: the "passes" driver evaluates it with a parallel
 * aggregate query.  All parameters are on the encoded (standardized) scale;
 * src/model/model_build.c brings them back to the original one.
 */
#ifndef CVM_FIT_H
#define CVM_FIT_H

#include "base/status.h"
#include "learn/family.h"
#include "learn/options.h"
#include "linalg/block.h"

/* What is being fitted. */
typedef struct CvmShape
{
	CvmFamily	family;
	int			outputs;		/* classes for softmax, else 1 */
	int			dense_columns;
	int			coded_columns;
	int			slots;			/* coefficients an output, intercept not counted */
	double		delta;			/* huber */
	const int  *coded_first;	/* the first slot of each coded column; NULL: not
								 * known (slower where there are many columns) */
} CvmShape;

#define CVM_PARAMETERS(shape) ((shape)->outputs * ((shape)->slots + 1))

/* Slots of a coded column; only where coded_first is known. */
static inline int
cvm_coded_levels(const CvmShape *shape, int column)
{
	return (column + 1 < shape->coded_columns ? shape->coded_first[column + 1] : shape->slots) -
		shape->coded_first[column];
}

typedef enum CvmOutcome
{
	CVM_CONVERGED = 0,			/* values are part of the model format */
	CVM_EPOCH_LIMIT = 1,		/* stopped by epochs */
	CVM_EARLY_STOPPED = 2,		/* validation loss stopped falling */
	CVM_SINGULAR = 3,			/* converged to the minimum-norm solution */
	CVM_SEPARATED = 4,			/* classes separable, no finite optimum */
	CVM_DIVERGED = 5,			/* the loss grew instead of falling: learning
								 * rate too high */
	CVM_SINGLE_PASS = 6			/* sgd_ aggregates and descend: no claim */
} CvmOutcome;

extern const char *cvm_outcome_name(CvmOutcome outcome);
extern bool cvm_outcome_from_name(const char *name, CvmOutcome *outcome);

/*
 * An objective without its penalty.  evaluate overwrites what it has a pointer
 * for (cvm_objective_add_block below adds instead); each may be NULL.
 * loss: weighted sum of row losses.  gradient: parameters.
 * hessian: parameters x parameters, of which the upper triangle of column-major
 * order is filled: hessian[row + column * parameters] for row <= column.  The
 * part for two different outputs of a softmax is symmetric in itself, and of
 * it too only the upper triangle is filled; nobody but the solver need care.
 * diagonal: of the Hessian.
 */
typedef struct CvmObjective
{
	const CvmShape *shape;
	double		total_weight;
	uint64_t	rows;
	void		(*evaluate) (void *state, const double *parameters, double *loss,
							 double *gradient, double *hessian, double *diagonal);
	void	   *state;
} CvmObjective;

/* Told after every epoch or iteration; NaN where there is no figure. */
typedef struct CvmProgress
{
	void		(*report) (void *state, int epoch, int epochs, double training_loss,
						   double validation_loss, double learning_rate,
						   double gradient_norm);
	void	   *state;
} CvmProgress;

typedef struct CvmFit
{
	double	   *parameters;		/* CVM_PARAMETERS(shape) */
	double	   *covariance;		/* parameters x parameters, upper triangle as
								 * above, times the dispersion; or NULL: unpenalized
								 * linear, logistic, softmax, poisson only */
	double		dispersion;		/* linear: residual variance; else 1 */
	CvmSolver	solver;			/* the one that ran */
	CvmOutcome	outcome;
	int			iterations;
	int			rank;			/* of the Hessian with intercept; -1: not known */
	double		loss;			/* mean training loss a unit of weight, no penalty */
	double		validation_loss;	/* NaN without validation rows */
	double		gradient_norm;	/* of the penalized mean objective */
} CvmFit;

/* start: initial parameters or NULL; validation, progress: may be NULL. */
extern CvmStatus cvm_fit(const CvmShape *shape, CvmBlockSource *training,
						 CvmBlockSource *validation, const CvmOptions *options,
						 const double *start, const CvmProgress *progress,
						 CvmFit *fit, CvmError *error);
extern CvmStatus cvm_fit_objective(const CvmObjective *objective, const CvmOptions *options,
								   const double *start, const CvmProgress *progress,
								   CvmFit *fit, CvmError *error);

/*
 * A fit that starts from "toward" and is pulled to it: the penalty is
 * l2/2 (b - toward)^2, intercepts included (Evgeniou and Pontil, 2004); l2 is
 * above zero, l1 and options of mini-batches do not count.  It has an optimum
 * whatever the rows, also for a single class.
 */
extern CvmStatus cvm_fit_toward(const CvmShape *shape, CvmBlockSource *training,
								const CvmOptions *options, const double *toward,
								CvmFit *fit, CvmError *error);

/*
 * Objective kernels: add one block's loss, gradient and Hessian (each may be
 * NULL) at these parameters.  work: cvm_objective_work_size(shape) doubles.
 */
extern size_t cvm_objective_work_size(const CvmShape *shape);
extern void cvm_objective_add_block(const CvmShape *shape, const CvmBlock *block,
									const double *parameters, double *work,
									double *loss, double *gradient,
									double *hessian, double *diagonal);

/* Mean loss of a source a unit of weight. */
extern double cvm_mean_loss(const CvmShape *shape, CvmBlockSource *source, const double *parameters);

/* Linear predictors of a block: eta is rows x outputs, row-major. */
extern void cvm_predict_block(const CvmShape *shape, const CvmBlock *block,
							  const double *parameters, double *work, double *eta);

/*
 * Mini-batch steps for the sgd_ aggregates and for cvm_fit: a stepper is
 * plain doubles (weights, averages, squared gradients) so that a caller can
 * keep it in a flat state.  See stepper.h.
 */

#endif							/* CVM_FIT_H */
