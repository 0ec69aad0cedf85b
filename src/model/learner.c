/*
 * learner.c
 *		The table of algorithms.
 */
#include "model/learner.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest_name.h"
#include "model/learners/learner_bayes.h"
#include "model/learners/learner_components.h"
#include "model/learners/learner_factorization.h"
#include "model/learners/learner_ensemble.h"
#include "model/learners/learner_kmeans.h"
#include "model/learners/learner_linear.h"
#include "model/learners/learner_network.h"
#include "model/learners/learner_pipeline.h"
#include "model/learners/learner_tree.h"

const CvmLearner *const cvm_learners[] = {
	[CVM_LINEAR] = &cvm_learner_linear,
	[CVM_LOGISTIC] = &cvm_learner_logistic,
	[CVM_SOFTMAX] = &cvm_learner_softmax,
	[CVM_POISSON] = &cvm_learner_poisson,
	[CVM_SVM] = &cvm_learner_svm,
	[CVM_HUBER] = &cvm_learner_huber,
	[CVM_ALGORITHM_NEURAL_NETWORK] = &cvm_learner_neural_network,
	[CVM_ALGORITHM_NAIVE_BAYES] = &cvm_learner_naive_bayes,
	[CVM_ALGORITHM_DISCRIMINANT] = &cvm_learner_discriminant,
	[CVM_ALGORITHM_KMEANS] = &cvm_learner_kmeans,
	[CVM_ALGORITHM_PCA] = &cvm_learner_pca,
	[CVM_ALGORITHM_MATRIX_FACTORIZATION] = &cvm_learner_matrix_factorization,
	[CVM_ALGORITHM_DECISION_TREE] = &cvm_learner_decision_tree,
	[CVM_ALGORITHM_RANDOM_FOREST] = &cvm_learner_random_forest,
	[CVM_ALGORITHM_BOOSTED_TREES] = &cvm_learner_boosted_trees,
	[CVM_ALGORITHM_PIPELINE] = &cvm_learner_pipeline,
	[CVM_ALGORITHM_ENSEMBLE] = &cvm_learner_ensemble,
};

const int	cvm_learner_count = sizeof(cvm_learners) / sizeof(cvm_learners[0]);

const CvmLearner *
cvm_learner_by_name(const char *name)
{
	for (int i = 0; i < cvm_learner_count; i++)
		if (cvm_learners[i] != NULL && strcmp(cvm_learners[i]->name, name) == 0)
			return cvm_learners[i];
	return NULL;
}

const CvmLearner *
cvm_learner_by_number(int number)
{
	return number >= 0 && number < cvm_learner_count ? cvm_learners[number] : NULL;
}

const CvmLearner *
cvm_learner_of_family(CvmFamily family)
{
	return cvm_learners[family];
}

static void
list_learners(char *text, size_t size, bool with_segments)
{
	size_t		used = 0;

	text[0] = '\0';
	for (int i = 0; i < cvm_learner_count; i++)
		/* a pipeline is asked for by the algorithm of its last stage */
		if (cvm_learners[i] != NULL && cvm_learners[i] != &cvm_learner_pipeline && used < size &&
			(!with_segments || cvm_learners[i]->at_level != NULL))
			used += snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "",
							 cvm_learners[i]->name);
}

void
cvm_learner_list(char *text, size_t size)
{
	list_learners(text, size, false);
}

void
cvm_learner_list_with_segments(char *text, size_t size)
{
	list_learners(text, size, true);
}

/* What algorithms are called in other libraries, where that is far from our name. */
static const char *const other_names[][2] = {
	{"ols", "linear"}, {"ridge", "linear"}, {"lasso", "linear"}, {"regression", "linear"},
	{"logit", "logistic"}, {"classification", "logistic"}, {"multinomial", "softmax"},
	{"svc", "svm"}, {"mlp", "neural_network"}, {"nn", "neural_network"},
	{"bayes", "naive_bayes"}, {"lda", "discriminant"}, {"k-means", "kmeans"},
	{"clustering", "kmeans"}, {"als", "matrix_factorization"}, {"svd", "pca"},
	{"tree", "decision_tree"}, {"cart", "decision_tree"}, {"forest", "random_forest"},
	{"xgboost", "boosted_trees"}, {"lightgbm", "boosted_trees"}, {"catboost", "boosted_trees"},
	{"gbm", "boosted_trees"}, {"gradient_boosting", "boosted_trees"}
};

const char *
cvm_learner_nearest(const char *name)
{
	const char *ours = cvm_name_elsewhere(name, other_names,
										  sizeof(other_names) / sizeof(other_names[0]));
	CvmNearest	nearest;

	if (ours != NULL)
		return ours;
	cvm_nearest_begin(&nearest, name);
	for (int i = 0; i < cvm_learner_count; i++)
		if (cvm_learners[i] != NULL)
			cvm_nearest_consider(&nearest, cvm_learners[i]->name);
	return nearest.found;
}

const CvmLearner *
cvm_learner_for_task(CvmTask task)
{
	switch (task)
	{
		case CVM_BINARY:
			return &cvm_learner_logistic;
		case CVM_MULTICLASS:
			return &cvm_learner_softmax;
		case CVM_REGRESSION:
		case CVM_SEGMENTATION:
		case CVM_PROJECTION:
		case CVM_RECOMMENDATION:
			break;
	}
	return &cvm_learner_linear;
}

int
cvm_prediction_size(CvmTask task, int class_count)
{
	switch (task)
	{
		case CVM_MULTICLASS:
			return class_count;
		case CVM_SEGMENTATION:
			return 2;
		default:
			return 1;
	}
}

int
cvm_model_nesting(const CvmModel *model, int most)
{
	const CvmModelList *list = model->learner->nested == NULL || most == 0 ? NULL :
		model->learner->nested(model);
	int			deepest = 0;

	if (list == NULL)
		return 0;
	for (int i = 0; i < list->count; i++)
	{
		int			depth = 1 + cvm_model_nesting(list->models[i], most - 1);

		if (depth > deepest)
			deepest = depth;
	}
	return deepest;
}

unsigned
cvm_learner_tasks(const CvmLearner *learner, const CvmOptions *options)
{
	return learner->narrow != NULL ? learner->narrow(learner, options) : learner->tasks;
}

CvmTargetNeed
cvm_learner_target(const CvmLearner *learner, const CvmOptions *options)
{
	unsigned	tasks = learner != NULL ? cvm_learner_tasks(learner, options) :
		CVM_TASK_BIT(CVM_REGRESSION);

	if (tasks & (CVM_TASK_BIT(CVM_SEGMENTATION) | CVM_TASK_BIT(CVM_PROJECTION)))
		return CVM_TARGET_NONE;
	return tasks & CVM_TASK_BIT(CVM_RECOMMENDATION) ? CVM_TARGET_OPTIONAL : CVM_TARGET_NEEDED;
}

bool
cvm_model_reads_target(const CvmModel *model)
{
	return cvm_task_has_target(model->task) ||
		(cvm_task_judging(model->task) == CVM_BY_LIST && model->target[0] != '\0');
}

CvmMeasure
cvm_model_measure(const CvmModel *model)
{
	CvmMeasure	measure = {
		.family = model->family,
		.task = cvm_task_judging(model->task) == CVM_BY_DISTANCE ? CVM_REGRESSION : model->task,
		.classes = model->class_count,
		.quantile = model->learner->quantile == NULL ? 0 : model->learner->quantile(model),
		.profit = model->profit
	};

	return measure;
}

void
cvm_measured_predictions(const CvmModel *model, int rows, double *predictions)
{
	if (cvm_task_judging(model->task) != CVM_BY_DISTANCE)
		return;
	for (int row = 0; row < rows; row++)
		predictions[row] = predictions[(size_t) (row + 1) * model->outputs - 1];
}
