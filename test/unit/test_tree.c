/*
 * test_tree.c
 *		Trees, forests and boosting: what they learn of made-up rows, and that
 *		they keep to their limits.
 */
#include "check.h"

#include "learn/tree/bins.h"
#include "learn/tree/grow.h"
#include "tree_fixture.h"

static CvmTreeFit
fit(TreeRows *table, CvmTreeMethod method, CvmTreeObjective objective, int outputs,
	const CvmOptions *options, TreeRows *held_out, const int8_t *directions)
{
	CvmTreeTask task = {method, objective, outputs, &table->layout, directions, 0};
	CvmTreeFit	result = {{0}};
	CvmError	error = {{0}};

	CHECK(cvm_tree_fit(&task, &table->source, held_out == NULL ? NULL : &held_out->source,
					   options, NULL, &result, &error) == CVM_OK);
	return result;
}

/*
 * Rows one by one, of which the first go through the forest as it is stored, and
 * some at a time: the same sums.
 */
static void
check_walks(const CvmTreeFit *fitted, const TreeRows *table, int outputs, const double *sums)
{
	CvmForestWalk *walk = cvm_forest_walk_create(&fitted->forest, &table->layout);

	for (int row = 0, rows; row < 300; row += rows)
	{
		double		own[64 * 4];
		CvmBlock	view;

		rows = row < 100 ? 1 : row < 200 ? 7 : 61;
		cvm_block_rows(table->blocks[0], row, rows, DENSE, 1, &view);
		for (int i = 0; i < rows * outputs; i++)
			own[i] = fitted->base == NULL ? 0 : fitted->base[i % outputs];
		cvm_forest_walk(walk, &view, fitted->forest.tree_count, outputs, own);
		CHECK(memcmp(own, sums + row * outputs, rows * outputs * sizeof(double)) == 0);
	}
}

/* Sums of leaves of every row, and base: rows x outputs. */
static double *
predict(const CvmTreeFit *fitted, const TreeRows *table, int outputs)
{
	CvmForestWalk *walk = cvm_forest_walk_create(&fitted->forest, &table->layout);
	double	   *sums = CVM_NEW_ZERO(double, (size_t) table->rows * outputs);

	for (int row = 0; row < table->rows * outputs; row++)
		sums[row] = fitted->base == NULL ? 0 : fitted->base[row % outputs];
	for (int b = 0; b < table->source.blocks; b++)
		cvm_forest_walk(walk, table->blocks[b], fitted->forest.tree_count, outputs,
						sums + (size_t) b * CVM_BLOCK_ROWS * outputs);
	check_walks(fitted, table, outputs, sums);
	return sums;
}

static double
mean_square(const TreeRows *table, const double *predictions, double divisor)
{
	double		sum = 0;

	for (int row = 0; row < table->rows; row++)
		sum += pow(*target_at((TreeRows *) table, row) - predictions[row] / divisor, 2);
	return sum / table->rows;
}

static double
target_variance(const TreeRows *table)
{
	double	   *mean = CVM_NEW_ZERO(double, table->rows);

	for (int row = 0; row < table->rows; row++)
		mean[0] += *target_at((TreeRows *) table, row) / table->rows;
	for (int row = 1; row < table->rows; row++)
		mean[row] = mean[0];
	return mean_square(table, mean, 1);
}

/* ---- one tree ---- */

/* Row by row through the arrays of a forest, as its header describes them. */
static int
naive_leaf(const CvmForest *forest, const TreeRows *table, int row)
{
	int			node = 0;

	while (forest->columns[node] >= 0)
	{
		bool		left;

		if (forest->columns[node] < DENSE)
		{
			double		value = number_at(table, row, forest->columns[node]);

			left = isnan(value) ? forest->missing_left[node] : value <= forest->thresholds[node];
		}
		else
			left = (forest->words[(int) forest->thresholds[node]] >> level_at(table, row)) & 1;
		node = forest->children[node] + !left;
	}
	return node;
}

/* Leaves hold the means of their rows, and all rows are accounted for. */
static void
test_leaves(CvmGrowth growth)
{
	TreeRows	table = make_rows(2000, 1);
	CvmOptions	options = tree_options();
	CvmTreeFit	fitted;
	double		sums[200] = {0};
	double		counts[200] = {0};
	double	   *predictions;

	options.max_leaves = 40;
	options.growth = growth;
	fitted = fit(&table, CVM_DECISION_TREE, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	CHECK(fitted.forest.tree_count == 1 && fitted.forest.leaf_count == 40);
	CHECK(fitted.forest.node_count == 79 && fitted.forest.tree_sizes[0] == 79);
	predictions = predict(&fitted, &table, 1);
	for (int row = 0; row < table.rows; row++)
	{
		int			leaf = naive_leaf(&fitted.forest, &table, row);

		sums[leaf] += *target_at(&table, row);
		counts[leaf]++;
		CHECK(predictions[row] == fitted.forest.leaves[fitted.forest.children[leaf]]);
	}
	for (int node = 0; node < fitted.forest.node_count; node++)
		if (fitted.forest.columns[node] < 0)
		{
			CHECK(counts[node] == fitted.forest.covers[node]);
			CHECK_CLOSE(fitted.forest.leaves[fitted.forest.children[node]],
						sums[node] / counts[node], 1e-12);
		}
		else
			CHECK(fitted.forest.gains[node] > 0);
	CHECK(fitted.forest.covers[0] == table.rows);
	CHECK(mean_square(&table, predictions, 1) < 0.4 * target_variance(&table));
}

static void
test_limits(void)
{
	TreeRows	table = make_rows(3000, 2);
	CvmOptions	options = tree_options();
	CvmTreeFit	fitted;

	options.max_leaves = 1000000;
	options.max_depth = 3;
	fitted = fit(&table, CVM_DECISION_TREE, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	CHECK(fitted.forest.leaf_count == 8);

	options.max_depth = 0;
	options.min_child_weight = 100;
	fitted = fit(&table, CVM_DECISION_TREE, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	for (int node = 0; node < fitted.forest.node_count; node++)
		CHECK(fitted.forest.covers[node] >= 99);	/* weights are rounded in sums */
	CHECK(fitted.forest.leaf_count > 10 && fitted.forest.leaf_count <= 30);

	options.max_leaves = 1;
	fitted = fit(&table, CVM_DECISION_TREE, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	CHECK(fitted.forest.leaf_count == 1 && fitted.forest.node_count == 1);
}

/* With histograms for no leaf, for some, for all: the same tree. */
static void
test_histogram_memory(void)
{
	TreeRows	table = make_rows(5000, 3);
	CvmBins    *bins = cvm_bins_learn(&table.layout, &table.source, 10000, SIZE_MAX, 7);
	CvmTreeJobPlan plan = {.rows = table.rows,.bins = bins,.width = 2};
	CvmTreeJob *job = cvm_tree_job_begin(&plan, 0);
	const CvmTreeArrays *arrays = cvm_tree_job_arrays(job);
	CvmSplitRule rule = {.width = 2,.gradient_unit = 1,.curvature_unit = 1};
	size_t		size = cvm_histogram_size(bins->columns, 2) * sizeof(int64_t);
	int			node_count = 0;
	CvmGrownNode nodes[64];

	cvm_bin_rows_into(bins, &table.source, &arrays->rows);
	for (int row = 0; row < table.rows; row++)
		arrays->packed[row] = cvm_pack_pair((int) (1000 * arrays->rows.target[row]), 100);
	for (int kept = 0; kept <= 32; kept += kept < 3 ? 1 : 29)
	{
		CvmGrowthOptions growth = {.max_leaves = 32,.histogram_memory = kept * size};
		CvmGrower  *grower = cvm_grower_create(bins, job, 2, &growth);
		const CvmGrownTree *tree;

		for (int row = 0; row < table.rows; row++)
			arrays->numbers[row] = row;
		tree = cvm_grower_grow(grower, table.rows, &rule, NULL, bins->columns, 0);
		if (kept == 0)
		{
			node_count = tree->node_count;
			memcpy(nodes, tree->nodes, node_count * sizeof(CvmGrownNode));
			CHECK(node_count == 63);
		}
		CHECK(tree->node_count == node_count);
		for (int i = 0; i < node_count; i++)
			CHECK(tree->nodes[i].column == nodes[i].column && tree->nodes[i].bin == nodes[i].bin &&
				  tree->nodes[i].begin == nodes[i].begin && tree->nodes[i].end == nodes[i].end &&
				  tree->nodes[i].gain == nodes[i].gain);
		cvm_grower_release(grower);
	}
}

/* A tree of two classes finds what makes them: purity on a rule without noise. */
static void
test_classes(int impurity)
{
	TreeRows	table = make_rows(2000, 4);
	CvmOptions	options = tree_options();
	CvmTreeFit	fitted;
	double	   *predictions;

	for (int row = 0; row < table.rows; row++)
		*target_at(&table, row) = number_at(&table, row, 1) > 0.3 && level_at(&table, row) % 2 == 1;
	options.impurity = impurity;
	fitted = fit(&table, CVM_DECISION_TREE, CVM_OBJECTIVE_LOGISTIC, 1, &options, NULL, NULL);
	predictions = predict(&fitted, &table, 1);
	CHECK(fitted.forest.leaf_count <= 6);
	for (int row = 0; row < table.rows; row++)
		CHECK(fabs(predictions[row] - *target_at(&table, row)) < 0.2);
}

/* ---- forests ---- */

static void
test_forest(void)
{
	TreeRows	table = make_rows(3000, 5);
	TreeRows	fresh = make_rows(3000, 6);
	CvmOptions	options = tree_options();
	CvmTreeFit	fitted;
	CvmTreeFit	again;
	double		error = 0;

	options.trees = 60;
	fitted = fit(&table, CVM_RANDOM_FOREST, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	error = mean_square(&fresh, predict(&fitted, &fresh, 1), 60);
	CHECK(error < 0.35);
	CHECK_CLOSE(fitted.out_of_bag_error / error, 1, 0.15);

	again = fit(&table, CVM_RANDOM_FOREST, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	CHECK(again.forest.node_count == fitted.forest.node_count &&
		  again.out_of_bag_error == fitted.out_of_bag_error);
	options.seed = 1;
	again = fit(&table, CVM_RANDOM_FOREST, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	CHECK(again.out_of_bag_error != fitted.out_of_bag_error);
}

static void
test_forest_of_classes(void)
{
	TreeRows	table = make_rows(3000, 7);
	TreeRows	fresh = make_rows(3000, 8);
	CvmOptions	options = tree_options();
	CvmTreeFit	fitted;
	double	   *predictions;
	int			wrong = 0;

	make_classes(&table, 4);
	make_classes(&fresh, 4);
	options.trees = 50;
	fitted = fit(&table, CVM_RANDOM_FOREST, CVM_OBJECTIVE_SOFTMAX, 4, &options, NULL, NULL);
	predictions = predict(&fitted, &fresh, 4);
	for (int row = 0; row < fresh.rows; row++)
	{
		double		sum = 0;
		int			best = 0;

		for (int k = 0; k < 4; k++)
		{
			sum += predictions[4 * row + k] / 50;
			best = predictions[4 * row + k] > predictions[4 * row + best] ? k : best;
		}
		CHECK_CLOSE(sum, 1, 1e-12);
		wrong += best != *target_at(&fresh, row);
	}
	CHECK(wrong < 0.25 * fresh.rows);
	CHECK_CLOSE(fitted.out_of_bag_error, (double) wrong / fresh.rows, 0.03);
}

/* ---- boosting ---- */

/* The mean loss of scores by its definition. */
static double
naive_loss(const TreeRows *table, CvmTreeObjective objective, int outputs, double quantile,
		   const double *scores)
{
	double		sum = 0;

	for (int row = 0; row < table->rows; row++)
	{
		double		y = *target_at((TreeRows *) table, row);
		double		s = scores[row * outputs];
		double		total = 0;

		switch (objective)
		{
			case CVM_OBJECTIVE_LOGISTIC:
				sum += log1p(exp(y == 1 ? -s : s));
				break;
			case CVM_OBJECTIVE_POISSON:
				sum += exp(s) - y * s;
				break;
			case CVM_OBJECTIVE_QUANTILE:
				sum += y > s ? quantile * (y - s) : (1 - quantile) * (s - y);
				break;
			case CVM_OBJECTIVE_SOFTMAX:
				for (int k = 0; k < outputs; k++)
					total += exp(scores[row * outputs + k]);
				sum += log(total) - scores[row * outputs + (int) y];
				break;
			default:
				sum += (y - s) * (y - s) / 2;
		}
	}
	return sum / table->rows;
}

static void
set_targets(TreeRows *table, CvmTreeObjective objective)
{
	if (objective == CVM_OBJECTIVE_LOGISTIC)
		make_classes(table, 2);
	else if (objective == CVM_OBJECTIVE_SOFTMAX)
		make_classes(table, 3);
	else if (objective == CVM_OBJECTIVE_POISSON)
		for (int row = 0; row < table->rows; row++)
			*target_at(table, row) = floor(exp(table->signal[row] / 2));
}

/* What the fit says of its loss is that of its predictions, and far below that of no tree. */
static void
test_boosting(CvmTreeObjective objective, int outputs)
{
	TreeRows	table = make_rows(3000, 9);
	TreeRows	fresh = make_rows(3000, 10);
	CvmOptions	options = tree_options();
	CvmTreeFit	none;
	CvmTreeFit	fitted;
	double		fresh_loss;
	double	   *scores;

	set_targets(&table, objective);
	set_targets(&fresh, objective);
	options.quantile = 0.8;
	options.trees = 80;
	fitted = fit(&table, CVM_BOOSTED_TREES, objective, outputs, &options, NULL, NULL);
	CHECK(fitted.forest.tree_count == 80 * outputs && fitted.outcome == CVM_EPOCH_LIMIT);
	scores = predict(&fitted, &table, outputs);
	CHECK_CLOSE(naive_loss(&table, objective, outputs, 0.8, scores), fitted.loss, 1e-9);
	scores = predict(&fitted, &fresh, outputs);
	fresh_loss = naive_loss(&fresh, objective, outputs, 0.8, scores);

	options.max_leaves = 1;
	none = fit(&table, CVM_BOOSTED_TREES, objective, outputs, &options, NULL, NULL);
	CHECK(none.outcome == CVM_CONVERGED);
	scores = predict(&none, &fresh, outputs);
	CHECK(fresh_loss - naive_loss(&fresh, objective, outputs, 0.8, scores) < -0.15);
}

/* Trees that go on from others: these come first, and the loss falls further. */
static void
test_warm_start(CvmTreeObjective objective, int outputs)
{
	TreeRows	table = make_rows(3000, 19);
	TreeRows	held_out = make_rows(1000, 20);
	CvmTreeTask task = {CVM_BOOSTED_TREES, objective, outputs, &table.layout, NULL, 0};
	CvmOptions	options = tree_options();
	CvmTreeFit	first = {{0}};
	CvmTreeFit	second[2] = {{{0}}};
	CvmError	error = {{0}};
	double	   *scores;

	set_targets(&table, objective);
	set_targets(&held_out, objective);
	options.trees = 8;
	CHECK(cvm_tree_fit(&task, &table.source, NULL, &options, NULL, &first, &error) == CVM_OK);
	task.start = &first.forest;
	task.start_base = first.base;
	for (int i = 0; i < 2; i++)
	{
		task.memory = i;		/* 1: rows in a file */
		CHECK(cvm_tree_fit(&task, &table.source, &held_out.source, &options, NULL, &second[i],
						   &error) == CVM_OK);
		CHECK(second[i].rounds == 16 && second[i].forest.tree_count == 16 * outputs);
		CHECK(second[i].loss < 0.9 * first.loss);
		CHECK(memcmp(first.base, second[i].base, outputs * sizeof(double)) == 0);
		CHECK(memcmp(first.forest.leaves, second[i].forest.leaves,
					 first.forest.leaf_count * sizeof(double)) == 0);
		scores = predict(&second[i], &table, outputs);
		CHECK_CLOSE(naive_loss(&table, objective, outputs, 0, scores), second[i].loss, 1e-9);
		scores = predict(&second[i], &held_out, outputs);
		CHECK_CLOSE(naive_loss(&held_out, objective, outputs, 0, scores),
					second[i].validation_loss, 1e-9);
	}
	CHECK(memcmp(second[0].forest.leaves, second[1].forest.leaves,
				 second[0].forest.leaf_count * sizeof(double)) == 0);
}

/* The base alone: the best constant. */
static void
test_base(void)
{
	TreeRows	table = make_rows(1000, 11);
	CvmOptions	options = tree_options();
	CvmTreeFit	fitted;
	double		share = 0;
	double		mean = 0;

	options.trees = 1;
	options.max_leaves = 1;
	for (int row = 0; row < table.rows; row++)
		mean += *target_at(&table, row) / table.rows;
	fitted = fit(&table, CVM_BOOSTED_TREES, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	CHECK_CLOSE(fitted.base[0], mean, 1e-12);
	options.quantile = 0.25;
	fitted = fit(&table, CVM_BOOSTED_TREES, CVM_OBJECTIVE_QUANTILE, 1, &options, NULL, NULL);
	for (int row = 0; row < table.rows; row++)
		share += *target_at(&table, row) <= fitted.base[0];
	CHECK(share == 250);
}

static void
test_quantile_coverage(void)
{
	TreeRows	table = make_rows(5000, 12);
	CvmOptions	options = tree_options();
	CvmTreeFit	fitted;
	double	   *scores;
	double		below = 0;

	options.quantile = 0.9;
	options.max_leaves = 8;
	options.trees = 50;
	fitted = fit(&table, CVM_BOOSTED_TREES, CVM_OBJECTIVE_QUANTILE, 1, &options, NULL, NULL);
	scores = predict(&fitted, &table, 1);
	for (int row = 0; row < table.rows; row++)
		below += *target_at(&table, row) <= scores[row];
	CHECK_CLOSE(below / table.rows, 0.9, 0.03);
}

static void
test_early_stopping(void)
{
	TreeRows	table = make_rows(400, 13);
	TreeRows	held_out = make_rows(400, 14);
	CvmOptions	options = tree_options();
	CvmTreeFit	fitted;
	double	   *scores;

	make_classes(&table, 2);
	make_classes(&held_out, 2);
	options.trees = 1000;
	options.patience = 5;
	options.learning_rate = 0.3;
	fitted = fit(&table, CVM_BOOSTED_TREES, CVM_OBJECTIVE_LOGISTIC, 1, &options, &held_out, NULL);
	CHECK(fitted.outcome == CVM_EARLY_STOPPED && fitted.rounds < 500);
	CHECK(fitted.forest.tree_count == fitted.rounds);
	scores = predict(&fitted, &held_out, 1);
	CHECK_CLOSE(naive_loss(&held_out, CVM_OBJECTIVE_LOGISTIC, 1, 0, scores),
				fitted.validation_loss, 1e-9);
	scores = predict(&fitted, &table, 1);
	CHECK_CLOSE(naive_loss(&table, CVM_OBJECTIVE_LOGISTIC, 1, 0, scores), fitted.loss, 1e-9);
}

/* Whatever the other columns are, a larger first number never lowers the score. */
static void
test_directions(CvmTreeMethod method, int direction)
{
	TreeRows	table = make_rows(3000, 15);
	CvmOptions	options = tree_options();
	int8_t		directions[DENSE + 1] = {0};
	CvmTreeFit	fitted;
	double	   *before = NULL;

	/* against the signal, so that the limit matters */
	directions[0] = (int8_t) direction;
	options.trees = 30;
	fitted = fit(&table, method, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, directions);
	for (double x = -3; x <= 3; x += 0.25)
	{
		double	   *scores;

		for (int row = 0; row < table.rows; row++)
			table.blocks[row / CVM_BLOCK_ROWS]->dense[row % CVM_BLOCK_ROWS * DENSE] = x;
		scores = predict(&fitted, &table, 1);
		for (int row = 0; row < table.rows && before != NULL; row++)
			CHECK((scores[row] - before[row]) * direction >= -1e-9);
		before = scores;
	}
}

/* A sample of rows and columns still learns, and gives the same each time. */
static void
test_sampling(void)
{
	TreeRows	table = make_rows(3000, 16);
	CvmOptions	options = tree_options();
	CvmTreeFit	fitted;
	CvmTreeFit	again;
	double	   *scores;

	options.row_share = 0.5;
	options.column_share = 0.5;
	fitted = fit(&table, CVM_BOOSTED_TREES, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	again = fit(&table, CVM_BOOSTED_TREES, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	CHECK(fitted.loss == again.loss && fitted.forest.node_count == again.forest.node_count);
	scores = predict(&fitted, &table, 1);
	CHECK_CLOSE(naive_loss(&table, CVM_OBJECTIVE_SQUARED, 1, 0, scores), fitted.loss, 1e-9);
	CHECK(fitted.loss < 0.15);
	for (int t = 0, root = 0; t < fitted.forest.tree_count; root += fitted.forest.tree_sizes[t++])
		CHECK_CLOSE(fitted.forest.covers[root], table.rows / 2, 0.1);
}

/* A row of weight 3 counts like three rows. */
static void
test_weights(void)
{
	TreeRows	table = make_rows(1500, 17);
	TreeRows	weighted = make_rows(1500, 17);
	CvmBlock  **blocks = CVM_NEW(CvmBlock *, 3 * table.source.blocks);
	CvmOptions	options = tree_options();
	CvmTreeFit	one;
	CvmTreeFit	three;
	double	   *scores;
	double	   *expected;
	double		difference = 0;

	/* the rows three times over, against weights of three */
	for (int i = 0; i < 3; i++)
		memcpy(blocks + i * table.source.blocks, table.blocks,
			   table.source.blocks * sizeof(CvmBlock *));
	cvm_block_source_from_array(&table.source, blocks, 3 * table.source.blocks, DENSE, 1, SLOTS);
	for (int row = 0; row < weighted.rows; row++)
		*weight_at(&weighted, row) = 3;
	cvm_block_source_from_array(&weighted.source, weighted.blocks, weighted.source.blocks,
								DENSE, 1, SLOTS);
	options.trees = 20;
	options.min_child_weight = 30;
	options.l2 = 5;
	three = fit(&table, CVM_BOOSTED_TREES, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	one = fit(&weighted, CVM_BOOSTED_TREES, CVM_OBJECTIVE_SQUARED, 1, &options, NULL, NULL);
	table.source.blocks /= 3;
	scores = predict(&one, &weighted, 1);
	expected = predict(&three, &table, 1);
	CHECK_CLOSE(one.loss / three.loss, 1, 0.05);	/* statistics are rounded at random */
	for (int row = 0; row < table.rows; row++)
		difference += fabs(scores[row] - expected[row]) / table.rows;
	CHECK(difference < 0.1);
}

int
main(void)
{
	test_leaves(CVM_GROWTH_LEAF);
	test_leaves(CVM_GROWTH_DEPTH);
	test_limits();
	test_histogram_memory();
	test_classes(0);
	test_classes(1);
	test_forest();
	test_forest_of_classes();
	test_boosting(CVM_OBJECTIVE_SQUARED, 1);
	test_boosting(CVM_OBJECTIVE_LOGISTIC, 1);
	test_boosting(CVM_OBJECTIVE_SOFTMAX, 3);
	test_boosting(CVM_OBJECTIVE_POISSON, 1);
	test_boosting(CVM_OBJECTIVE_QUANTILE, 1);
	test_warm_start(CVM_OBJECTIVE_SQUARED, 1);
	test_warm_start(CVM_OBJECTIVE_SOFTMAX, 3);
	test_base();
	test_quantile_coverage();
	test_early_stopping();
	test_directions(CVM_BOOSTED_TREES, 1);
	test_directions(CVM_BOOSTED_TREES, -1);
	test_directions(CVM_DECISION_TREE, -1);
	test_directions(CVM_RANDOM_FOREST, -1);
	test_sampling();
	test_weights();
	return check_done();
}
