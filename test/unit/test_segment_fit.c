/*
 * test_segment_fit.c
 *		Models with segments: optima of each segment, the same bits however the
 *		rows are gathered, what pooling is worth, and options that cannot be.
 */
#include <string.h>

#include "check.h"
#include "plain_objective.h"

#include "base/random.h"
#include "learn/measure/prediction_loss.h"
#include "model/predictor.h"
#include "model/segments/segment_fit.h"
#include "model/segments/segment_rows.h"

#define NUMBERS 3
#define MOST_SEGMENTS 40

typedef struct World
{
	CvmEncoder	encoder;
	CvmBlock   *training[64];
	CvmBlock   *validation[64];
	CvmBlockSource training_source;
	CvmBlockSource validation_source;
	CvmOptions	options;
	CvmLesson	lesson;
	CvmModel	model;
} World;

static void
make_encoder(CvmEncoder *encoder, int segments)
{
	static char names[MOST_SEGMENTS + 1][8];
	static const char *const letters[] = {"x", "y", "z"};

	encoder->input_count = encoder->term_count = NUMBERS + 2;
	encoder->inputs = CVM_NEW_ZERO(CvmInput, NUMBERS + 2);
	encoder->terms = CVM_NEW_ZERO(CvmTerm, NUMBERS + 2);
	for (int i = 0; i < NUMBERS + 2; i++)
	{
		CvmTerm    *term = &encoder->terms[i];
		int			levels = i == 1 ? segments + 1 : i == NUMBERS + 1 ? 3 : 0;

		*term = (CvmTerm)
		{
			.name = i == 1 ? "country" : i == NUMBERS + 1 ? "plan" : letters[i > 1 ? i - 1 : 0],
			.kind = levels > 0 ? CVM_TERM_CATEGORY : CVM_TERM_NUMBER,.input = i,.scale = 1,
			.deviation = levels > 0 ? 0 : 1,.flag_slot = -1,.other_level = i == 1 ? 0 : -1,
			.missing_level = -1,.level_count = levels
		};
		encoder->inputs[i] = (CvmInput)
		{
			term->name, levels > 0 ? CVM_INPUT_CATEGORY : CVM_INPUT_NUMBER, 0
		};
		term->levels = CVM_NEW(const char *, levels);
		term->level_shares = CVM_NEW_ZERO(double, levels);
		for (int level = 0; level < levels; level++)
		{
			snprintf(names[level], sizeof(names[level]), "l%d", level);
			term->levels[level] = names[level];
		}
	}
	CHECK(cvm_model_assign_slots(encoder, NULL) == CVM_OK);
}

/*
 * Rows of segment s, of which there are about share / (s + 1), follow
 * coefficients around common ones, with this deviation.
 */
static void
make_rows(const CvmEncoder *encoder, CvmFamily family, int segments, double deviation,
		  CvmBlock **blocks, int count, uint64_t seed)
{
	CvmRandom	random;
	CvmRandom	world;
	double		own[MOST_SEGMENTS + 1][NUMBERS + 1];

	cvm_random_seed(&world, 5);
	cvm_random_seed(&random, seed);
	for (int s = 0; s <= segments; s++)
		for (int i = 0; i <= NUMBERS; i++)
			own[s][i] = (i - 1) * 0.7 + deviation * cvm_random_normal(&world);
	for (int b = 0; b < count; b++)
	{
		CvmBlock   *block = blocks[b] = cvm_block_create(NUMBERS, 2);

		for (block->rows = 0; block->rows < CVM_BLOCK_ROWS; block->rows++)
		{
			int			row = block->rows;
			int			s = (int) (segments * pow(cvm_random_uniform(&random), 2));
			int			plan = (int) (3 * cvm_random_uniform(&random));
			double		eta = own[s][NUMBERS] + 0.5 * plan;

			for (int i = 0; i < NUMBERS; i++)
			{
				double		x = cvm_random_normal(&random);

				block->dense[row * NUMBERS + i] = x;
				eta += own[s][i] * x;
			}
			block->codes[2 * row] = encoder->terms[1].slot + s;
			block->codes[2 * row + 1] = plan == 0 ? CVM_SINK(encoder->slots) :
				encoder->terms[NUMBERS + 1].slot + plan - 1;
			block->weight[row] = 1 + row % 2;
			block->target[row] = family == CVM_LINEAR ? eta + 3 * cvm_random_normal(&random) :
				cvm_random_uniform(&random) < cvm_sigmoid(eta);
		}
	}
}

static void
make_world(World *world, const CvmLearner *learner, CvmTask task, int segments,
		   double deviation, int blocks)
{
	CvmFamily	family;

	memset(world, 0, sizeof(*world));
	make_encoder(&world->encoder, segments);
	cvm_options_for_train(&world->options);
	world->options.segment_by = "country";
	family = learner->family(learner, task, &world->options);
	make_rows(&world->encoder, family, segments, deviation, world->training, blocks, 1);
	make_rows(&world->encoder, family, segments, deviation, world->validation, 20, 2);
	cvm_block_source_from_array(&world->training_source, world->training, blocks,
								NUMBERS, 2, world->encoder.slots);
	cvm_block_source_from_array(&world->validation_source, world->validation, 20,
								NUMBERS, 2, world->encoder.slots);
	world->lesson = (CvmLesson)
	{
		.family = family,.task = task,.class_count = task == CVM_BINARY ? 2 : 0,
		.encoder = &world->encoder,.training = &world->training_source,
		.validation = &world->validation_source,.options = &world->options
	};
	world->model = (CvmModel)
	{
		.learner = learner,.family = family,.task = task,
		.class_count = world->lesson.class_count,.outputs = 1,.encoder = world->encoder,
		.rows = world->training_source.rows
	};
}

static void
learn(World *world)
{
	CvmError	error = {{0}};

	world->model.segments = NULL;
	if (cvm_learn_model(&world->lesson, &world->model, &error) != CVM_OK)
		printf("%s\n", error.message);
	CHECK(error.message[0] == '\0');
}

/* Mean loss of the held-out rows. */
static double
held_out_loss(const World *world)
{
	CvmPredictor *predictor = cvm_predictor_create(&world->model);
	CvmMeasure	measure = cvm_model_measure(&world->model);
	double		predictions[CVM_BLOCK_ROWS];
	double		loss = 0;

	for (int b = 0; b < world->validation_source.blocks; b++)
	{
		const CvmBlock *block = world->validation[b];

		cvm_predictor_predict(predictor, block, predictions);
		for (int row = 0; row < block->rows; row++)
			loss += block->weight[row] *
				cvm_prediction_loss(&measure, block->target[row],
									&predictions[row]);
	}
	return loss / world->validation_source.total_weight;
}

/* ---- optima ---- */

static CvmShape
shape_of(const CvmModel *model)
{
	return (CvmShape)
	{
		.family = model->family,.outputs = model->outputs,.dense_columns = model->encoder.dense_columns,
		.coded_columns = model->encoder.coded_columns,.slots = model->encoder.slots
	};
}

/* Of each segment the gradient of its rows and the pull cancel. */
static void
test_optima(CvmFamily family)
{
	const CvmLearner *learner = cvm_learner_of_family(family);
	World		world;
	CvmSegmentLayout layout;
	double		parameters[64];
	double		toward[64];
	double		gradient[64];

	make_world(&world, learner, family == CVM_LINEAR ? CVM_REGRESSION : CVM_BINARY, 6, 0.5, 12);
	world.options.segment_shrinkage = 7;
	learn(&world);
	cvm_segment_layout(&world.encoder, 1, &layout);
	CHECK(world.model.segments->count == 6);
	for (int i = 0; i < world.model.segments->count; i++)
	{
		CvmModel	own = cvm_segment_model(&world.model, i);
		CvmModel	common = own;
		CvmShape	shape = shape_of(&own);
		CvmRowList	list = {0};
		CvmBlockSource rows;

		common.payload = learner->at_level(&world.model, 1, world.model.segments->segments[i].level,
										   &own.encoder);
		cvm_segment_gather(&layout, &world.training_source, world.model.segments, i, i + 1,
						   &list);
		cvm_row_list_source(&layout, &list, &rows);
		CHECK((int64_t) rows.rows == world.model.segments->segments[i].rows);
		cvm_model_parameters(&own, &own.encoder, parameters);
		cvm_model_parameters(&common, &own.encoder, toward);
		memset(gradient, 0, sizeof(gradient));
		plain_objective(&shape, &rows, parameters, gradient, NULL);
		for (int j = 0; j < CVM_PARAMETERS(&shape); j++)
			CHECK_CLOSE(gradient[j] + 7 * (parameters[j] - toward[j]), 0, 1e-5);
	}
}

/* ---- the same, however rows are kept ---- */

static bool
same_segments(const CvmModel *left, const CvmModel *right)
{
	size_t		size = sizeof(double) * (left->segments->encoder.slots + 1);

	if (left->segments->count != right->segments->count ||
		left->segments->shrinkage != right->segments->shrinkage)
		return false;
	for (int i = 0; i < left->segments->count; i++)
	{
		CvmModel	first = cvm_segment_model(left, i);
		CvmModel	second = cvm_segment_model(right, i);

		if (memcmp(cvm_model_linear(&first)->coefficients, cvm_model_linear(&second)->coefficients,
				   size) != 0)
			return false;
	}
	return true;
}

static void
test_memory(void)
{
	World		world;
	CvmModel	whole;
	size_t		memories[] = {1500000, 400000, 60000};

	make_world(&world, cvm_learner_of_family(CVM_LOGISTIC), CVM_BINARY, 9, 0.5, 20);
	world.options.segment_shrinkage = 4;
	world.options.segment_rounds = 0;
	learn(&world);
	whole = world.model;
	for (int i = 0; i < 3; i++)
	{
		world.lesson.memory = memories[i];
		world.training_source.in_order = i == 2;
		learn(&world);
		CHECK(same_segments(&whole, &world.model));
	}
}

/* ---- what pooling is worth ---- */

static void
test_pooling(const CvmLearner *learner, CvmTask task, int segments, double deviation, int blocks)
{
	World		world;
	double		partial;
	double		none;
	double		complete;

	make_world(&world, learner, task, segments, deviation, blocks);
	world.options.segment_min_rows = 10;
	world.options.hidden_layers[0] = 8;
	world.options.hidden_layers[1] = 0;
	world.options.epochs = 30;
	learn(&world);
	partial = held_out_loss(&world);
	world.options.segment_rounds = 0;
	world.options.segment_shrinkage = 1e-3;
	learn(&world);
	none = held_out_loss(&world);
	world.options.segment_shrinkage = 1e9;
	learn(&world);
	complete = held_out_loss(&world);
	CHECK(partial <= complete * 1.001);
	CHECK(partial <= none * 1.001);
}

/* ---- what a row of no segment gets ---- */

static void
test_no_segment(void)
{
	World		world;
	CvmPredictor *common;
	CvmPredictor *predictor;
	CvmModel	plain;
	double		expected[CVM_BLOCK_ROWS];
	double		predictions[CVM_BLOCK_ROWS];
	int			different = 0;

	make_world(&world, cvm_learner_of_family(CVM_LOGISTIC), CVM_BINARY, 12, 1, 12);
	world.options.segment_min_rows = 600;
	learn(&world);
	CHECK(world.model.segments->count > 1 && world.model.segments->count < 12);
	plain = world.model;
	plain.segments = NULL;
	common = cvm_predictor_create(&plain);
	predictor = cvm_predictor_create(&world.model);
	world.validation[0]->codes[0] = CVM_SINK(world.encoder.slots);
	cvm_predictor_predict(common, world.validation[0], expected);
	cvm_predictor_predict(predictor, world.validation[0], predictions);
	for (int row = 0; row < CVM_BLOCK_ROWS; row++)
	{
		int			code = world.validation[0]->codes[2 * row];
		int			level = code == CVM_SINK(world.encoder.slots) ? 0 :
			code - world.encoder.terms[1].slot + 1;

		if (world.model.segments->by_level[level] < 0)
			CHECK(predictions[row] == expected[row]);
		else
			different += predictions[row] != expected[row];
	}
	CHECK(different > 100);
	CHECK(predictions[0] == expected[0]);
}

/* ---- what cannot be ---- */

static void
test_errors(void)
{
	World		world;
	CvmError	error = {{0}};

	make_world(&world, cvm_learner_of_family(CVM_LOGISTIC), CVM_BINARY, 12, 1, 8);
	world.options.segment_limit = 3;
	CHECK(cvm_learn_model(&world.lesson, &world.model, &error) == CVM_LIMIT);
	world.options.segment_min_rows = 100000;
	CHECK(cvm_learn_model(&world.lesson, &world.model, &error) == CVM_NO_ROWS);
	world.options.segment_by = "x";
	CHECK(cvm_learn_model(&world.lesson, &world.model, &error) == CVM_NO_ROWS);
	world.options.segment_by = "country";
	world.options.incremental = true;
	CHECK(cvm_learn_model(&world.lesson, &world.model, &error) == CVM_BAD_OPTION);
	world.options.incremental = false;
	world.model.learner = cvm_learner_by_name("random_forest");
	CHECK(cvm_learn_model(&world.lesson, &world.model, &error) == CVM_BAD_OPTION);
	CHECK(strstr(error.hint, "neural_network") != NULL);
}

int
main(void)
{
	const CvmLearner *network = cvm_learner_by_name("neural_network");

	test_optima(CVM_LOGISTIC);
	test_optima(CVM_LINEAR);
	test_memory();
	for (double deviation = 0; deviation < 2; deviation += 0.6)
	{
		test_pooling(cvm_learner_of_family(CVM_LOGISTIC), CVM_BINARY, 30, deviation, 16);
		test_pooling(cvm_learner_of_family(CVM_LINEAR), CVM_REGRESSION, 30, deviation, 16);
	}
	test_pooling(network, CVM_BINARY, 6, 2, 6);
	test_no_segment();
	test_errors();
	return check_done();
}
