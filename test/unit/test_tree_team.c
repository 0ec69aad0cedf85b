/*
 * test_tree_team.c
 *		Trees by teams: bit by bit the same, whoever added up their rows.
 */
#include "check.h"

#include "forest_compare.h"
#include "process_host.h"
#include "tree_fixture.h"

#define ROWS 40000

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
	options.trees = 52 / outputs;
	options.min_child_weight = method == CVM_RANDOM_FOREST ? 50 : 1;
	options.max_leaves = method == CVM_DECISION_TREE ? 20000 : method == CVM_RANDOM_FOREST ? 0 : 16;
	options.row_share = share;
	for (int i = 0; i < 3; i++)
	{
		workers_asked = 0;
		workers_to_have = i;
		CHECK(cvm_tree_fit(&task, &table.source, NULL, &options, NULL, &fits[i], &error) == CVM_OK);
		CHECK(method == CVM_DECISION_TREE || i == 0 || workers_asked > 0);
		CHECK(same_fit(&fits[0], &fits[i]));
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
	test_method(CVM_RANDOM_FOREST, CVM_OBJECTIVE_LOGISTIC, 1, 1);
	test_method(CVM_RANDOM_FOREST, CVM_OBJECTIVE_SOFTMAX, 3, 0.3);
	test_method(CVM_DECISION_TREE, CVM_OBJECTIVE_LOGISTIC, 1, 1);
	return check_done();
}
