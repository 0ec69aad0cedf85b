/*
 * test_tree_shap.c
 *		TreeSHAP against Shapley values by their definition: all subsets of the
 *		columns.
 */
#include "check.h"

#include "learn/tree/tree_shap.h"
#include "tree_fixture.h"

#define COLUMNS (DENSE + 1)
#define ROWS_EXPLAINED 12

/* What a tree is worth when only these columns are known: output k. */
static double
expected_value(const CvmForest *forest, const TreeRows *table, int row, int node, unsigned known,
			   int k)
{
	int			column = forest->columns[node];
	int			left = forest->children[node];
	bool		goes_left;

	if (column < 0)
		return forest->leaves[(size_t) forest->children[node] * forest->leaf_size + k];
	if (!(known >> column & 1))
		return (forest->covers[left] *
				expected_value(forest, table, row, left, known, k) +
				forest->covers[left + 1] *
				expected_value(forest, table, row, left + 1, known, k)) / forest->covers[node];
	if (column < DENSE)
	{
		double		value = number_at(table, row, column);

		goes_left = isnan(value) ? forest->missing_left[node] : value <= forest->thresholds[node];
	}
	else
		goes_left = (forest->words[(int) forest->thresholds[node]] >> level_at(table, row)) & 1;
	return expected_value(forest, table, row, goes_left ? left : left + 1, known, k);
}

/* All trees of output k. */
static double
worth(const CvmForest *forest, const TreeRows *table, int row, unsigned known, int outputs, int k)
{
	double		sum = 0;

	for (int t = 0, root = 0; t < forest->tree_count; root += forest->tree_sizes[t++])
		if (forest->leaf_size > 1)
			sum += expected_value(forest, table, row, root, known, k);
		else if (t % outputs == k)
			sum += expected_value(forest, table, row, root, known, 0);
	return sum;
}

static double
factorial(int n)
{
	return n < 2 ? 1 : n * factorial(n - 1);
}

static double
shapley_value(const CvmForest *forest, const TreeRows *table, int row, int column,
			  int outputs, int k)
{
	double		sum = 0;

	for (unsigned others = 0; others < 1u << COLUMNS; others++)
	{
		int			size = __builtin_popcount(others);

		if (others >> column & 1)
			continue;
		sum += factorial(size) * factorial(COLUMNS - size - 1) / factorial(COLUMNS) *
			(worth(forest, table, row, others | 1u << column, outputs, k) -
			 worth(forest, table, row, others, outputs, k));
	}
	return sum;
}

static void
test_shap(CvmTreeMethod method, CvmTreeObjective objective, int outputs, int classes)
{
	TreeRows	table = make_rows(600, 21);
	CvmOptions	options = tree_options();
	CvmTreeTask task = {method, objective, outputs, &table.layout, NULL, 0};
	CvmTreeFit	fitted = {{0}};
	CvmTreeShap *shap;
	CvmForestWalk *walk;
	double		sums[CVM_BLOCK_ROWS * 3] = {0};

	if (classes > 0)
		make_classes(&table, classes);
	options.trees = 4;
	options.max_leaves = 12;
	CHECK(cvm_tree_fit(&task, &table.source, NULL, &options, NULL, &fitted, NULL) == CVM_OK);
	shap = cvm_tree_shap_create(&fitted.forest, &table.layout);
	walk = cvm_forest_walk_create(&fitted.forest, &table.layout);
	cvm_forest_walk(walk, table.blocks[0], fitted.forest.tree_count, outputs, sums);
	for (int row = 0; row < ROWS_EXPLAINED; row++)
	{
		double		base[3] = {0};
		double		contributions[COLUMNS * 3] = {0};

		cvm_tree_shap_row(shap, table.blocks[0], row, outputs, base, contributions);
		for (int k = 0; k < outputs; k++)
		{
			double		total = base[k];

			CHECK_CLOSE(base[k], worth(&fitted.forest, &table, row, 0, outputs, k), 1e-12);
			for (int c = 0; c < COLUMNS; c++)
			{
				total += contributions[c * outputs + k];
				CHECK_CLOSE(contributions[c * outputs + k],
							shapley_value(&fitted.forest, &table, row, c, outputs, k), 1e-12);
			}
			CHECK_CLOSE(total, sums[row * outputs + k], 1e-12);
		}
	}
}

int
main(void)
{
	test_shap(CVM_BOOSTED_TREES, CVM_OBJECTIVE_SQUARED, 1, 0);
	test_shap(CVM_BOOSTED_TREES, CVM_OBJECTIVE_SOFTMAX, 3, 3);
	test_shap(CVM_RANDOM_FOREST, CVM_OBJECTIVE_SOFTMAX, 3, 3);
	test_shap(CVM_DECISION_TREE, CVM_OBJECTIVE_LOGISTIC, 1, 2);
	return check_done();
}
