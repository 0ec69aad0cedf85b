/*
 * stochastic.c
 *		Fitting by mini-batch steps: sgd, momentum, adagrad, adam.
 *
 * Steps of adagrad and adam have the size of the learning rate, whatever the
 * unit of the target, so a linear fit to incomes would creep.  With the
 * target's mean m and deviation s,
 *
 *	  y = m + s z,  eta = m + s eta_z,  w = s w_z,  b = m + s b_z,
 *
 * the linear loss is s^2 times that of z, and so is huber's with delta / s;
 * l2 stays, l1 becomes l1 / s.  For the other families m = 0 and s = 1.
 */
#include "learn/batches/stochastic.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/batches/epochs.h"
#include "learn/linear/null_model.h"
#include "learn/linear/solver.h"
#include "learn/batches/stepper.h"
#include "linalg/dense.h"

/* A fit has diverged that ends worse than the null model by so many times its loss. */
#define DIVERGED_LOSS 10.0

typedef struct Trainee
{
	const CvmShape *shape;		/* the target in its own unit */
	CvmShape	scaled_shape;
	CvmOptions	scaled_options;
	CvmNullModel null_model;
	CvmStepper	stepper;		/* on the scaled target */
	double		total_weight;
	double	   *work;
	double	   *weights;		/* present ones, in the target's own unit */
	double	   *kept;
} Trainee;

/* ---- between the two units of the target ---- */

static void
scale_weights(const Trainee *trainee, const double *weights, double *scaled)
{
	int			stride = trainee->shape->slots + 1;

	for (int i = 0; i < trainee->stepper.parameters; i++)
	{
		double		center = i % stride == stride - 1 ? trainee->null_model.center : 0;

		scaled[i] = (weights[i] - center) / trainee->null_model.scale;
	}
}

static void
unscale_weights(const Trainee *trainee, const double *scaled, double *weights)
{
	int			stride = trainee->shape->slots + 1;

	for (int i = 0; i < trainee->stepper.parameters; i++)
	{
		double		center = i % stride == stride - 1 ? trainee->null_model.center : 0;

		weights[i] = center + trainee->null_model.scale * scaled[i];
	}
}

/* ---- what the epochs call ---- */

static void
add_rows(void *state, CvmBlock *rows)
{
	Trainee    *trainee = state;
	double		center = trainee->null_model.center;
	double		factor = 1 / trainee->null_model.scale;

	if (center != 0 || factor != 1)
		for (int row = 0; row < rows->rows; row++)
			rows->target[row] = (rows->target[row] - center) * factor;
	cvm_stepper_add(&trainee->stepper, &trainee->scaled_shape, rows, trainee->work);
}

static double
take_step(void *state, double rate)
{
	Trainee    *trainee = state;
	double		scale = trainee->null_model.scale;
	double		loss = cvm_stepper_finish(&trainee->stepper, &trainee->scaled_shape,
										  &trainee->scaled_options, rate,
										  trainee->total_weight, trainee->work);

	cvm_stepper_begin(&trainee->stepper, trainee->work);
	return loss * scale * scale;
}

static double
validate(void *state, CvmBlockSource *validation)
{
	Trainee    *trainee = state;

	unscale_weights(trainee, cvm_stepper_result(&trainee->stepper), trainee->weights);
	return cvm_mean_loss(trainee->shape, validation, trainee->weights);
}

static void
keep(void *state)
{
	Trainee    *trainee = state;

	unscale_weights(trainee, cvm_stepper_result(&trainee->stepper), trainee->kept);
}

/* ---- before and after ---- */

/*
 * Gradient steps of 1 / L never overshoot, L the largest eigenvalue of the
 * Hessian, which is at most the mean of curvature times |x|^2.  Momentum
 * multiplies a step by 1 / (1 - momentum).
 */
static double
safe_rate(const CvmNullModel *null_model, CvmSolver solver, const CvmOptions *options)
{
	double		rate = 1 / (null_model->curvature * null_model->square_length);

	return solver == CVM_SOLVER_MOMENTUM ? rate * (1 - options->momentum) : rate;
}

static void
begin_training(Trainee *trainee, CvmBlockSource *training, const CvmOptions *options,
			   CvmSolver solver, const double *start)
{
	const CvmShape *shape = trainee->shape;
	int			parameters = CVM_PARAMETERS(shape);
	int			stride = shape->slots + 1;
	size_t		size = cvm_stepper_size(solver, parameters, options->averaging);
	CvmNullModel *null_model = &trainee->null_model;

	cvm_null_model(shape, training, null_model);
	trainee->total_weight = training->total_weight;
	trainee->scaled_shape = *shape;
	trainee->scaled_shape.delta = shape->delta / null_model->scale;
	trainee->scaled_options = *options;
	trainee->scaled_options.l1 = options->l1 / null_model->scale;
	if (options->learning_rate == 0 &&
		(solver == CVM_SOLVER_SGD || solver == CVM_SOLVER_MOMENTUM))
		trainee->scaled_options.learning_rate = safe_rate(null_model, solver, options);

	cvm_stepper_bind(&trainee->stepper, solver, parameters, options->averaging,
					 CVM_NEW_ZERO(double, size));
	trainee->work = CVM_NEW(double, cvm_stepper_work_size(shape));
	trainee->weights = CVM_NEW(double, parameters);
	trainee->kept = CVM_NEW(double, parameters);
	if (start != NULL)
		scale_weights(trainee, start, trainee->stepper.weights);
	else
		for (int k = 0; k < shape->outputs; k++)
			trainee->stepper.weights[(k + 1) * stride - 1] = null_model->intercepts[k];
	keep(trainee);
	cvm_stepper_begin(&trainee->stepper, trainee->work);
}

static void
end_training(Trainee *trainee)
{
	cvm_release(trainee->stepper.step); /* the stepper's memory starts there */
	cvm_release(trainee->null_model.intercepts);
	cvm_release(trainee->work);
	cvm_release(trainee->weights);
}

/* The loss of the null model; sets the reference. */
static double
measure_null_model(Trainee *trainee, const CvmProblem *problem, CvmReference *reference)
{
	const CvmNullModel *null_model = &trainee->null_model;
	double	   *parameters = trainee->weights;
	int			stride = trainee->shape->slots + 1;
	double		loss;

	memset(parameters, 0, sizeof(double) * problem->parameters);
	for (int k = 0; k < trainee->shape->outputs; k++)
		parameters[(k + 1) * stride - 1] = null_model->center +
			null_model->scale * null_model->intercepts[k];
	loss = cvm_problem_evaluate(problem, parameters, reference->gradient, NULL,
								reference->diagonal);
	cvm_reference_complete(reference, problem->parameters);
	return loss;
}

/* One proximal gradient step over all rows, taken if it lowers the objective. */
static void
take_proximal_step(Trainee *trainee, const CvmProblem *problem, const double *gradient,
				   double value, double *parameters)
{
	double		rate = 1 / (trainee->null_model.curvature * trainee->null_model.square_length);
	double	   *moved = trainee->weights;

	for (int i = 0; i < problem->parameters; i++)
		moved[i] = cvm_shrink(parameters[i] - rate * gradient[i],
							  cvm_problem_is_intercept(problem, i) ? 0 : rate * problem->l1);
	if (cvm_problem_evaluate(problem, moved, NULL, NULL, NULL) +
		cvm_problem_lasso(problem, moved) <= value)
		memcpy(parameters, moved, sizeof(double) * problem->parameters);
}

/* What the fit is worth over all rows, at which the batches only hint. */
static void
measure(Trainee *trainee, CvmProblem *problem, CvmFit *fit)
{
	double	   *gradient = CVM_NEW(double, problem->parameters);
	CvmReference reference;
	double		null_loss;
	double		value = cvm_problem_evaluate(problem, fit->parameters, gradient, NULL, NULL) +
		cvm_problem_lasso(problem, fit->parameters);

	if (problem->l1 > 0)
	{
		take_proximal_step(trainee, problem, gradient, value, fit->parameters);
		value = cvm_problem_evaluate(problem, fit->parameters, gradient, NULL, NULL) +
			cvm_problem_lasso(problem, fit->parameters);
	}
	fit->loss = cvm_problem_loss(problem, fit->parameters, value);
	cvm_problem_pseudo_gradient(problem, fit->parameters, gradient, gradient);
	fit->gradient_norm = cvm_norm(problem->parameters, gradient);
	cvm_reference_init(&reference, problem->parameters);
	null_loss = measure_null_model(trainee, problem, &reference);
	problem->reference = &reference;
	if (cvm_problem_is_optimum(problem, gradient))
		fit->outcome = CVM_CONVERGED;
	if (!(fit->loss <= null_loss + DIVERGED_LOSS * fabs(null_loss)))
		fit->outcome = CVM_DIVERGED;
	cvm_release(gradient);
	cvm_reference_release(&reference);
}

CvmStatus
cvm_fit_stochastic(const CvmShape *shape, CvmBlockSource *training,
				   CvmBlockSource *validation, const CvmOptions *options,
				   CvmSolver solver, const double *start,
				   const CvmProgress *progress, CvmFit *fit, CvmError *error)
{
	CvmBlockObjective blocks;
	CvmObjective objective;
	CvmProblem	problem;
	Trainee		trainee = {.shape = shape};
	CvmBatchLearner learner = {add_rows, take_step, validate, keep, &trainee};
	CvmEpochs	epochs;

	if (training->rows == 0)
		return cvm_fail(error, CVM_NO_ROWS, "there are no rows to learn from");
	begin_training(&trainee, training, options, solver, start);
	cvm_run_epochs(&learner, training, validation, &trainee.scaled_options, solver,
				   progress, &epochs);

	memset(fit, 0, sizeof(*fit));
	fit->parameters = trainee.kept;
	fit->solver = solver;
	fit->outcome = epochs.outcome;
	fit->iterations = epochs.epochs;
	fit->rank = -1;
	fit->dispersion = 1;
	fit->validation_loss = epochs.validation_loss;

	cvm_objective_over_blocks(&objective, &blocks, shape, training);
	cvm_problem_init(&problem, &objective, options, progress);
	measure(&trainee, &problem, fit);
	cvm_release(blocks.work);
	end_training(&trainee);
	return CVM_OK;
}
