/*
 * learner_bayes.c
 *		naive_bayes as a learner: columns by the encoder's terms.
 *
 * The engine (learn/bayes) tells indicators from numbers and counts levels;
 * here it is told which columns are which.  It keeps missing numbers missing,
 * so that the dense columns are just the numbers and indicators.
 */
#include "model/learners/learner_bayes.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "encode/expand.h"
#include "learn/bayes/naive_bayes.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

static CvmFamily
family_of(const CvmLearner *learner, CvmTask task, const CvmOptions *options)
{
	return task == CVM_MULTICLASS ? CVM_SOFTMAX : CVM_LOGISTIC;
}

static int64_t
number_count(const CvmModel *model)
{
	int64_t		levels = 0;

	for (int i = 0; i < model->encoder.term_count; i++)
		levels += model->encoder.terms[i].level_count;
	return model->class_count * (2 * (int64_t) model->encoder.dense_columns + levels);
}

static CvmStatus
check_size(const CvmModel *model, CvmError *error)
{
	if (number_count(model) > CVM_MODEL_MAX_COEFFICIENTS)
		return cvm_fail(error, CVM_LIMIT, "a model has at most %d coefficients",
						CVM_MODEL_MAX_COEFFICIENTS);
	return CVM_OK;
}

/* From the sums of all rows; keeps these where the model is to keep knowledge. */
static void
settle(const CvmLesson *lesson, const CvmExpansion *columns, CvmBayesSums *sums,
	   double total_weight, CvmModel *model)
{
	CvmNaiveBayes *learned = CVM_NEW(CvmNaiveBayes, 1);

	cvm_naive_bayes_settle(sums, columns, total_weight, lesson->options->smoothing,
						   lesson->options->variance_smoothing, learned);
	model->payload = learned;
	model->solver = CVM_SOLVER_AUTO;
	model->outcome = CVM_CONVERGED;
	model->iterations = 1;
	model->rank = -1;
	model->loss = model->validation_loss = model->gradient_norm = NAN;
	if (model->knowledge != NULL)
		model->knowledge->learned = sums;
	else
		cvm_bayes_sums_free(sums);
}

static CvmStatus
fit_bayes(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	CvmExpansion *columns = cvm_expansion_create(lesson->encoder);
	CvmBayesSums *sums = CVM_NEW(CvmBayesSums, 1);
	CvmStatus	status = check_size(model, error);

	if (status != CVM_OK)
		return status;
	cvm_bayes_sums_init(sums, columns, lesson->class_count);
	cvm_bayes_sums_add(sums, columns, lesson->training);
	settle(lesson, columns, sums, lesson->training->total_weight, model);
	cvm_expansion_release(columns);
	return CVM_OK;
}

/* The sums of earlier rows are decayed, and those of the new rows added: without
 * decay that is the fit of all rows. */
static CvmStatus
partial_fit_bayes(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	CvmExpansion *columns = cvm_expansion_create(lesson->encoder);
	const CvmBayesSums *known = (const CvmBayesSums *) lesson->start->knowledge->learned;
	CvmBayesSums *sums = CVM_NEW(CvmBayesSums, 1);
	int			classes = lesson->class_count;
	size_t		numbers = (size_t) classes * columns->dense_columns;
	size_t		levels = (size_t) classes * columns->level_total;

	cvm_bayes_sums_init(sums, columns, classes);
	memcpy(sums->class_weights, known->class_weights, classes * sizeof(double));
	if (numbers > 0)
		memcpy(sums->moments, known->moments, numbers * sizeof(CvmBayesMoments));
	if (levels > 0)
		memcpy(sums->level_weights, known->level_weights, levels * sizeof(double));
	cvm_bayes_sums_decay(sums, columns, lesson->options->decay);
	cvm_bayes_sums_add(sums, columns, lesson->training);
	settle(lesson, columns, sums, model->total_weight, model);
	cvm_expansion_release(columns);
	return CVM_OK;
}

/* ---- the payload ---- */

static void
describe_bayes(CvmModel *model, CvmFields *fields)
{
	CvmExpansion *columns = cvm_expansion_create(&model->encoder);
	CvmNaiveBayes *learned;

	if (fields->reading)
	{
		model->family = family_of(model->learner, model->task, NULL);
		model->payload = CVM_NEW_ZERO(CvmNaiveBayes, 1);
	}
	learned = (CvmNaiveBayes *) model->payload;
	cvm_field_numbers(fields, "priors", &learned->priors, model->class_count, false);
	cvm_field_matrix(fields, "means", &learned->means, model->class_count,
					 columns->dense_columns, false);
	cvm_field_matrix(fields, "variances", &learned->variances, model->class_count,
					 columns->dense_columns, true);
	cvm_field_matrix(fields, "level_probabilities", &learned->level_probabilities,
					 model->class_count, columns->level_total, false);
}

static bool
is_probability(double value)
{
	return value > 0 && value <= 1;
}

static CvmStatus
check_bayes(const CvmModel *model, CvmError *error)
{
	CvmExpansion *columns = cvm_expansion_create(&model->encoder);
	const CvmNaiveBayes *learned = (const CvmNaiveBayes *) model->payload;
	int			dense = columns->dense_columns;
	int64_t		levels = (int64_t) model->class_count * columns->level_total;

	if (check_size(model, error) != CVM_OK)
		return CVM_LIMIT;
	if (learned->priors == NULL || (levels > 0 && learned->level_probabilities == NULL) ||
		(dense > 0 && (learned->means == NULL || learned->variances == NULL)))
		return BAD("numbers of naive_bayes are missing");
	for (int k = 0; k < model->class_count; k++)
		if (!is_probability(learned->priors[k]))
			return BAD("prior %d is not a probability", k + 1);
	for (int64_t i = 0; i < (int64_t) model->class_count * dense; i++)
	{
		double		mean = learned->means[i];
		double		variance = learned->variances[i];

		if (columns->is_indicator[i % dense] ?
			!(is_probability(mean) && mean < 1 && isnan(variance)) :
			!(isfinite(mean) && isfinite(variance) && variance > 0))
			return BAD("mean and variance %lld make no distribution", (long long) i + 1);
	}
	for (int64_t i = 0; i < levels; i++)
		if (!is_probability(learned->level_probabilities[i]))
			return BAD("level probability %lld is not a probability", (long long) i + 1);
	return CVM_OK;
}

/* ---- what is kept for partial fits ---- */

static void
describe_sums(CvmModel *model, CvmFields *fields)
{
	CvmExpansion *columns = cvm_expansion_create(&model->encoder);
	size_t		classes = model->class_count;
	CvmBayesSums *sums;
	const double *class_weights;
	const double *moments;
	const double *level_weights;

	if (fields->reading)
		model->knowledge->learned = CVM_NEW_ZERO(CvmBayesSums, 1);
	sums = (CvmBayesSums *) model->knowledge->learned;
	class_weights = sums->class_weights;
	moments = (const double *) sums->moments;
	level_weights = sums->level_weights;
	cvm_field_numbers(fields, "class_weights", &class_weights, classes, false);
	cvm_field_matrix(fields, "moments", &moments, classes * columns->dense_columns, 3, false);
	cvm_field_numbers(fields, "level_weights", &level_weights, classes * columns->level_total,
					  false);
	sums->classes = model->class_count;
	sums->class_weights = (double *) class_weights;
	sums->moments = (CvmBayesMoments *) moments;
	sums->level_weights = (double *) level_weights;
	cvm_expansion_release(columns);
}

static bool
is_weight(double value)
{
	return isfinite(value) && value >= 0;
}

static CvmStatus
check_sums(const CvmModel *model, CvmError *error)
{
	CvmExpansion *columns = cvm_expansion_create(&model->encoder);
	const CvmBayesSums *sums = (const CvmBayesSums *) model->knowledge->learned;
	size_t		numbers = (size_t) model->class_count * columns->dense_columns;
	size_t		levels = (size_t) model->class_count * columns->level_total;

	cvm_expansion_release(columns);
	if (sums->class_weights == NULL || (numbers > 0 && sums->moments == NULL) ||
		(levels > 0 && sums->level_weights == NULL))
		return BAD("sums of naive_bayes are missing");
	for (int k = 0; k < model->class_count; k++)
		if (!is_weight(sums->class_weights[k]))
			return BAD("the weight of class %d is none", k + 1);
	for (size_t i = 0; i < numbers; i++)
		if (!is_weight(sums->moments[i].weight) || !isfinite(sums->moments[i].mean) ||
			!is_weight(sums->moments[i].squares))
			return BAD("moments %zu cannot be", i + 1);
	for (size_t i = 0; i < levels; i++)
		if (!is_weight(sums->level_weights[i]))
			return BAD("the weight of level %zu is none", i + 1);
	return CVM_OK;
}

/* ---- prediction ---- */

typedef struct Prepared
{
	CvmBayesScorer *scorer;
	CvmTask		task;
	int			classes;
	double	   *scores;			/* a block's */
} Prepared;

static void *
prepare_bayes(const CvmModel *model)
{
	CvmExpansion *columns = cvm_expansion_create(&model->encoder);
	Prepared   *prepared = CVM_NEW(Prepared, 1);

	prepared->scorer = cvm_bayes_scorer_create(columns, model->class_count,
											   (const CvmNaiveBayes *) model->payload);
	prepared->task = model->task;
	prepared->classes = model->class_count;
	prepared->scores = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * model->class_count);
	return prepared;
}

static void
predict_bayes(void *state, const CvmBlock *block, double *predictions)
{
	Prepared   *prepared = (Prepared *) state;

	cvm_bayes_scorer_block(prepared->scorer, block, prepared->scores);
	cvm_class_means(prepared->task, prepared->classes, block->rows, prepared->scores, predictions);
}

const CvmLearner cvm_learner_naive_bayes = {
	.name = "naive_bayes",.number = CVM_ALGORITHM_NAIVE_BAYES,
	.tasks = CVM_TASK_BIT(CVM_BINARY) | CVM_TASK_BIT(CVM_MULTICLASS),
	.keeps_missing = true,
	.family = family_of,.fit = fit_bayes,.partial_fit = partial_fit_bayes,
	.describe_knowledge = describe_sums,.check_knowledge = check_sums,
	.describe = describe_bayes,.check = check_bayes,
	.prepare = prepare_bayes,.predict = predict_bayes
};
