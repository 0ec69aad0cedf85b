/*
 * network_fit.c
 *		Training a network by epochs of mini-batches.
 *
 * Epochs, rates, stopping and steps are those of every learner of batches;
 * here are only the start and the gradient.
 */
#include "learn/network/network_fit.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/batches/epochs.h"
#include "learn/network/activation.h"
#include "learn/network/network_job.h"
#include "learn/network/network_pass.h"
#include "learn/linear/null_model.h"
#include "learn/batches/stepper.h"

/* Networks take smaller steps than convex fits. */
#define ADAM_RATE 0.001

typedef struct Trainee
{
	CvmNetwork *network;
	CvmOptions	options;
	double		total_weight;
	CvmNetworkJob *job;			/* gradients */
	CvmNetworkPass *pass;		/* losses without gradients */
	CvmStepper	stepper;
	double	   *kept;
	const double *toward;		/* where the penalty pulls to; NULL: to zero */
	double	   *pulled;			/* gradient with that pull */
} Trainee;

/* ---- what the epochs call ---- */

static void
add_rows(void *state, CvmBlock *rows)
{
	Trainee    *trainee = state;

	cvm_network_job_add(trainee->job, rows);
}

/* The gradient of a batch of that weight, and its share of l2/2 (w - toward)^2. */
static const double *
pull(Trainee *trainee, const double *gradient, double weight)
{
	double		l2 = trainee->options.l2 * weight / trainee->total_weight;

	for (int i = 0; i < trainee->stepper.parameters; i++)
		trainee->pulled[i] = gradient[i] +
			l2 * (trainee->stepper.weights[i] - trainee->toward[i]);
	return trainee->pulled;
}

static double
take_step(void *state, double rate)
{
	Trainee    *trainee = state;
	const CvmNetwork *network = trainee->network;
	double		loss;
	double		weight;
	const double *gradient = cvm_network_job_finish(trainee->job, &loss, &weight);
	CvmStep		step;

	if (trainee->toward != NULL)
		gradient = pull(trainee, gradient, weight);
	cvm_step_begin(&trainee->stepper, gradient, weight, &trainee->options, rate,
				   trainee->total_weight, &step);
	for (int l = 0; l <= network->hidden_layers; l++)
	{
		int			weights = (int) cvm_network_weights(network, l);
		int			biases = (int) cvm_network_biases(network, l);

		cvm_step_move(&trainee->stepper, &step, gradient, weights, biases,
					  trainee->toward == NULL);
		cvm_step_move(&trainee->stepper, &step, gradient, biases,
					  biases + cvm_network_outputs(network, l), false);
	}
	cvm_step_end(&trainee->stepper);
	cvm_network_job_load(trainee->job, trainee->stepper.weights);
	return loss / weight;
}

static double
mean_loss(Trainee *trainee, CvmBlockSource *source, const double *parameters)
{
	double		loss = 0;

	cvm_network_load(trainee->pass, parameters);
	for (int i = 0; i < source->blocks; i++)
		loss += cvm_network_loss(trainee->pass, source->read(source->state, i));
	return loss / source->total_weight;
}

static double
validate(void *state, CvmBlockSource *validation)
{
	Trainee    *trainee = state;

	return mean_loss(trainee, validation, cvm_stepper_result(&trainee->stepper));
}

static void
keep(void *state)
{
	Trainee    *trainee = state;

	memcpy(trainee->kept, cvm_stepper_result(&trainee->stepper),
		   sizeof(double) * trainee->stepper.parameters);
}

/* ---- the start ---- */

/*
 * Random weights whose variance keeps that of the values from layer to layer:
 * 2 / inputs before relu, 2 / (inputs + outputs) before tanh, 1 / inputs in
 * the last layer.  In the first layer every level of a category is an input,
 * although a row has only one of them: what rare levels start with they keep,
 * and had better be small.
 */
static void
draw_weights(const CvmNetwork *network, CvmRandom *random, double *parameters)
{
	for (int l = 0; l <= network->hidden_layers; l++)
	{
		size_t		end = cvm_network_biases(network, l);
		double		inputs = cvm_network_inputs(network, l);
		double		variance = l == network->hidden_layers ? 1 / inputs
			: network->activation == CVM_RELU ? 2 / inputs
			: 2 / (inputs + cvm_network_outputs(network, l));

		for (size_t i = cvm_network_weights(network, l); i < end; i++)
			parameters[i] = sqrt(variance) * cvm_random_normal(random);
	}
}

/* The last layer predicts the same with another center and scale. */
static void
rescale_last_layer(CvmNetwork *network, double center, double scale, double *parameters)
{
	size_t		biases = cvm_network_biases(network, network->hidden_layers);
	size_t		count = cvm_network_parameters(network);

	for (size_t i = cvm_network_weights(network, network->hidden_layers); i < count; i++)
		parameters[i] = (parameters[i] * network->scale +
						 (i >= biases ? network->center - center : 0)) / scale;
	network->center = center;
	network->scale = scale;
}

static void
begin_training(Trainee *trainee, CvmBlockSource *training, CvmSolver solver,
			   const double *start)
{
	CvmNetwork *network = trainee->network;
	const CvmOptions *options = &trainee->options;
	int			parameters = (int) cvm_network_parameters(network);
	CvmShape	shape = {
		.family = network->family,.outputs = network->outputs,
		.dense_columns = network->dense_columns,
		.coded_columns = network->coded_columns,.slots = network->slots
	};
	CvmNullModel null_model;
	CvmRandom	random;

	cvm_null_model(&shape, training, &null_model);
	trainee->total_weight = training->total_weight;
	cvm_stepper_bind(&trainee->stepper, solver, parameters, options->averaging,
					 CVM_NEW_ZERO(double, cvm_stepper_size(solver, parameters, options->averaging)));
	if (start != NULL)
		memcpy(trainee->stepper.weights, start, sizeof(double) * parameters);
	if (trainee->toward != NULL)
		trainee->pulled = CVM_NEW(double, parameters);
	else if (start != NULL)
		rescale_last_layer(network, null_model.center, null_model.scale,
						   trainee->stepper.weights);
	else
	{
		network->center = null_model.center;
		network->scale = null_model.scale;
		cvm_random_seed(&random, (uint64_t) options->seed);
		draw_weights(network, &random, trainee->stepper.weights);
		memcpy(trainee->stepper.weights + cvm_network_biases(network, network->hidden_layers),
			   null_model.intercepts, sizeof(double) * network->outputs);
	}
	cvm_release(null_model.intercepts);

	trainee->pass = cvm_network_pass_create(network);
	trainee->job = cvm_network_job_begin(network, options,
										 (double) training->rows * cvm_epoch_count(options, training->rows),
										 training->in_order);
	cvm_network_job_load(trainee->job, trainee->stepper.weights);
	trainee->kept = CVM_NEW(double, parameters);
	keep(trainee);
}

static void
end_training(Trainee *trainee)
{
	cvm_network_pass_free(trainee->pass);
	cvm_release(trainee->pulled);
	cvm_release(trainee->stepper.step); /* the stepper's memory starts there */
}

static CvmStatus
fit_network(CvmNetwork *network, CvmBlockSource *training, CvmBlockSource *validation,
			const CvmOptions *options, const double *start, bool toward,
			const CvmProgress *progress, CvmNetworkFit *fit, CvmError *error)
{
	CvmSolver	solver = options->solver == CVM_SOLVER_AUTO ? CVM_SOLVER_ADAM : options->solver;
	Trainee		trainee = {.network = network,.options = *options,
	.toward = toward ? start : NULL};
	CvmBatchLearner learner = {add_rows, take_step, validate, keep, &trainee};
	CvmEpochs	epochs;

	if (solver == CVM_SOLVER_NEWTON || solver == CVM_SOLVER_LBFGS)
	{
		cvm_fail(error, CVM_BAD_OPTION, "solver \"%s\" cannot train a neural network",
				 cvm_solver_name(solver));
		cvm_hint(error, "Use \"adam\", \"sgd\", \"momentum\" or \"adagrad\".");
		return CVM_BAD_OPTION;
	}
	if (cvm_network_parameters(network) > CVM_NETWORK_MAX_PARAMETERS)
	{
		cvm_fail(error, CVM_LIMIT, "the network would have %zu weights",
				 cvm_network_parameters(network));
		cvm_hint(error, "At most %d are possible: use fewer hidden units, or fewer categories (option \"max_categories\").",
				 CVM_NETWORK_MAX_PARAMETERS);
		return CVM_LIMIT;
	}
	if (training->rows == 0)
		return cvm_fail(error, CVM_NO_ROWS, "there are no rows to learn from");

	if (options->learning_rate == 0 && solver == CVM_SOLVER_ADAM)
		trainee.options.learning_rate = ADAM_RATE;
	begin_training(&trainee, training, solver, start);
	cvm_run_epochs(&learner, training, validation, &trainee.options, solver, progress, &epochs);
	cvm_network_job_end(trainee.job);
	fit->parameters = trainee.kept;
	fit->solver = solver;
	fit->outcome = epochs.outcome;
	fit->epochs = epochs.epochs;
	fit->validation_loss = epochs.validation_loss;
	fit->loss = mean_loss(&trainee, training, trainee.kept);
	end_training(&trainee);
	return CVM_OK;
}

CvmStatus
cvm_fit_network(CvmNetwork *network, CvmBlockSource *training,
				CvmBlockSource *validation, const CvmOptions *options,
				const double *start, const CvmProgress *progress,
				CvmNetworkFit *fit, CvmError *error)
{
	return fit_network(network, training, validation, options, start, false, progress, fit,
					   error);
}

CvmStatus
cvm_fit_network_toward(CvmNetwork *network, CvmBlockSource *training,
					   const CvmOptions *options, const double *start,
					   CvmNetworkFit *fit, CvmError *error)
{
	return fit_network(network, training, NULL, options, start, true, NULL, fit, error);
}
