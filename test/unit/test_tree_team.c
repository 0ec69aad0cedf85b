/*
 * test_tree_team.c
 *		Trees by teams: bit by bit the same, whoever added up their rows.
 */
#include "check.h"

#include "process_host.h"
#include "tree_fixture.h"

#define ROWS 70000

static bool
same_numbers(const double *a, const double *b, size_t count)
{
	return memcmp(a, b, count * sizeof(double)) == 0;
}

static bool
same_forest(const CvmForest *a, const CvmForest *b)
{
	return a->tree_count == b->tree_count && a->node_count == b->node_count &&
		a->leaf_count == b->leaf_count && a->word_count == b->word_count &&
		memcmp(a->columns, b->columns, a->node_count * sizeof(int32_t)) == 0 &&
		memcmp(a->children, b->children, a->node_count * sizeof(int32_t)) == 0 &&
		memcmp(a->words, b->words, a->word_count * sizeof(int32_t)) == 0 &&
		same_numbers(a->thresholds, b->thresholds, a->node_count) &&
		same_numbers(a->gains, b->gains, a->node_count) &&
		same_numbers(a->covers, b->covers, a->node_count) &&
		same_numbers(a->leaves, b->leaves, (size_t) a->leaf_count * a->leaf_size);
}

static void
test_method(CvmTreeMethod method, CvmTreeObjective objective, int outputs, double share)
{
	TreeRows	table = make_rows(ROWS, 21);
	CvmTreeTask task = {method, objective, outputs, &table.layout, NULL, 0};
	CvmOptions	options = tree_options();
	CvmTreeFit	fits[3] = {{{0}}};
	CvmError	error = {{0}};

	if (objective != CVM_OBJECTIVE_SQUARED && objective != CVM_OBJECTIVE_QUANTILE)
		make_classes(&table, outputs > 1 ? outputs : 2);
	options.trees = method == CVM_RANDOM_FOREST ? 5 : 80 / outputs;
	options.max_leaves = method == CVM_DECISION_TREE ? 20000 : 16;
	options.row_share = share;
	for (int i = 0; i < 3; i++)
	{
		workers_asked = 0;
		workers_to_have = i;
		CHECK(cvm_tree_fit(&task, &table.source, NULL, &options, NULL, &fits[i], &error) == CVM_OK);
		CHECK(method == CVM_DECISION_TREE || workers_asked > 0);
		CHECK(same_forest(&fits[0].forest, &fits[i].forest));
		CHECK(same_numbers(&fits[0].loss, &fits[i].loss, 1));
		CHECK(same_numbers(&fits[0].out_of_bag_error, &fits[i].out_of_bag_error, 1));
	}
	CHECK(fits[0].forest.node_count > 100);
}

int
main(void)
{
	naps = share(sizeof(int));
	cvm_set_team_host(&processes);
	test_method(CVM_BOOSTED_TREES, CVM_OBJECTIVE_SQUARED, 1, 1);
	test_method(CVM_BOOSTED_TREES, CVM_OBJECTIVE_LOGISTIC, 1, 0.7);
	test_method(CVM_BOOSTED_TREES, CVM_OBJECTIVE_SOFTMAX, 3, 1);
	test_method(CVM_BOOSTED_TREES, CVM_OBJECTIVE_QUANTILE, 1, 1);
	test_method(CVM_DECISION_TREE, CVM_OBJECTIVE_LOGISTIC, 1, 1);
	return check_done();
}
