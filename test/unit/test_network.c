/*
 * test_network.c
 *		Networks: gradients against a naive twin in double precision, which is
 *		held to finite differences; learning.
 */
#include "check.h"

#include <stdlib.h>

#include "learn/network/activation.h"
#include "learn/network/network_fit.h"
#include "learn/network/network_pass.h"
#include "rows_fixture.h"

/* ---- the twin: one row at a time, categories expanded, no BLAS ---- */

typedef struct Twin
{
	const CvmNetwork *network;
	double		values[CVM_MAX_HIDDEN_LAYERS + 2][64];	/* [0] is the row */
	double		delta[64];		/* of the first layer */
	double		input_gradient[64];
} Twin;

static void
twin_input(Twin *twin, const CvmBlock *block, int row)
{
	const CvmNetwork *network = twin->network;
	const int32_t *codes = block->codes + row * network->coded_columns;

	memset(twin->values[0], 0, sizeof(twin->values[0]));
	for (int j = 0; j < network->dense_columns; j++)
		twin->values[0][j] = block->dense[row * network->dense_columns + j];
	for (int c = 0; c < network->coded_columns; c++)
		if (codes[c] < network->slots)
			twin->values[0][codes[c]] = 1;
}

/* From values[0] to the loss; the last values are the linear predictors. */
static double
twin_forward(Twin *twin, const double *parameters, double y)
{
	const CvmNetwork *network = twin->network;
	double	   *eta = twin->values[network->hidden_layers + 1];

	for (int l = 0; l <= network->hidden_layers; l++)
	{
		const double *w = parameters + cvm_network_weights(network, l);
		const double *b = parameters + cvm_network_biases(network, l);
		int			inputs = cvm_network_inputs(network, l);
		int			outputs = cvm_network_outputs(network, l);

		for (int j = 0; j < outputs; j++)
		{
			double		z = b[j];

			for (int i = 0; i < inputs; i++)
				z += twin->values[l][i] * w[i * outputs + j];
			twin->values[l + 1][j] = l == network->hidden_layers ? z
				: network->activation == CVM_TANH ? tanh(z) : fmax(0, z);
		}
	}
	switch (network->family)
	{
		case CVM_LINEAR:
			y -= network->center + network->scale * eta[0];
			return y * y / 2;
		case CVM_LOGISTIC:
			return log(1 + exp((1 - 2 * y) * eta[0]));
		default:
			{
				double		sum = 0;

				for (int k = 0; k < network->outputs; k++)
					sum += exp(eta[k]);
				return log(sum) - eta[(int) y];
			}
	}
}

/* Adds factor times the gradient, of parameters and (not added) of the row. */
static void
twin_backward(Twin *twin, const double *parameters, double y, double factor, double *gradient)
{
	const CvmNetwork *network = twin->network;
	const double *eta = twin->values[network->hidden_layers + 1];
	double		delta[64];
	double		below[64];

	for (int k = 0; k < network->outputs; k++)
	{
		double		sum = 0;

		for (int m = 0; m < network->outputs; m++)
			sum += exp(eta[m]);
		delta[k] = network->family == CVM_LINEAR ? eta[0] - y
			: network->family == CVM_LOGISTIC ? 1 / (1 + exp(-eta[0])) - y
			: exp(eta[k]) / sum - (k == (int) y);
	}
	for (int l = network->hidden_layers; l >= 0; l--)
	{
		size_t		w = cvm_network_weights(network, l);
		size_t		b = cvm_network_biases(network, l);
		int			inputs = cvm_network_inputs(network, l);
		int			outputs = cvm_network_outputs(network, l);

		for (int i = 0; i < inputs; i++)
		{
			double		a = twin->values[l][i];

			below[i] = 0;
			for (int j = 0; j < outputs; j++)
			{
				gradient[w + i * outputs + j] += factor * a * delta[j];
				below[i] += parameters[w + i * outputs + j] * delta[j];
			}
			if (l > 0)
				below[i] *= network->activation == CVM_TANH ? 1 - a * a : a > 0;
		}
		for (int j = 0; j < outputs; j++)
			gradient[b + j] += factor * delta[j];
		memcpy(l > 0 ? delta : twin->input_gradient, below, sizeof(below));
	}
}

static double
twin_loss(const CvmNetwork *network, const CvmBlock *block, const double *parameters)
{
	Twin		twin = {network};
	double		loss = 0;

	for (int row = 0; row < block->rows; row++)
	{
		twin_input(&twin, block, row);
		loss += block->weight[row] * twin_forward(&twin, parameters, block->target[row]);
	}
	return loss;
}

/* Loss and gradient of a block as cvm_network_gradient has them, without dropout. */
static double
twin_add(const CvmNetwork *network, const CvmBlock *block, const double *parameters,
		 double adversarial, double *gradient)
{
	Twin		twin = {network};
	double		loss = 0;

	for (int row = 0; row < block->rows; row++)
	{
		double		factor = block->weight[row] * (adversarial > 0 ? 0.5 : 1);

		twin_input(&twin, block, row);
		loss += factor * twin_forward(&twin, parameters, block->target[row]);
		twin_backward(&twin, parameters, block->target[row], factor, gradient);
		if (adversarial == 0)
			continue;
		for (int j = 0; j < network->dense_columns; j++)
			if (twin.input_gradient[j] != 0)
				twin.values[0][j] += copysign(adversarial, twin.input_gradient[j]);
		loss += factor * twin_forward(&twin, parameters, block->target[row]);
		twin_backward(&twin, parameters, block->target[row], factor, gradient);
	}
	return loss;
}

/* ---- gradients ---- */

static CvmNetwork
network_over(const Rows *rows, int activation, int first, int second, int third)
{
	CvmNetwork	network = {
		.family = rows->shape.family,.activation = activation,
		.dense_columns = rows->shape.dense_columns,
		.coded_columns = rows->shape.coded_columns,
		.slots = rows->shape.slots,
		.hidden_layers = 1 + (second > 0) + (third > 0),
		.units = {first, second, third},
		.outputs = rows->shape.outputs,
		.scale = 1
	};

	return network;
}

static double *
random_parameters(const CvmNetwork *network, double deviation, uint64_t seed)
{
	size_t		count = cvm_network_parameters(network);
	double	   *parameters = CVM_NEW(double, count);
	CvmRandom	random;

	cvm_random_seed(&random, seed);
	for (size_t i = 0; i < count; i++)
		parameters[i] = (float) (deviation * cvm_random_normal(&random));
	return parameters;
}

/* The gradient of a block in double precision. */
static double
gradient_of(CvmNetworkPass *pass, const CvmNetwork *network, const CvmBlock *block,
			CvmNetworkNoise *noise, double *gradient)
{
	size_t		count = cvm_network_parameters(network);
	float	   *single = CVM_NEW(float, count);
	double		loss = cvm_network_gradient(pass, block, noise, single);

	for (size_t i = 0; i < count; i++)
		gradient[i] = single[i];
	cvm_release(single);
	return loss;
}

/* How far apart two vectors are, relative to their length. */
static double
distance(size_t count, const double *left, const double *right)
{
	double		difference = 0;
	double		length = 0;

	for (size_t i = 0; i < count; i++)
	{
		difference += (left[i] - right[i]) * (left[i] - right[i]);
		length += right[i] * right[i];
	}
	return sqrt(difference / length);
}

static void
check_gradient(CvmFamily family, int activation, int dense, int coded, int layers)
{
	Rows		rows;
	CvmNetwork	network;
	CvmBlock   *block;
	CvmNetworkPass *pass;
	CvmNetworkNoise noise = {0, 0};
	double	   *parameters;
	double	   *twin;
	double	   *gradient;
	double	   *eta;
	double		loss;
	size_t		count;

	rows_create(&rows, family, family == CVM_SOFTMAX ? 4 : 1, dense, coded, 40, 0.5, 3);
	network = network_over(&rows, activation, 7, layers > 1 ? 5 : 0, layers > 2 ? 6 : 0);
	block = rows.blocks[0];
	count = cvm_network_parameters(&network);
	parameters = random_parameters(&network, 0.5, 17);
	twin = CVM_NEW_ZERO(double, count);
	gradient = CVM_NEW_ZERO(double, count);
	loss = twin_add(&network, block, parameters, 0, twin);
	CHECK_CLOSE(twin_loss(&network, block, parameters), loss, 1e-12);

	/* every kind of parameter: weights of dense columns and codes, biases, each layer */
	for (size_t i = 0; i < count; i++)
	{
		double		value = parameters[i];
		double		above;
		double		below;

		parameters[i] = value + 1e-6;
		above = twin_loss(&network, block, parameters);
		parameters[i] = value - 1e-6;
		below = twin_loss(&network, block, parameters);
		parameters[i] = value;
		CHECK_CLOSE((above - below) / 2e-6, twin[i], 1e-6);
	}

	pass = cvm_network_pass_create(&network);
	cvm_network_load(pass, parameters);
	CHECK_CLOSE(cvm_network_loss(pass, block), loss, 1e-6);
	CHECK_CLOSE(gradient_of(pass, &network, block, &noise, gradient), loss, 1e-6);
	CHECK(distance(count, gradient, twin) < 1e-5);

	/* the rows' worst neighbors */
	noise.adversarial = 0.25;
	memset(twin, 0, count * sizeof(double));
	loss = twin_add(&network, block, parameters, 0.25, twin);
	CHECK_CLOSE(gradient_of(pass, &network, block, &noise, gradient), loss, 1e-5);
	CHECK(distance(count, gradient, twin) < 1e-4);

	/* predictions, of many rows and of single ones */
	eta = CVM_NEW(double, block->rows * network.outputs);
	cvm_network_predict(pass, block, eta);
	for (int row = 0; row < block->rows; row++)
	{
		Twin		one = {&network};
		CvmBlock	single;
		double		alone[8];

		twin_input(&one, block, row);
		twin_forward(&one, parameters, 0);
		cvm_block_rows(block, row, 1, dense, coded, &single);
		cvm_network_predict(pass, &single, alone);
		for (int k = 0; k < network.outputs; k++)
		{
			CHECK_CLOSE(eta[row * network.outputs + k],
						one.values[network.hidden_layers + 1][k], 1e-5);
			CHECK_CLOSE(alone[k], eta[row * network.outputs + k], 1e-5);
		}
	}
	cvm_network_pass_free(pass);
	cvm_release(parameters);
	cvm_release(twin);
	cvm_release(gradient);
	cvm_release(eta);
	rows_free(&rows);
}

static void
test_gradients(void)
{
	const CvmFamily families[] = {CVM_LINEAR, CVM_LOGISTIC, CVM_SOFTMAX};

	for (int f = 0; f < 3; f++)
		for (int activation = CVM_RELU; activation <= CVM_TANH; activation++)
		{
			check_gradient(families[f], activation, 4, 2, 1);
			check_gradient(families[f], activation, 4, 2, 3);
			check_gradient(families[f], activation, 4, 0, 2);
			check_gradient(families[f], activation, 0, 3, 2);
		}
}

static void
test_activations(void)
{
	double		largest = 0;

	for (float x = -12; x <= 12; x += 1 / 1024.0f)
	{
		float		value = x;
		float		slope = 1;

		cvm_activate(CVM_TANH, 1, &value);
		largest = fmax(largest, fabs(value - tanh(x)));
		cvm_activation_backward(CVM_TANH, 1, &value, NULL, 1, &slope);
		CHECK_CLOSE(slope, 1 - tanh(x) * tanh(x), 1e-6);
		value = x;
		cvm_activate(CVM_RELU, 1, &value);
		CHECK(value == fmaxf(0, x));
	}
	CHECK(largest < 2e-7);
	for (int activation = CVM_RELU; activation <= CVM_TANH; activation++)
	{
		float		values[] = {NAN, INFINITY, -INFINITY, 0};

		cvm_activate(activation, 4, values);
		CHECK(isnan(values[0]));
		CHECK(values[1] == (activation == CVM_TANH ? 1 : INFINITY));
		CHECK(values[2] == (activation == CVM_TANH ? -1 : 0));
		CHECK(values[3] == 0);
	}
}

/* Dropout: the same random numbers give the same masks, so differences can be taken. */
static void
test_dropout(void)
{
	Rows		rows;
	CvmNetwork	network;
	CvmNetworkPass *pass;
	CvmNetworkNoise noise = {0.3, 0};
	double	   *parameters;
	double	   *gradient;
	double	   *differences;
	float	   *single;
	double		mean = 0;
	double		plain;
	size_t		count;

	rows_create(&rows, CVM_LOGISTIC, 1, 4, 1, 300, 0.5, 3);
	network = network_over(&rows, CVM_TANH, 6, 5, 0);
	count = cvm_network_parameters(&network);
	parameters = random_parameters(&network, 0.5, 19);
	single = CVM_NEW(float, count);
	gradient = CVM_NEW(double, count);
	differences = CVM_NEW(double, count);
	pass = cvm_network_pass_create(&network);
	cvm_network_load(pass, parameters);
	cvm_random_seed(&noise.random, 1);
	gradient_of(pass, &network, rows.blocks[0], &noise, gradient);
	for (size_t i = 0; i < count; i++)
	{
		double		value = parameters[i];
		double		loss[2];

		for (int side = 0; side < 2; side++)
		{
			parameters[i] = (float) (value + (side == 0 ? -0.02 : 0.02));
			cvm_network_load(pass, parameters);
			cvm_random_seed(&noise.random, 1);
			loss[side] = cvm_network_gradient(pass, rows.blocks[0], &noise, single);
			parameters[i] = value;
		}
		differences[i] = (loss[1] - loss[0]) / 0.04;
	}
	CHECK(distance(count, differences, gradient) < 2e-3);

	/* another draw is another loss, and on average dropout keeps the predictors near */
	cvm_network_load(pass, parameters);
	plain = cvm_network_loss(pass, rows.blocks[0]);
	for (int i = 0; i < 200; i++)
		mean += cvm_network_gradient(pass, rows.blocks[0], &noise, single) / 200;
	CHECK(fabs(mean - plain) > 1e-6 * plain);
	CHECK(mean > plain && mean < 1.2 * plain);
	cvm_network_pass_free(pass);
	cvm_release(parameters);
	cvm_release(gradient);
	cvm_release(differences);
	cvm_release(single);
	rows_free(&rows);
}

/* ---- learning ---- */

static CvmNetworkFit
fit_network(CvmNetwork *network, CvmBlockSource *training, CvmBlockSource *validation,
			const CvmOptions *options, const double *start)
{
	CvmNetworkFit fit;
	CvmError	error = {0};

	CHECK(cvm_fit_network(network, training, validation, options, start, NULL, &fit, &error) == CVM_OK);
	return fit;
}

/* Exclusive or of two signs, which no linear model can tell. */
static void
test_xor(void)
{
	for (int activation = CVM_RELU; activation <= CVM_TANH; activation++)
		for (CvmSolver solver = CVM_SOLVER_SGD; solver <= CVM_SOLVER_ADAM; solver++)
		{
			Rows		rows;
			CvmOptions	options;
			CvmNetwork	network;
			CvmNetworkFit fit;

			rows_create(&rows, CVM_LOGISTIC, 1, 2, 0, 2000, 1, 3);
			for (int i = 0; i < 2000; i++)
			{
				CvmBlock   *block = rows.blocks[i / CVM_BLOCK_ROWS];
				const double *x = block->dense + 2 * (i % CVM_BLOCK_ROWS);

				block->target[i % CVM_BLOCK_ROWS] = (x[0] > 0) != (x[1] > 0);
			}
			cvm_options_for_train(&options);
			options.l2 = 0.01;
			options.epochs = 100;
			options.batch_size = 32;
			options.solver = solver;
			options.learning_rate = solver == CVM_SOLVER_ADAM ? 0.01 : solver == CVM_SOLVER_SGD ? 0.3 : 0.1;
			network = network_over(&rows, activation, 16, 8, 0);
			fit = fit_network(&network, &rows.source, NULL, &options, NULL);
			CHECK(fit.loss < 0.1);
			CHECK(fit.solver == solver && fit.outcome == CVM_EPOCH_LIMIT && fit.epochs == 100);
			cvm_release(fit.parameters);
			rows_free(&rows);
		}
}

/* A wave in a unit far from 1, and its mean loss by the twin. */
static void
test_regression(void)
{
	Rows		rows;
	CvmOptions	options;
	CvmNetwork	network;
	CvmNetworkFit fit;
	CvmNetworkFit again;
	double		loss = 0;

	rows_create(&rows, CVM_LINEAR, 1, 1, 0, 4000, 1, 3);
	for (int i = 0; i < 4000; i++)
	{
		CvmBlock   *block = rows.blocks[i / CVM_BLOCK_ROWS];

		block->target[i % CVM_BLOCK_ROWS] = 1e6 + 1e4 * sin(2 * block->dense[i % CVM_BLOCK_ROWS]);
	}
	cvm_options_for_train(&options);
	options.l2 = 0.01;
	options.epochs = 60;
	options.learning_rate = 0.01;
	network = network_over(&rows, CVM_TANH, 20, 10, 0);
	fit = fit_network(&network, &rows.source, &rows.source, &options, NULL);
	CHECK(sqrt(2 * fit.loss) < 1000);	/* of a deviation of some 7,000 */
	for (int i = 0; i < rows.source.blocks; i++)
		loss += twin_loss(&network, rows.blocks[i], fit.parameters);
	CHECK_CLOSE(fit.loss, loss / rows.source.total_weight, 1e-4);
	CHECK(fabs(network.center - 1e6) < 1e3 && network.scale > 5e3 && network.scale < 1e4);
	CHECK_CLOSE(fit.validation_loss, fit.loss, 1e-9);

	/* from there on, with no step to speak of */
	options.epochs = 1;
	options.learning_rate = 1e-12;
	again = fit_network(&network, &rows.source, NULL, &options, fit.parameters);
	CHECK(distance(cvm_network_parameters(&network), again.parameters, fit.parameters) < 1e-9);
	cvm_release(fit.parameters);
	cvm_release(again.parameters);
	rows_free(&rows);
}

static void
test_deterministic(void)
{
	Rows		rows;
	CvmBlockSource spilled;
	CvmOptions	options;
	CvmNetwork	network;
	CvmNetworkFit fits[4];
	size_t		size;

	rows_create(&rows, CVM_SOFTMAX, 3, 3, 2, 3000, 1, 5);
	spilled = rows_spilled(&rows);
	cvm_options_for_train(&options);
	options.epochs = 3;
	options.dropout = 0.2;
	options.adversarial = 0.1;
	network = network_over(&rows, CVM_RELU, 12, 6, 0);
	size = cvm_network_parameters(&network) * sizeof(double);
	fits[0] = fit_network(&network, &rows.source, NULL, &options, NULL);
	fits[1] = fit_network(&network, &rows.source, NULL, &options, NULL);
	fits[2] = fit_network(&network, &spilled, NULL, &options, NULL);
	options.seed = 1;
	fits[3] = fit_network(&network, &rows.source, NULL, &options, NULL);
	CHECK(memcmp(fits[0].parameters, fits[1].parameters, size) == 0);
	CHECK(memcmp(fits[0].parameters, fits[2].parameters, size) == 0);
	CHECK(memcmp(fits[0].parameters, fits[3].parameters, size) != 0);
	for (int i = 0; i < 4; i++)
		cvm_release(fits[i].parameters);
	rows_free(&rows);
}

/* Few rows, many units: the best epoch is the model; dropout and l2 hold back. */
static void
test_overfitting(void)
{
	Rows		rows;
	CvmBlockSource training;
	CvmBlockSource validation;
	CvmOptions	options;
	CvmNetwork	network;
	CvmNetworkFit last,
				stopped,
				held_back;

	rows_create(&rows, CVM_LOGISTIC, 1, 20, 0, 1024, 0.2, 7);
	cvm_block_source_from_array(&training, rows.blocks, 1, 20, 0, 20);
	cvm_block_source_from_array(&validation, rows.blocks + 1, 1, 20, 0, 20);
	network = network_over(&rows, CVM_RELU, 64, 0, 0);
	cvm_options_for_train(&options);
	options.l2 = 0;
	options.epochs = 100;
	options.learning_rate = 0.01;
	options.patience = 0;
	last = fit_network(&network, &training, &validation, &options, NULL);
	CHECK(last.outcome == CVM_EPOCH_LIMIT);
	CHECK(last.validation_loss > 2 * last.loss);
	options.patience = 10;
	stopped = fit_network(&network, &training, &validation, &options, NULL);
	CHECK(stopped.outcome == CVM_EARLY_STOPPED && stopped.epochs < 100);
	CHECK(stopped.validation_loss < last.validation_loss);
	options.patience = 0;
	options.l2 = 20;
	options.dropout = 0.5;
	held_back = fit_network(&network, &training, &validation, &options, NULL);
	CHECK(held_back.validation_loss < last.validation_loss);
	CHECK(held_back.loss > last.loss);
	cvm_release(last.parameters);
	cvm_release(stopped.parameters);
	cvm_release(held_back.parameters);
	rows_free(&rows);
}

/* Moved the way that hurts most, rows are judged better by a network that was trained so. */
static void
test_adversarial(void)
{
	Rows		rows;
	CvmOptions	options;
	CvmNetwork	network;
	double		attacked[2];

	rows_create(&rows, CVM_LOGISTIC, 1, 8, 0, 4000, 1, 9);
	network = network_over(&rows, CVM_TANH, 16, 0, 0);
	cvm_options_for_train(&options);
	options.epochs = 30;
	for (int trained = 0; trained < 2; trained++)
	{
		CvmNetworkFit fit;
		CvmNetworkPass *pass = cvm_network_pass_create(&network);
		CvmNetworkNoise noise = {0, 0.3};
		float	   *single = CVM_NEW(float, cvm_network_parameters(&network));

		options.adversarial = trained * 0.3;
		fit = fit_network(&network, &rows.source, NULL, &options, NULL);
		cvm_network_load(pass, fit.parameters);
		attacked[trained] = 0;
		for (int i = 0; i < rows.source.blocks; i++)
			attacked[trained] += 2 * cvm_network_gradient(pass, rows.blocks[i], &noise, single) -
				cvm_network_loss(pass, rows.blocks[i]);
		cvm_network_pass_free(pass);
		cvm_release(fit.parameters);
		cvm_release(single);
	}
	CHECK(attacked[1] < 0.99 * attacked[0]);
	rows_free(&rows);
}

static void
test_refused(void)
{
	Rows		rows;
	CvmOptions	options;
	CvmNetwork	network;
	CvmNetworkFit fit;
	CvmError	error = {0};

	rows_create(&rows, CVM_LOGISTIC, 1, 3, 0, 100, 1, 1);
	network = network_over(&rows, CVM_RELU, 4, 0, 0);
	cvm_options_for_train(&options);
	options.solver = CVM_SOLVER_NEWTON;
	CHECK(cvm_fit_network(&network, &rows.source, NULL, &options, NULL, NULL, &fit, &error) == CVM_BAD_OPTION);
	options.solver = CVM_SOLVER_AUTO;
	network = network_over(&rows, CVM_RELU, 4096, 4096, 0);
	CHECK(cvm_fit_network(&network, &rows.source, NULL, &options, NULL, NULL, &fit, &error) == CVM_LIMIT);

	/* a rate beyond all measure */
	network = network_over(&rows, CVM_RELU, 4, 4, 0);
	options.solver = CVM_SOLVER_SGD;
	options.learning_rate = 1e5;
	fit = fit_network(&network, &rows.source, NULL, &options, NULL);
	CHECK(fit.outcome == CVM_DIVERGED);
	cvm_release(fit.parameters);
	rows_free(&rows);
}

int
main(void)
{
	test_gradients();
	test_activations();
	test_dropout();
	test_xor();
	test_regression();
	test_deterministic();
	test_overfitting();
	test_adversarial();
	test_refused();
	return check_done();
}
