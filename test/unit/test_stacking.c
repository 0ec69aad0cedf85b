/*
 * test_stacking.c
 *		Weights of a stack against scipy's bounded optimum
 *		(test/reference/stacking_scipy.py), and ensembles of models.
 */
#include "check.h"

#include "encode/expand.h"
#include "learn/stacking.h"
#include "model/predictor.h"
#include "model_fixture.h"

#define ROWS 300
#define MEMBERS 3

static double targets[ROWS];
static double row_weights[ROWS];

static void
make_weights(void)
{
	for (int i = 0; i < ROWS; i++)
		row_weights[i] = 1.0 + i % 2;
}

/* Probabilities and classes as the script makes them. */
static double *
make_probabilities(int classes)
{
	double	   *predictions = CVM_NEW(double, ROWS * MEMBERS * classes);

	for (int i = 0; i < ROWS; i++)
	{
		double		best = -INFINITY;

		for (int m = 0; m < MEMBERS; m++)
		{
			double	   *own = predictions + (i * MEMBERS + m) * classes;
			double		sum = 0;

			for (int k = 0; k < classes; k++)
			{
				own[k] = exp((1.5 - 0.5 * m) * sin(0.7 * i + 2.1 * k) +
							 (0.3 + 0.6 * m) * sin(1.3 * (m + 1) * i + 0.9 * k));
				sum += own[k];
			}
			for (int k = 0; k < classes; k++)
				own[k] /= sum;
		}
		for (int k = 0; k < classes; k++)
		{
			double		score = sin(0.7 * i + 2.1 * k) + 0.8 * sin(2.9 * i + 1.7 * k);

			if (score > best)
			{
				best = score;
				targets[i] = k;
			}
		}
	}
	return predictions;
}

static void
test_classes(void)
{
	static const double two[] = {1.33668264, 0.19562473, 0};
	static const double three[] = {1.16328667, 0.15330750, 0.04263408};
	double		weights[MEMBERS];
	double		biases[3];
	CvmStack	stack = {.weights = weights,.biases = biases};
	CvmStackRows rows = {.count = ROWS,.members = MEMBERS,.targets = targets,.weights = row_weights};
	double		result[3];

	rows.classes = 2;
	rows.predictions = make_probabilities(2);
	cvm_stack_fit(&rows, 1, &stack);
	for (int m = 0; m < MEMBERS; m++)
		CHECK_CLOSE(weights[m], two[m], 1e-6);
	CHECK(weights[2] == 0);
	CHECK_CLOSE(biases[1] - biases[0], 0.0442070, 1e-6);
	cvm_stack_predict(MEMBERS, 2, weights, biases, rows.predictions, result);
	CHECK_CLOSE(result[0] + result[1], 1, 1e-14);

	rows.classes = 3;
	rows.predictions = make_probabilities(3);
	cvm_stack_fit(&rows, 1, &stack);
	for (int m = 0; m < MEMBERS; m++)
		CHECK_CLOSE(weights[m], three[m], 1e-6);
	CHECK_CLOSE(biases[1] - biases[0], 0.0260833, 1e-6);
	CHECK_CLOSE(biases[2] - biases[0], -0.0299109, 1e-6);

	/* a strong pull leaves the average */
	cvm_stack_fit(&rows, 1e9, &stack);
	for (int m = 0; m < MEMBERS; m++)
		CHECK_CLOSE(weights[m], 1.0 / MEMBERS, 1e-5);
}

/* The last member says the opposite, and gets no weight. */
static void
test_numbers(void)
{
	static const double expected[] = {0.90227016, 0.07694122, 0.01672329, 0};
	double	   *predictions = CVM_NEW(double, ROWS * 4);
	double		weights[4];
	double		bias;
	CvmStack	stack = {.weights = weights,.biases = &bias};
	CvmStackRows rows = {
		.count = ROWS,.members = 4,.predictions = predictions,.targets = targets,.weights = row_weights
	};

	for (int i = 0; i < ROWS; i++)
	{
		targets[i] = sin(0.7 * i) + 0.3 * sin(2.9 * i);
		for (int m = 0; m < 3; m++)
			predictions[4 * i + m] = (1 - 0.3 * m) * sin(0.7 * i) +
				(0.2 + 0.4 * m) * sin(1.3 * (m + 1) * i) - 0.1 * m;
		predictions[4 * i + 3] = -targets[i];
	}
	cvm_stack_fit(&rows, 1, &stack);
	for (int m = 0; m < 4; m++)
		CHECK_CLOSE(weights[m], expected[m], 1e-6);
	CHECK_CLOSE(bias, 0.01419541, 1e-6);
}

/* ---- ensembles ---- */

static CvmModel *model;
static CvmEnsemble *ensemble;

static void
fresh(void)
{
	model = make_ensemble_model();
	ensemble = (CvmEnsemble *) model->payload;
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
	static const double negative[] = {1.5, -0.5};
	static const double too_much[] = {0.5, 0.75};
	static const double endless[] = {0, INFINITY};

	fresh();
	CHECK(cvm_model_check(model, NULL) == CVM_OK);
	REFUSED(ensemble->members.count = 1, "two members");
	REFUSED(ensemble->weights = negative, "weight of member 2");
	REFUSED(ensemble->weights = too_much, "add up to 1");
	REFUSED(ensemble->weights = endless, "weight of member 2");
	REFUSED(ensemble->method = CVM_ENSEMBLE_STACK; ensemble->biases = endless, "bias");
	REFUSED(ensemble->members.models[0] = make_model(CVM_LINEAR), "another question");
	REFUSED(ensemble->members.models[1]->classes[0] = "nobody", "other classes");
	REFUSED(ensemble->members.models[1]->encoder.inputs[0].name = "unknown", "does not");
	REFUSED(ensemble->members.models[1] = make_model(CVM_LOGISTIC);
			((CvmLinearPredictor *) ensemble->members.models[1]->payload)->delta = 1, "delta");
}

/* Levels that one member knows and the other does not, NULL, and a missing number. */
static void
test_rows(void)
{
	CvmEncoder *encoder;
	CvmBlock   *block;
	double		prediction;
	double		by_hand = 0;

	fresh();
	encoder = &model->encoder;
	CHECK(encoder->terms[2].kind == CVM_TERM_CATEGORY && encoder->terms[2].missing_level >= 0);
	block = cvm_block_create(encoder->dense_columns, encoder->coded_columns);
	block->rows = 1;
	for (int level = 0; level < encoder->terms[2].level_count; level++)
		for (int missing = 0; missing < 2; missing++)
		{
			for (int i = 0; i < encoder->dense_columns; i++)
				block->dense[i] = some_number(i + level);
			if (missing)
				block->dense[0] = NAN;
			for (int i = 0; i < encoder->coded_columns; i++)
				block->codes[i] = CVM_SINK(encoder->slots);
			if (level > 0)
				block->codes[0] = encoder->terms[2].slot + level - 1;
			cvm_predictor_predict(cvm_predictor_create(model), block, &prediction);

			by_hand = 0;
			for (int m = 0; m < 2; m++)
			{
				const CvmModel *member = ensemble->members.models[m];
				CvmMemberRows *rows = cvm_member_rows_create(encoder, &member->encoder, true);
				double		own;

				cvm_predictor_predict(cvm_predictor_create(member),
									  cvm_member_rows_encode(rows, block), &own);
				by_hand += own / 2;
			}
			CHECK_CLOSE(prediction, by_hand, 1e-14);
		}
}

int
main(void)
{
	make_weights();
	test_classes();
	test_numbers();
	test_check();
	test_rows();
	return check_done();
}
