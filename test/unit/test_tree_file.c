/*
 * test_tree_file.c
 *		Trees over rows in a file: bit by bit those over rows in memory.
 */
#include "check.h"

#include "base/scratch.h"
#include "forest_compare.h"
#include "learn/tree/bins.h"
#include "tree_fixture.h"

#define ROWS 40000				/* more than two pieces of a file */

typedef struct Case
{
	CvmTreeMethod method;
	CvmTreeObjective objective;
	int			outputs;
	double		row_share;
	double		column_share;
	CvmGrowth	growth;
	int			max_leaves;
	size_t		memory;
} Case;

static void
test_case(const Case *c, bool validate, const int8_t *directions)
{
	TreeRows	table = make_rows(ROWS, 31);
	TreeRows	fresh = make_rows(ROWS / 2, 32);
	CvmTreeTask task = {c->method, c->objective, c->outputs, &table.layout, directions, 0};
	CvmBlockSource *validation = validate ? &fresh.source : NULL;
	CvmOptions	options = tree_options();
	CvmTreeFit	fits[2] = {{{0}}};
	CvmError	error = {{0}};

	if (c->objective == CVM_OBJECTIVE_LOGISTIC || c->objective == CVM_OBJECTIVE_SOFTMAX)
	{
		make_classes(&table, c->outputs > 1 ? c->outputs : 2);
		make_classes(&fresh, c->outputs > 1 ? c->outputs : 2);
	}
	options.trees = c->method == CVM_BOOSTED_TREES ? 6 : 3;
	options.max_leaves = c->max_leaves;
	options.row_share = c->row_share;
	options.column_share = c->column_share;
	options.growth = c->growth;
	for (int row = 0; row < table.rows; row += 3)
		*weight_at(&table, row) = 1.25;
	for (int i = 0; i < 2; i++)
	{
		uint64_t	before = cvm_scratch_traffic();

		task.memory = i == 0 ? 0 : c->memory;
		CHECK(cvm_tree_fit(&task, &table.source, validation, &options, NULL, &fits[i],
						   &error) == CVM_OK);
		CHECK((cvm_scratch_traffic() > before) == (i == 1));
	}
	CHECK(same_fit(&fits[0], &fits[1]));
	CHECK(fits[0].forest.node_count > 20);
}

/* The same bins, whether columns are sampled together or one by one. */
static void
test_sample(void)
{
	TreeRows	table = make_rows(ROWS, 33);
	CvmBins    *together = cvm_bins_learn(&table.layout, &table.source, 5000, SIZE_MAX, 7);
	CvmBins    *apart = cvm_bins_learn(&table.layout, &table.source, 5000, 1, 7);

	for (int c = 0; c < DENSE; c++)
	{
		CHECK(together->counts[c] == apart->counts[c]);
		CHECK(memcmp(together->edges[c], apart->edges[c],
					 (together->counts[c] - 1) * sizeof(double)) == 0);
	}
	cvm_bins_release(together);
	cvm_bins_release(apart);
}

int
main(void)
{
	static const int8_t directions[DENSE + 1] = {1, 0, -1};
	static const Case boosted[] = {
		{CVM_BOOSTED_TREES, CVM_OBJECTIVE_SQUARED, 1, 1, 0, CVM_GROWTH_LEAF, 20, 1 << 20},
		{CVM_BOOSTED_TREES, CVM_OBJECTIVE_LOGISTIC, 1, 0.6, 0.5, CVM_GROWTH_LEAF, 60, 200000},
		{CVM_BOOSTED_TREES, CVM_OBJECTIVE_SOFTMAX, 3, 1, 0, CVM_GROWTH_DEPTH, 20, 1 << 20},
		{CVM_BOOSTED_TREES, CVM_OBJECTIVE_QUANTILE, 1, 0.8, 0, CVM_GROWTH_LEAF, 20, 1},
		{CVM_BOOSTED_TREES, CVM_OBJECTIVE_SQUARED, 1, 1, 0, CVM_GROWTH_LEAF, 2000, 1 << 20}
	};

	static const Case others[] = {
		{CVM_RANDOM_FOREST, CVM_OBJECTIVE_SQUARED, 1, 1, 0, CVM_GROWTH_LEAF, 0, 1000000},
		{CVM_RANDOM_FOREST, CVM_OBJECTIVE_SOFTMAX, 3, 0.5, 0, CVM_GROWTH_LEAF, 0, 400000},
		{CVM_RANDOM_FOREST, CVM_OBJECTIVE_LOGISTIC, 1, 1, 0.7, CVM_GROWTH_LEAF, 50, 1000000},
		{CVM_DECISION_TREE, CVM_OBJECTIVE_LOGISTIC, 1, 1, 0, CVM_GROWTH_DEPTH, 100, 1000000},
		{CVM_DECISION_TREE, CVM_OBJECTIVE_SQUARED, 1, 1, 0, CVM_GROWTH_LEAF, 100, 1}
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		test_case(&others[i], false, NULL);
	for (size_t i = 0; i < sizeof(boosted) / sizeof(boosted[0]); i++)
		test_case(&boosted[i], i % 2 == 0, NULL);
	test_case(&boosted[0], true, directions);
	test_sample();
	return check_done();
}
