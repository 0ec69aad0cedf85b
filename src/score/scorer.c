/*
 * scorer.c
 *		A model made ready to score rows of given column types.
 *
 * The model is compiled once into steps, one an input.  Coefficients are on
 * the original scale, so a number costs one multiplication and one addition;
 * what a missing value adds (fill value and flag) is worked out beforehand.
 * Nothing is allocated for a row.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "frame/column.h"
#include "score/scorer.h"

/* One term's share of the linear predictor, for each output. */
typedef struct TermStep
{
	const CvmTerm *term;
	const double *slope;		/* [output]: what one unit adds */
	const double *missing;		/* [output]: what a missing value adds */
	const double *levels;		/* [level * outputs + output], categories */
	CvmLevelLookup *lookup;		/* text categories */
	int		   *part_levels;	/* TIME: level of month or weekday, 0 = missing */
} TermStep;

typedef struct InputStep
{
	const CvmInput *input;
	CvmColumnReader *reader;
	bool		is_float8;
	TermStep   *terms;
	int			term_count;
} InputStep;

struct CvmScorer
{
	const CvmModel *model;
	int			outputs;
	int			input_count;
	InputStep  *inputs;
	double	   *intercepts;
	double	   *eta;			/* [output]: the result */
	double	   *numbers;		/* scratch for arrays */
};

static double
coefficient(const CvmModel *model, int output, int slot)
{
	return cvm_model_linear(model)->coefficients[(size_t) output * (model->encoder.slots + 1) + slot];
}

/* ---- compiling ---- */

static void
compile_number(const CvmModel *model, const CvmTerm *term, TermStep *step)
{
	double	   *slope = palloc(sizeof(double) * model->outputs);
	double	   *missing = palloc(sizeof(double) * model->outputs);

	for (int k = 0; k < model->outputs; k++)
	{
		slope[k] = coefficient(model, k, term->slot);
		missing[k] = slope[k] * term->fill;
		if (term->flag_slot >= 0)
			missing[k] += coefficient(model, k, term->flag_slot);
	}
	step->slope = slope;
	step->missing = missing;
}

static void
compile_category(const CvmModel *model, const CvmInput *input, const CvmTerm *term,
				 TermStep *step)
{
	int			outputs = model->outputs;
	double	   *levels = palloc0(sizeof(double) * outputs * term->level_count);

	for (int level = 1; level < term->level_count; level++)
		for (int k = 0; k < outputs; k++)
			levels[level * outputs + k] = coefficient(model, k, term->slot + level - 1);
	step->levels = levels;
	step->lookup = cvm_level_lookup_create(term);
	if (input->kind == CVM_INPUT_TIME)
	{
		step->part_levels = palloc(sizeof(int) * 13);
		step->part_levels[0] = cvm_level_missing(term);
		for (int i = 1; i <= 12; i++)
		{
			char		text[8];
			int			length = snprintf(text, sizeof(text), "%d", i);

			step->part_levels[i] = cvm_level_find(step->lookup, text, length);
		}
	}
}

static CvmScorer *
compile(const CvmModel *model)
{
	const CvmEncoder *encoder = &model->encoder;
	CvmScorer  *scorer = palloc0(sizeof(CvmScorer));
	int			most_elements = 1;

	scorer->model = model;
	scorer->outputs = model->outputs;
	scorer->input_count = encoder->input_count;
	scorer->inputs = palloc0(sizeof(InputStep) * Max(encoder->input_count, 1));
	scorer->intercepts = palloc(sizeof(double) * model->outputs);
	scorer->eta = palloc(sizeof(double) * model->outputs);
	for (int k = 0; k < model->outputs; k++)
		scorer->intercepts[k] = coefficient(model, k, encoder->slots);
	for (int i = 0; i < encoder->input_count; i++)
	{
		scorer->inputs[i].input = &encoder->inputs[i];
		most_elements = Max(most_elements, encoder->inputs[i].elements);
	}
	scorer->numbers = palloc(sizeof(double) * Max(most_elements, encoder->input_count));

	for (int t = 0; t < encoder->term_count; t++)
		scorer->inputs[encoder->terms[t].input].term_count++;
	for (int i = 0; i < encoder->input_count; i++)
	{
		scorer->inputs[i].terms = palloc0(sizeof(TermStep) * Max(scorer->inputs[i].term_count, 1));
		scorer->inputs[i].term_count = 0;
	}
	for (int t = 0; t < encoder->term_count; t++)
	{
		const CvmTerm *term = &encoder->terms[t];
		InputStep  *input = &scorer->inputs[term->input];
		TermStep   *step = &input->terms[input->term_count++];

		step->term = term;
		if (term->kind == CVM_TERM_CATEGORY)
			compile_category(model, input->input, term, step);
		else
			compile_number(model, term, step);
	}
	return scorer;
}

CvmScorer *
cvm_scorer_create(const CvmModel *model, const Oid *types)
{
	CvmScorer  *scorer = compile(model);

	for (int i = 0; i < scorer->input_count; i++)
	{
		InputStep  *step = &scorer->inputs[i];

		step->is_float8 = types[i] == FLOAT8OID && step->input->kind == CVM_INPUT_NUMBER;
		step->reader = cvm_column_reader_create(step->input->name, types[i],
												step->input->kind, step->input->elements);
	}
	return scorer;
}

CvmScorer *
cvm_scorer_create_array(const CvmModel *model)
{
	const CvmEncoder *encoder = &model->encoder;

	if (encoder->input_count != 1 || encoder->inputs[0].kind != CVM_INPUT_ARRAY)
		for (int i = 0; i < encoder->input_count; i++)
			if (encoder->inputs[i].kind != CVM_INPUT_NUMBER)
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("input \"%s\" of the model is not a number but a %s",
								encoder->inputs[i].name,
								cvm_input_kind_name(encoder->inputs[i].kind)),
						 errhint("Pass a row with the model's input columns instead of an array.")));
	return compile(model);
}

/* ---- scoring ---- */

static inline void
add_number(CvmScorer *scorer, const TermStep *step, double number)
{
	bool		missing = isnan(number);

	for (int k = 0; k < scorer->outputs; k++)
		scorer->eta[k] += missing ? step->missing[k] : step->slope[k] * number;
}

static inline void
add_level(CvmScorer *scorer, const TermStep *step, int level)
{
	const double *levels = step->levels + (size_t) level * scorer->outputs;

	for (int k = 0; k < scorer->outputs; k++)
		scorer->eta[k] += levels[k];
}

static void
add_time(CvmScorer *scorer, const InputStep *input, Datum value, bool isnull)
{
	int			month;
	int			weekday;
	double		days = cvm_column_time(input->reader, value, isnull, &month, &weekday);

	for (int t = 0; t < input->term_count; t++)
	{
		const TermStep *step = &input->terms[t];

		if (step->term->part == 0)
			add_number(scorer, step, days);
		else
			add_level(scorer, step,
					  step->part_levels[step->term->part == 1 ? month : weekday]);
	}
}

static void
add_category(CvmScorer *scorer, const InputStep *input, Datum value, bool isnull)
{
	const TermStep *step = &input->terms[0];
	int			length;
	const char *text = cvm_column_text(input->reader, value, isnull, &length);

	add_level(scorer, step, text == NULL ? cvm_level_missing(step->term)
			  : cvm_level_find(step->lookup, text, length));
}

static const double *
finish(CvmScorer *scorer)
{
	cvm_family_mean(scorer->model->family, scorer->outputs, scorer->eta, scorer->eta);
	return scorer->eta;
}

const double *
cvm_scorer_row(CvmScorer *scorer, const Datum *values, const bool *nulls)
{
	memcpy(scorer->eta, scorer->intercepts, sizeof(double) * scorer->outputs);
	for (int i = 0; i < scorer->input_count; i++)
	{
		const InputStep *input = &scorer->inputs[i];

		if (input->is_float8)
		{
			add_number(scorer, input->terms, nulls[i] ? NAN : DatumGetFloat8(values[i]));
			continue;
		}
		switch (input->input->kind)
		{
			case CVM_INPUT_NUMBER:
			case CVM_INPUT_BOOLEAN:
			case CVM_INPUT_INTERVAL:
				add_number(scorer, input->terms,
						   cvm_column_number(input->reader, values[i], nulls[i]));
				break;
			case CVM_INPUT_CATEGORY:
				add_category(scorer, input, values[i], nulls[i]);
				break;
			case CVM_INPUT_TIME:
				add_time(scorer, input, values[i], nulls[i]);
				break;
			case CVM_INPUT_ARRAY:
				cvm_column_array(input->reader, values[i], nulls[i], scorer->numbers);
				for (int t = 0; t < input->term_count; t++)
					add_number(scorer, &input->terms[t],
							   scorer->numbers[input->terms[t].term->part]);
				break;
		}
	}
	return finish(scorer);
}

/* The elements of a float8[]: in place where there is no NULL among them. */
static const double *
array_numbers(CvmScorer *scorer, ArrayType *array, int expected)
{
	int			length = ARR_NDIM(array) == 1 ? ARR_DIMS(array)[0] : 0;
	double	   *data = (double *) ARR_DATA_PTR(array);
	int			next = 0;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must be a one-dimensional array")));
	if (length != expected)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("the model expects %d features, the array has %d", expected, length)));
	if (!ARR_HASNULL(array))
		return data;
	for (int i = 0; i < length; i++)
	{
		bool		isnull = !(ARR_NULLBITMAP(array)[i / 8] & (1 << (i % 8)));

		scorer->numbers[i] = isnull ? NAN : data[next++];
	}
	return scorer->numbers;
}

const double *
cvm_scorer_array(CvmScorer *scorer, Datum float8_array)
{
	ArrayType  *array = DatumGetArrayTypeP(float8_array);
	bool		one_array = scorer->input_count == 1 &&
		scorer->inputs[0].input->kind == CVM_INPUT_ARRAY;
	const double *numbers = array_numbers(scorer, array, one_array
										  ? scorer->inputs[0].input->elements
										  : scorer->input_count);

	memcpy(scorer->eta, scorer->intercepts, sizeof(double) * scorer->outputs);
	if (one_array)
		for (int t = 0; t < scorer->inputs[0].term_count; t++)
			add_number(scorer, &scorer->inputs[0].terms[t],
					   numbers[scorer->inputs[0].terms[t].term->part]);
	else
		for (int i = 0; i < scorer->input_count; i++)
			add_number(scorer, scorer->inputs[i].terms, numbers[i]);
	if ((Pointer) array != DatumGetPointer(float8_array))
		pfree(array);
	return finish(scorer);
}
