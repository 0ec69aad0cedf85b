/*
 * pass_fold.c
 *		The gradient of rows that are not encoded.
 *
 * To standardize a row costs as much as to learn from it.  Where no value is
 * missing, z = (x - c) / s can be left to the weights b of z,
 *
 *	  eta = b_0 + sum b_j z_j = (b_0 - sum b_j c_j / s_j) + sum (b_j / s_j) x_j
 *
 * and with g the derivatives of the losses by eta the gradient is
 *
 *	  sum g z_j = (sum g x_j - c_j sum g) / s_j
 *
 * Both take differences of numbers that are c / s times as large as the
 * result, so columns far from zero are encoded first.
 */
#include <math.h>
#include <string.h>

#include "agg/state_parts.h"
#include "base/memory.h"
#include "linalg/panel.h"

/* The most digits that may be lost: a step is not worth more. */
#define LARGEST_OFFSET 1e6

double *
cvm_pass_fold_create(const CvmEncoder *encoder)
{
	double	   *inverses = CVM_NEW(double, encoder->term_count);

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		inverses[i] = 1 / term->scale;
		if (fabs(term->center) > LARGEST_OFFSET * term->scale)
		{
			cvm_release(inverses);
			return NULL;
		}
	}
	return inverses;
}

/* As if the columns of the array were the features. */
static CvmShape
raw_shape(const CvmFitState *state)
{
	CvmShape	shape = state->pass->shape;

	shape.dense_columns = state->columns;
	shape.slots = state->columns;
	return shape;
}

size_t
cvm_pass_fold_work(const CvmFitState *state)
{
	CvmShape	shape = raw_shape(state);

	return 2 * (size_t) CVM_PARAMETERS(&shape) + cvm_objective_work_size(&shape);
}

/* Weights of the raw columns, of one output. */
static void
fold_weights(const CvmEncoder *encoder, const double *inverses, const double *weights,
			 int columns, double *raw)
{
	double		intercept = weights[encoder->slots];

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		raw[term->part] = weights[term->slot] * inverses[i];
		intercept -= raw[term->part] * term->center;
	}
	raw[columns] = intercept;
}

/* Adds the gradient by the weights, of one output. */
static void
unfold_gradient(const CvmEncoder *encoder, const double *inverses, const double *raw,
				int columns, double *gradient)
{
	double		sum = raw[columns];

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		gradient[term->slot] += (raw[term->part] - term->center * sum) * inverses[i];
	}
	gradient[encoder->slots] += sum;
}

bool
cvm_pass_fold(const CvmFitState *state, const CvmBlock *view, bool measure,
			  double *sums, double *memory)
{
	const CvmSinglePass *pass = state->pass;
	const CvmEncoder *encoder = pass->encoder;
	CvmShape	shape = raw_shape(state);
	size_t		parameters = CVM_PARAMETERS(&shape);
	double	   *weights = memory;
	double	   *gradient = weights + parameters;
	double	   *work = gradient + parameters;

	memset(memory, 0, 2 * parameters * sizeof(double));
	for (int k = 0; k < shape.outputs; k++)
		fold_weights(encoder, pass->inverses,
					 pass->stepper.weights + (size_t) k * (encoder->slots + 1), state->columns,
					 weights + (size_t) k * (state->columns + 1));
	cvm_objective_add_block(&shape, view, weights, work,
							measure ? &sums[CVM_STEPPER_LOSS] : NULL, gradient, NULL, NULL);
	for (int k = 0; k < shape.outputs; k++)
		unfold_gradient(encoder, pass->inverses,
						gradient + (size_t) k * (state->columns + 1), state->columns,
						sums + CVM_STEPPER_GRADIENT + (size_t) k * (encoder->slots + 1));
	sums[CVM_STEPPER_WEIGHT] += cvm_sum(view->rows, view->weight);

	/* a missing or infinite value leaves its mark, even times zero */
	for (size_t i = 0; i < parameters; i++)
		if (!isfinite(gradient[i]))
			return false;
	return true;
}
