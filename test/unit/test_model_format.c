/*
 * test_model_format.c
 *		Models to bytes and back; damaged and forged bytes.
 */
#include "check.h"

#include <stdlib.h>

#include "model/envelope.h"
#include "model_fixture.h"

static void
encode(int index, CvmWriter *writer)
{
	cvm_writer_init(writer, 0);
	cvm_model_encode(make_any_model(index), writer);
}

static CvmStatus
decode(const void *bytes, size_t length, CvmError *error)
{
	CvmModel   *model;

	return cvm_model_decode(bytes, length, &model, error);
}

static void
test_round_trip(void)
{
	for (int index = 0; index < FIXTURE_MODELS; index++)
	{
		CvmError	error = {0};
		CvmModel   *model = NULL;
		const CvmTerm *terms;
		CvmWriter	writer;
		CvmWriter	again;

		encode(index, &writer);
		CHECK(writer.length % 8 == 0);
		CHECK(cvm_model_decode(writer.bytes, writer.length, &model, &error) == CVM_OK);
		if (model == NULL)
		{
			printf("%s\n", error.message);
			continue;
		}
		/* where a learner has identifiers, they come first: five and four levels */
		terms = model->encoder.terms + (model->learner->roles != NULL ? 2 : 0);
		CHECK(strcmp(terms[2].levels[1], "b") == 0);
		CHECK(terms[0].slot == 0 && terms[0].flag_slot == (model->learner->keeps_missing ? -1 : 1));
		/* an ensemble has the levels of all members, and two more of each category */
	CHECK(model->learner == &cvm_learner_ensemble ||
		  model->encoder.slots == (model->learner->keeps_missing ? 4 : 5) + 3 + 2 + 1 +
			  (model->learner->roles != NULL ? 4 + 3 : 0));
		CHECK(model->rank == -1 && model->seed == -42 && isnan(model->validation_loss));
		if (cvm_model_linear(model) != NULL)
			CHECK((const uint8_t *) cvm_model_linear(model)->coefficients > writer.bytes &&
				  (const uint8_t *) cvm_model_linear(model)->coefficients <
				  writer.bytes + writer.length);

		cvm_writer_init(&again, 0);
		cvm_model_encode(model, &again);
		CHECK(again.length == writer.length &&
			  memcmp(again.bytes, writer.bytes, writer.length) == 0);
	}
}

static void
test_damage(void)
{
	CvmWriter	writer;

	encode(CVM_LOGISTIC, &writer);
	for (size_t length = 0; length < writer.length; length++)
	{
		uint8_t    *copy = malloc(length ? length : 1);

		memcpy(copy, writer.bytes, length);
		CHECK(decode(copy, length, NULL) == CVM_BAD_FORMAT);
		free(copy);
	}
	for (size_t bit = 0; bit < writer.length * 8; bit++)
	{
		writer.bytes[bit / 8] ^= 1 << bit % 8;
		CHECK(decode(writer.bytes, writer.length, NULL) == CVM_BAD_FORMAT);
		writer.bytes[bit / 8] ^= 1 << bit % 8;
	}
	CHECK(decode(writer.bytes, writer.length, NULL) == CVM_OK);
}

/* A forger computes the checksum, too: any answer will do, but no crash. */
static void
test_forgery(void)
{
	static const uint32_t values[] = {0, 1, 5, 0x100, 0x7fffffff, 0x80000000u, 0xffffffffu};
	CvmWriter	writer;
	CvmError	error;
	int			accepted = 0;
	int			refused = 0;

	encode(CVM_SOFTMAX, &writer);
	for (size_t offset = CVM_ENVELOPE_SIZE; offset < writer.length; offset += 4)
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		{
			uint8_t    *copy = malloc(writer.length);
			CvmWriter	patch = {.bytes = copy,.length = writer.length};
			CvmStatus	status;

			memcpy(copy, writer.bytes, writer.length);
			cvm_patch_u32(&patch, offset, values[i]);
			cvm_envelope_seal(copy, writer.length);
			error.message[0] = '\0';
			status = decode(copy, writer.length, &error);
			if (status == CVM_OK)
				accepted++;
			else
				refused++;
			CHECK(status == CVM_OK || error.message[0] != '\0');
			free(copy);
		}
	/* coefficients and losses may be anything finite; structure may not */
	CHECK(accepted > 0 && refused > 500);
}

static void
test_future(void)
{
	CvmWriter	writer;
	CvmError	error;

	encode(CVM_LINEAR, &writer);
	writer.bytes[4] = CVM_MODEL_FORMAT + 1;
	cvm_envelope_seal(writer.bytes, writer.length);
	CHECK(decode(writer.bytes, writer.length, &error) == CVM_FUTURE_FORMAT);
	CHECK(strstr(error.message, "format 2") != NULL && error.hint[0] != '\0');

	encode(CVM_LINEAR, &writer);
	writer.bytes[16] = 200;
	cvm_envelope_seal(writer.bytes, writer.length);
	CHECK(decode(writer.bytes, writer.length, &error) == CVM_FUTURE_FORMAT);
	CHECK(strstr(error.message, "algorithm 200") != NULL && error.hint[0] != '\0');
}

static void
test_tail(void)
{
	CvmWriter	writer;
	CvmError	error;

	encode(CVM_LINEAR, &writer);
	cvm_write_u64(&writer, 0);
	cvm_envelope_seal(writer.bytes, writer.length);
	CHECK(decode(writer.bytes, writer.length, &error) == CVM_BAD_FORMAT);
	CHECK(strstr(error.message, "section 0 is out of order") != NULL);

	encode(FIXTURE_ALGORITHMS + CVM_LINEAR, &writer);
	cvm_write_u32(&writer, 5);
	cvm_write_u32(&writer, 0);
	cvm_envelope_seal(writer.bytes, writer.length);
	CHECK(decode(writer.bytes, writer.length, &error) == CVM_BAD_FORMAT);
	CHECK(strstr(error.message, "section 5 is out of order") != NULL);
}

int
main(void)
{
	test_round_trip();
	test_damage();
	test_forgery();
	test_future();
	test_tail();
	return check_done();
}
