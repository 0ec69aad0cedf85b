/*
 * test_recommendation.c
 *		Models that recommend: their check, their predictions, newcomers, and
 *		the judge of lists, against naive twins.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "model/list_judge.h"
#include "model_fixture.h"

#define USERS 60
#define ITEMS 30
#define FACTORS 3
#define PLACES 10

/* ---- the check ---- */

#define REFUSED(change, words) \
	do { \
		CvmModel   *model = make_factorization_model(); \
		CvmFactorizationPayload *payload = (CvmFactorizationPayload *) model->payload; \
		CvmError	error = {0}; \
		\
		CHECK(cvm_model_check(model, &error) == CVM_OK); \
		change; \
		(void) payload; \
		CHECK(cvm_model_check(model, &error) != CVM_OK); \
		if (strstr(error.message, words) == NULL) \
		{ \
			printf("%s:%d: \"%s\" has no \"%s\"\n", __FILE__, __LINE__, error.message, words); \
			check_failures++; \
		} \
	} while (0)

static void
test_check(void)
{
	static const double infinite[64] = {[3] = INFINITY};
	static const int32_t falling[] = {0, 2, 1, 3, 5};
	static const int32_t far[] = {0, 2, 1, 1, 3};
	static const int32_t twice[] = {0, 2, 1, 2, 2};

	REFUSED(payload->factors = 0, "no factors");
	REFUSED(payload->factorization = CVM_FACTORIZATION_AUTO, "factorization");
	REFUSED(payload->factorization = CVM_FACTORIZATION_ALS, "factorization");
	REFUSED(payload->user_inputs = 6, "too many inputs");
	REFUSED(payload->mean = NAN, "not finite");
	REFUSED(payload->item_factors = infinite, "not finite");
	REFUSED(payload->user_newcomers = infinite, "not finite");
	REFUSED(payload->user_biases = NULL, "missing");
	REFUSED(payload->seen = 4, "add up");
	REFUSED(payload->seen_starts = falling, "out of order");
	REFUSED(payload->seen_items = far, "out of order");
	REFUSED(payload->seen_items = twice, "out of order");
	REFUSED(model->encoder.inputs[1].kind = CVM_INPUT_CATEGORY, "no identifiers");
	REFUSED(model->encoder.inputs[4].kind = CVM_INPUT_IDENTIFIER, "identifier");
	REFUSED(model->encoder.terms[0].other_level = -1, "out of place");
	REFUSED(model->task = CVM_REGRESSION, "factorization");
	REFUSED(payload->factors = 1 << 25, "coefficients");
}

/* ---- a model of many users ---- */

static const char **
make_levels(char letter, int count)
{
	const char **levels = CVM_NEW(const char *, count + 1);

	for (int i = 0; i < count; i++)
	{
		char	   *name = CVM_NEW(char, 16);

		snprintf(name, 16, "%c%d", letter, i);
		levels[i] = name;
	}
	levels[count] = CVM_OTHER_LEVEL;
	return levels;
}

static CvmTerm
make_identifier(const char *name, int input, int count)
{
	CvmTerm		term = {
		.name = name,.kind = CVM_TERM_CATEGORY,.input = input,.scale = 1,.flag_slot = -1,
		.level_count = count + 1,.other_level = count,.missing_level = -1,
		.levels = make_levels(name[0], count),.level_shares = CVM_NEW_ZERO(double, count + 1)
	};

	return term;
}

/* Every user has met every fourth item or so. */
static CvmModel *
make_recommending_model(uint64_t seed)
{
	CvmModel   *model = make_factorization_model();
	CvmFactorizationPayload *payload = CVM_NEW_ZERO(CvmFactorizationPayload, 1);
	int			count = (USERS + ITEMS + 2) * (FACTORS + 1);
	double	   *numbers = CVM_NEW(double, count);
	int32_t    *starts = CVM_NEW_ZERO(int32_t, USERS + 1);
	int32_t    *items = CVM_NEW(int32_t, USERS * ITEMS);
	CvmRandom	random;

	model->encoder.input_count = 2;
	model->encoder.term_count = 2;
	model->encoder.terms[0] = make_identifier("customer", 0, USERS);
	model->encoder.terms[1] = make_identifier("product", 1, ITEMS);
	(void) cvm_model_assign_slots(&model->encoder, NULL);
	cvm_random_seed(&random, seed);
	for (int i = 0; i < count; i++)
		numbers[i] = cvm_random_normal(&random);
	payload->factorization = CVM_FACTORIZATION_IMPLICIT;
	payload->factors = FACTORS;
	payload->user_factors = numbers;
	payload->user_biases = numbers + USERS * FACTORS;
	payload->item_factors = payload->user_biases + USERS;
	payload->item_biases = payload->item_factors + ITEMS * FACTORS;
	payload->user_newcomers = payload->item_biases + ITEMS;
	payload->item_newcomers = payload->user_newcomers + FACTORS + 1;
	for (int user = 0; user < USERS; user++)
	{
		for (int item = 0; item < ITEMS; item++)
			if (cvm_random_below(&random, 4) == 0)
				items[payload->seen++] = item;
		starts[user + 1] = payload->seen;
	}
	payload->seen_starts = starts;
	payload->seen_items = items;
	model->target = "";
	model->payload = payload;
	CHECK(cvm_model_check(model, NULL) == CVM_OK);
	return model;
}

static int32_t
code_of(const CvmModel *model, int identifier, int level)
{
	return level == 0 ? CVM_SINK(model->encoder.slots) :
		model->encoder.terms[identifier].slot + level - 1;
}

/* Random pairs; some of unknown users and items, some of them met before. */
static CvmBlock *
make_pairs(const CvmModel *model, int *users, int *items, uint64_t seed)
{
	CvmBlock   *block = cvm_block_create(0, 2);
	CvmRandom	random;

	cvm_random_seed(&random, seed);
	block->rows = CVM_BLOCK_ROWS;
	for (int row = 0; row < block->rows; row++)
	{
		users[row] = (int) cvm_random_below(&random, USERS + 1);
		items[row] = (int) cvm_random_below(&random, ITEMS + 1);
		block->codes[2 * row] = code_of(model, 0, users[row]);
		block->codes[2 * row + 1] = code_of(model, 1, items[row]);
		block->target[row] = 0;
		block->weight[row] = 1;
	}
	return block;
}

/* Factors of a user or item, of the newcomer's where it is unknown; the bias last. */
static void
factors_of(const CvmFactorizationPayload *payload, bool user, int number, double *factors)
{
	bool		known = number < (user ? USERS : ITEMS);
	const double *own = user ? payload->user_factors : payload->item_factors;

	for (int k = 0; k < FACTORS; k++)
		factors[k] = known ? own[number * FACTORS + k] :
			(user ? payload->user_newcomers : payload->item_newcomers)[k];
	factors[FACTORS] = known ? (user ? payload->user_biases : payload->item_biases)[number] :
		(user ? payload->user_newcomers : payload->item_newcomers)[FACTORS];
}

static double
score_of(const CvmModel *model, int user, int item)
{
	const CvmFactorizationPayload *payload = (const CvmFactorizationPayload *) model->payload;
	double		x[FACTORS + 1];
	double		y[FACTORS + 1];
	double		sum = payload->mean;

	factors_of(payload, true, user, x);
	factors_of(payload, false, item, y);
	for (int k = 0; k < FACTORS; k++)
		sum += x[k] * y[k];
	return sum + x[FACTORS] + y[FACTORS];
}

static void
test_predictions(void)
{
	CvmModel   *model = make_recommending_model(1);
	int			users[CVM_BLOCK_ROWS];
	int			items[CVM_BLOCK_ROWS];
	double		predictions[CVM_BLOCK_ROWS];
	CvmBlock   *block = make_pairs(model, users, items, 2);

	cvm_predictor_predict(cvm_predictor_create(model), block, predictions);
	for (int row = 0; row < block->rows; row++)
		CHECK_CLOSE(predictions[row], score_of(model, users[row], items[row]), 1e-12);
}

/* ---- the judge ---- */

static bool
has_seen(const CvmModel *model, int user, int item)
{
	const CvmFactorizationPayload *payload = (const CvmFactorizationPayload *) model->payload;

	for (int i = payload->seen_starts[user]; i < payload->seen_starts[user + 1]; i++)
		if (payload->seen_items[i] == item)
			return true;
	return false;
}

/*
 * Discounted gain, average precision and hit of a user's list, one item after
 * the other; so many of the wanted items are unknown.
 */
static void
naive_figures(const CvmModel *model, int user, const bool *wanted, int unknown, bool learned,
			  double *figures)
{
	bool		taken[ITEMS] = {false};
	double		gain = 0;
	double		most = 0;
	double		precision = 0;
	int			hits = 0;
	int			relevant = unknown;

	for (int item = 0; item < ITEMS; item++)
		relevant += wanted[item];
	for (int place = 0; place < PLACES; place++)
	{
		int			best = -1;

		for (int item = 0; item < ITEMS; item++)
			if (!taken[item] && (learned || !has_seen(model, user, item)) &&
				(best < 0 || score_of(model, user, item) > score_of(model, user, best)))
				best = item;
		if (place < relevant)
			most += 1 / log2(place + 2);
		if (best < 0)
			continue;
		taken[best] = true;
		if (!wanted[best])
			continue;
		gain += 1 / log2(place + 2);
		precision += (double) ++hits / (place + 1);
	}
	figures[0] = gain / most;
	figures[1] = precision / (relevant < PLACES ? relevant : PLACES);
	figures[2] = hits > 0;
}

static void
test_judge(bool learned)
{
	CvmModel   *models[] = {make_recommending_model(1), make_recommending_model(3)};
	int			users[CVM_BLOCK_ROWS];
	int			items[CVM_BLOCK_ROWS];
	CvmPredictor *predictors[] = {cvm_predictor_create(models[0]), cvm_predictor_create(models[1])};
	CvmBlock   *block = make_pairs(models[0], users, items, 5);
	const CvmBlock *blocks[] = {block, block};
	CvmListJudge *judge = cvm_list_judge_create(predictors, 1, learned);
	CvmMetric	metrics[CVM_MAX_METRICS];
	double		sums[3] = {0, 0, 0};
	double		differences[USERS];
	double		mean = 0;
	double		square = 0;
	int			judged = 0;
	int			both = 0;
	CvmVerdict	verdict;

	cvm_list_judge_add(judge, blocks);
	CHECK(cvm_list_judge_metrics(judge, metrics) == 3);
	for (int user = 0; user < USERS; user++)
	{
		bool		wanted[2][ITEMS + 1] = {{false}};
		int			unknown = 0;
		bool		any[2] = {false, false};
		double		figures[2][3];

		for (int row = 0; row < block->rows; row++)
		{
			bool		known = users[row] == user;
			bool		met = known && items[row] < ITEMS && has_seen(models[0], user, items[row]);
			bool		other = known && items[row] < ITEMS && has_seen(models[1], user, items[row]);

			/* of unknown items nobody knows whether they are the same */
			unknown += known && items[row] == ITEMS;
			if (known && (learned || !met))
				wanted[0][items[row]] = any[0] = true;
			if (known && !met && !other)
				wanted[1][items[row]] = any[1] = true;
		}
		if (any[0])
		{
			naive_figures(models[0], user, wanted[0], unknown, learned, figures[0]);
			judged++;
			for (int i = 0; i < 3; i++)
				sums[i] += figures[0][i];
		}
		if (any[1])
		{
			naive_figures(models[0], user, wanted[1], unknown, false, figures[0]);
			naive_figures(models[1], user, wanted[1], unknown, false, figures[1]);
			differences[both++] = figures[0][0] - figures[1][0];
		}
	}
	for (int i = 0; i < 3; i++)
		CHECK_CLOSE(metrics[i].value, sums[i] / judged, 1e-12);
	CHECK(strcmp(metrics[0].name, "ndcg_at_10") == 0);
	cvm_list_judge_free(judge);

	judge = cvm_list_judge_create(predictors, 2, false);
	CHECK(!cvm_list_judge_verdict(judge, &verdict));
	cvm_list_judge_add(judge, blocks);
	CHECK(cvm_list_judge_verdict(judge, &verdict));
	for (int i = 0; i < both; i++)
		mean += differences[i] / both;
	for (int i = 0; i < both; i++)
		square += pow(differences[i] - mean, 2) / both;
	CHECK_CLOSE(verdict.gain, mean, 1e-12);
	CHECK_CLOSE(verdict.std_error, sqrt(square / both), 1e-10);
	cvm_list_judge_free(judge);
}

/* ---- newcomers ---- */

/*
 * Two numbers and a category of three levels describe users; the ridge
 * regression that is found has no descent, by its definition.
 */
static void
test_newcomers(void)
{
	enum
	{
		NUMBERS = 2, LEVELS = 3, WIDTH = 1 + NUMBERS + LEVELS
	};
	const CvmPairLayout layout = {
		.user_column = 0,.item_column = 1,.coded_columns = 3,.slots = NUMBERS + USERS - 1 + ITEMS - 1 + LEVELS - 1,
		.user_slot = NUMBERS,.item_slot = NUMBERS + USERS - 1,.users = USERS,.items = ITEMS
	};
	int			dense[] = {0, 1};
	int			coded[] = {2};
	int			first_slots[] = {NUMBERS + USERS - 1 + ITEMS - 1};
	int			level_counts[] = {LEVELS};
	CvmAttributes attributes = {
		.dense_count = NUMBERS,.dense = dense,.coded_count = 1,.coded = coded,
		.first_slots = first_slots,.level_counts = level_counts,
		.dense_columns = NUMBERS,.coded_columns = 3,.width = WIDTH
	};
	CvmBlock   *block = cvm_block_create(NUMBERS, 3);
	CvmBlockSource source;
	CvmFactors	factors;
	double		weights[WIDTH * (FACTORS + 1)];
	double		rows[USERS] = {0};
	const double l2 = 0.5;

	cvm_factors_init(&factors, USERS, ITEMS, FACTORS);
	cvm_factors_start(&factors, 9);
	block->rows = CVM_BLOCK_ROWS;
	for (int row = 0; row < block->rows; row++)
	{
		int			user = row * row % USERS;
		int			level = user % LEVELS;

		rows[user]++;
		block->dense[NUMBERS * row] = sin(user);
		block->dense[NUMBERS * row + 1] = cos(3 * user);
		block->codes[3 * row] = user == 0 ? CVM_SINK(layout.slots) : layout.user_slot + user - 1;
		block->codes[3 * row + 1] = CVM_SINK(layout.slots);
		block->codes[3 * row + 2] = level == 0 ? CVM_SINK(layout.slots) : first_slots[0] + level - 1;
		block->weight[row] = 1;
		factors.user_biases[user] = sin(5 * user);
	}
	cvm_block_source_from_array(&source, &block, 1, NUMBERS, 3, layout.slots);
	cvm_newcomers_fit(&attributes, &layout, true, &source, &factors, l2, weights);
	for (int place = 0; place < WIDTH; place++)
		for (int k = 0; k <= FACTORS; k++)
		{
			double		slope = place == 0 ? 0 : l2 * weights[place * (FACTORS + 1) + k];

			for (int row = 0; row < block->rows; row++)
			{
				int			user = row * row % USERS;
				double		x = place == 0 ? 1 : place <= NUMBERS ?
					block->dense[NUMBERS * row + place - 1] : place - 1 - NUMBERS == user % LEVELS;
				double		found[FACTORS + 1];

				cvm_newcomer(&attributes, weights, FACTORS, block, row, found);
				slope += (found[k] - (k < FACTORS ? factors.user_factors[user * FACTORS + k] :
									  factors.user_biases[user])) * x / rows[user];
			}
			CHECK_CLOSE(slope, 0, 1e-6);
		}
}

int
main(void)
{
	test_check();
	test_predictions();
	test_judge(false);
	test_judge(true);
	test_newcomers();
	return check_done();
}
