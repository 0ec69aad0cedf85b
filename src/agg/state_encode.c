/*
 * state_encode.c
 *		States to bytes; state_format.txt describes them.
 */
#include "agg/fit_options.h"
#include "agg/state_parts.h"
#include "model/envelope.h"

static void
write_labels(const CvmFitState *state, CvmWriter *writer)
{
	const CvmClassLabels *labels = &state->labels;
	int			count = cvm_fit_state_has_labels(state) ? labels->count : 0;

	cvm_write_u32(writer, count);
	if (state->target_kind == CVM_TARGET_TEXT)
		for (int code = 0; code < count; code++)
			cvm_write_string(writer, labels->texts[code]);
	else
		cvm_write_doubles(writer, labels->values, count);
	for (int code = 0; code < count; code++)
		cvm_write_u64(writer, labels->rows[code]);
}

static void
write_moments(const CvmMoments *moments, CvmWriter *writer)
{
	double		numbers[] = {
		moments->weight, moments->minimum, moments->maximum, moments->unit,
		moments->center, moments->offset, moments->square
	};

	cvm_write_u64(writer, moments->present);
	cvm_write_doubles(writer, numbers, 7);
}

static void
write_profile(const CvmProfile *profile, CvmWriter *writer)
{
	cvm_write_u64(writer, profile->rows);
	cvm_write_u64(writer, profile->salt);
	cvm_write_doubles(writer, &profile->weight, 1);
	for (int i = 0; i < profile->dense_columns; i++)
	{
		cvm_write_u64(writer, profile->numbers[i].missing_pattern);
		write_moments(&profile->moments[i], writer);
	}
}

static void
write_pass(const CvmFitState *state, CvmWriter *writer)
{
	const CvmSinglePass *pass = state->pass;
	const CvmStepper *stepper;
	double		numbers[5];

	cvm_write_u32(writer, pass != NULL);
	if (pass == NULL)
		return;
	stepper = &pass->stepper;
	numbers[0] = pass->center;
	numbers[1] = pass->scale;
	numbers[2] = pass->rate;
	numbers[3] = pass->loss;
	numbers[4] = pass->loss_rows;
	write_profile(pass->profile, writer);
	write_moments(&pass->target, writer);
	cvm_encoder_write(pass->encoder, writer);
	cvm_write_u64(writer, pass->encoded_rows);
	cvm_write_u32(writer, pass->varying);
	cvm_write_u32(writer, pass->gaps);
	cvm_write_u32(writer, pass->shape.outputs);
	cvm_write_doubles(writer, numbers, 5);
	cvm_write_doubles(writer, pass->memory,
					  cvm_stepper_size(stepper->solver, stepper->parameters,
									   state->options.averaging));
}

static void
write_descent(const CvmFitState *state, CvmWriter *writer)
{
	const CvmDescent *descent = state->descent;
	size_t		parameters = CVM_PARAMETERS(&descent->shape);
	double		sums[] = {descent->weight, descent->loss};

	cvm_write_u32(writer, (uint32_t) descent->length);
	cvm_write_pad(writer, 8);
	cvm_write_bytes(writer, descent->bytes, descent->length);
	cvm_write_u64(writer, descent->rows);
	if (descent->rows == 0)
		return;
	cvm_write_doubles(writer, sums, 2);
	cvm_write_doubles(writer, descent->gradient, parameters);
	if (descent->newton)
		cvm_write_doubles(writer, descent->hessian, parameters * parameters);
}

void
cvm_fit_state_encode_head(const CvmFitState *state, uint64_t rows, CvmWriter *writer)
{
	bool		has_family = state->method != CVM_METHOD_DESCEND || state->started;

	cvm_envelope_begin(writer, CVM_MAGIC_FIT_STATE, CVM_FIT_STATE_FORMAT);
	cvm_write_u16(writer, state->method);
	cvm_write_u16(writer, has_family ? state->family + 1 : 0);
	cvm_write_u8(writer, state->target_kind);
	cvm_write_u8(writer, state->started);
	cvm_write_u16(writer, 0);
	if (!state->started)
		return;
	cvm_fit_options_write(&state->options, state->given, writer);
	cvm_write_u32(writer, state->columns);
	cvm_write_u64(writer, state->rows_left_out);
	write_labels(state, writer);
	if (state->method == CVM_METHOD_SGD)
		write_pass(state, writer);
	else if (state->method == CVM_METHOD_DESCEND)
		write_descent(state, writer);
	cvm_write_u64(writer, rows);
	cvm_write_pad(writer, 8);
}

void
cvm_fit_state_encode_rows(const CvmFitState *state, const CvmBlock *block, CvmWriter *writer)
{
	cvm_write_doubles(writer, block->dense, (size_t) block->rows * state->columns);
	cvm_write_doubles(writer, block->target, block->rows);
}

void
cvm_fit_state_encode(const CvmFitState *state, CvmWriter *writer)
{
	const CvmBlock *pending = &state->pending.block;

	cvm_fit_state_encode_head(state, state->waiting_rows + pending->rows, writer);
	cvm_write_doubles(writer, state->waiting, state->waiting_rows);
	for (int row = 0; row < pending->rows; row += CVM_BLOCK_ROWS)
	{
		CvmBlock	piece;

		cvm_block_rows(pending, row, CVM_BLOCK_ROWS, state->columns, 0, &piece);
		cvm_fit_state_encode_rows(state, &piece, writer);
	}
	cvm_envelope_seal(writer->bytes, writer->length);
}
