/*
 * model_build.c
 *		From a fit to a model and back.
 *
 * A fit lives on the encoded scale, z = (x - center) / scale; a model on the
 * scale of the columns.  With b on the encoded and beta on the original
 * scale,
 *
 *	  beta_j = b_j / scale_j
 *	  intercept = b_0 - sum_j b_j center_j / scale_j
 *
 * for numbers; flags and levels are 0 or 1 on both.  The change is linear, so
 * the covariance V of b gives that of the model as T V T'.
 *
 * The way back has to cope with another encoding: other centers and scales,
 * terms that came or went, categories whose reference level changed.  All of
 * it follows from one aim: the same prediction for the same row.
 */
#include "model/learner.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* ---- from a fit to a model ---- */

static void
to_original_scale(const CvmEncoder *encoder, double *coefficients)
{
	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		if (term->kind == CVM_TERM_CATEGORY)
			continue;
		coefficients[term->slot] /= term->scale;
		coefficients[encoder->slots] -= coefficients[term->slot] * term->center;
	}
}

/* A symmetric matrix, column-major, of which the upper triangle is filled. */
static double
covariance_at(const double *covariance, size_t parameters, size_t row, size_t column)
{
	return row <= column ? covariance[column * parameters + row] :
		covariance[row * parameters + column];
}

/*
 * Standard errors of one output, whose parameters begin at "first".  Where
 * rounding or a singular fit left no variance the error is NaN.
 */
static void
set_standard_errors(const CvmEncoder *encoder, const double *covariance,
					size_t parameters, size_t first, double *errors)
{
	size_t		intercept = first + encoder->slots;
	double	   *shift = CVM_NEW_ZERO(double, encoder->slots + 1);
	double		variance = 0;

	for (int slot = 0; slot <= encoder->slots; slot++)
		errors[slot] = sqrt(covariance_at(covariance, parameters, first + slot, first + slot));

	/* the row of T that makes the intercept */
	shift[encoder->slots] = 1;
	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		if (term->kind == CVM_TERM_CATEGORY)
			continue;
		errors[term->slot] /= term->scale;
		shift[term->slot] = -term->center / term->scale;
	}
	for (size_t row = first; row <= intercept; row++)
	{
		if (shift[row - first] == 0)
			continue;
		for (size_t column = first; column <= intercept; column++)
			if (shift[column - first] != 0)
				variance += shift[row - first] * shift[column - first] *
					covariance_at(covariance, parameters, row, column);
	}
	errors[encoder->slots] = sqrt(variance);
	cvm_release(shift);

	for (int slot = 0; slot <= encoder->slots; slot++)
		if (!isfinite(errors[slot]))
			errors[slot] = NAN;
}

static double
finite_or_missing(double value)
{
	return isfinite(value) ? value : NAN;
}

void
cvm_model_set_fit(CvmModel *model, const CvmShape *shape, const CvmFit *fit)
{
	const CvmEncoder *encoder = &model->encoder;
	CvmLinearPredictor *linear = CVM_NEW_ZERO(CvmLinearPredictor, 1);
	size_t		stride = (size_t) encoder->slots + 1;
	size_t		count = stride * shape->outputs;
	double	   *coefficients = CVM_NEW(double, count);
	double	   *errors = fit->covariance == NULL ? NULL : CVM_NEW(double, count);

	memcpy(coefficients, fit->parameters, count * sizeof(double));
	for (int output = 0; output < shape->outputs; output++)
	{
		cvm_check_interrupt();
		to_original_scale(encoder, coefficients + output * stride);
		if (errors != NULL)
			set_standard_errors(encoder, fit->covariance, count, output * stride,
								errors + output * stride);
	}

	linear->coefficients = coefficients;
	linear->standard_errors = errors;
	linear->dispersion = isfinite(fit->dispersion) ? fit->dispersion : 0;
	if (shape->family == CVM_LINEAR && errors != NULL && model->rows > fit->rank)
		linear->residual_freedom = (double) (model->rows - fit->rank);
	linear->delta = shape->family == CVM_HUBER ? shape->delta : 0;

	model->learner = cvm_learner_of_family(shape->family);
	model->family = shape->family;
	model->outputs = shape->outputs;
	model->payload = linear;
	model->solver = fit->solver;
	model->outcome = fit->outcome;
	model->iterations = fit->iterations;
	model->rank = fit->rank;
	model->loss = finite_or_missing(fit->loss);
	model->validation_loss = finite_or_missing(fit->validation_loss);
	model->gradient_norm = finite_or_missing(fit->gradient_norm);
}

/* ---- from a model to parameters ---- */

/* The term of that name and sort; "guess" is where it probably is. */
static const CvmTerm *
find_term(const CvmEncoder *encoder, const CvmTerm *wanted, int guess)
{
	bool		category = wanted->kind == CVM_TERM_CATEGORY;

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[(guess + i) % encoder->term_count];

		if ((term->kind == CVM_TERM_CATEGORY) == category &&
			strcmp(term->name, wanted->name) == 0)
			return term;
	}
	return NULL;
}

/* What a level adds to the linear predictor. */
static double
level_effect(const double *coefficients, const CvmTerm *term, int level)
{
	return level == 0 ? 0 : coefficients[term->slot + level - 1];
}

/* What a term adds to the linear predictor of an average training row. */
static double
average_effect(const double *coefficients, const CvmTerm *term)
{
	double		effect = 0;

	if (term->kind == CVM_TERM_CATEGORY)
	{
		for (int level = 1; level < term->level_count; level++)
			effect += term->level_shares[level] * level_effect(coefficients, term, level);
		return effect;
	}
	effect = coefficients[term->slot] * term->mean;
	if (term->flag_slot >= 0)
		effect += coefficients[term->flag_slot] * term->missing_share;
	return effect;
}

/*
 * Levels of a new term as the model would score them.  map: level_count of
 * "term", indexes into the levels of "known".
 */
static void
map_levels(const CvmTerm *known, const CvmTerm *term, int *map)
{
	const CvmLevelLookup *lookup = cvm_level_lookup_create(known);

	for (int level = 0; level < term->level_count; level++)
	{
		const char *name = term->levels[level];

		if (level == term->missing_level)
			map[level] = cvm_level_missing(known);
		else if (level == term->other_level)
			map[level] = known->other_level >= 0 ? known->other_level : 0;
		else
			map[level] = cvm_level_find(lookup, name, (int) strlen(name));
	}
}

static void
carry_category(const CvmModel *model, const CvmTerm *known, const CvmEncoder *encoder,
			   const CvmTerm *term, double *parameters)
{
	int		   *map = CVM_NEW(int, term->level_count);

	map_levels(known, term, map);
	for (int output = 0; output < model->outputs; output++)
	{
		const double *from = cvm_model_linear(model)->coefficients + (size_t) output * (model->encoder.slots + 1);
		double	   *to = parameters + (size_t) output * (encoder->slots + 1);
		double		reference = level_effect(from, known, map[0]);

		to[encoder->slots] += reference;
		for (int level = 1; level < term->level_count; level++)
			to[term->slot + level - 1] = level_effect(from, known, map[level]) - reference;
	}
	cvm_release(map);
}

/* A missing value is the model's fill and flag, whatever fills it now. */
static void
carry_number(const CvmModel *model, const CvmTerm *known, const CvmEncoder *encoder,
			 const CvmTerm *term, double *parameters)
{
	for (int output = 0; output < model->outputs; output++)
	{
		const double *from = cvm_model_linear(model)->coefficients + (size_t) output * (model->encoder.slots + 1);
		double	   *to = parameters + (size_t) output * (encoder->slots + 1);
		double		slope = from[known->slot];

		to[term->slot] = slope * term->scale;
		to[encoder->slots] += slope * term->center;
		if (term->flag_slot >= 0)
			to[term->flag_slot] = slope * (known->fill - term->fill) +
				(known->flag_slot >= 0 ? from[known->flag_slot] : 0);
	}
}

void
cvm_model_parameters(const CvmModel *model, const CvmEncoder *encoder, double *parameters)
{
	const CvmEncoder *own = &model->encoder;
	size_t		stride = (size_t) encoder->slots + 1;

	memset(parameters, 0, model->outputs * stride * sizeof(double));
	for (int output = 0; output < model->outputs; output++)
	{
		const double *from = cvm_model_linear(model)->coefficients + (size_t) output * (own->slots + 1);
		double	   *intercept = &parameters[output * stride + encoder->slots];

		*intercept = from[own->slots];
		for (int i = 0; i < own->term_count; i++)
			if (find_term(encoder, &own->terms[i], i) == NULL)
				*intercept += average_effect(from, &own->terms[i]);
	}
	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];
		const CvmTerm *known = find_term(own, term, i);

		cvm_check_interrupt();
		if (known == NULL)
			continue;
		if (term->kind == CVM_TERM_CATEGORY)
			carry_category(model, known, encoder, term, parameters);
		else
			carry_number(model, known, encoder, term, parameters);
	}
}

/* ---- standardized coefficients ---- */

/* The deviation of the column that a slot stands for; NaN for no such slot. */
static double
slot_deviation(const CvmEncoder *encoder, int slot)
{
	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];
		double		share;

		if (term->kind == CVM_TERM_CATEGORY)
		{
			if (slot < term->slot || slot - term->slot >= term->level_count - 1)
				continue;
			share = term->level_shares[slot - term->slot + 1];
		}
		else if (slot == term->slot)
			return term->deviation;
		else if (slot == term->flag_slot)
			share = term->missing_share;
		else
			continue;
		return sqrt(fmax(0, share * (1 - share)));
	}
	return NAN;
}

double
cvm_model_standardized(const CvmModel *model, int output, int slot)
{
	size_t		stride = (size_t) model->encoder.slots + 1;

	return cvm_model_linear(model)->coefficients[output * stride + slot] *
		slot_deviation(&model->encoder, slot);
}
