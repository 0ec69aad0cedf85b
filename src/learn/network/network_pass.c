/*
 * network_pass.c
 *		Rows through a network, forward and backward.
 *
 * Backward (Rumelhart, Hinton and Williams, 1986): with delta_l the
 * derivatives of the loss by z of layer l (rows x outputs), a_l the values of
 * the hidden layer l, and a_{-1} the rows themselves,
 *
 *	  dW_l = a_{l-1}' delta_l,  db_l = sums of the columns of delta_l,
 *	  delta_{l-1} = (delta_l W_l') * activation'(z_{l-1}).
 *
 * Each is one product of matrices for all rows of a block.  Of the first
 * layer the product holds the dense columns only; the codes add rows.
 */
#include "learn/network/network_pass.h"

#include <string.h>

#include "base/memory.h"
#include "learn/network/activation.h"
#include "learn/linear/row_loss.h"
#include "linalg/clones.h"
#include "linalg/gemm.h"

struct CvmNetworkPass
{
	const CvmNetwork *network;
	int			most_rows;		/* at once */
	size_t		parameter_count;
	const float *parameters;
	float	   *loaded;			/* parameters of its own, or NULL */
	float	   *gradient;		/* where backward() writes */
	float	   *input;			/* rows x dense_columns */
	float	   *values[CVM_MAX_HIDDEN_LAYERS + 1];	/* of layers: rows x outputs */
	float	   *mask[CVM_MAX_HIDDEN_LAYERS];	/* dropout: factors of the values */
	float		kept;			/* share of the values that dropout keeps */
	float	   *delta;			/* rows x widest layer */
	float	   *next_delta;
	double	   *eta;			/* of the rows; with a stride of a block for outputs */
	double	   *slope;			/* likewise: weighted derivatives of the loss */
	double	   *rest;			/* likewise */
	double		target[CVM_BLOCK_ROWS];	/* scaled */
	double		loss[CVM_BLOCK_ROWS];
};

/* ---- work space ---- */

/* Multiplications of one product of matrices, so that interrupts are answered. */
#define MOST_WORK ((size_t) 1 << 27)

CvmNetworkPass *
cvm_network_pass_create(const CvmNetwork *network)
{
	CvmNetworkPass *pass = CVM_NEW_ZERO(CvmNetworkPass, 1);

	pass->network = network;
	pass->parameter_count = cvm_network_parameters(network);
	pass->most_rows = CVM_BLOCK_ROWS;
	while (pass->most_rows > 1 && pass->most_rows * pass->parameter_count > MOST_WORK)
		pass->most_rows /= 2;
	pass->input = CVM_NEW(float, (size_t) pass->most_rows * network->dense_columns);
	for (int l = 0; l <= network->hidden_layers; l++)
		pass->values[l] = CVM_NEW(float, (size_t) pass->most_rows * cvm_network_outputs(network, l));
	pass->eta = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * network->outputs);
	pass->slope = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * network->outputs);
	pass->rest = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * network->outputs);
	return pass;
}

/* What only training needs. */
static void
prepare_backward(CvmNetworkPass *pass, double dropout)
{
	const CvmNetwork *network = pass->network;
	size_t		rows = pass->most_rows;
	int			widest = network->dense_columns;

	for (int l = 0; l < network->hidden_layers && dropout > 0 && pass->mask[l] == NULL; l++)
		pass->mask[l] = CVM_NEW(float, rows * network->units[l]);
	if (pass->delta != NULL)
		return;
	for (int l = 0; l <= network->hidden_layers; l++)
		if (cvm_network_outputs(network, l) > widest)
			widest = cvm_network_outputs(network, l);
	pass->delta = CVM_NEW(float, rows * widest);
	pass->next_delta = CVM_NEW(float, rows * widest);
}

void
cvm_network_pass_free(CvmNetworkPass *pass)
{
	for (int l = 0; l <= pass->network->hidden_layers; l++)
		cvm_release(pass->values[l]);
	for (int l = 0; l < pass->network->hidden_layers; l++)
		cvm_release(pass->mask[l]);
	cvm_release(pass->loaded);
	cvm_release(pass->input);
	cvm_release(pass->delta);
	cvm_release(pass->next_delta);
	cvm_release(pass->eta);
	cvm_release(pass->slope);
	cvm_release(pass->rest);
	cvm_release(pass);
}

/* The rows from *row on that are computed at once; false: none are left. */
static bool
next_piece(const CvmNetworkPass *pass, const CvmBlock *block, int *row, CvmBlock *piece)
{
	if (*row >= block->rows)
		return false;
	cvm_check_interrupt();
	cvm_block_rows(block, *row, pass->most_rows, pass->network->dense_columns,
				   pass->network->coded_columns, piece);
	*row += piece->rows;
	return true;
}

CVM_CLONES void
cvm_network_to_single(size_t count, const double *parameters, float *single)
{
	for (size_t i = 0; i < count; i++)
		single[i] = (float) parameters[i];
}

void
cvm_network_use(CvmNetworkPass *pass, const float *parameters)
{
	pass->parameters = parameters;
}

void
cvm_network_load(CvmNetworkPass *pass, const double *parameters)
{
	if (pass->loaded == NULL)
		pass->loaded = CVM_NEW(float, pass->parameter_count);
	cvm_network_to_single(pass->parameter_count, parameters, pass->loaded);
	cvm_network_use(pass, pass->loaded);
}

/* ---- forward ---- */

static void
read_input(CvmNetworkPass *pass, const CvmBlock *block)
{
	size_t		count = (size_t) block->rows * pass->network->dense_columns;

	for (size_t i = 0; i < count; i++)
		pass->input[i] = (float) block->dense[i];
}

/* Adds the row of W that each code picks; the code of a reference level picks none. */
static void
add_coded_rows(const CvmNetwork *network, const CvmBlock *block, const float *weights, float *z)
{
	int			units = network->units[0];

	for (int row = 0; row < block->rows; row++, z += units)
	{
		const int32_t *codes = block->codes + (size_t) row * network->coded_columns;

		for (int c = 0; c < network->coded_columns; c++)
			if (codes[c] < network->slots)
			{
				const float *w = weights + (size_t) codes[c] * units;

				for (int j = 0; j < units; j++)
					z[j] += w[j];
			}
	}
}

/* Dropout: which values stay is drawn by sixteen bits each; their share. */
static float
drop(size_t count, double dropout, CvmRandom *random, float *mask, float *values)
{
	uint32_t	threshold = (uint32_t) (dropout * 65536);
	double		kept = 1 - threshold / 65536.0;
	float		factor = (float) (1 / kept);
	uint64_t	bits = 0;

	for (size_t i = 0; i < count; i++)
	{
		if (i % 4 == 0)
			bits = cvm_random_next(random);
		mask[i] = (bits & 0xFFFF) < threshold ? 0 : factor;
		values[i] *= mask[i];
		bits >>= 16;
	}
	return (float) kept;
}

/* From pass->input and the block's codes to the values of all layers. */
static void
forward(CvmNetworkPass *pass, const CvmBlock *block, CvmNetworkNoise *noise)
{
	const CvmNetwork *network = pass->network;
	int			rows = block->rows;

	for (int l = 0; l <= network->hidden_layers; l++)
	{
		const float *weights = pass->parameters + cvm_network_weights(network, l);
		const float *biases = pass->parameters + cvm_network_biases(network, l);
		int			outputs = cvm_network_outputs(network, l);
		size_t		count = (size_t) rows * outputs;
		float	   *z = pass->values[l];

		for (int row = 0; row < rows; row++)
			memcpy(z + (size_t) row * outputs, biases, outputs * sizeof(float));
		if (l == 0)
		{
			cvm_gemm(false, false, rows, outputs, network->dense_columns, pass->input,
					 weights, 1, z);
			add_coded_rows(network, block, weights, z);
		}
		else
			cvm_gemm(false, false, rows, outputs, network->units[l - 1],
					 pass->values[l - 1], weights, 1, z);
		if (l == network->hidden_layers)
			break;
		cvm_activate(network->activation, count, z);
		if (noise != NULL && noise->dropout > 0)
			pass->kept = drop(count, noise->dropout, &noise->random, pass->mask[l], z);
	}
}

void
cvm_network_predict(CvmNetworkPass *pass, const CvmBlock *block, double *eta)
{
	const CvmNetwork *network = pass->network;
	const float *values = pass->values[network->hidden_layers];
	CvmBlock	piece;
	int			row = 0;

	while (next_piece(pass, block, &row, &piece))
	{
		size_t		count = (size_t) piece.rows * network->outputs;

		read_input(pass, &piece);
		forward(pass, &piece, NULL);
		for (size_t i = 0; i < count; i++)
			*eta++ = network->center + network->scale * values[i];
	}
}

/* ---- backward ---- */

static void
add_column_sums(int rows, int columns, const float *matrix, float *sums)
{
	for (int row = 0; row < rows; row++, matrix += columns)
		for (int j = 0; j < columns; j++)
			sums[j] += matrix[j];
}

static void
add_coded_gradient(const CvmNetwork *network, const CvmBlock *block, const float *delta,
				   float *gradient)
{
	int			units = network->units[0];

	for (int row = 0; row < block->rows; row++, delta += units)
	{
		const int32_t *codes = block->codes + (size_t) row * network->coded_columns;

		for (int c = 0; c < network->coded_columns; c++)
			if (codes[c] < network->slots)
			{
				float	   *g = gradient + (size_t) codes[c] * units;

				for (int j = 0; j < units; j++)
					g[j] += delta[j];
			}
	}
}

/* From delta of the last layer, in pass->delta, to that of the first. */
static void
backward(CvmNetworkPass *pass, const CvmBlock *block, bool dropout)
{
	const CvmNetwork *network = pass->network;
	int			rows = block->rows;

	for (int l = network->hidden_layers; l >= 0; l--)
	{
		const float *weights = pass->parameters + cvm_network_weights(network, l);
		float	   *gradient = pass->gradient + cvm_network_weights(network, l);
		int			outputs = cvm_network_outputs(network, l);
		int			inputs = l == 0 ? network->dense_columns : network->units[l - 1];
		float	   *swap = pass->next_delta;

		cvm_gemm(true, false, inputs, outputs, rows, l == 0 ? pass->input : pass->values[l - 1],
				 pass->delta, 1, gradient);
		add_column_sums(rows, outputs, pass->delta,
						pass->gradient + cvm_network_biases(network, l));
		if (l == 0)
		{
			add_coded_gradient(network, block, pass->delta, gradient);
			break;
		}
		cvm_gemm(false, true, rows, inputs, outputs, pass->delta, weights, 0, pass->next_delta);
		cvm_activation_backward(network->activation, (size_t) rows * inputs, pass->values[l - 1],
								dropout ? pass->mask[l - 1] : NULL, pass->kept, pass->next_delta);
		pass->next_delta = pass->delta;
		pass->delta = swap;
	}
}

/* Loss of the block at the values of the last layer, and its derivatives by them. */
static double
output_loss(CvmNetworkPass *pass, const CvmBlock *block)
{
	const CvmNetwork *network = pass->network;
	const CvmShape shape = {.family = network->family,.outputs = network->outputs};
	const float *values = pass->values[network->hidden_layers];
	double		sum = 0;

	for (int row = 0; row < block->rows; row++)
		pass->target[row] = (block->target[row] - network->center) / network->scale;
	for (int row = 0; row < block->rows; row++)
		for (int k = 0; k < network->outputs; k++)
			pass->eta[(size_t) k * CVM_BLOCK_ROWS + row] = *values++;
	if (network->family == CVM_SOFTMAX)
		cvm_softmax_losses(network->outputs, block->rows, pass->eta, pass->rest,
						   pass->target, block->weight, pass->loss, pass->slope);
	else
		cvm_row_losses(&shape, 0, block->rows, pass->eta, pass->target, block->weight,
					   pass->loss, pass->slope, pass->rest);
	for (int row = 0; row < block->rows; row++)
		sum += pass->loss[row];
	return sum * network->scale * network->scale;
}

/* Adds share times the gradient at the present values; returns as much of the loss. */
static double
add_gradient(CvmNetworkPass *pass, const CvmBlock *block, double share, bool dropout)
{
	int			outputs = pass->network->outputs;
	float	   *delta = pass->delta;
	double		loss = output_loss(pass, block);

	for (int row = 0; row < block->rows; row++)
		for (int k = 0; k < outputs; k++)
			*delta++ = (float) (share * pass->slope[(size_t) k * CVM_BLOCK_ROWS + row]);
	backward(pass, block, dropout);
	return share * loss;
}

double
cvm_network_loss(CvmNetworkPass *pass, const CvmBlock *block)
{
	CvmBlock	piece;
	int			row = 0;
	double		loss = 0;

	while (next_piece(pass, block, &row, &piece))
	{
		read_input(pass, &piece);
		forward(pass, &piece, NULL);
		loss += output_loss(pass, &piece);
	}
	return loss;
}

/* Moves dense columns by "size" the way that raises the loss. */
static void
perturb_input(CvmNetworkPass *pass, int rows, double size)
{
	const CvmNetwork *network = pass->network;
	size_t		count = (size_t) rows * network->dense_columns;

	cvm_gemm(false, true, rows, network->dense_columns, network->units[0], pass->delta,
			 pass->parameters, 0, pass->next_delta);
	for (size_t i = 0; i < count; i++)
		pass->input[i] += pass->next_delta[i] > 0 ? (float) size
			: pass->next_delta[i] < 0 ? -(float) size : 0;
}

double
cvm_network_gradient(CvmNetworkPass *pass, const CvmBlock *block, CvmNetworkNoise *noise,
					 float *gradient)
{
	bool		dropout = noise->dropout > 0;
	double		share = noise->adversarial > 0 ? 0.5 : 1;
	double		loss = 0;
	CvmBlock	piece;
	int			row = 0;

	prepare_backward(pass, noise->dropout);
	pass->gradient = gradient;
	memset(gradient, 0, pass->parameter_count * sizeof(float));
	while (next_piece(pass, block, &row, &piece))
	{
		read_input(pass, &piece);
		forward(pass, &piece, noise);
		loss += add_gradient(pass, &piece, share, dropout);
		if (noise->adversarial == 0)
			continue;
		perturb_input(pass, piece.rows, noise->adversarial);
		forward(pass, &piece, noise);
		loss += add_gradient(pass, &piece, share, dropout);
	}
	return loss;
}
