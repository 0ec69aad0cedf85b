/*
 * test_tree_payload.c
 *		Every rule for the trees of a model, broken once; the others and what
 *		they predict.
 */
#include "check.h"

#include "model_fixture.h"

static CvmModel *model;
static CvmForest *forest;
static CvmTreePayload *payload;

static void
fresh(const CvmLearner *learner)
{
	model = learner == &cvm_learner_boosted_trees ?
		make_tree_model(learner, CVM_LOGISTIC, CVM_OBJECTIVE_LOGISTIC) :
		make_tree_model(learner, CVM_SOFTMAX, CVM_OBJECTIVE_SOFTMAX);
	payload = model->payload;
	forest = &payload->forest;
}

/* The arrays of the fixture are constants: a copy of one to break. */
static int32_t *
own(const int32_t **array)
{
	int32_t    *copy = CVM_NEW(int32_t, 8);

	memcpy(copy, *array, (array == &forest->words ? 1 : array == &forest->tree_sizes ? 2 : 8) *
		   sizeof(int32_t));
	*array = copy;
	return copy;
}

static double *
own_numbers(const double **array)
{
	double	   *copy = CVM_NEW(double, 15);

	memcpy(copy, *array, (array == &forest->leaves ? 5 * forest->leaf_size : 8) * sizeof(double));
	*array = copy;
	return copy;
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

#define REFUSED(learner, change, part_of_message) \
	do { \
		fresh(&cvm_learner_##learner); \
		change; \
		check_refused(part_of_message, __LINE__); \
	} while (0)

static void
test_rules(void)
{
	REFUSED(boosted_trees, payload->objective = CVM_OBJECTIVE_SQUARED, "objective");
	REFUSED(boosted_trees, payload->objective = CVM_OBJECTIVE_AUTO, "objective");
	REFUSED(random_forest, model->family = CVM_LOGISTIC, "objective");
	REFUSED(boosted_trees, payload->quantile = 0.5, "quantile");
	REFUSED(boosted_trees, payload->base = NULL, "base 1");
	REFUSED(boosted_trees, ((double *) payload->base)[0] = INFINITY, "base 1");
	REFUSED(random_forest, payload->out_of_bag_error = -1, "out-of-bag");
	REFUSED(boosted_trees, forest->leaf_size = 2, "parts of its trees");
	REFUSED(boosted_trees, forest->columns = NULL, "parts of its trees");
	REFUSED(boosted_trees, forest->node_count = -1, "parts of its trees");
	REFUSED(random_forest, forest->tree_count = 0, "number of trees");
	REFUSED(boosted_trees, own(&forest->tree_sizes)[0] = 8, "node 8 belongs to no parent");
	REFUSED(boosted_trees, own(&forest->tree_sizes)[1] = 0, "tree 2 has a wrong number");
	REFUSED(boosted_trees, forest->tree_count = 1, "do not agree");
	REFUSED(boosted_trees, forest->leaf_count = 4, "do not agree");
	REFUSED(boosted_trees, forest->word_count = 2, "do not agree");
	REFUSED(boosted_trees, own(&forest->children)[0] = 0, "node 1 has children");
	REFUSED(boosted_trees, own(&forest->children)[0] = 6, "node 1 has children");
	REFUSED(boosted_trees, own(&forest->children)[0] = -5, "node 1 has children");
	REFUSED(boosted_trees, own(&forest->children)[1] = 2, "node 2 has children");
	REFUSED(boosted_trees, own(&forest->children)[1] = 4, "node 3 has children");
	REFUSED(boosted_trees, own(&forest->columns)[0] = 7, "column that is not there");
	REFUSED(boosted_trees, own(&forest->columns)[3] = -2, "node 4 is no leaf");
	REFUSED(boosted_trees, own(&forest->children)[3] = 1, "node 4 is no leaf");
	REFUSED(boosted_trees, own_numbers(&forest->thresholds)[3] = 1, "node 4 is no leaf");
	REFUSED(boosted_trees, own_numbers(&forest->gains)[3] = 1, "node 4 is no leaf");
	REFUSED(boosted_trees, own(&forest->missing_left)[0] = 2, "where missing numbers go");
	REFUSED(boosted_trees, own(&forest->missing_left)[1] = 1, "cannot be missing");
	REFUSED(boosted_trees, own_numbers(&forest->thresholds)[0] = NAN, "finite threshold");
	REFUSED(boosted_trees, own_numbers(&forest->thresholds)[1] = 1, "out of place");
	REFUSED(boosted_trees, own_numbers(&forest->thresholds)[1] = 0.5, "out of place");
	REFUSED(boosted_trees, own(&forest->words)[0] = 0x10, "levels that are not there");
	REFUSED(boosted_trees, own_numbers(&forest->gains)[0] = -1, "gain or cover");
	REFUSED(boosted_trees, own_numbers(&forest->covers)[0] = NAN, "gain or cover");
	REFUSED(boosted_trees, own_numbers(&forest->leaves)[4] = NAN, "value 5 of the leaves");
	REFUSED(random_forest, own_numbers(&forest->leaves)[4] = 2, "value 5 of the leaves");
	REFUSED(boosted_trees, model->encoder.terms[0].fill = 0, "fill value");
	REFUSED(boosted_trees, model->encoder.terms[0].center = 1, "encoded as the algorithm needs");
}

/* A chain of questions that is longer than any path may be. */
static void
test_depth(void)
{
	int			inner = CVM_MOST_TREE_DEPTH + 1;
	int			nodes = 2 * inner + 1;
	int32_t    *columns = CVM_NEW_ZERO(int32_t, nodes);
	int32_t    *children = CVM_NEW_ZERO(int32_t, nodes);
	int			leaves = 0;

	fresh(&cvm_learner_boosted_trees);
	for (int i = 0; i < nodes; i++)
	{
		columns[i] = i % 2 == 0 && i < nodes - 1 ? 0 : -1;
		children[i] = columns[i] == 0 ? i + 1 : leaves++;
	}
	forest->tree_count = 1;
	forest->tree_sizes = &nodes;
	forest->node_count = nodes;
	forest->leaf_count = leaves;
	forest->word_count = 0;
	forest->columns = columns;
	forest->children = children;
	forest->missing_left = CVM_NEW_ZERO(int32_t, nodes);
	forest->thresholds = forest->gains = forest->covers = CVM_NEW_ZERO(double, nodes);
	forest->leaves = CVM_NEW_ZERO(double, leaves);
	check_refused("at most 500 deep", __LINE__);
}

/* One row for each leaf of the first tree. */
static void
test_predictions(void)
{
	static const double rows[4][2] = {{NAN, 0}, {12.5, 1}, {13, -2}, {13, NAN}};
	static const int levels[4] = {0, 1, 2, 3};
	static const int leaf_of_row[4] = {0, 1, 2, 3};
	CvmBlock   *block;
	double		predictions[4];
	double	   *leaves;

	fresh(&cvm_learner_boosted_trees);
	leaves = own_numbers(&forest->leaves);
	for (int i = 0; i < 5; i++)
		leaves[i] = some_number(i);
	CHECK(cvm_model_check(model, NULL) == CVM_OK);
	block = cvm_block_create(model->encoder.dense_columns, model->encoder.coded_columns);
	block->rows = 4;
	for (int row = 0; row < 4; row++)
	{
		memset(block->dense + 4 * row, 0, 4 * sizeof(double));
		block->dense[4 * row] = rows[row][0];
		block->dense[4 * row + 3] = rows[row][1];
		for (int c = 0; c < 3; c++)
			block->codes[3 * row + c] = CVM_SINK(model->encoder.slots);
		if (levels[row] > 0)
			block->codes[3 * row] = model->encoder.terms[2].slot + levels[row] - 1;
	}
	model->learner->predict(model->learner->prepare(model), block, predictions);
	for (int row = 0; row < 4; row++)
		CHECK_CLOSE(predictions[row],
					1 / (1 + exp(1.25 - leaves[leaf_of_row[row]] - leaves[4])), 1e-14);
}

int
main(void)
{
	fresh(&cvm_learner_boosted_trees);
	CHECK(cvm_model_check(model, NULL) == CVM_OK);
	fresh(&cvm_learner_random_forest);
	CHECK(cvm_model_check(model, NULL) == CVM_OK);
	test_rules();
	test_depth();
	test_predictions();
	return check_done();
}
