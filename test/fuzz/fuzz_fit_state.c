/*
 * fuzz_fit_state.c
 *		Any bytes as a cvm.fit_state.
 *
 * Each input is tried as it is and with length and checksum put right.  What
 * decodes has to be canonical, and to be usable: it is merged with a state of
 * its kind, gets more rows, and is finished.
 */
#include "fuzz.h"

#include <stdio.h>

#include "arena.h"
#include "fit_state_fixture.h"
#include "model/envelope.h"

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

#define MOST_SLOTS_TO_USE 100

/* A started state as the aggregate has it, without or with steps; and an empty one. */
bool
fuzz_seed(int index, CvmWriter *writer)
{
	static const struct
	{
		CvmFitMethod method;
		CvmFamily	family;
		int			rows;
	}			seeds[] = {
		{CVM_METHOD_FIT, CVM_LOGISTIC, 5}, {CVM_METHOD_SGD, CVM_SOFTMAX, 130},
		{CVM_METHOD_SGD, CVM_LINEAR, 2}, {CVM_METHOD_SGD, CVM_POISSON, 129},
		{CVM_METHOD_DESCEND, CVM_LINEAR, 3}, {CVM_METHOD_SGD, CVM_SVM, 0}
	};
	CvmFitState *state;

	if (index >= (int) (sizeof(seeds) / sizeof(seeds[0])))
		return false;
	cvm_writer_init(writer, 0);
	state = fixture_state(seeds[index].method, seeds[index].family, 0, seeds[index].rows);
	if (seeds[index].method != CVM_METHOD_FIT && seeds[index].rows > 100)
		(void) cvm_fit_state_consume(state, NULL);
	cvm_fit_state_encode(state, writer);
	return true;
}

void
fuzz_seal(uint8_t *bytes, size_t length)
{
	if (length >= CVM_ENVELOPE_SIZE)
		cvm_envelope_seal(bytes, length);
}

static void
finish(CvmFitState *state)
{
	int			order[CVM_MOST_CLASSES];
	CvmEncoder *encoder;
	CvmShape	shape;
	CvmFit		fit;
	CvmError	error = {{0}};

	cvm_class_order(&state->labels, order);
	if (state->method == CVM_METHOD_SGD)
		(void) cvm_single_pass_finish(state, order, NULL, NULL, &encoder, &shape, &fit, &error);
	else if (state->method == CVM_METHOD_DESCEND && cvm_descent_rows(state) > 0 &&
			 cvm_descent_model(state)->encoder.slots < MOST_SLOTS_TO_USE)
		(void) cvm_descent_finish(state, &shape, &fit, &error);
}

static void
use(CvmFitState *state)
{
	CvmFitState *merged = cvm_fit_state_create(state->method, state->family);
	CvmError	error = {{0}};

	/* rows of fit are kept by the server; here the buffer takes them */
	if (!state->started || state->stored_rows > CVM_BLOCK_ROWS)
		return;
	if (state->method == CVM_METHOD_SGD && state->columns == FIXTURE_COLUMNS &&
		state->target_kind == fixture_kind(state->family))
		(void) cvm_fit_state_merge(merged, fixture_state(state->method, state->family, 0, 140), &error);
	if (cvm_fit_state_merge(merged, state, &error) == CVM_OK && merged->started)
		finish(merged);
}

/* A copy of what was decoded, encoded again. */
static void
encode(const CvmFitState *state, CvmWriter *writer)
{
	CvmBlock	block;

	cvm_writer_init(writer, 0);
	if (state->stored == NULL)
	{
		cvm_fit_state_encode(state, writer);
		return;
	}
	cvm_fit_state_encode_head(state, state->stored_rows, writer);
	for (uint64_t i = 0; cvm_fit_state_stored_block(state, i, &block); i++)
		cvm_fit_state_encode_rows(state, &block, writer);
	cvm_envelope_seal(writer->bytes, writer->length);
}

static void
try(const uint8_t *bytes, size_t length)
{
	CvmFitState *state;
	CvmError	error = {{0}};
	CvmWriter	first;
	CvmWriter	second;
	CvmStatus	status = cvm_fit_state_decode(bytes, length, &state, &error);

	if (status != CVM_OK)
	{
		REQUIRE(status == CVM_BAD_FORMAT || status == CVM_FUTURE_FORMAT || status == CVM_LIMIT);
		REQUIRE(error.message[0] != '\0');
		return;
	}
	encode(state, &first);
	REQUIRE(cvm_fit_state_decode(first.bytes, first.length, &state, &error) == CVM_OK);
	encode(state, &second);
	REQUIRE(first.length == second.length);
	REQUIRE(memcmp(first.bytes, second.bytes, first.length) == 0);
	use(state);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	uint8_t    *copy = malloc(length ? length : 1);

	arena_install();
	memcpy(copy, bytes, length);
	try(copy, length);
	fuzz_seal(copy, length);
	try(copy, length);
	free(copy);
	arena_reset();
	return 0;
}
