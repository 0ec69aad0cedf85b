/*
 * learner_tree.c
 *		decision_tree, random_forest and boosted_trees as learners: three
 *		entries over one set of functions.
 *
 * They keep missing numbers missing and categories as codes.  What they
 * predict with is the forest as it is stored; tree_payload.c describes and
 * checks it.
 */
#include "model/learners/learner_tree.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "encode/expand.h"
#include "learn/tree/tree_shap.h"
#include "model/learners/tree_payload.h"
#include "model/learners/tree_start.h"

static CvmTreeMethod
method_of(const CvmLearner *learner)
{
	return (CvmTreeMethod) (learner->number - CVM_ALGORITHM_DECISION_TREE);
}

const CvmTreePayload *
cvm_model_trees(const CvmModel *model)
{
	return model->learner->number >= CVM_ALGORITHM_DECISION_TREE &&
		model->learner->number <= CVM_ALGORITHM_BOOSTED_TREES ?
		(const CvmTreePayload *) model->payload : NULL;
}

/* ---- tasks and objectives ---- */

static CvmTask
task_of(CvmTreeObjective objective)
{
	return objective == CVM_OBJECTIVE_LOGISTIC ? CVM_BINARY :
		objective == CVM_OBJECTIVE_SOFTMAX ? CVM_MULTICLASS : CVM_REGRESSION;
}

/* The objective, which "auto" leaves to the task. */
static CvmTreeObjective
objective_for(CvmTask task, const CvmOptions *options)
{
	if (options->objective != CVM_OBJECTIVE_AUTO)
		return (CvmTreeObjective) options->objective;
	return task == CVM_BINARY ? CVM_OBJECTIVE_LOGISTIC :
		task == CVM_MULTICLASS ? CVM_OBJECTIVE_SOFTMAX : CVM_OBJECTIVE_SQUARED;
}

static unsigned
narrowed_tasks(const CvmLearner *learner, const CvmOptions *options)
{
	return options->objective == CVM_OBJECTIVE_AUTO ? learner->tasks :
		CVM_TASK_BIT(task_of((CvmTreeObjective) options->objective));
}

CvmFamily
cvm_tree_family(CvmTreeObjective objective)
{
	switch (objective)
	{
		case CVM_OBJECTIVE_LOGISTIC:
			return CVM_LOGISTIC;
		case CVM_OBJECTIVE_SOFTMAX:
			return CVM_SOFTMAX;
		case CVM_OBJECTIVE_POISSON:
			return CVM_POISSON;
		default:
			return CVM_LINEAR;
	}
}

static CvmFamily
family_of(const CvmLearner *learner, CvmTask task, const CvmOptions *options)
{
	return cvm_tree_family(objective_for(task, options));
}

/* ---- fitting ---- */

/* The dense column of a number by the name of its term or input; -1: none. */
static int
column_named(const CvmEncoder *encoder, const char *name)
{
	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		if (term->kind != CVM_TERM_CATEGORY &&
			(strcmp(term->name, name) == 0 ||
			 strcmp(encoder->inputs[term->input].name, name) == 0))
			return term->slot;
	}
	return -1;
}

static CvmStatus
set_directions(const CvmEncoder *encoder, char *const *names, const char *option, int8_t direction,
			   int8_t *directions, CvmError *error)
{
	for (int i = 0; names != NULL && names[i] != NULL; i++)
	{
		int			column = column_named(encoder, names[i]);

		if (column < 0)
		{
			cvm_fail(error, CVM_BAD_OPTION,
					 "option \"%s\" names \"%s\", which is no number that is learned from",
					 option, names[i]);
			cvm_hint(error, "Name columns of numbers among the features.");
			return CVM_BAD_OPTION;
		}
		if (directions[column] == -direction)
			return cvm_fail(error, CVM_BAD_OPTION,
							"column \"%s\" cannot be both increasing and decreasing", names[i]);
		directions[column] = direction;
	}
	return CVM_OK;
}

/* *directions: by column, or NULL where options name none. */
static CvmStatus
read_directions(const CvmLesson *lesson, const CvmExpansion *layout, int8_t **directions,
				CvmError *error)
{
	const CvmOptions *options = lesson->options;
	CvmStatus	status;

	*directions = NULL;
	if (options->increasing == NULL && options->decreasing == NULL)
		return CVM_OK;
	if (lesson->task == CVM_MULTICLASS)
		return cvm_fail(error, CVM_BAD_OPTION,
						"options \"increasing\" and \"decreasing\" need a target of two classes or a number");
	*directions = CVM_NEW_ZERO(int8_t, layout->dense_columns + layout->coded_columns);
	status = set_directions(lesson->encoder, options->increasing, "increasing", 1,
							*directions, error);
	if (status != CVM_OK)
		return status;
	return set_directions(lesson->encoder, options->decreasing, "decreasing", -1,
						  *directions, error);
}

static CvmStatus
check_options(const CvmLearner *learner, const CvmOptions *options, CvmError *error)
{
	bool		boosted = method_of(learner) == CVM_BOOSTED_TREES;

	if (!boosted && (options->objective == CVM_OBJECTIVE_POISSON ||
					 options->objective == CVM_OBJECTIVE_QUANTILE))
	{
		cvm_fail(error, CVM_BAD_OPTION, "%s cannot have this value of option \"objective\"",
				 learner->name);
		cvm_hint(error, "boosted_trees can.");
		return CVM_BAD_OPTION;
	}
	if (options->warm_start && !boosted)
	{
		cvm_fail(error, CVM_BAD_OPTION, "%s cannot have option \"warm_start\"", learner->name);
		cvm_hint(error, "Its trees are grown anew from all rows; boosted_trees can go on.");
		return CVM_BAD_OPTION;
	}
	if (options->warm_start && (options->increasing != NULL || options->decreasing != NULL))
		return cvm_fail(error, CVM_BAD_OPTION,
						"option \"warm_start\" cannot be combined with \"increasing\" or \"decreasing\"");
	return CVM_OK;
}

static void
take_over(CvmModel *model, const CvmLesson *lesson, const CvmTreeTask *task,
		  const CvmTreeFit *fit)
{
	CvmTreePayload *payload = CVM_NEW_ZERO(CvmTreePayload, 1);

	payload->objective = task->objective;
	payload->quantile = task->objective == CVM_OBJECTIVE_QUANTILE ? lesson->options->quantile : 0;
	payload->base = fit->base;
	payload->out_of_bag_error = fit->out_of_bag_error;
	payload->forest = fit->forest;
	model->payload = payload;
	model->solver = CVM_SOLVER_AUTO;
	model->outcome = fit->outcome;
	model->iterations = fit->rounds;
	model->rank = -1;
	model->loss = isfinite(fit->loss) ? fit->loss : NAN;
	model->validation_loss = isfinite(fit->validation_loss) ? fit->validation_loss : NAN;
	model->gradient_norm = NAN;
}

/* The trees that boosting goes on from, if the model has such for this task. */
static void
find_start(const CvmLesson *lesson, CvmTreeTask *task, CvmForest *forest)
{
	const CvmTreePayload *start;

	if (lesson->start == NULL || task->method != CVM_BOOSTED_TREES)
		return;
	start = cvm_model_trees(lesson->start);
	if (start->objective != task->objective || start->forest.tree_count == 0 ||
		lesson->start->outputs != task->outputs ||
		(task->objective == CVM_OBJECTIVE_QUANTILE && start->quantile != lesson->options->quantile) ||
		!cvm_tree_start(lesson->start, lesson->encoder, task->layout, forest))
		return;
	task->start = forest;
	task->start_base = start->base;
}

static CvmStatus
fit_trees(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	CvmExpansion *layout = cvm_expansion_create(lesson->encoder);
	CvmTreeTask task = {
		.method = method_of(model->learner),
		.objective = objective_for(lesson->task, lesson->options),
		.outputs = model->outputs,.layout = layout,.memory = lesson->memory
	};
	int8_t	   *directions;
	CvmForest	start;
	CvmTreeFit	fit = {0};
	CvmStatus	status;

	if ((status = check_options(model->learner, lesson->options, error)) != CVM_OK ||
		(status = read_directions(lesson, layout, &directions, error)) != CVM_OK)
		return status;
	task.directions = directions;
	find_start(lesson, &task, &start);
	status = cvm_tree_fit(&task, lesson->training, lesson->validation, lesson->options,
						  lesson->progress, &fit, error);
	if (status == CVM_OK)
		take_over(model, lesson, &task, &fit);
	cvm_release(directions);
	cvm_expansion_release(layout);
	return status;
}

/* ---- prediction ---- */

typedef struct Prepared
{
	const CvmModel *model;
	const CvmTreePayload *payload;
	const CvmExpansion *layout;
	CvmForestWalk *walk;
} Prepared;

static void *
prepare_trees(const CvmModel *model)
{
	Prepared   *prepared = CVM_NEW(Prepared, 1);

	prepared->model = model;
	prepared->payload = cvm_model_trees(model);
	prepared->layout = cvm_expansion_create(&model->encoder);
	prepared->walk = cvm_forest_walk_create(&prepared->payload->forest, prepared->layout);
	return prepared;
}

static void
predict_trees(void *state, const CvmBlock *block, double *predictions)
{
	const Prepared *prepared = (const Prepared *) state;
	const CvmForest *forest = &prepared->payload->forest;
	const double *base = prepared->payload->base;
	int			outputs = prepared->model->outputs;
	size_t		count = (size_t) block->rows * outputs;

	for (size_t i = 0; i < count; i++)
		predictions[i] = base == NULL ? 0 : base[i % outputs];
	cvm_forest_walk(prepared->walk, block, forest->tree_count, outputs, predictions);
	if (base == NULL)
		for (size_t i = 0; i < count; i++)
			predictions[i] /= forest->tree_count;
	else
		for (int row = 0; row < block->rows; row++, predictions += outputs)
			cvm_family_mean(prepared->model->family, outputs, predictions, predictions);
}

/* ---- what columns contribute ---- */

/* The term that a column stands for: dense ones by slot, then categories in order. */
static int *
terms_of_columns(const CvmEncoder *encoder)
{
	int		   *terms = CVM_NEW(int, encoder->term_count);
	int			coded = encoder->dense_columns;

	for (int i = 0; i < encoder->term_count; i++)
		terms[encoder->terms[i].kind == CVM_TERM_CATEGORY ? coded++ : encoder->terms[i].slot] = i;
	return terms;
}

static double
quantile_of(const CvmModel *model)
{
	return cvm_model_trees(model)->quantile;
}

static void
explain_trees(void *state, const CvmBlock *row, double *base, double *contributions)
{
	const Prepared *prepared = (const Prepared *) state;
	const CvmForest *forest = &prepared->payload->forest;
	const CvmEncoder *encoder = &prepared->model->encoder;
	CvmTreeShap *shap = cvm_tree_shap_create(forest, prepared->layout);
	int			outputs = prepared->model->outputs;
	int			columns = encoder->dense_columns + encoder->coded_columns;
	double		divisor = prepared->payload->base == NULL ? forest->tree_count : 1;
	double	   *by_column = CVM_NEW_ZERO(double, (size_t) columns * outputs);
	int		   *terms = terms_of_columns(encoder);

	for (int k = 0; k < outputs; k++)
		base[k] = prepared->payload->base == NULL ? 0 : prepared->payload->base[k];
	cvm_tree_shap_row(shap, row, 0, outputs, base, by_column);
	for (int k = 0; k < outputs; k++)
		base[k] /= divisor;
	for (int c = 0; c < columns; c++)
		for (int k = 0; k < outputs; k++)
			contributions[terms[c] * outputs + k] = by_column[c * outputs + k] / divisor;
	cvm_tree_shap_release(shap);
	cvm_release(by_column);
	cvm_release(terms);
}

static void
sum_gains(const CvmModel *model, double *gains, int64_t *splits)
{
	const CvmForest *forest = &cvm_model_trees(model)->forest;
	int		   *terms = terms_of_columns(&model->encoder);

	memset(gains, 0, model->encoder.term_count * sizeof(double));
	memset(splits, 0, model->encoder.term_count * sizeof(int64_t));
	for (int i = 0; i < forest->node_count; i++)
		if (forest->columns[i] >= 0)
		{
			gains[terms[forest->columns[i]]] += forest->gains[i];
			splits[terms[forest->columns[i]]]++;
		}
	cvm_release(terms);
}

#define ANY_TARGET \
	(CVM_TASK_BIT(CVM_REGRESSION) | CVM_TASK_BIT(CVM_BINARY) | CVM_TASK_BIT(CVM_MULTICLASS))

#define TREE_LEARNER(learner_name, learner_number) \
const CvmLearner cvm_learner_##learner_name = { \
	.name = #learner_name, .number = learner_number, .tasks = ANY_TARGET, \
	.keeps_missing = true, .narrow = narrowed_tasks, .family = family_of, .fit = fit_trees, \
	.describe = cvm_tree_describe, .check = cvm_tree_check, \
	.prepare = prepare_trees, .predict = predict_trees, \
	.explain = explain_trees, .quantile = quantile_of, .importance = sum_gains \
}

TREE_LEARNER(decision_tree, CVM_ALGORITHM_DECISION_TREE);
TREE_LEARNER(random_forest, CVM_ALGORITHM_RANDOM_FOREST);
TREE_LEARNER(boosted_trees, CVM_ALGORITHM_BOOSTED_TREES);
