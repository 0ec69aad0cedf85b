/*
 * learner_network.c
 *		neural_network as a learner.
 *
 * What is kept is on the encoded scale of the model's own encoder.  A warm
 * start may have another encoder; then the first layer, which is one linear
 * predictor for each of its units, is carried over as those of the linear
 * families are.
 */
#include "model/learners/learner_network.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "learn/network/activation.h"
#include "learn/network/network_fit.h"
#include "learn/network/network_pass.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

static CvmFamily
family_of(const CvmLearner *learner, CvmTask task, const CvmOptions *options)
{
	return task == CVM_MULTICLASS ? CVM_SOFTMAX : task == CVM_BINARY ? CVM_LOGISTIC : CVM_LINEAR;
}

/* Its center and scale are those of no target yet. */
static CvmNetwork
network_shape(const CvmEncoder *encoder, CvmFamily family, int outputs)
{
	CvmNetwork	network = {
		.family = family,
		.dense_columns = encoder->dense_columns,
		.coded_columns = encoder->coded_columns,
		.slots = encoder->slots,
		.outputs = outputs,
		.scale = 1
	};

	return network;
}

static CvmNetwork
network_of(const CvmModel *model)
{
	const CvmNetworkPayload *payload = (const CvmNetworkPayload *) model->payload;
	CvmNetwork	network = network_shape(&model->encoder, model->family, model->outputs);

	network.activation = payload->activation;
	network.hidden_layers = payload->hidden_layers;
	memcpy(network.units, payload->units, sizeof(network.units));
	network.center = payload->center;
	network.scale = payload->scale;
	return network;
}

static double *
gather_parameters(const CvmNetwork *network, const CvmNetworkPayload *payload)
{
	double	   *parameters = CVM_NEW(double, cvm_network_parameters(network));

	for (int l = 0; l <= network->hidden_layers; l++)
	{
		size_t		outputs = cvm_network_outputs(network, l);
		size_t		weights = cvm_network_inputs(network, l) * outputs;

		if (weights > 0)
			memcpy(parameters + cvm_network_weights(network, l), payload->weights[l],
				   weights * sizeof(double));
		memcpy(parameters + cvm_network_biases(network, l), payload->biases[l],
			   outputs * sizeof(double));
	}
	return parameters;
}

/* The opposite: matrices and biases are parts of the parameters. */
static void
point_to_parameters(const CvmNetwork *network, const double *parameters,
					CvmNetworkPayload *payload)
{
	for (int l = 0; l <= network->hidden_layers; l++)
	{
		payload->weights[l] = parameters + cvm_network_weights(network, l);
		payload->biases[l] = parameters + cvm_network_biases(network, l);
	}
}

/* ---- warm start ---- */

/* The first layer of a model for another encoder, into parameters. */
static void
carry_first_layer(const CvmModel *start, const CvmNetwork *from, const double *from_parameters,
				  const CvmNetwork *to, const CvmEncoder *encoder, double *parameters)
{
	int			units = from->units[0];
	CvmShape	shape = {
		.family = CVM_LINEAR,.outputs = units,
		.dense_columns = from->dense_columns,.coded_columns = from->coded_columns,
		.slots = from->slots
	};
	size_t		from_stride = (size_t) from->slots + 1;
	size_t		to_stride = (size_t) to->slots + 1;
	CvmFit		fit = {.parameters = CVM_NEW(double, units * from_stride),.rank = -1};
	double	   *carried = CVM_NEW(double, units * to_stride);
	CvmModel	linear = {.encoder = start->encoder};

	/* biases follow the weights, as intercepts do */
	for (int unit = 0; unit < units; unit++)
		for (size_t slot = 0; slot < from_stride; slot++)
			fit.parameters[unit * from_stride + slot] = from_parameters[slot * units + unit];
	cvm_model_set_fit(&linear, &shape, &fit);
	cvm_model_parameters(&linear, encoder, carried);
	for (int unit = 0; unit < units; unit++)
		for (size_t slot = 0; slot < to_stride; slot++)
			parameters[slot * units + unit] = carried[unit * to_stride + slot];
	cvm_release(carried);
	cvm_release(fit.parameters);
}

/* Parameters to start from; NULL where the model has other layers. */
static double *
start_parameters(const CvmModel *start, const CvmEncoder *encoder, CvmNetwork *network)
{
	CvmNetwork	from = network_of(start);
	double	   *from_parameters;
	double	   *parameters;

	if (from.activation != network->activation || from.hidden_layers != network->hidden_layers ||
		memcmp(from.units, network->units, sizeof(from.units)) != 0)
		return NULL;
	from_parameters = gather_parameters(&from, (const CvmNetworkPayload *) start->payload);
	parameters = CVM_NEW(double, cvm_network_parameters(network));
	carry_first_layer(start, &from, from_parameters, network, encoder, parameters);
	memcpy(parameters + cvm_network_weights(network, 1),
		   from_parameters + cvm_network_weights(&from, 1),
		   (cvm_network_parameters(&from) - cvm_network_weights(&from, 1)) * sizeof(double));
	network->center = from.center;
	network->scale = from.scale;
	cvm_release(from_parameters);
	return parameters;
}

/* ---- fitting ---- */

static double
finite_or_missing(double value)
{
	return isfinite(value) ? value : NAN;
}

static CvmStatus
fit_network(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	const CvmOptions *options = lesson->options;
	CvmNetwork	network = network_shape(lesson->encoder, lesson->family, model->outputs);
	CvmNetworkPayload *payload;
	CvmNetworkFit fit;
	CvmStatus	status;
	double	   *start = NULL;

	network.activation = options->activation;
	for (; options->hidden_layers[network.hidden_layers] > 0; network.hidden_layers++)
		network.units[network.hidden_layers] = options->hidden_layers[network.hidden_layers];
	if (lesson->start != NULL)
		start = start_parameters(lesson->start, lesson->encoder, &network);
	if (lesson->toward_start)
		status = cvm_fit_network_toward(&network, lesson->training, options, start, &fit, error);
	else
		status = cvm_fit_network(&network, lesson->training, lesson->validation, options, start,
								 lesson->progress, &fit, error);
	cvm_release(start);
	if (status != CVM_OK)
		return status;

	payload = CVM_NEW_ZERO(CvmNetworkPayload, 1);
	payload->activation = network.activation;
	payload->hidden_layers = network.hidden_layers;
	memcpy(payload->units, network.units, sizeof(network.units));
	payload->center = network.center;
	payload->scale = network.scale;
	point_to_parameters(&network, fit.parameters, payload);
	model->payload = payload;
	model->solver = fit.solver;
	model->outcome = fit.outcome;
	model->iterations = fit.epochs;
	model->rank = -1;
	model->loss = finite_or_missing(fit.loss);
	model->validation_loss = finite_or_missing(fit.validation_loss);
	model->gradient_norm = NAN;
	return CVM_OK;
}

/*
 * Some epochs over the new rows from the weights that are there.  What it forgets
 * by that depends on rate and epochs, and decay changes nothing but the count of
 * effective rows.
 */
#define PARTIAL_EPOCHS 5

static CvmStatus
partial_fit_network(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	const CvmNetworkPayload *known = (const CvmNetworkPayload *) lesson->start->payload;
	CvmOptions	options = *lesson->options;
	CvmLesson	partial = *lesson;

	if (options.epochs == 0)
		options.epochs = PARTIAL_EPOCHS;
	options.activation = known->activation;
	memset(options.hidden_layers, 0, sizeof(options.hidden_layers));
	for (int l = 0; l < known->hidden_layers; l++)
		options.hidden_layers[l] = known->units[l];
	partial.options = &options;
	return fit_network(&partial, model, error);
}

/* ---- the payload ---- */

static void
describe_network(CvmModel *model, CvmFields *fields)
{
	CvmNetworkPayload *payload;
	CvmNetwork	network;
	int			layers;

	if (fields->reading)
	{
		model->family = family_of(model->learner, model->task, NULL);
		model->payload = CVM_NEW_ZERO(CvmNetworkPayload, 1);
	}
	payload = (CvmNetworkPayload *) model->payload;
	cvm_field_choice(fields, "activation", cvm_activation_names, &payload->activation);
	cvm_field_number(fields, "center", &payload->center, false);
	cvm_field_number(fields, "scale", &payload->scale, false);
	cvm_field_count(fields, "hidden_layers", &payload->hidden_layers);

	/* too many are found out by the check */
	layers = payload->hidden_layers < CVM_MAX_HIDDEN_LAYERS ? payload->hidden_layers
		: CVM_MAX_HIDDEN_LAYERS;
	for (int l = 0; l < layers; l++)
	{
		char		name[32];

		snprintf(name, sizeof(name), "units_%d", l + 1);
		cvm_field_count(fields, name, &payload->units[l]);
	}
	network = network_of(model);
	network.hidden_layers = layers;
	for (int l = 0; l <= layers; l++)
	{
		int			outputs = cvm_network_outputs(&network, l);
		char		name[32];

		snprintf(name, sizeof(name), "weights_%d", l + 1);
		cvm_field_matrix(fields, name, &payload->weights[l],
						 cvm_network_inputs(&network, l), outputs, false);
		snprintf(name, sizeof(name), "biases_%d", l + 1);
		cvm_field_numbers(fields, name, &payload->biases[l], outputs, false);
	}
}

/* Networks compute in single precision. */
static bool
all_finite(size_t count, const double *values)
{
	for (size_t i = 0; i < count; i++)
		if (!(fabs(values[i]) <= FLT_MAX))
			return false;
	return true;
}

static CvmStatus
check_network(const CvmModel *model, CvmError *error)
{
	const CvmNetworkPayload *payload = (const CvmNetworkPayload *) model->payload;
	CvmNetwork	network;

	if (payload->hidden_layers < 1 || payload->hidden_layers > CVM_MAX_HIDDEN_LAYERS)
		return BAD("a neural network cannot have %d hidden layers", payload->hidden_layers);
	for (int l = 0; l < payload->hidden_layers; l++)
		if (payload->units[l] < 1 || payload->units[l] > CVM_NETWORK_MAX_PARAMETERS)
			return BAD("hidden layer %d cannot have %d units", l + 1, payload->units[l]);
	if (payload->activation != CVM_RELU && payload->activation != CVM_TANH)
		return BAD("activation %d is not known", payload->activation);
	if (!isfinite(payload->center) || !(isfinite(payload->scale) && payload->scale > 0) ||
		(model->task != CVM_REGRESSION && (payload->center != 0 || payload->scale != 1)))
		return BAD("center and scale of the target cannot be");
	network = network_of(model);
	if (cvm_network_parameters(&network) > CVM_NETWORK_MAX_PARAMETERS)
		return cvm_fail(error, CVM_LIMIT, "a neural network has at most %d weights",
						CVM_NETWORK_MAX_PARAMETERS);
	for (int l = 0; l <= network.hidden_layers; l++)
	{
		size_t		outputs = cvm_network_outputs(&network, l);
		size_t		weights = cvm_network_inputs(&network, l) * outputs;

		if ((weights > 0 && payload->weights[l] == NULL) || payload->biases[l] == NULL)
			return BAD("weights of layer %d are missing", l + 1);
		if (!all_finite(weights, payload->weights[l]) || !all_finite(outputs, payload->biases[l]))
			return BAD("weights of layer %d are not finite", l + 1);
	}
	return CVM_OK;
}

/* ---- prediction ---- */

typedef struct Prepared
{
	CvmNetwork	network;
	CvmNetworkPass *pass;
} Prepared;

static void *
prepare_network(const CvmModel *model)
{
	Prepared   *prepared = CVM_NEW(Prepared, 1);
	double	   *parameters;

	prepared->network = network_of(model);
	prepared->pass = cvm_network_pass_create(&prepared->network);
	parameters = gather_parameters(&prepared->network, (const CvmNetworkPayload *) model->payload);
	cvm_network_load(prepared->pass, parameters);
	cvm_release(parameters);
	return prepared;
}

static void
predict_network(void *state, const CvmBlock *block, double *predictions)
{
	Prepared   *prepared = (Prepared *) state;

	cvm_network_predict(prepared->pass, block, predictions);
	cvm_family_means(prepared->network.family, prepared->network.outputs, block->rows, predictions);
}

/* ---- segments ---- */

/* Rows of the first layer's matrix that belong to a category term; none of term -1. */
static void
rows_of_term(const CvmEncoder *encoder, int term, size_t *first, size_t *count)
{
	*first = term < 0 ? encoder->slots : encoder->terms[term].slot;
	*count = term < 0 ? 0 : encoder->terms[term].level_count - 1;
}

/* A level that is always there is part of the biases. */
static void *
at_level_network(const CvmModel *model, int term, int level, const CvmEncoder *rest)
{
	const CvmNetworkPayload *payload = (const CvmNetworkPayload *) model->payload;
	CvmNetworkPayload *result = CVM_NEW(CvmNetworkPayload, 1);
	CvmNetwork	network = network_of(model);
	CvmNetwork	without = network;
	double	   *from = gather_parameters(&network, payload);
	double	   *to;
	size_t		units = payload->units[0];
	size_t		first;
	size_t		count;

	rows_of_term(&model->encoder, term, &first, &count);
	without.slots -= (int) count;
	without.coded_columns = rest->coded_columns;
	to = CVM_NEW(double, cvm_network_parameters(&without));
	memcpy(to, from, first * units * sizeof(double));
	memcpy(to + first * units, from + (first + count) * units,
		   (cvm_network_parameters(&without) - first * units) * sizeof(double));
	for (size_t unit = 0; unit < units && level > 0; unit++)
		to[cvm_network_biases(&without, 0) + unit] += from[(first + level - 1) * units + unit];
	*result = *payload;
	point_to_parameters(&without, to, result);
	cvm_release(from);
	return result;
}

static void
move_values(const double *values, const double *from, const double *to, size_t count,
			double factor)
{
	double	   *moved = (double *) values;

	for (size_t i = 0; i < count; i++)
		moved[i] += factor * (to[i] - from[i]);
}

static void
move_network(CvmModel *model, int term, const CvmModel *from, const CvmModel *to, double factor)
{
	CvmNetworkPayload *payload = (CvmNetworkPayload *) model->payload;
	const CvmNetworkPayload *before = (const CvmNetworkPayload *) from->payload;
	const CvmNetworkPayload *after = (const CvmNetworkPayload *) to->payload;
	CvmNetwork	network = network_of(model);
	size_t		units = payload->units[0];
	size_t		slots = from->encoder.slots;
	size_t		first;
	size_t		count;

	rows_of_term(&model->encoder, term, &first, &count);
	move_values(payload->weights[0], before->weights[0], after->weights[0], first * units, factor);
	move_values(payload->weights[0] + (first + count) * units,
				before->weights[0] + first * units, after->weights[0] + first * units,
				(slots - first) * units, factor);
	for (int l = 0; l <= payload->hidden_layers; l++)
	{
		size_t		outputs = cvm_network_outputs(&network, l);

		if (l > 0)
			move_values(payload->weights[l], before->weights[l], after->weights[l],
						cvm_network_inputs(&network, l) * outputs, factor);
		move_values(payload->biases[l], before->biases[l], after->biases[l], outputs, factor);
	}
}

/* The parameters are in one piece, the first layer's weights first. */
static void
release_network(void *payload)
{
	cvm_release((double *) ((CvmNetworkPayload *) payload)->weights[0]);
	cvm_release(payload);
}

static void
finish_network(void *state)
{
	cvm_network_pass_free(((Prepared *) state)->pass);
	cvm_release(state);
}

const CvmLearner cvm_learner_neural_network = {
	.name = "neural_network",.number = CVM_ALGORITHM_NEURAL_NETWORK,
	.tasks = CVM_TASK_BIT(CVM_REGRESSION) | CVM_TASK_BIT(CVM_BINARY) | CVM_TASK_BIT(CVM_MULTICLASS),
	.family = family_of,.fit = fit_network,.partial_fit = partial_fit_network,
	.describe = describe_network,.check = check_network,
	.prepare = prepare_network,.predict = predict_network,
	.finish = finish_network,
	.at_level = at_level_network,.move = move_network,.release = release_network
};
