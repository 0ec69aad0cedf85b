/*
 * test_pipeline.c
 *		Models within models: what a pipeline predicts, what its validator
 *		refuses, and how deep it goes.
 */
#include "check.h"

#include "encode/expand.h"
#include "model/envelope.h"
#include "model/predictor.h"
#include "model_fixture.h"

static CvmModel *model;
static CvmPipeline *pipeline;

static void
fresh(void)
{
	model = make_pipeline_model();
	pipeline = (CvmPipeline *) model->payload;
}

static void
check_refused(const char *part_of_message, int line)
{
	CvmError	error = {0};
	CvmStatus	status = cvm_model_check(model, &error);

	check_count++;
	if (status == CVM_OK || strstr(error.message, part_of_message) == NULL)
	{
		check_failures++;
		printf("%s:%d: \"%s\" has no \"%s\"\n", __FILE__, line, error.message, part_of_message);
	}
}

#define REFUSED(change, part_of_message) \
	do { \
		fresh(); \
		change; \
		check_refused(part_of_message, __LINE__); \
	} while (0)

static void
test_check(void)
{
	fresh();
	CHECK(cvm_model_check(model, NULL) == CVM_OK);
	REFUSED(pipeline->stages.count = 1, "two stages");
	REFUSED(pipeline->stages.models[1]->encoder.inputs[0].elements = 3, "stage 2 does not read");
	REFUSED(pipeline->stages.models[1]->encoder.inputs[0].kind = CVM_INPUT_NUMBER, "");
	REFUSED(pipeline->stages.models[0] = make_model(CVM_LOGISTIC), "stage 1 makes no numbers");
	REFUSED(pipeline->stages.models[0] = make_projection_model(CVM_PROJECTION), "first stage");
	REFUSED(model->task = CVM_REGRESSION; model->class_count = 0, "answer the question");
	REFUSED(((CvmLinearPredictor *) pipeline->stages.models[1]->payload)->delta = 1, "delta");
}

/* The same row by hand: project, standardize, add up. */
static void
test_prediction(void)
{
	CvmBlock   *block;
	double		prediction;
	double		by_hand;
	const CvmProjection *projection;
	const double *coefficients;
	double		components[2] = {0, 0};
	CvmExpansion *expansion;
	double	   *vector;

	fresh();
	block = cvm_block_create(model->encoder.dense_columns, model->encoder.coded_columns);
	block->rows = 1;
	for (int i = 0; i < model->encoder.dense_columns; i++)
		block->dense[i] = some_number(i + 3);
	for (int i = 0; i < model->encoder.coded_columns; i++)
		block->codes[i] = CVM_SINK(model->encoder.slots);
	cvm_predictor_predict(cvm_predictor_create(model), block, &prediction);

	projection = (const CvmProjection *) pipeline->stages.models[0]->payload;
	coefficients = cvm_model_linear(pipeline->stages.models[1])->coefficients;
	expansion = cvm_expansion_create(&model->encoder);
	vector = CVM_NEW(double, expansion->width);
	cvm_expand_block(expansion, block, vector);
	for (int axis = 0; axis < 2; axis++)
		for (int i = 0; i < expansion->width; i++)
			components[axis] += projection->loadings[axis * expansion->width + i] *
				(vector[i] - projection->means[i]);
	by_hand = coefficients[2] + coefficients[0] * components[0] + coefficients[1] * components[1];
	CHECK_CLOSE(prediction, 1 / (1 + exp(-by_hand)), 1e-12);
	CHECK(model->learner->transform_size(model) == 2);
}

/* A pipeline whose last stage is a pipeline, and so on; inputs of inner ones are arrays. */
static CvmModel *
deep_model(int depth)
{
	CvmModel   *outer = make_pipeline_model();
	CvmPipeline *stages = (CvmPipeline *) outer->payload;
	CvmModel   *inner;
	CvmPipeline *inner_stages;
	CvmProjection *projection;

	if (depth == 1)
		return outer;
	inner = deep_model(depth - 1);
	inner_stages = (CvmPipeline *) inner->payload;
	/* the inner one reads two components and makes two of them */
	inner->encoder = stages->stages.models[1]->encoder;
	inner_stages->stages.models[0]->encoder = inner->encoder;
	projection = (CvmProjection *) inner_stages->stages.models[0]->payload;
	CHECK(projection->axes == 2);
	stages->stages.models[1] = inner;
	return outer;
}

static void
test_depth(void)
{
	CvmWriter	writer;
	CvmModel   *decoded;
	CvmError	error = {0};

	model = deep_model(CVM_MODEL_MAX_DEPTH);
	CHECK(cvm_model_check(model, &error) == CVM_OK);
	cvm_writer_init(&writer, 0);
	cvm_model_encode(model, &writer);
	CHECK(cvm_model_decode(writer.bytes, writer.length, &decoded, &error) == CVM_OK);

	model = deep_model(CVM_MODEL_MAX_DEPTH + 1);
	check_refused("nested deeper", __LINE__);
	cvm_writer_init(&writer, 0);
	cvm_model_encode(model, &writer);
	CHECK(cvm_model_decode(writer.bytes, writer.length, &decoded, &error) == CVM_BAD_FORMAT);
	model = deep_model(50);
	check_refused("nested deeper", __LINE__);
	cvm_writer_init(&writer, 0);
	cvm_model_encode(model, &writer);
	CHECK(cvm_model_decode(writer.bytes, writer.length, &decoded, &error) == CVM_BAD_FORMAT);
}

/* Every length and count of a nested model, one too many or cut short. */
static void
test_damaged(void)
{
	CvmWriter	writer;
	CvmModel   *decoded;

	cvm_writer_init(&writer, 0);
	cvm_model_encode(make_pipeline_model(), &writer);
	for (size_t at = 24; at + 4 <= writer.length; at += 4)
	{
		CvmWriter	copy = writer;

		copy.bytes = CVM_NEW(uint8_t, writer.length);
		memcpy(copy.bytes, writer.bytes, writer.length);
		cvm_patch_u32(&copy, at, 0x7fffffff);
		cvm_envelope_seal(copy.bytes, copy.length);
		(void) cvm_model_decode(copy.bytes, copy.length, &decoded, NULL);
		cvm_patch_u32(&copy, at, 8);
		cvm_envelope_seal(copy.bytes, copy.length);
		(void) cvm_model_decode(copy.bytes, copy.length, &decoded, NULL);
		cvm_release(copy.bytes);
	}
	CHECK(true);
}

int
main(void)
{
	test_check();
	test_prediction();
	test_depth();
	test_damaged();
	return check_done();
}
