/*
 * test_learner_network.c
 *		Networks as models: bytes and back, predictions, warm starts, refusals.
 */
#include "check.h"

#include "learn/network/network_pass.h"
#include "model_fixture.h"

#define ROWS 300

/* An encoder of one number that may be missing and one category. */
static void
small_encoder(CvmEncoder *encoder, double center, double scale, const char *levels)
{
	static CvmInput inputs[] = {{"x", CVM_INPUT_NUMBER, 0}, {"kind", CVM_INPUT_CATEGORY, 0}};
	int			count = (int) strlen(levels);

	encoder->input_count = 2;
	encoder->inputs = inputs;
	encoder->term_count = 2;
	encoder->terms = CVM_NEW(CvmTerm, 2);
	encoder->terms[0] = number_term("x", 0, 0, center, scale);
	encoder->terms[1] = category_term("kind", 1, 0, count);
	for (int i = 0; i < count; i++)
	{
		char	   *name = CVM_NEW_ZERO(char, 2);

		name[0] = levels[i];
		encoder->terms[1].levels[i] = name;
	}
	CHECK(cvm_model_assign_slots(encoder, NULL) == CVM_OK);
}

/* The same rows in the eyes of an encoder. */
static CvmBlock *
encode_rows(const CvmEncoder *encoder, CvmTask task)
{
	CvmBlock   *block = cvm_block_create(1, 1);
	const CvmTerm *number = &encoder->terms[0];
	const CvmTerm *category = &encoder->terms[1];
	CvmRandom	random;

	cvm_random_seed(&random, 3);
	block->rows = ROWS;
	for (int row = 0; row < ROWS; row++)
	{
		double		x = 5 + 2 * cvm_random_normal(&random);
		char		name = "abc"[cvm_random_below(&random, 3)];
		double		signal = sin(x) + (name == 'b');

		block->dense[row] = (x - number->center) / number->scale;
		for (int level = 0; level < category->level_count; level++)
			if (category->levels[level][0] == name)
				block->codes[row] = level == 0 ? CVM_SINK(encoder->slots) : category->slot + level - 1;
		block->target[row] = task == CVM_REGRESSION ? 1000 + 50 * signal :
			task == CVM_BINARY ? signal > 0.5 : floor(fmin(2, fmax(0, 1 + signal)));
		block->weight[row] = 1;
	}
	return block;
}

static CvmModel *
empty_model(CvmTask task, const CvmEncoder *encoder)
{
	CvmModel   *model = make_model(task == CVM_REGRESSION ? CVM_LINEAR :
								   task == CVM_BINARY ? CVM_LOGISTIC : CVM_SOFTMAX);

	model->learner = &cvm_learner_neural_network;
	model->encoder = *encoder;
	model->payload = NULL;
	return model;
}

static CvmModel *
train(CvmTask task, const CvmEncoder *encoder, const CvmModel *start, const CvmOptions *options)
{
	CvmModel   *model = empty_model(task, encoder);
	CvmBlock   *block = encode_rows(encoder, task);
	CvmBlockSource source;
	CvmLesson	lesson = {
		.family = model->family,.task = task,.class_count = model->class_count,
		.encoder = encoder,.training = &source,.options = options,.start = start
	};
	CvmError	error = {0};

	cvm_block_source_from_array(&source, &block, 1, 1, 1, encoder->slots);
	CHECK(model->learner->family(model->learner, task, options) == model->family);
	CHECK(model->learner->fit(&lesson, model, &error) == CVM_OK);
	CHECK(cvm_model_check(model, &error) == CVM_OK);
	return model;
}

static void
predict(const CvmModel *model, CvmTask task, double *predictions)
{
	void	   *prepared = model->learner->prepare(model);

	model->learner->predict(prepared, encode_rows(&model->encoder, task), predictions);
}

static void
test_predictions(void)
{
	for (int task = CVM_REGRESSION; task <= CVM_MULTICLASS; task++)
	{
		CvmOptions	options;
		CvmEncoder	encoder;
		CvmEncoder	other;
		CvmModel   *model;
		CvmModel   *decoded = NULL;
		CvmModel   *again;
		CvmWriter	writer;
		CvmError	error = {0};
		double		predictions[3 * ROWS];
		double		others[3 * ROWS];
		double		scale = task == CVM_REGRESSION ? 50 : 1;

		cvm_options_for_train(&options);
		options.epochs = 100;
		options.l2 = 0.01;
		options.learning_rate = 0.01;
		options.batch_size = 32;
		small_encoder(&encoder, 5, 2, "abc");
		model = train((CvmTask) task, &encoder, NULL, &options);
		predict(model, (CvmTask) task, predictions);
		CHECK(task == CVM_REGRESSION ? sqrt(2 * model->loss) < 15 : model->loss < 0.2);
		if (task == CVM_MULTICLASS)
			for (int row = 0; row < ROWS; row++)
				CHECK_CLOSE(predictions[3 * row] + predictions[3 * row + 1] + predictions[3 * row + 2], 1, 1e-12);

		/* bytes and back: the same predictions, bit for bit */
		cvm_writer_init(&writer, 0);
		cvm_model_encode(model, &writer);
		CHECK(cvm_model_decode(writer.bytes, writer.length, &decoded, &error) == CVM_OK);
		predict(decoded, (CvmTask) task, others);
		CHECK(memcmp(predictions, others, ROWS * model->outputs * sizeof(double)) == 0);

		/* a warm start with another encoding begins at the same predictions */
		options.epochs = 1;
		options.learning_rate = 1e-12;
		small_encoder(&other, -3, 7, "bca");
		again = train((CvmTask) task, &other, decoded, &options);
		predict(again, (CvmTask) task, others);
		for (int i = 0; i < ROWS * model->outputs; i++)
			CHECK_CLOSE(others[i] / scale, predictions[i] / scale, 1e-4);

		/* other layers: from the beginning */
		options.hidden_layers[0] = 8;
		again = train((CvmTask) task, &encoder, decoded, &options);
		CHECK(((const CvmNetworkPayload *) again->payload)->units[0] == 8);
		CHECK(again->loss > 2 * model->loss);
	}
}

static CvmStatus
check_bent(void (*bend) (CvmNetworkPayload *))
{
	CvmModel   *model = make_network_model();
	CvmError	error = {0};

	bend((CvmNetworkPayload *) model->payload);
	return cvm_model_check(model, &error);
}

static void
bend_nothing(CvmNetworkPayload *payload)
{
}

static void
bend_layers(CvmNetworkPayload *payload)
{
	payload->hidden_layers = 9;
}

static void
bend_no_layers(CvmNetworkPayload *payload)
{
	payload->hidden_layers = 0;
}

static void
bend_units(CvmNetworkPayload *payload)
{
	payload->units[1] = 0;
}

static void
bend_many_units(CvmNetworkPayload *payload)
{
	payload->units[0] = 1 << 22;
}

static void
bend_activation(CvmNetworkPayload *payload)
{
	payload->activation = 2;
}

static void
bend_scale(CvmNetworkPayload *payload)
{
	payload->scale = 2;			/* of a classifier */
}

static void
bend_weight(CvmNetworkPayload *payload)
{
	((double *) payload->weights[2])[1] = 1e39; /* infinite in single precision */
}

static void
bend_bias(CvmNetworkPayload *payload)
{
	((double *) payload->biases[1])[0] = NAN;
}

static void
bend_missing(CvmNetworkPayload *payload)
{
	payload->weights[1] = NULL;
}

static void
test_check(void)
{
	CHECK(check_bent(bend_nothing) == CVM_OK);
	CHECK(check_bent(bend_layers) == CVM_BAD_FORMAT);
	CHECK(check_bent(bend_no_layers) == CVM_BAD_FORMAT);
	CHECK(check_bent(bend_units) == CVM_BAD_FORMAT);
	CHECK(check_bent(bend_many_units) == CVM_LIMIT);
	CHECK(check_bent(bend_activation) == CVM_BAD_FORMAT);
	CHECK(check_bent(bend_scale) == CVM_BAD_FORMAT);
	CHECK(check_bent(bend_weight) == CVM_BAD_FORMAT);
	CHECK(check_bent(bend_bias) == CVM_BAD_FORMAT);
	CHECK(check_bent(bend_missing) == CVM_BAD_FORMAT);
}

int
main(void)
{
	test_predictions();
	test_check();
	return check_done();
}
