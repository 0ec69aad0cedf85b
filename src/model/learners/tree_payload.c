/*
 * tree_payload.c
 *		The payload of models of trees: its fields, and the validator.
 *
 * After the check a row may be followed from any root without looking: every
 * child is a node of the same tree that comes after its parent, every node
 * but the root has one parent, and no path is longer than the limit.  What
 * could be written in several ways has to be written in one: leaves and sets
 * are numbered in the order of the nodes.
 */
#include "model/learners/tree_payload.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "encode/expand.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

static const char *const objective_names[] = {
	"auto", "squared", "logistic", "softmax", "poisson", "quantile", NULL
};

static bool
is_boosted(const CvmModel *model)
{
	return model->learner->number == CVM_ALGORITHM_BOOSTED_TREES;
}

static void
describe_nodes(CvmForest *forest, CvmFields *fields)
{
	cvm_field_integers(fields, "tree_nodes", &forest->tree_sizes, forest->tree_count);
	cvm_field_integers(fields, "node_columns", &forest->columns, forest->node_count);
	cvm_field_integers(fields, "node_children", &forest->children, forest->node_count);
	cvm_field_integers(fields, "node_missing_left", &forest->missing_left, forest->node_count);
	cvm_field_numbers(fields, "node_thresholds", &forest->thresholds, forest->node_count, false);
	cvm_field_numbers(fields, "node_gains", &forest->gains, forest->node_count, false);
	cvm_field_numbers(fields, "node_covers", &forest->covers, forest->node_count, false);
	cvm_field_integers(fields, "category_sets", &forest->words, forest->word_count);
	cvm_field_matrix(fields, "leaf_values", &forest->leaves, forest->leaf_count,
					 forest->leaf_size, false);
}

void
cvm_tree_describe(CvmModel *model, CvmFields *fields)
{
	CvmTreePayload *payload;
	int			objective;

	if (fields->reading)
		model->payload = CVM_NEW_ZERO(CvmTreePayload, 1);
	payload = (CvmTreePayload *) model->payload;
	objective = payload->objective;
	cvm_field_choice(fields, "objective", objective_names, &objective);
	if (objective == CVM_OBJECTIVE_QUANTILE)
		cvm_field_number(fields, "quantile", &payload->quantile, false);
	if (is_boosted(model))
		cvm_field_numbers(fields, "base", &payload->base, model->outputs, false);
	if (model->learner->number == CVM_ALGORITHM_RANDOM_FOREST)
		cvm_field_number(fields, "out_of_bag_error", &payload->out_of_bag_error, true);
	cvm_field_count(fields, "trees", &payload->forest.tree_count);
	cvm_field_count(fields, "nodes", &payload->forest.node_count);
	cvm_field_count(fields, "leaves", &payload->forest.leaf_count);
	cvm_field_count(fields, "set_words", &payload->forest.word_count);
	if (fields->reading)
	{
		payload->objective = (CvmTreeObjective) objective;
		payload->forest.leaf_size = is_boosted(model) ? 1 : model->outputs;
		model->family = cvm_tree_family(payload->objective);
		if (model->learner->number != CVM_ALGORITHM_RANDOM_FOREST)
			payload->out_of_bag_error = NAN;
	}
	describe_nodes(&payload->forest, fields);
}

/* ---- the check ---- */

static bool
is_measure(double value)
{
	return isfinite(value) && value >= 0;
}

static CvmStatus
check_objective(const CvmModel *model, const CvmTreePayload *payload, CvmError *error)
{
	bool		fits;

	switch (payload->objective)
	{
		case CVM_OBJECTIVE_SQUARED:
			fits = model->task == CVM_REGRESSION;
			break;
		case CVM_OBJECTIVE_LOGISTIC:
			fits = model->task == CVM_BINARY;
			break;
		case CVM_OBJECTIVE_SOFTMAX:
			fits = model->task == CVM_MULTICLASS;
			break;
		case CVM_OBJECTIVE_POISSON:
		case CVM_OBJECTIVE_QUANTILE:
			fits = model->task == CVM_REGRESSION && is_boosted(model);
			break;
		default:
			fits = false;
	}
	if (!fits || model->family != cvm_tree_family(payload->objective))
		return BAD("the objective does not fit the task");
	if (payload->objective == CVM_OBJECTIVE_QUANTILE ?
		!(payload->quantile > 0 && payload->quantile < 1) : payload->quantile != 0)
		return BAD("the quantile is not between 0 and 1");
	if (is_boosted(model))
		for (int k = 0; k < model->outputs; k++)
			if (payload->base == NULL || !isfinite(payload->base[k]))
				return BAD("base %d is not finite", k + 1);
	if (!isnan(payload->out_of_bag_error) && !is_measure(payload->out_of_bag_error))
		return BAD("the out-of-bag error is negative or infinite");
	return CVM_OK;
}

/* What is known on the way through the nodes. */
typedef struct Pass
{
	const CvmForest *forest;
	const CvmExpansion *layout;
	int			leaves;			/* so far */
	int			words;
	int		   *depths;			/* [node]: 0 until a parent was met; of roots 1 */
} Pass;

/* A set has no level that is not there. */
static CvmStatus
check_set(Pass *pass, int node, CvmError *error)
{
	const CvmForest *forest = pass->forest;
	int			coded = forest->columns[node] - pass->layout->dense_columns;
	int			count = cvm_forest_set_words(pass->layout, coded);
	int			used = pass->layout->level_counts[coded] % 32;

	if (forest->thresholds[node] != pass->words || count > forest->word_count - pass->words)
		return BAD("the set of node %d is out of place", node + 1);
	if (forest->missing_left[node] != 0)
		return BAD("node %d asks for a category, which cannot be missing", node + 1);
	if (used > 0 && ((uint32_t) forest->words[pass->words + count - 1] >> used) != 0)
		return BAD("the set of node %d has levels that are not there", node + 1);
	pass->words += count;
	return CVM_OK;
}

static CvmStatus
check_inner(Pass *pass, int node, int end, CvmError *error)
{
	const CvmForest *forest = pass->forest;
	int			child = forest->children[node];

	if (forest->columns[node] >= pass->layout->dense_columns + pass->layout->coded_columns)
		return BAD("node %d asks for a column that is not there", node + 1);
	if (child <= node || child >= end - 1 || pass->depths[child] != 0 ||
		pass->depths[child + 1] != 0)
		return BAD("node %d has children out of place", node + 1);
	if (pass->depths[node] > CVM_MOST_TREE_DEPTH)
		return cvm_fail(error, CVM_LIMIT, "a tree is at most %d deep", CVM_MOST_TREE_DEPTH);
	pass->depths[child] = pass->depths[child + 1] = pass->depths[node] + 1;
	if (forest->columns[node] >= pass->layout->dense_columns)
		return check_set(pass, node, error);
	if (!isfinite(forest->thresholds[node]))
		return BAD("node %d has no finite threshold", node + 1);
	return CVM_OK;
}

static CvmStatus
check_node(Pass *pass, int node, int end, CvmError *error)
{
	const CvmForest *forest = pass->forest;

	if (pass->depths[node] == 0)
		return BAD("node %d belongs to no parent", node + 1);
	if (!is_measure(forest->gains[node]) || !is_measure(forest->covers[node]))
		return BAD("node %d has a gain or cover that cannot be", node + 1);
	if (forest->missing_left[node] != 0 && forest->missing_left[node] != 1)
		return BAD("node %d does not say where missing numbers go", node + 1);
	if (forest->columns[node] >= 0)
		return check_inner(pass, node, end, error);
	if (forest->columns[node] != -1 || forest->children[node] != pass->leaves++ ||
		forest->thresholds[node] != 0 || forest->missing_left[node] != 0 ||
		forest->gains[node] != 0)
		return BAD("node %d is no leaf as it should be", node + 1);
	return CVM_OK;
}

static CvmStatus
check_leaves(const CvmModel *model, const CvmForest *forest, CvmError *error)
{
	bool		shares = !is_boosted(model) && model->task != CVM_REGRESSION;

	for (int64_t i = 0; i < (int64_t) forest->leaf_count * forest->leaf_size; i++)
		if (!isfinite(forest->leaves[i]) ||
			(shares && !(forest->leaves[i] >= 0 && forest->leaves[i] <= 1 + 1e-9)))
			return BAD("value %lld of the leaves cannot be", (long long) i + 1);
	return CVM_OK;
}

static CvmStatus
check_trees(Pass *pass, CvmError *error)
{
	const CvmForest *forest = pass->forest;
	int			root = 0;

	for (int t = 0; t < forest->tree_count; t++)
	{
		int			size = forest->tree_sizes[t];

		cvm_check_interrupt();
		if (size < 1 || size > forest->node_count - root)
			return BAD("tree %d has a wrong number of nodes", t + 1);
		pass->depths[root] = 1;
		for (int node = root; node < root + size; node++)
		{
			CvmStatus	status = check_node(pass, node, root + size, error);

			if (status != CVM_OK)
				return status;
		}
		root += size;
	}
	if (root != forest->node_count || pass->leaves != forest->leaf_count ||
		pass->words != forest->word_count)
		return BAD("numbers of nodes, leaves or sets do not agree with the trees");
	return CVM_OK;
}

static bool
has_arrays(const CvmForest *forest)
{
	return (forest->tree_count == 0 || forest->tree_sizes != NULL) &&
		(forest->node_count == 0 ||
		 (forest->columns != NULL && forest->children != NULL && forest->missing_left != NULL &&
		  forest->thresholds != NULL && forest->gains != NULL && forest->covers != NULL)) &&
		(forest->word_count == 0 || forest->words != NULL) &&
		(forest->leaf_count == 0 || forest->leaves != NULL);
}

CvmStatus
cvm_tree_check(const CvmModel *model, CvmError *error)
{
	const CvmTreePayload *payload = (const CvmTreePayload *) model->payload;
	const CvmForest *forest = &payload->forest;
	Pass		pass = {.forest = forest};
	CvmStatus	status = check_objective(model, payload, error);

	if (status != CVM_OK)
		return status;
	if (forest->tree_count < 0 || forest->node_count < 0 || forest->leaf_count < 0 ||
		forest->word_count < 0 || !has_arrays(forest) ||
		forest->leaf_size != (is_boosted(model) ? 1 : model->outputs))
		return BAD("parts of its trees are missing");
	if (is_boosted(model) ? forest->tree_count % model->outputs != 0 : forest->tree_count < 1)
		return BAD("wrong number of trees, %d", forest->tree_count);
	if ((int64_t) forest->leaf_count * forest->leaf_size > CVM_MODEL_MAX_COEFFICIENTS)
		return cvm_fail(error, CVM_LIMIT, "leaves have at most %d numbers",
						CVM_MODEL_MAX_COEFFICIENTS);
	if ((status = check_leaves(model, forest, error)) != CVM_OK)
		return status;
	pass.layout = cvm_expansion_create(&model->encoder);
	pass.depths = CVM_NEW_ZERO(int, forest->node_count);
	status = check_trees(&pass, error);
	cvm_release(pass.depths);
	cvm_expansion_release((CvmExpansion *) pass.layout);
	return status;
}
