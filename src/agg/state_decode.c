/*
 * state_decode.c
 *		Bytes to states; state_format.txt describes them.
 *
 * Decoding makes a state that can go on: everything is copied but the rows of
 * fit, which may be most of a gigabyte and stay where they are.  What a count
 * in the bytes makes us allocate is bounded by the bytes that are left.
 */
#include "agg/fit_state.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "agg/fit_options.h"
#include "agg/state_parts.h"
#include "base/memory.h"
#include "model/envelope.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.fit_state: " __VA_ARGS__)

/* The fewest bytes that a column takes in the profile. */
#define SMALLEST_COLUMN 72

/* A number that has to be an int; see model_format.c. */
static int
read_int(CvmReader *reader)
{
	uint32_t	value = cvm_read_u32(reader);

	if (value > INT_MAX)
		reader->failed = true;
	return reader->failed ? 0 : (int) value;
}

/* What fails as a number past the range of a count becomes negative. */
static int64_t
read_count(CvmReader *reader)
{
	return (int64_t) cvm_read_u64(reader);
}

static CvmStatus
read_labels(CvmReader *reader, CvmFitState *state, CvmError *error)
{
	CvmClassLabels *labels = &state->labels;
	int			count = read_int(reader);
	bool		texts = state->target_kind == CVM_TARGET_TEXT;
	const double *values = NULL;

	if (count > (cvm_fit_state_has_labels(state) ? cvm_fit_state_most_classes(state) : 0))
		return BAD("it has too many classes, %d", count);
	if (!texts)
		values = cvm_read_doubles(reader, count);
	for (int code = 0; code < count && !reader->failed; code++)
	{
		const char *text = texts ? cvm_read_string(reader) : NULL;
		bool		known;

		if (reader->failed)
			break;
		known = texts ? cvm_class_of_text(labels, text, strlen(text)) >= 0 :
			cvm_class_of_number(labels, values[code]) >= 0;
		if (known)
			return BAD("class %d occurs twice", code + 1);
		if (texts)
			(void) cvm_class_add_text(labels, text, strlen(text));
		else
			(void) cvm_class_add_number(labels, values[code]);
	}
	for (int code = 0; code < labels->count; code++)
		labels->rows[code] = read_count(reader);
	labels->last = 0;
	return CVM_OK;
}

static void
read_moments(CvmReader *reader, CvmMoments *moments)
{
	const double *numbers;

	moments->present = read_count(reader);
	numbers = cvm_read_doubles(reader, 7);
	if (reader->failed)
		return;
	moments->weight = numbers[0];
	moments->minimum = numbers[1];
	moments->maximum = numbers[2];
	moments->unit = numbers[3];
	moments->center = numbers[4];
	moments->offset = numbers[5];
	moments->square = numbers[6];
}

static void
read_profile(CvmReader *reader, int columns, CvmSinglePass *pass)
{
	int64_t		rows = read_count(reader);
	uint64_t	salt = cvm_read_u64(reader);
	const double *weight = cvm_read_doubles(reader, 1);

	if (!cvm_reader_expects(reader, columns, SMALLEST_COLUMN))
		return;
	pass->profile = cvm_array_profile(columns);
	pass->profile->rows = rows;
	pass->profile->salt = salt;
	pass->profile->weight = *weight;
	for (int i = 0; i < columns; i++)
	{
		pass->profile->numbers[i].missing_pattern = cvm_read_u64(reader);
		read_moments(reader, &pass->profile->moments[i]);
	}
}

/* Strings that do not point into the bytes. */
static void
own_names(CvmEncoder *encoder)
{
	for (int i = 0; i < encoder->input_count; i++)
		encoder->inputs[i].name = cvm_copy_string(encoder->inputs[i].name);
	for (int i = 0; i < encoder->term_count; i++)
		encoder->terms[i].name = cvm_copy_string(encoder->terms[i].name);
}

/* The steps so far; encoder and numbers of columns are checked here. */
static CvmStatus
read_pass(CvmReader *reader, CvmFitState *state, CvmError *error)
{
	CvmSinglePass *pass;
	const double *numbers;
	uint32_t	has_pass = cvm_read_u32(reader);
	CvmStatus	status;
	int			outputs;
	size_t		size;
	const double *memory;

	if (has_pass > 1)
		reader->failed = true;
	if (has_pass == 0 || reader->failed)
		return CVM_OK;
	if (state->columns == 0)
		return BAD("steps without columns");
	pass = CVM_NEW_ZERO(CvmSinglePass, 1);
	read_profile(reader, state->columns, pass);
	read_moments(reader, &pass->target);
	pass->encoder = CVM_NEW_ZERO(CvmEncoder, 1);
	status = reader->failed ? CVM_OK : cvm_encoder_read(reader, pass->encoder, error);
	if (status == CVM_OK && !reader->failed)
		status = cvm_fit_state_check_encoder(state, pass->encoder, error);
	if (status != CVM_OK || reader->failed)
		return status;
	own_names(pass->encoder);
	pass->encoded_rows = read_count(reader);
	pass->varying = read_int(reader);
	pass->gaps = read_int(reader);
	outputs = read_int(reader);
	numbers = cvm_read_doubles(reader, 5);
	if (reader->failed)
		return CVM_OK;
	if (outputs < 1 || outputs > (state->family == CVM_SOFTMAX ? state->labels.count : 1))
		return BAD("wrong number of outputs, %d", outputs);
	size = cvm_stepper_size(cvm_single_pass_solver(&state->options),
							outputs * (pass->encoder->slots + 1), state->options.averaging);
	memory = cvm_read_doubles(reader, size);
	if (reader->failed)
		return CVM_OK;
	pass->memory = CVM_NEW(double, size);
	memcpy(pass->memory, memory, size * sizeof(double));
	pass->center = numbers[0];
	pass->scale = numbers[1];
	pass->rate = numbers[2];
	pass->loss = numbers[3];
	pass->loss_rows = numbers[4];
	state->pass = pass;
	pass->shape = cvm_single_pass_shape(state, pass->encoder, outputs);
	cvm_single_pass_bind(state);
	return CVM_OK;
}

static double *
read_sums(CvmReader *reader, size_t count)
{
	const double *values = cvm_read_doubles(reader, count);
	double	   *copy;

	if (reader->failed)
		return NULL;
	copy = CVM_NEW(double, count);
	memcpy(copy, values, count * sizeof(double));
	return copy;
}

static CvmStatus
read_descent(CvmReader *reader, CvmFitState *state, CvmError *error)
{
	uint32_t	length = cvm_read_u32(reader);
	int			columns = state->columns;
	int			family = state->family;
	size_t		parameters;
	const double *sums;
	CvmStatus	status;
	CvmDescent *descent;

	cvm_read_pad(reader, 8);
	if (!cvm_reader_expects(reader, length, 1))
		return CVM_OK;
	status = cvm_descent_start(state, reader->bytes + reader->position, length, error);
	if (status == CVM_MISMATCH || status == CVM_LIMIT)
		return BAD("its model cannot be used here");
	if (status != CVM_OK)
		return status;
	reader->position += length;
	if (state->columns != columns || (int) state->family != family)
		return BAD("it does not fit its model");

	descent = state->descent;
	parameters = CVM_PARAMETERS(&descent->shape);
	descent->rows = read_count(reader);
	if (descent->rows == 0)
		return CVM_OK;
	sums = cvm_read_doubles(reader, 2);
	if (reader->failed)
		return CVM_OK;
	descent->weight = sums[0];
	descent->loss = sums[1];
	descent->gradient = read_sums(reader, parameters);
	if (descent->newton)
		descent->hessian = read_sums(reader, parameters * parameters);
	return CVM_OK;
}

bool
cvm_fit_state_stored_block(const CvmFitState *state, uint64_t index, CvmBlock *block)
{
	static double ones[CVM_BLOCK_ROWS];
	uint64_t	first = index * CVM_BLOCK_ROWS;
	uint64_t	left;

	if (first >= state->stored_rows)
		return false;
	if (ones[0] == 0)
		for (int row = 0; row < CVM_BLOCK_ROWS; row++)
			ones[row] = 1;
	left = state->stored_rows - first;
	memset(block, 0, sizeof(*block));
	block->rows = left < CVM_BLOCK_ROWS ? (int) left : CVM_BLOCK_ROWS;
	block->dense = (double *) state->stored + first * CVM_FIT_ROW_DOUBLES(state);
	block->target = block->dense + (size_t) block->rows * state->columns;
	block->weight = ones;
	block->codes = cvm_no_codes;
	return true;
}

/* Rows of fit stay where they are; others wait in the buffer. */
static CvmStatus
read_rows(CvmReader *reader, CvmFitState *state, CvmError *error)
{
	uint64_t	count = cvm_read_u64(reader);
	const double *rows;
	CvmBlock	block;

	if (!cvm_reader_expects(reader, count, CVM_FIT_ROW_DOUBLES(state) * sizeof(double)))
		return CVM_OK;
	rows = cvm_read_doubles(reader, count * CVM_FIT_ROW_DOUBLES(state));
	if (reader->failed)
		return CVM_OK;
	if (state->columns == 0)
	{
		for (uint64_t row = 0; row < count; row++)
			cvm_fit_state_wait(state, rows[row]);
		return CVM_OK;
	}
	state->stored = rows;
	state->stored_rows = count;
	if (state->method == CVM_METHOD_FIT)
		return CVM_OK;
	if (count > (uint64_t) state->pending.full)
		return BAD("more rows wait than can");
	for (uint64_t i = 0; cvm_fit_state_stored_block(state, i, &block); i++)
	{
		CvmStatus	status = cvm_fit_state_append(state, &block, NULL, error);

		if (status != CVM_OK)
			return status;
	}
	state->stored = NULL;
	state->stored_rows = 0;
	return CVM_OK;
}

/* What follows the head of a state that has started. */
static CvmStatus
read_started(CvmReader *reader, CvmFitState *state, CvmError *error)
{
	CvmStatus	status = cvm_fit_options_read(reader, state->method, &state->options,
											  &state->given, error);

	if (status != CVM_OK || reader->failed)
		return status;
	cvm_fit_state_start(state, state->target_kind, &state->options, state->given);
	state->columns = read_int(reader);
	state->rows_left_out = read_count(reader);
	if (state->columns > CVM_FIT_MAX_COLUMNS)
		return BAD("it has too many columns, %d", state->columns);
	status = read_labels(reader, state, error);
	if (status == CVM_OK && !reader->failed && state->method == CVM_METHOD_SGD)
		status = read_pass(reader, state, error);
	if (status == CVM_OK && !reader->failed && state->method == CVM_METHOD_DESCEND)
		status = read_descent(reader, state, error);
	if (status == CVM_OK && !reader->failed)
		status = read_rows(reader, state, error);
	return status;
}

CvmStatus
cvm_fit_state_decode(const void *bytes, size_t length, CvmFitState **result, CvmError *error)
{
	CvmReader	reader;
	uint16_t	version;
	uint16_t	method;
	uint16_t	family;
	uint8_t		target_kind;
	uint8_t		started;
	CvmFitState *state;
	CvmStatus	status;

	status = cvm_envelope_open(bytes, length, CVM_MAGIC_FIT_STATE, CVM_FIT_STATE_FORMAT,
							   "cvm.fit_state", &reader, &version, error);
	if (status != CVM_OK)
		return status;
	method = cvm_read_u16(&reader);
	family = cvm_read_u16(&reader);
	target_kind = cvm_read_u8(&reader);
	started = cvm_read_u8(&reader);
	if (cvm_read_u16(&reader) != 0 || reader.failed || started > 1 ||
		target_kind >= CVM_TARGET_KIND_COUNT)
		return BAD("its head cannot be read");
	if (method >= CVM_FIT_METHOD_COUNT || family > CVM_FAMILY_COUNT)
	{
		cvm_fail(error, CVM_FUTURE_FORMAT,
				 "cvm.fit_state is of a kind that this version of cvm does not know");
		cvm_hint(error, "Update the extension cvm on this server.");
		return CVM_FUTURE_FORMAT;
	}
	if ((family == 0) != (method == CVM_METHOD_DESCEND && !started))
		return BAD("it has no algorithm");

	state = cvm_fit_state_create((CvmFitMethod) method, family == 0 ? 0 : (CvmFamily) (family - 1));
	state->target_kind = (CvmTargetKind) target_kind;
	if (started)
		status = read_started(&reader, state, error);
	else if (target_kind != 0)
		return BAD("its head cannot be read");
	if (status != CVM_OK)
		return status;
	if (reader.failed)
		return BAD("it cannot be read");
	if (cvm_reader_left(&reader) != 0)
		return BAD("%zu bytes follow its end", cvm_reader_left(&reader));
	status = cvm_fit_state_check(state, error);
	if (status == CVM_OK)
		*result = state;
	return status;
}
