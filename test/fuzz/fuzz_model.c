/*
 * fuzz_model.c
 *		Any bytes as a cvm.model.
 *
 * Each input is tried as it is and with length and checksum put right, so
 * that mutations get past them.  What decodes has to be canonical: encoded
 * and decoded again it gives the same bytes.  It also has to be usable:
 * every number in it may be trusted as an index.
 */
#include "fuzz.h"

#include <stdio.h>

#include "arena.h"
#include "model/envelope.h"
#include "model/predictor.h"
#include "model_fixture.h"

#define MOST_SLOTS_TO_USE 1000

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

bool
fuzz_seed(int index, CvmWriter *writer)
{
	CvmModel   *model;

	if (index > FIXTURE_MODELS)
		return false;
	model = make_any_model(index % FIXTURE_MODELS);
	if (index == FIXTURE_MODELS)
	{
		model->encoder.input_count = 0;
		model->encoder.term_count = 0;
		(void) cvm_model_assign_slots(&model->encoder, NULL);
	}
	cvm_writer_init(writer, 0);
	cvm_model_encode(model, writer);
	return true;
}

void
fuzz_seal(uint8_t *bytes, size_t length)
{
	if (length >= CVM_ENVELOPE_SIZE)
		cvm_envelope_seal(bytes, length);
}

/* The first level of every category, and numbers as they come. */
static void
predict_a_row(const CvmModel *model)
{
	const CvmEncoder *encoder = &model->encoder;
	CvmBlock   *block = cvm_block_create(encoder->dense_columns, encoder->coded_columns);
	double	   *predictions = CVM_NEW(double, model->outputs);

	block->rows = 1;
	for (int i = 0; i < encoder->dense_columns; i++)
		block->dense[i] = some_number(i);
	for (int i = 0; i < encoder->coded_columns; i++)
		block->codes[i] = CVM_SINK(encoder->slots);
	cvm_predictor_predict(cvm_predictor_create(model), block, predictions);
}

static void
use(const CvmModel *model)
{
	const CvmEncoder *encoder = &model->encoder;
	double	   *parameters;

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		REQUIRE(strlen(encoder->inputs[term->input].name) > 0);
		for (int level = 0; level < term->level_count; level++)
			REQUIRE(term->levels[level] != NULL && isfinite(term->level_shares[level]));
	}
	if (encoder->slots > MOST_SLOTS_TO_USE)
		return;
	predict_a_row(model);
	if (cvm_model_linear(model) == NULL)
		return;
	parameters = CVM_NEW(double, (size_t) model->outputs * (encoder->slots + 1));
	cvm_model_parameters(model, encoder, parameters);
	for (int output = 0; output < model->outputs; output++)
		for (int slot = 0; slot <= encoder->slots; slot++)
			(void) cvm_model_standardized(model, output, slot);
}

/* Decodes; if that works, encodes and decodes again. */
static void
try(const uint8_t *bytes, size_t length)
{
	CvmModel   *model;
	CvmError	error = {0};
	CvmWriter	first;
	CvmWriter	second;
	CvmStatus	status = cvm_model_decode(bytes, length, &model, &error);

	if (status != CVM_OK)
	{
		REQUIRE(status == CVM_BAD_FORMAT || status == CVM_FUTURE_FORMAT || status == CVM_LIMIT);
		REQUIRE(error.message[0] != '\0');
		return;
	}
	use(model);
	cvm_writer_init(&first, 0);
	cvm_model_encode(model, &first);
	REQUIRE(cvm_model_decode(first.bytes, first.length, &model, &error) == CVM_OK);
	cvm_writer_init(&second, 0);
	cvm_model_encode(model, &second);
	REQUIRE(first.length == second.length);
	REQUIRE(memcmp(first.bytes, second.bytes, first.length) == 0);
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
