/*
 * learner_linear.c
 *		The linear families as learners: six entries over one set of functions.
 *
 * The algorithm is the family, so the number of one is that of the other.
 * Fitting and prediction of blocks happen on the encoded scale (learn/fit.h);
 * what is kept is on the scale of the columns, so that single rows are scored
 * without encoding them (score/scorer.c).
 */
#include "model/learner_linear.h"

#include <math.h>

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

static CvmShape
shape_of(const CvmEncoder *encoder, CvmFamily family, int outputs, double delta)
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
	CvmShape	shape = shape_of(lesson->encoder, lesson->family, model->outputs,
								 lesson->options->delta);
	double	   *start = NULL;
	CvmFit		fit;
	CvmStatus	status;

	if (lesson->start != NULL)
	{
		start = CVM_NEW(double, CVM_PARAMETERS(&shape));
		cvm_model_parameters(lesson->start, lesson->encoder, start);
	}
	status = cvm_fit(&shape, lesson->training, lesson->validation, lesson->options,
					 start, lesson->progress, &fit, error);
	if (status == CVM_OK)
		cvm_model_set_fit(model, &shape, &fit);
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
	CvmShape	shape;
	double	   *parameters;		/* on the encoded scale */
	double	   *work;
} Prepared;

static void *
prepare_linear(const CvmModel *model)
{
	Prepared   *prepared = CVM_NEW(Prepared, 1);

	prepared->shape = shape_of(&model->encoder, model->family, model->outputs,
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

#define LINEAR_FAMILY(family_name, family_number, task) \
const CvmLearner cvm_learner_##family_name = { \
	.name = #family_name, .number = family_number, .tasks = CVM_TASK_BIT(task), \
	.family = family_of, .fit = fit_linear, \
	.describe = describe_linear, .check = check_linear, \
	.prepare = prepare_linear, .predict = predict_linear \
}

LINEAR_FAMILY(linear, CVM_LINEAR, CVM_REGRESSION);
LINEAR_FAMILY(logistic, CVM_LOGISTIC, CVM_BINARY);
LINEAR_FAMILY(softmax, CVM_SOFTMAX, CVM_MULTICLASS);
LINEAR_FAMILY(poisson, CVM_POISSON, CVM_REGRESSION);
LINEAR_FAMILY(svm, CVM_SVM, CVM_BINARY);
LINEAR_FAMILY(huber, CVM_HUBER, CVM_REGRESSION);
