/*
 * stepper.c
 *		One mini-batch step of sgd, momentum, adagrad or adam.
 *
 * The delicate point is the L1 penalty.  A proximal step is right only if its
 * threshold is measured with the same ruler as the gradient's step: where a
 * solver divides the gradient by a number of its own, or piles it up as
 * momentum does, the threshold gets the same factor, else the weights settle
 * at the optimum of another penalty.
 */
#include "learn/batches/stepper.h"

#include <math.h>
#include <string.h>

#include "learn/linear/solver.h"
#include "linalg/panel.h"
#include "linalg/clones.h"
#include "linalg/dense.h"

#define ADAGRAD_EPSILON 1e-10
#define ADAM_FIRST_DECAY 0.9
#define ADAM_SECOND_DECAY 0.999
#define ADAM_EPSILON 1e-8

/* Step t counts as its AVERAGE_POWER-th power. */
#define AVERAGE_POWER 3.0

/* What schedules take for an epoch where its length is not known. */
#define STEPS_OF_UNKNOWN_EPOCH 1000.0

/* ---- memory ---- */

static bool
has_first(CvmSolver solver)
{
	return solver == CVM_SOLVER_MOMENTUM || solver == CVM_SOLVER_ADAM;
}

static bool
has_second(CvmSolver solver)
{
	return solver == CVM_SOLVER_ADAGRAD || solver == CVM_SOLVER_ADAM;
}

size_t
cvm_stepper_size(CvmSolver solver, int parameters, bool averaging)
{
	size_t		vectors = 1 + averaging + has_first(solver) + has_second(solver);

	return 2 + vectors * parameters;
}

void
cvm_stepper_bind(CvmStepper *stepper, CvmSolver solver, int parameters,
				 bool averaging, double *memory)
{
	double	   *next = memory + 2;

	stepper->solver = solver;
	stepper->parameters = parameters;
	stepper->step = memory;
	stepper->weights = next;
	next += parameters;
	stepper->average = averaging ? next : NULL;
	next += averaging ? parameters : 0;
	stepper->first = has_first(solver) ? next : NULL;
	next += has_first(solver) ? parameters : 0;
	stepper->second = has_second(solver) ? next : NULL;
}

/* ---- the rate ---- */

double
cvm_default_learning_rate(CvmSolver solver)
{
	switch (solver)
	{
		case CVM_SOLVER_MOMENTUM:
			return 0.01;
		case CVM_SOLVER_ADAM:
			return 0.01;
		default:
			return 0.1;
	}
}

double
cvm_learning_rate(const CvmOptions *options, CvmSolver solver,
				  double step, double steps_per_epoch, double total_steps)
{
	double		rate = options->learning_rate > 0 ? options->learning_rate
		: cvm_default_learning_rate(solver);
	double		epoch = steps_per_epoch > 0 ? steps_per_epoch : STEPS_OF_UNKNOWN_EPOCH;
	double		warmup = options->warmup * epoch;
	double		done;

	if (step < warmup)
		return rate * fmin(1, (step + 1) / warmup);
	switch (options->schedule)
	{
		case CVM_SCHEDULE_INVERSE:
			return rate / (1 + (step - warmup) / epoch);
		case CVM_SCHEDULE_COSINE:
			if (total_steps <= warmup)
				return rate;
			done = fmin(1, (step - warmup) / (total_steps - warmup));
			return rate * 0.5 * (1 + cos(M_PI * done));
		default:
			return rate;
	}
}

/* ---- the step ---- */

void
cvm_step_begin(CvmStepper *stepper, const double *gradient, double weight,
			   const CvmOptions *options, double rate, double total_weight, CvmStep *step)
{
	double		steps = ++stepper->step[0];

	step->rate = rate;
	step->scale = 1 / weight;
	step->l2 = options->l2 / total_weight;
	step->l1 = options->l1 / total_weight;
	step->momentum = options->momentum;
	step->first_correction = 1 / (1 - pow(ADAM_FIRST_DECAY, steps));
	step->second_correction = 1 / (1 - pow(ADAM_SECOND_DECAY, steps));
	if (options->clip > 0)
	{
		double		norm = cvm_norm(stepper->parameters, gradient) * step->scale;

		if (norm > options->clip)
			step->scale *= options->clip / norm;
	}
}

CVM_CLONES static void
step_sgd(CvmStepper *stepper, const CvmStep *step, const double *gradient,
		 double l2, double l1, int from, int to)
{
	double	   *weights = stepper->weights;
	double		threshold = step->rate * l1;

	for (int i = from; i < to; i++)
	{
		double		slope = step->scale * gradient[i] + l2 * weights[i];

		weights[i] = cvm_shrink(weights[i] - step->rate * slope, threshold);
	}
}

/* A constant gradient g moves the weights by g / (1 - momentum) at last. */
CVM_CLONES static void
step_momentum(CvmStepper *stepper, const CvmStep *step, const double *gradient,
			  double l2, double l1, int from, int to)
{
	double	   *weights = stepper->weights;
	double	   *velocity = stepper->first;
	double		threshold = step->rate * l1 / (1 - step->momentum);

	for (int i = from; i < to; i++)
	{
		double		slope = step->scale * gradient[i] + l2 * weights[i];

		velocity[i] = step->momentum * velocity[i] + slope;
		weights[i] = cvm_shrink(weights[i] - step->rate * velocity[i], threshold);
	}
}

CVM_CLONES static void
step_adagrad(CvmStepper *stepper, const CvmStep *step, const double *gradient,
			 double l2, double l1, int from, int to)
{
	double	   *weights = stepper->weights;
	double	   *sum = stepper->second;

	for (int i = from; i < to; i++)
	{
		double		slope = step->scale * gradient[i] + l2 * weights[i];
		double		rate;

		sum[i] += slope * slope;
		rate = step->rate / (sqrt(sum[i]) + ADAGRAD_EPSILON);
		weights[i] = cvm_shrink(weights[i] - rate * slope, rate * l1);
	}
}

CVM_CLONES static void
step_adam(CvmStepper *stepper, const CvmStep *step, const double *gradient,
		  double l2, double l1, int from, int to)
{
	double	   *weights = stepper->weights;
	double	   *first = stepper->first;
	double	   *second = stepper->second;

	for (int i = from; i < to; i++)
	{
		double		slope = step->scale * gradient[i] + l2 * weights[i];
		double		rate;

		first[i] += (1 - ADAM_FIRST_DECAY) * (slope - first[i]);
		second[i] += (1 - ADAM_SECOND_DECAY) * (slope * slope - second[i]);
		rate = step->rate / (sqrt(second[i] * step->second_correction) + ADAM_EPSILON);
		weights[i] = cvm_shrink(weights[i] - rate * step->first_correction * first[i],
								rate * l1);
	}
}

void
cvm_step_move(CvmStepper *stepper, const CvmStep *step, const double *gradient,
			  int from, int to, bool penalized)
{
	double		l2 = penalized ? step->l2 : 0;
	double		l1 = penalized ? step->l1 : 0;

	switch (stepper->solver)
	{
		case CVM_SOLVER_MOMENTUM:
			step_momentum(stepper, step, gradient, l2, l1, from, to);
			break;
		case CVM_SOLVER_ADAGRAD:
			step_adagrad(stepper, step, gradient, l2, l1, from, to);
			break;
		case CVM_SOLVER_ADAM:
			step_adam(stepper, step, gradient, l2, l1, from, to);
			break;
		default:
			step_sgd(stepper, step, gradient, l2, l1, from, to);
			break;
	}
}

/* avg_t = avg_{t-1} + (p + 1) / (t + p) (w_t - avg_{t-1}), p the power. */
void
cvm_step_end(CvmStepper *stepper)
{
	double		share;

	if (stepper->average == NULL)
		return;
	share = (AVERAGE_POWER + 1) / (++stepper->step[1] + AVERAGE_POWER);
	for (int i = 0; i < stepper->parameters; i++)
		stepper->average[i] += share * (stepper->weights[i] - stepper->average[i]);
}

/* ---- batches ---- */

/* work: loss, weight and gradient of the batch, then the kernel's work. */

size_t
cvm_stepper_work_size(const CvmShape *shape)
{
	return CVM_STEPPER_GRADIENT + CVM_PARAMETERS(shape) + cvm_objective_work_size(shape);
}

void
cvm_stepper_begin(const CvmStepper *stepper, double *work)
{
	memset(work, 0, sizeof(double) * (CVM_STEPPER_GRADIENT + stepper->parameters));
}

/* The kernels take a block's rows at most. */
void
cvm_stepper_add(const CvmStepper *stepper, const CvmShape *shape,
				const CvmBlock *part, double *work)
{
	double	   *gradient = work + CVM_STEPPER_GRADIENT;

	work[CVM_STEPPER_WEIGHT] += cvm_sum(part->rows, part->weight);
	for (int row = 0; row < part->rows; row += CVM_BLOCK_ROWS)
	{
		CvmBlock	piece;

		cvm_block_rows(part, row, CVM_BLOCK_ROWS, shape->dense_columns,
					   shape->coded_columns, &piece);
		cvm_objective_add_block(shape, &piece, stepper->weights,
								gradient + stepper->parameters, &work[CVM_STEPPER_LOSS],
								gradient, NULL, NULL);
	}
}

double
cvm_stepper_finish(CvmStepper *stepper, const CvmShape *shape, const CvmOptions *options,
				   double rate, double total_weight, double *work)
{
	const double *gradient = work + CVM_STEPPER_GRADIENT;
	CvmStep		step;

	cvm_step_begin(stepper, gradient, work[CVM_STEPPER_WEIGHT], options, rate, total_weight, &step);
	for (int output = 0; output < shape->outputs; output++)
	{
		int			from = output * (shape->slots + 1);
		int			intercept = from + shape->slots;

		cvm_step_move(stepper, &step, gradient, from, intercept, true);
		cvm_step_move(stepper, &step, gradient, intercept, intercept + 1, false);
	}
	cvm_step_end(stepper);
	return work[CVM_STEPPER_LOSS] / work[CVM_STEPPER_WEIGHT];
}

double
cvm_stepper_take(CvmStepper *stepper, const CvmShape *shape, const CvmBlock *batch,
				 const CvmOptions *options, double rate, double total_weight, double *work)
{
	cvm_stepper_begin(stepper, work);
	cvm_stepper_add(stepper, shape, batch, work);
	return cvm_stepper_finish(stepper, shape, options, rate, total_weight, work);
}

const double *
cvm_stepper_result(const CvmStepper *stepper)
{
	return stepper->average != NULL && stepper->step[1] > 0 ? stepper->average
		: stepper->weights;
}
