/*
 * options.c
 *		The table of training options, and setters that check against it.
 *
 * Defaults stand once, in the table's default_text, which is parsed when
 * options are set up; cvm_options_for_aggregate() then changes what the
 * aggregates do differently.
 */
#include "learn/options.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/nearest_name.h"
#include "learn/factorization/factors.h"
#include "learn/network/activation.h"

static const char *const solver_names[] = {
	"auto", "newton", "lbfgs", "sgd", "momentum", "adagrad", "adam", NULL
};
static const char *const driver_names[] = {"auto", "memory", "spill", "passes", NULL};
static const char *const schedule_names[] = {"constant", "inverse", "cosine", NULL};
static const char *const class_weight_names[] = {"none", "balanced", NULL};
static const char *const segment_choice_names[] = {"silhouette", "gap", NULL};
static const char *const decomposition_names[] = {"auto", "exact", "randomized", NULL};
static const char *const growth_names[] = {"leaf", "depth", NULL};
static const char *const impurity_names[] = {"gini", "entropy", NULL};
static const char *const objective_names[] = {
	"auto", "squared", "logistic", "softmax", "poisson", "quantile", NULL
};
static const char *const method_names[] = {"average", "stack", NULL};
static const char *const threshold_names[] = {"expected", "empirical", NULL};
static const char *const promote_names[] = {"always", "if_not_worse", "if_better", "manual", "challenger", NULL};

#define NUMBER(name, minimum, maximum, default_text, help) \
	{#name, CVM_OPTION_NUMBER, offsetof(CvmOptions, name), minimum, maximum, NULL, default_text, help}
#define INTEGER(name, minimum, maximum, default_text, help) \
	{#name, CVM_OPTION_INTEGER, offsetof(CvmOptions, name), minimum, maximum, NULL, default_text, help}
#define INTEGER64(name, minimum, maximum, default_text, help) \
	{#name, CVM_OPTION_INTEGER64, offsetof(CvmOptions, name), minimum, maximum, NULL, default_text, help}
#define INTEGERS(name, minimum, maximum, default_text, help) \
	{#name, CVM_OPTION_INTEGERS, offsetof(CvmOptions, name), minimum, maximum, NULL, default_text, help}
#define BOOLEAN(name, default_text, help) \
	{#name, CVM_OPTION_BOOLEAN, offsetof(CvmOptions, name), 0, 1, NULL, default_text, help}
#define NAMES(name, help) \
	{#name, CVM_OPTION_NAMES, offsetof(CvmOptions, name), 0, 0, NULL, NULL, help}
#define TEXT(name, help) \
	{#name, CVM_OPTION_TEXT, offsetof(CvmOptions, name), 0, 0, NULL, NULL, help}
#define CHOICE(name, names, default_text, help) \
	{#name, CVM_OPTION_CHOICE, offsetof(CvmOptions, name), 0, 0, names, default_text, help}

#define OBJECT(name, help) \
	{#name, CVM_OPTION_OBJECT, 0, 0, 0, NULL, NULL, help}

#define NUMBERS(name, minimum, maximum, help) \
	{#name, CVM_OPTION_NUMBERS, offsetof(CvmOptions, name), minimum, maximum, NULL, NULL, help}
#define STAGES(name, help) \
	{#name, CVM_OPTION_STAGES, offsetof(CvmOptions, name), 0, 0, NULL, NULL, help}

/* Integers that a double, and so a JSON number, holds exactly. */
#define LARGEST_SEED 9007199254740991.0

const CvmOptionSpec cvm_option_specs[] = {
	NAMES(exclude, "columns of the source that are no features"),
	NUMBER(l2, 0, 1e300, "1", "ridge penalty l2/2 w^2 on standardized features, against the summed loss"),
	NUMBER(l1, 0, 1e300, "0", "lasso penalty l1 |w| on standardized features, against the summed loss"),
	CHOICE(solver, solver_names, "auto", "how the optimum is sought"),
	CHOICE(driver, driver_names, "auto", "where the rows are kept between epochs"),
	NUMBER(validation, 0, 0.9, "0.2", "share of the rows held out; 0 for none"),
	TEXT(validation_after, "hold out the rows whose time is later than this"),
	TEXT(time_column, "the time column of validation_after, where there are several"),
	INTEGER64(seed, 0, LARGEST_SEED, "0", "seed of the split and of shuffling"),
	INTEGER(epochs, 0, 1000000, "0", "most passes over the rows; 0 for the solver's default"),
	INTEGER(batch_size, 1, 65536, "128", "rows a step of sgd, momentum, adagrad and adam"),
	NUMBER(learning_rate, 0, 1e6, "0", "step size of sgd, momentum, adagrad and adam, for a target of deviation 1; 0 for the solver's default"),
	CHOICE(schedule, schedule_names, "cosine", "how the learning rate falls"),
	NUMBER(warmup, 0, 1000000, "0", "epochs during which the learning rate rises from zero"),
	BOOLEAN(averaging, "false", "use the average of the weights, in which those of later steps count more"),
	NUMBER(momentum, 0, 0.9999, "0.9", "share of the last step that solver momentum keeps"),
	NUMBER(tolerance, 1e-15, 1, "1e-8", "a fit has converged at this relative gradient norm"),
	INTEGER(patience, 0, 1000000, "10", "stop sgd, momentum, adagrad and adam after so many epochs without a better validation loss; 0 for never"),
	NUMBER(clip, 0, 1e300, "0", "largest gradient norm of a batch; 0 for no limit"),
	NUMBER(delta, 1e-300, 1e300, "1.345", "huber: residuals beyond it count linearly"),
	INTEGERS(hidden_layers, 1, 4096, "[64, 32]", "neural_network: units of each hidden layer, at most eight layers"),
	CHOICE(activation, cvm_activation_names, "relu", "neural_network: what hidden units make of their sums"),
	NUMBER(dropout, 0, 0.9, "0", "neural_network: share of the hidden units left out at random while training"),
	NUMBER(adversarial, 0, 100, "0", "neural_network: also learn from the worst neighbors of rows, so far from them in every number (fast gradient sign method); 0 for not"),
	CHOICE(class_weight, class_weight_names, "none", "balanced: classes count alike, however rare"),
	TEXT(positive, "label of the positive class"),
	INTEGER(max_categories, 2, 1000000, "1000", "most levels a category column keeps"),
	INTEGER(min_category_count, 1, INT_MAX, "2", "rarer levels share one"),
	BOOLEAN(standardize, "true", "give numbers mean 0 and deviation 1 before fitting"),
	NUMBER(smoothing, 1e-10, 1e10, "1", "naive_bayes: weight added to each level of a category (Laplace)"),
	NUMBER(variance_smoothing, 0, 1, "1e-9", "naive_bayes: share of a number's variance that is added to its variance in each class"),
	INTEGER(segments, 0, 10000, "0", "kmeans: number of segments; 0 to choose it"),
	INTEGER(max_segments, 2, 100, "10", "kmeans: most segments where their number is chosen"),
	CHOICE(choose_by, segment_choice_names, "silhouette", "kmeans: what the number of segments is chosen by"),
	INTEGER(starts, 1, 1000, "10", "kmeans: random starts, of which the best is taken"),
	INTEGER(components, 0, 10000, "0", "pca: number of components; 0 for as many as explain option \"explained\""),
	NUMBER(explained, 0.01, 1, "0.9", "pca: share of the variance that the components explain"),
	CHOICE(decomposition, decomposition_names, "auto", "pca: exact through the covariance matrix (auto up to 512 columns), or randomized"),
	CHOICE(factorization, cvm_factorization_names, "auto", "matrix_factorization: als of ratings, implicit (confidence) or bpr (pairwise) of events; auto: als where there is a target, else implicit"),
	INTEGER(factors, 1, 1000, "16", "matrix_factorization: numbers that each user and item is described by"),
	BOOLEAN(biases, "true", "matrix_factorization, als: users and items have a level of their own beside their factors"),
	NUMBER(l2_power, 0, 1, "0.5", "matrix_factorization: l2 grows as this power of the rows of a user or item: 0 for not, 1 for in proportion"),
	NUMBER(alpha, 0, 1e10, "1", "matrix_factorization, implicit: how much confidence grows with the amount of an event"),
	BOOLEAN(keep_seen, "true", "matrix_factorization: the model knows which items each user has met, and can leave them out"),
	TEXT(user, "matrix_factorization: the column that tells users apart; the first feature that has no other role"),
	TEXT(item, "matrix_factorization: the column that tells items apart; the next such feature"),
	NAMES(user_attributes, "matrix_factorization: columns that describe the user, for users who are new"),
	NAMES(item_attributes, "matrix_factorization: columns that describe the item, for items that are new"),
	INTEGER(trees, 1, 100000, "100", "random_forest, boosted_trees: how many; of boosted_trees at most so many a class"),
	INTEGER(max_leaves, 0, 1000000, "0", "leaves of a tree; 0 for 31, of random_forest for no limit"),
	INTEGER(max_depth, 0, 500, "0", "questions from the root of a tree to a leaf; 0 for no limit"),
	CHOICE(growth, growth_names, "leaf", "trees: split the best leaf first, or all leaves of a depth"),
	NUMBER(min_child_weight, 0, 1e300, "1", "trees: least weight of the rows of a leaf; of boosted_trees least curvature of the loss in it"),
	NUMBER(row_share, 1e-6, 1, "1", "random_forest, boosted_trees: share of the rows drawn for each tree"),
	NUMBER(column_share, 0, 1, "0", "share of the columns drawn for each tree of boosted_trees, for each split of random_forest; 0 for all, and of random_forest for the square root of their number, or a third where a number is predicted"),
	CHOICE(impurity, impurity_names, "gini", "decision_tree, random_forest: what splits of classes make less"),
	CHOICE(objective, objective_names, "auto", "boosted_trees: the loss"),
	NUMBER(quantile, 1e-6, 0.999999, "0.5", "boosted_trees: which one the objective quantile predicts"),
	NAMES(increasing, "trees: columns with which predictions may only rise (of classes: of the positive one)"),
	NAMES(decreasing, "trees: columns with which predictions may only fall"),
	NAMES(models, "ensemble: names of the models, whose active versions become part of it"),
	CHOICE(method, method_names, "average", "ensemble: the mean of what the models predict, or what weights learned on rows that none of them has learned from make of it"),
	NUMBERS(weights, 0, 1e15, "ensemble: how much each model counts in an average"),
	STAGES(pipeline, "stages before the algorithm: each makes rows into fewer numbers, for example [{\"algorithm\": \"pca\", \"components\": 5}]"),
	CHOICE(calibration, cvm_calibration_names, "none", "of classes: what makes scores into probabilities, learned on training rows that are left out in turn (five folds)"),
	OBJECT(profit, "of two classes: what each decision is worth; gives the model a threshold and the metric profit"),
	NUMBER(profit.true_positive, -1e15, 1e15, "0", "profit of a positive row that is predicted positive"),
	NUMBER(profit.false_positive, -1e15, 1e15, "0", "profit of a negative row that is predicted positive: a cost is negative"),
	NUMBER(profit.true_negative, -1e15, 1e15, "0", "profit of a negative row that is predicted negative"),
	NUMBER(profit.false_negative, -1e15, 1e15, "0", "profit of a positive row that is predicted negative"),
	CHOICE(profit.threshold, threshold_names, "expected", "the threshold that follows from what decisions are worth, or the best one for training rows that were left out in turn"),
	TEXT(segment_by, "a category column, each of whose values gets parameters of its own, shrunk towards the common ones"),
	NUMBER(segment_shrinkage, 0, 1e300, "0", "segment_by: pull shrinkage/2 d^2 of a segment's parameters to the common ones, on standardized features, against the summed loss of its rows; 0 to choose it"),
	INTEGER(segment_rounds, 0, 100, "5", "segment_by: most rounds in which the common parameters move to the mean of the segments' (Reptile)"),
	INTEGER(segment_min_rows, 1, INT_MAX, "50", "segment_by: values of fewer training rows stay with the common parameters"),
	INTEGER(segment_limit, 1, 10000, "100", "segment_by: most segments; more are an error"),
	BOOLEAN(warm_start, "false", "start from the active version"),
	CHOICE(promote, promote_names, "always", "when a new version becomes the active one; without this option retraining takes if_not_worse"),
	NUMBER(promote_margin, 0, 1, "0.01", "promote if_not_worse: share of the active version's figure that a new version may be worse by"),
	TEXT(watermark, "a column that grows with new rows: each version remembers how far it had grown; no feature unless it is listed"),
	BOOLEAN(incremental, "false", "keep what cvm.partial_fit goes on from in the model"),
	NUMBER(decay, 1e-6, 1, "1", "partial_fit: what earlier rows still count, a factor each time"),
};

const int	cvm_option_count = sizeof(cvm_option_specs) / sizeof(cvm_option_specs[0]);

/* From a text like "[64, 32]". */
static CvmStatus
set_default_integers(CvmOptions *options, const CvmOptionSpec *spec)
{
	double		values[CVM_MAX_HIDDEN_LAYERS];
	int			count = 0;

	for (const char *next = spec->default_text; *next != '\0' && *next != ']'; count++)
		values[count] = strtod(next + 1, (char **) &next);
	return cvm_option_set_numbers(options, spec, values, count, NULL);
}

static void
set_default(CvmOptions *options, const CvmOptionSpec *spec)
{
	CvmStatus	status = CVM_OK;

	switch (spec->kind)
	{
		case CVM_OPTION_NUMBER:
		case CVM_OPTION_INTEGER:
		case CVM_OPTION_INTEGER64:
			status = cvm_option_set_number(options, spec, strtod(spec->default_text, NULL), NULL);
			break;
		case CVM_OPTION_INTEGERS:
			status = set_default_integers(options, spec);
			break;
		case CVM_OPTION_BOOLEAN:
			status = cvm_option_set_boolean(options, spec, strcmp(spec->default_text, "true") == 0, NULL);
			break;
		case CVM_OPTION_CHOICE:
			status = cvm_option_set_text(options, spec, spec->default_text, NULL);
			break;
		case CVM_OPTION_TEXT:
		case CVM_OPTION_NAMES:
			break;				/* NULL */
		case CVM_OPTION_OBJECT:
		case CVM_OPTION_STAGES:
			break;				/* their options have their own */
		case CVM_OPTION_NUMBERS:
			break;				/* none */
	}
	if (status != CVM_OK)
		abort();				/* the table contradicts itself */
}

void
cvm_options_for_train(CvmOptions *options)
{
	memset(options, 0, sizeof(*options));
	for (int i = 0; i < cvm_option_count; i++)
		set_default(options, &cvm_option_specs[i]);
}

/*
 * One pass over rows whose number is not known: no schedule that needs it,
 * and an average that takes the noise out of the last weights.
 */
void
cvm_options_for_aggregate(CvmOptions *options)
{
	cvm_options_for_train(options);
	options->l2 = 0;
	options->validation = 0;
	options->patience = 0;
	options->schedule = CVM_SCHEDULE_INVERSE;
	options->averaging = true;
}

const CvmOptionSpec *
cvm_option_find(const char *name)
{
	for (int i = 0; i < cvm_option_count; i++)
		if (strcmp(cvm_option_specs[i].name, name) == 0)
			return &cvm_option_specs[i];
	return NULL;
}

/* What options are called in other libraries, where that is far from our name. */
static const char *const other_names[][2] = {
	{"drop", "exclude"}, {"ignored_columns", "exclude"},
	{"alpha", "l2"}, {"C", "l2"}, {"reg_lambda", "l2"}, {"lambda", "l2"}, {"reg_alpha", "l1"},
	{"test_size", "validation"}, {"holdout", "validation"},
	{"random_state", "seed"}, {"max_iter", "epochs"}, {"iterations", "epochs"},
	{"eta", "learning_rate"}, {"step_size", "learning_rate"}, {"tol", "tolerance"},
	{"early_stopping_rounds", "patience"}, {"epsilon", "delta"}, {"units", "hidden_layers"},
	{"pos_label", "positive"}, {"laplace", "smoothing"}, {"var_smoothing", "variance_smoothing"},
	{"clusters", "segments"}, {"n_clusters", "segments"}, {"k", "segments"},
	{"n_init", "starts"}, {"n_components", "components"}, {"svd_solver", "decomposition"},
	{"n_estimators", "trees"}, {"rounds", "trees"}, {"num_boost_round", "trees"},
	{"num_leaves", "max_leaves"}, {"max_leaf_nodes", "max_leaves"}, {"depth", "max_depth"},
	{"grow_policy", "growth"}, {"min_samples_leaf", "min_child_weight"},
	{"subsample", "row_share"}, {"bagging_fraction", "row_share"}, {"max_samples", "row_share"},
	{"colsample_bytree", "column_share"}, {"max_features", "column_share"},
	{"feature_fraction", "column_share"}, {"criterion", "impurity"}, {"loss", "objective"},
	{"monotonic_cst", "increasing"}, {"monotone_constraints", "increasing"}
};

const char *
cvm_option_nearest(const char *name)
{
	const char *ours = cvm_name_elsewhere(name, other_names,
										  sizeof(other_names) / sizeof(other_names[0]));
	CvmNearest	nearest;

	if (ours != NULL)
		return ours;
	cvm_nearest_begin(&nearest, name);
	for (int i = 0; i < cvm_option_count; i++)
		cvm_nearest_consider(&nearest, cvm_option_specs[i].name);
	return nearest.found;
}

/* Whether the help begins with the algorithm: "kmeans: ...", "pca, kmeans: ...". */
static bool
is_for(const CvmOptionSpec *spec, const char *algorithm)
{
	const char *colon = strchr(spec->help, ':');
	const char *found = strstr(spec->help, algorithm);
	size_t		length = strlen(algorithm);

	if (colon == NULL)
		return false;
	if (strncmp(spec->help, "trees:", 6) == 0)
		return strstr(algorithm, "tree") != NULL || strstr(algorithm, "forest") != NULL;
	return found != NULL && found < colon && (found[length] == ':' || found[length] == ',');
}

void
cvm_option_list_for(const char *algorithm, char *text, size_t size)
{
	size_t		used = 0;

	text[0] = '\0';
	for (int i = 0; i < cvm_option_count && used < size; i++)
		if (is_for(&cvm_option_specs[i], algorithm))
			used += snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "",
							 cvm_option_specs[i].name);
}

static void *
field_of(CvmOptions *options, const CvmOptionSpec *spec)
{
	return (char *) options + spec->offset;
}

/* What kind of value the option takes instead. */
static CvmStatus
wrong_kind(const CvmOptionSpec *spec, CvmError *error)
{
	static const char *const kinds[] = {
		[CVM_OPTION_NUMBER] = "a number",
		[CVM_OPTION_INTEGER] = "an integer",
		[CVM_OPTION_INTEGER64] = "an integer",
		[CVM_OPTION_INTEGERS] = "an array of integers",
		[CVM_OPTION_BOOLEAN] = "true or false",
		[CVM_OPTION_TEXT] = "a text",
		[CVM_OPTION_NAMES] = "an array of texts",
		[CVM_OPTION_CHOICE] = "a text",
		[CVM_OPTION_OBJECT] = "an object",
		[CVM_OPTION_STAGES] = "an array of objects",
		[CVM_OPTION_NUMBERS] = "an array of numbers"
	};

	cvm_fail(error, CVM_BAD_OPTION, "option \"%s\" must be %s", spec->name, kinds[spec->kind]);
	cvm_hint(error, "SELECT * FROM cvm.options() WHERE name = '%s' says more.", spec->name);
	return CVM_BAD_OPTION;
}

static CvmStatus
unknown_choice(const CvmOptionSpec *spec, const char *value, CvmError *error)
{
	char		known[256] = "";

	for (int i = 0; spec->choices[i] != NULL; i++)
	{
		size_t		used = strlen(known);

		snprintf(known + used, sizeof(known) - used, "%s\"%s\"", i > 0 ? ", " : "", spec->choices[i]);
	}
	cvm_fail(error, CVM_BAD_OPTION, "option \"%s\" has no value \"%s\"", spec->name, value);
	cvm_hint(error, "Possible values are %s.", known);
	return CVM_BAD_OPTION;
}

/* An earlier text is not released: a copy of the struct may share it. */
static CvmStatus
set_owned_text(CvmOptions *options, const CvmOptionSpec *spec, const char *value)
{
	*(char **) field_of(options, spec) = cvm_copy_string(value);
	return CVM_OK;
}

static CvmStatus
check_number(const CvmOptionSpec *spec, double value, CvmError *error)
{
	bool		integral = spec->kind != CVM_OPTION_NUMBER && spec->kind != CVM_OPTION_NUMBERS;

	if (integral && value != floor(value))
		return wrong_kind(spec, error);
	if (!(value >= spec->minimum && value <= spec->maximum))
	{
		cvm_fail(error, CVM_BAD_OPTION, "option \"%s\" cannot be %.15g", spec->name, value);
		if (spec->maximum >= (integral ? INT_MAX : 1e300))
			cvm_hint(error, "It must be at least %.15g.", spec->minimum);
		else
			cvm_hint(error, "It must be between %.15g and %.15g.", spec->minimum, spec->maximum);
		return CVM_BAD_OPTION;
	}
	return CVM_OK;
}

/* A text option takes numbers and booleans too: {"positive": 1}. */
CvmStatus
cvm_option_set_number(CvmOptions *options, const CvmOptionSpec *spec, double value, CvmError *error)
{
	CvmStatus	status;

	if (spec->kind == CVM_OPTION_TEXT)
	{
		char		text[32];

		snprintf(text, sizeof(text), "%.15g", value);
		return set_owned_text(options, spec, text);
	}
	if (spec->kind == CVM_OPTION_INTEGERS)
		return cvm_option_set_numbers(options, spec, &value, 1, error);
	if (spec->kind == CVM_OPTION_BOOLEAN || spec->kind == CVM_OPTION_CHOICE ||
		spec->kind == CVM_OPTION_NAMES || spec->kind >= CVM_OPTION_OBJECT)
		return wrong_kind(spec, error);
	status = check_number(spec, value, error);
	if (status != CVM_OK)
		return status;
	if (spec->kind == CVM_OPTION_INTEGER)
		*(int *) field_of(options, spec) = (int) value;
	else if (spec->kind == CVM_OPTION_INTEGER64)
		*(int64_t *) field_of(options, spec) = (int64_t) value;
	else
		*(double *) field_of(options, spec) = value;
	return CVM_OK;
}

static CvmStatus
set_numbers(CvmOptions *options, const CvmOptionSpec *spec, const double *values, int count,
			CvmError *error)
{
	CvmNumbers *numbers = field_of(options, spec);

	if (count < 1 || count > CVM_MOST_NUMBERS)
		return cvm_fail(error, CVM_BAD_OPTION, "option \"%s\" must have 1 to %d elements",
						spec->name, CVM_MOST_NUMBERS);
	for (int i = 0; i < count; i++)
	{
		CvmStatus	status = check_number(spec, values[i], error);

		if (status != CVM_OK)
			return status;
	}
	numbers->count = count;
	numbers->values = CVM_NEW(double, count);
	memcpy(numbers->values, values, count * sizeof(double));
	return CVM_OK;
}

CvmStatus
cvm_option_set_numbers(CvmOptions *options, const CvmOptionSpec *spec,
					   const double *values, int count, CvmError *error)
{
	int		   *field = field_of(options, spec);

	if (spec->kind == CVM_OPTION_NUMBERS)
		return set_numbers(options, spec, values, count, error);
	if (spec->kind != CVM_OPTION_INTEGERS)
		return wrong_kind(spec, error);
	if (count < 1 || count > CVM_MAX_HIDDEN_LAYERS)
		return cvm_fail(error, CVM_BAD_OPTION, "option \"%s\" must have 1 to %d elements",
						spec->name, CVM_MAX_HIDDEN_LAYERS);
	for (int i = 0; i < count; i++)
	{
		CvmStatus	status = check_number(spec, values[i], error);

		if (status != CVM_OK)
			return status;
	}
	for (int i = 0; i < count; i++)
		field[i] = (int) values[i];
	field[count] = 0;
	return CVM_OK;
}

CvmStatus
cvm_option_set_names(CvmOptions *options, const CvmOptionSpec *spec,
					 const char *const *names, int count, CvmError *error)
{
	char	  **copies;

	if (spec->kind != CVM_OPTION_NAMES)
		return wrong_kind(spec, error);
	copies = CVM_NEW_ZERO(char *, (size_t) count + 1);
	for (int i = 0; i < count; i++)
		copies[i] = cvm_copy_string(names[i]);
	*(char ***) field_of(options, spec) = copies;
	return CVM_OK;
}

CvmStatus
cvm_option_set_boolean(CvmOptions *options, const CvmOptionSpec *spec, bool value, CvmError *error)
{
	if (spec->kind == CVM_OPTION_TEXT)
		return set_owned_text(options, spec, value ? "true" : "false");
	if (spec->kind != CVM_OPTION_BOOLEAN)
		return wrong_kind(spec, error);
	*(bool *) field_of(options, spec) = value;
	return CVM_OK;
}

CvmStatus
cvm_option_set_text(CvmOptions *options, const CvmOptionSpec *spec, const char *value, CvmError *error)
{
	if (spec->kind == CVM_OPTION_TEXT)
		return set_owned_text(options, spec, value);
	if (spec->kind == CVM_OPTION_NAMES)
		return cvm_option_set_names(options, spec, &value, 1, error);
	if (spec->kind != CVM_OPTION_CHOICE)
		return wrong_kind(spec, error);
	for (int i = 0; spec->choices[i] != NULL; i++)
		if (strcmp(spec->choices[i], value) == 0)
		{
			*(int *) field_of(options, spec) = i;
			return CVM_OK;
		}
	return unknown_choice(spec, value, error);
}

CvmStatus
cvm_option_set_stages(CvmOptions *options, const CvmOptionSpec *spec, const CvmStages *stages,
					  CvmError *error)
{
	if (spec->kind != CVM_OPTION_STAGES)
		return wrong_kind(spec, error);
	if (stages->count > CVM_MOST_STAGES)
		return cvm_fail(error, CVM_BAD_OPTION, "option \"%s\" can have at most %d stages",
						spec->name, CVM_MOST_STAGES);
	*(CvmStages *) field_of(options, spec) = *stages;
	return CVM_OK;
}

bool
cvm_option_is_of_stages(const CvmOptionSpec *spec)
{
	static const char *const names[] = {
		"l2", "l1", "solver", "epochs", "batch_size", "learning_rate", "schedule", "warmup",
		"averaging", "momentum", "tolerance", "patience", "clip", "standardize", "segments",
		"max_segments", "choose_by", "starts", "components", "explained", "decomposition"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(spec->name, names[i]) == 0)
			return true;
	return false;
}

const char *
cvm_solver_name(CvmSolver solver)
{
	return solver_names[solver];
}

const char *
cvm_driver_name(CvmDriver driver)
{
	return driver_names[driver];
}
