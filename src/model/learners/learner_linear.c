/*
 * learner_linear.c
 *		The linear families as learners: six entries over one set of functions.
 *
 * The algorithm is the family, so the number of one is that of the other.
 * Fitting and prediction of blocks happen on the encoded scale (learn/linear/fit.h);
 * what is kept is on the scale of the columns, so that single rows are scored
 * without encoding them (score/scorer.c).
 */
#include "model/learners/learner_linear.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

const CvmLinearPredictor *
cvm_model_linear(const CvmModel *model)
{
	return model->learner->number < CVM_FAMILY_COUNT ?
		(const CvmLinearPredictor *) model->payload : NULL;
}

static CvmFamily
family_of(const CvmLearner *learner, CvmTask task, const CvmOptions *options)
{
	return (CvmFamily) learner->number;
}

CvmShape
cvm_linear_shape(const CvmEncoder *encoder, CvmFamily family, int outputs, double delta)
{
	CvmShape	shape = {
		.family = family,.outputs = outputs,
		.dense_columns = encoder->dense_columns,
		.coded_columns = encoder->coded_columns,
		.slots = encoder->slots,
		.delta = family == CVM_HUBER ? delta : 0,
		.coded_first = cvm_encoder_coded_first(encoder)
	};

	return shape;
}

/* ---- fitting ---- */

static CvmStatus
fit_linear(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	CvmShape	shape = cvm_linear_shape(lesson->encoder, lesson->family, model->outputs,
										 lesson->options->delta);
	double	   *start = NULL;
	CvmFit		fit;
	CvmStatus	status;

	if (lesson->start != NULL)
	{
		start = CVM_NEW(double, CVM_PARAMETERS(&shape));
		cvm_model_parameters(lesson->start, lesson->encoder, start);
	}
	if (lesson->toward_start)
		status = cvm_fit_toward(&shape, lesson->training, lesson->options, start, &fit, error);
	else
		status = cvm_fit(&shape, lesson->training, lesson->validation, lesson->options,
						 start, lesson->progress, &fit, error);
	if (status == CVM_OK)
	{
		if (model->knowledge != NULL)
			cvm_linear_keep_knowledge(lesson, &shape, fit.parameters, model);
		cvm_model_set_fit(model, &shape, &fit);
		cvm_release(fit.parameters);
		cvm_release(fit.covariance);
	}
	cvm_release((int *) shape.coded_first);
	cvm_release(start);
	return status;
}

/* ---- the payload ---- */

static void
describe_linear(CvmModel *model, CvmFields *fields)
{
	CvmLinearPredictor *linear;
	size_t		columns = (size_t) model->encoder.slots + 1;

	if (fields->reading)
	{
		model->family = (CvmFamily) model->learner->number;
		model->payload = CVM_NEW_ZERO(CvmLinearPredictor, 1);
	}
	linear = (CvmLinearPredictor *) model->payload;
	cvm_field_matrix(fields, "coefficients", &linear->coefficients,
					 model->outputs, columns, false);
	cvm_field_matrix_or_none(fields, "standard_errors", &linear->standard_errors,
							 model->outputs, columns, true);
	cvm_field_number(fields, "dispersion", &linear->dispersion, false);
	cvm_field_number(fields, "residual_freedom", &linear->residual_freedom, false);
	if (model->learner->number == CVM_HUBER)
		cvm_field_number(fields, "delta", &linear->delta, false);
}

static bool
is_measure(double value)
{
	return isfinite(value) && value >= 0;
}

static CvmStatus
check_linear(const CvmModel *model, CvmError *error)
{
	const CvmLinearPredictor *linear = (const CvmLinearPredictor *) model->payload;
	int64_t		count = (int64_t) model->outputs * (model->encoder.slots + 1);

	if (model->family != (CvmFamily) model->learner->number)
		return BAD("the loss does not fit the algorithm");
	if (count > CVM_MODEL_MAX_COEFFICIENTS)
		return cvm_fail(error, CVM_LIMIT, "a model has at most %d coefficients",
						CVM_MODEL_MAX_COEFFICIENTS);
	if (linear->coefficients == NULL)
		return BAD("the coefficients are missing");
	for (int64_t i = 0; i < count; i++)
	{
		if (!isfinite(linear->coefficients[i]))
			return BAD("coefficient %lld is not finite", (long long) i + 1);
		if (linear->standard_errors != NULL && !isnan(linear->standard_errors[i]) &&
			!is_measure(linear->standard_errors[i]))
			return BAD("standard error %lld is negative or infinite", (long long) i + 1);
	}
	if (!is_measure(linear->dispersion) || !is_measure(linear->residual_freedom))
		return BAD("dispersion and residual freedom must be finite and not negative");
	if (model->family == CVM_HUBER ? !(isfinite(linear->delta) && linear->delta > 0) :
		linear->delta != 0)
		return BAD("delta must be positive for the algorithm huber and zero for others");
	return CVM_OK;
}

/* ---- prediction ---- */

typedef struct Prepared
{
	const CvmEncoder *encoder;
	CvmShape	shape;
	double	   *parameters;		/* on the encoded scale */
	double	   *work;
} Prepared;

static void *
prepare_linear(const CvmModel *model)
{
	Prepared   *prepared = CVM_NEW(Prepared, 1);

	prepared->encoder = &model->encoder;
	prepared->shape = cvm_linear_shape(&model->encoder, model->family, model->outputs,
									   cvm_model_linear(model)->delta);
	prepared->parameters = CVM_NEW(double, CVM_PARAMETERS(&prepared->shape));
	cvm_model_parameters(model, &model->encoder, prepared->parameters);
	prepared->work = CVM_NEW(double, cvm_objective_work_size(&prepared->shape));
	return prepared;
}

static void
predict_linear(void *state, const CvmBlock *block, double *predictions)
{
	Prepared   *prepared = (Prepared *) state;

	cvm_predict_block(&prepared->shape, block, prepared->parameters, prepared->work,
					  predictions);
	cvm_family_means(prepared->shape.family, prepared->shape.outputs, block->rows, predictions);
}

/* ---- what terms contribute ---- */

/* Coefficient of a level; 0 for the reference. */
static double
level_effect(const double *parameters, const CvmTerm *term, int level)
{
	return level == 0 ? 0 : parameters[term->slot + level - 1];
}

static double
mean_level_effect(const double *parameters, const CvmTerm *term)
{
	double		mean = 0;

	for (int level = 1; level < term->level_count; level++)
		mean += term->level_shares[level] * level_effect(parameters, term, level);
	return mean;
}

/* What a number term adds for these encoded values of it and of its flag. */
static double
number_effect(const double *parameters, const CvmTerm *term, double value, double flag)
{
	return parameters[term->slot] * value +
		(term->flag_slot >= 0 ? parameters[term->flag_slot] * flag : 0);
}

static double
mean_number_effect(const double *parameters, const CvmTerm *term)
{
	return number_effect(parameters, term, (term->mean - term->center) / term->scale,
						 term->missing_share);
}

/*
 * The effect of a term less its mean over the training rows: the Shapley
 * value where terms are independent (Lundberg and Lee, 2017).
 */
static void
explain_linear(void *state, const CvmBlock *row, double *base, double *contributions)
{
	const Prepared *prepared = (const Prepared *) state;
	const CvmEncoder *encoder = prepared->encoder;
	int			outputs = prepared->shape.outputs;

	for (int k = 0; k < outputs; k++)
	{
		const double *parameters = prepared->parameters + (size_t) k * (encoder->slots + 1);
		int			coded = 0;

		base[k] = parameters[encoder->slots];
		for (int i = 0; i < encoder->term_count; i++)
		{
			const CvmTerm *term = &encoder->terms[i];
			double		effect;
			double		mean;

			if (term->kind == CVM_TERM_CATEGORY)
			{
				int			code = row->codes[coded++];

				effect = code == CVM_SINK(encoder->slots) ? 0 : parameters[code];
				mean = mean_level_effect(parameters, term);
			}
			else
			{
				effect = number_effect(parameters, term, row->dense[term->slot],
									   term->flag_slot >= 0 ? row->dense[term->flag_slot] : 0);
				mean = mean_number_effect(parameters, term);
			}
			contributions[i * outputs + k] = effect - mean;
			base[k] += mean;
		}
	}
}

/* The deviation of a term's contribution over the training rows, mean over the outputs. */
static void
weigh_terms(const CvmModel *model, double *gains, int64_t *splits)
{
	const CvmEncoder *encoder = &model->encoder;
	const Prepared *prepared = (const Prepared *) prepare_linear(model);

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		gains[i] = 0;
		splits[i] = 0;
		for (int k = 0; k < model->outputs; k++)
		{
			const double *parameters = prepared->parameters + (size_t) k * (encoder->slots + 1);
			double		variance = 0;

			if (term->kind != CVM_TERM_CATEGORY)
				variance = pow(parameters[term->slot] * term->deviation / term->scale, 2);
			else
				for (int level = 0; level < term->level_count; level++)
					variance += term->level_shares[level] *
						pow(level_effect(parameters, term, level) -
							mean_level_effect(parameters, term), 2);
			gains[i] += sqrt(variance) / model->outputs;
		}
	}
}

/* ---- segments ---- */

/* Slots of a category term; none of term -1. */
static void
slots_of_term(const CvmEncoder *encoder, int term, int *first, int *count)
{
	*first = term < 0 ? encoder->slots : encoder->terms[term].slot;
	*count = term < 0 ? 0 : encoder->terms[term].level_count - 1;
}

static void *
at_level_linear(const CvmModel *model, int term, int level, const CvmEncoder *rest)
{
	const CvmLinearPredictor *linear = cvm_model_linear(model);
	CvmLinearPredictor *result = CVM_NEW(CvmLinearPredictor, 1);
	size_t		stride = (size_t) model->encoder.slots + 1;
	size_t		rest_stride = (size_t) rest->slots + 1;
	double	   *coefficients = CVM_NEW(double, model->outputs * rest_stride);
	int			first;
	int			count;

	slots_of_term(&model->encoder, term, &first, &count);
	for (int k = 0; k < model->outputs; k++)
	{
		const double *from = linear->coefficients + k * stride;
		double	   *to = coefficients + k * rest_stride;

		memcpy(to, from, first * sizeof(double));
		memcpy(to + first, from + first + count, (stride - first - count) * sizeof(double));
		if (level > 0)
			to[rest->slots] += from[first + level - 1];
	}
	*result = *linear;
	result->coefficients = coefficients;
	result->standard_errors = NULL;
	return result;
}

static void
move_linear(CvmModel *model, int term, const CvmModel *from, const CvmModel *to, double factor)
{
	CvmLinearPredictor *linear = (CvmLinearPredictor *) model->payload;
	size_t		stride = (size_t) model->encoder.slots + 1;
	size_t		rest_stride = (size_t) from->encoder.slots + 1;
	int			first;
	int			count;

	slots_of_term(&model->encoder, term, &first, &count);
	for (int k = 0; k < model->outputs; k++)
	{
		double	   *coefficients = (double *) linear->coefficients + k * stride;
		const double *before = cvm_model_linear(from)->coefficients + k * rest_stride;
		const double *after = cvm_model_linear(to)->coefficients + k * rest_stride;

		for (size_t i = 0; i < rest_stride; i++)
			coefficients[i < (size_t) first ? i : i + count] += factor * (after[i] - before[i]);
	}
	/* no optimum of the rows any more */
	linear->standard_errors = NULL;
}

static void
release_linear(void *payload)
{
	CvmLinearPredictor *linear = (CvmLinearPredictor *) payload;

	cvm_release((double *) linear->coefficients);
	cvm_release((double *) linear->standard_errors);
	cvm_release(linear);
}

static void
finish_linear(void *state)
{
	Prepared   *prepared = (Prepared *) state;

	cvm_release((int *) prepared->shape.coded_first);
	cvm_release(prepared->parameters);
	cvm_release(prepared->work);
	cvm_release(prepared);
}

#define LINEAR_FAMILY(family_name, family_number, task) \
const CvmLearner cvm_learner_##family_name = { \
	.name = #family_name, .number = family_number, .tasks = CVM_TASK_BIT(task), \
	.family = family_of, .fit = fit_linear, \
	.partial_fit = cvm_linear_partial_fit, \
	.describe_knowledge = cvm_linear_describe_knowledge, \
	.check_knowledge = cvm_linear_check_knowledge, \
	.describe = describe_linear, .check = check_linear, \
	.prepare = prepare_linear, .predict = predict_linear, \
	.explain = explain_linear, .importance = weigh_terms, \
	.finish = finish_linear, \
	.at_level = at_level_linear, .move = move_linear, .release = release_linear \
}

LINEAR_FAMILY(linear, CVM_LINEAR, CVM_REGRESSION);
LINEAR_FAMILY(logistic, CVM_LOGISTIC, CVM_BINARY);
LINEAR_FAMILY(softmax, CVM_SOFTMAX, CVM_MULTICLASS);
LINEAR_FAMILY(poisson, CVM_POISSON, CVM_REGRESSION);
LINEAR_FAMILY(svm, CVM_SVM, CVM_BINARY);
LINEAR_FAMILY(huber, CVM_HUBER, CVM_REGRESSION);
