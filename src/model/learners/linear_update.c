/*
 * linear_update.c
 *		Partial fits of the linear families; learn/linear/information.h says what they
 *		minimize.
 *
 * A model of more than CVM_WHOLE_INFORMATION coefficients keeps the diagonal of
 * its information only: what earlier rows said of columns together is lost.
 */
#include "model/learners/learner_linear.h"

#include <math.h>

#include "base/memory.h"
#include "learn/linear/information.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

static size_t
parameter_count(const CvmModel *model)
{
	return (size_t) model->outputs * (model->encoder.slots + 1);
}

void
cvm_linear_keep_knowledge(const CvmLesson *lesson, const CvmShape *shape, const double *parameters,
						  CvmModel *model)
{
	CvmInformation *information = CVM_NEW(CvmInformation, 1);

	cvm_information_of_rows(shape, lesson->training, parameters, information);
	model->knowledge->learned = information;
}

CvmStatus
cvm_linear_partial_fit(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	const CvmModel *start = lesson->start;
	CvmShape	shape = cvm_linear_shape(lesson->encoder, lesson->family, model->outputs,
										 cvm_model_linear(start)->delta);
	double	   *parameters = CVM_NEW(double, CVM_PARAMETERS(&shape));
	CvmInformation *learned = CVM_NEW(CvmInformation, 1);
	CvmKnownRows known = {
		.parameters = parameters,
		.information = (const CvmInformation *) start->knowledge->learned,
		.decay = lesson->options->decay,
		.total_weight = lesson->options->decay * start->total_weight,
		.rows = lesson->options->decay * start->knowledge->effective_rows
	};
	CvmLinearPredictor *linear;
	CvmFit		fit;
	CvmStatus	status;

	cvm_model_parameters(start, lesson->encoder, parameters);
	status = cvm_partial_fit(&shape, lesson->training, lesson->validation, lesson->options, &known,
							 lesson->progress, &fit, learned, error);
	cvm_release(parameters);
	if (status != CVM_OK)
		return status;
	cvm_model_set_fit(model, &shape, &fit);
	model->knowledge->learned = learned;
	linear = (CvmLinearPredictor *) model->payload;
	if (linear->residual_freedom > 0)
		linear->residual_freedom = fmax(0, model->knowledge->effective_rows - fit.rank);
	return CVM_OK;
}

/* ---- what is kept ---- */

void
cvm_linear_describe_knowledge(CvmModel *model, CvmFields *fields)
{
	size_t		count = parameter_count(model);
	CvmInformation *information;

	if (fields->reading)
		model->knowledge->learned = CVM_NEW_ZERO(CvmInformation, 1);
	information = (CvmInformation *) model->knowledge->learned;
	cvm_field_number(fields, "known_loss", &information->loss, false);
	cvm_field_numbers(fields, "known_gradient", &information->gradient, count, false);
	cvm_field_numbers(fields, "known_curvature", &information->curvature,
					  cvm_information_size(count), false);
}

CvmStatus
cvm_linear_check_knowledge(const CvmModel *model, CvmError *error)
{
	const CvmInformation *information = (const CvmInformation *) model->knowledge->learned;
	size_t		count = parameter_count(model);
	size_t		size = cvm_information_size(count);
	bool		diagonal = size == count;

	if (information->gradient == NULL || information->curvature == NULL)
		return BAD("numbers for partial fits are missing");
	if (!isfinite(information->loss))
		return BAD("the known loss is not finite");
	for (size_t i = 0; i < count; i++)
		if (!isfinite(information->gradient[i]))
			return BAD("number %zu of the known gradient is not finite", i + 1);
	for (size_t i = 0; i < size; i++)
		if (!isfinite(information->curvature[i]) || (diagonal && information->curvature[i] < 0))
			return BAD("number %zu of the known curvature is not possible", i + 1);
	return CVM_OK;
}
