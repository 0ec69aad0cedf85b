/*
 * coefficients.c
 *		cvm.coefficients(model): what a model has learned, as rows.
 *
 * One row for the intercept and one for each coefficient, output by output,
 * in the order of the terms.  Significance is told only where the fit gave
 * standard errors (unpenalized linear, logistic, softmax, poisson): against
 * Student's t for linear, whose variance is estimated, else against the
 * normal distribution (Wald's test).  A model that is no linear predictor has
 * no coefficients and gives no rows, so that a view can read all models.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/distribution.h"
#include "model/model_type.h"

PG_FUNCTION_INFO_V1(cvm_coefficients);

/* Columns of the result, in their order. */
enum
{
	FEATURE, LEVEL, COEFFICIENT, STD_ERROR, Z, P_VALUE, STANDARDIZED, CLASS, REFERENCE_LEVEL,
	COLUMN_COUNT
};

static void
put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	if (text != NULL)
		values[column] = CStringGetTextDatum(text);
}

static void
put_double(Datum *values, bool *nulls, int column, double value)
{
	nulls[column] = isnan(value);
	values[column] = Float8GetDatum(value);
}

static double
two_sided(const CvmModel *model, double z)
{
	if (model->family == CVM_LINEAR)
		return cvm_student_two_sided(z, cvm_model_linear(model)->residual_freedom);
	return cvm_normal_two_sided(z);
}

static void
put_row(ReturnSetInfo *result, const CvmModel *model, int output, int slot,
		const char *feature, const char *level, const char *reference)
{
	const CvmLinearPredictor *linear = cvm_model_linear(model);
	Size		index = (Size) output * (model->encoder.slots + 1) + slot;
	double		coefficient = linear->coefficients[index];
	double		error = linear->standard_errors ? linear->standard_errors[index] : NAN;
	double		z = error > 0 ? coefficient / error : NAN;
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT];

	put_text(values, nulls, FEATURE, feature);
	put_text(values, nulls, LEVEL, level);
	put_double(values, nulls, COEFFICIENT, coefficient);
	put_double(values, nulls, STD_ERROR, error);
	put_double(values, nulls, Z, z);
	put_double(values, nulls, P_VALUE, two_sided(model, z));
	put_double(values, nulls, STANDARDIZED, cvm_model_standardized(model, output, slot));
	put_text(values, nulls, CLASS, model->outputs > 1 ? model->classes[output] : NULL);
	put_text(values, nulls, REFERENCE_LEVEL, reference);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_term(ReturnSetInfo *result, const CvmModel *model, int output, const CvmTerm *term)
{
	CHECK_FOR_INTERRUPTS();
	if (term->kind == CVM_TERM_CATEGORY)
	{
		for (int level = 1; level < term->level_count; level++)
			put_row(result, model, output, term->slot + level - 1,
					term->name, term->levels[level], term->levels[0]);
		return;
	}
	put_row(result, model, output, term->slot, term->name, NULL, NULL);
	if (term->flag_slot >= 0)
		put_row(result, model, output, term->flag_slot, term->name, CVM_MISSING_LEVEL, NULL);
}

Datum
cvm_coefficients(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);
	const CvmEncoder *encoder = &model->encoder;
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	if (cvm_model_linear(model) == NULL)
		return (Datum) 0;
	for (int output = 0; output < model->outputs; output++)
	{
		put_row(result, model, output, encoder->slots, "(intercept)", NULL, NULL);
		for (int i = 0; i < encoder->term_count; i++)
			put_term(result, model, output, &encoder->terms[i]);
	}
	return (Datum) 0;
}
