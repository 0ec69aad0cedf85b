/*
 * scorer.c
 *		A model made ready to score rows of given column types.
 *
 * The model is compiled once into steps, one an input.  What a step does with
 * a number or a level is one of two things:
 *
 *	  linear	a linear family adds it up.  Coefficients are on the original
 *				scale, so a number costs one multiplication and one addition;
 *				what a missing value adds (fill value and flag) is worked out
 *				beforehand.
 *	  encode	any other learner gets a block of one encoded row.
 *
 * Functions that are the same but for that take "linear" as a constant and are
 * inlined twice.  Nothing is allocated for a row.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "frame/column.h"
#include "model/learner.h"
#include "score/scorer.h"

/* What becomes of one term. */
typedef struct TermStep
{
	const CvmTerm *term;
	int			coded;			/* encode: column of a category in the block */
	/* linear: its share of the linear predictor, for each output */
	const double *slope;		/* [output]: what one unit adds */
	const double *missing;		/* [output]: what a missing value adds */
	const double *levels;		/* [level * outputs + output], categories */
	/* categories */
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
	double	   *intercepts;		/* linear */
	double	   *eta;			/* [output]: linear predictors, then the result */
	CvmBlock   *block;			/* encode: one row; NULL for linear */
	void	   *prepared;		/* encode: by the learner */
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
compile_levels(const CvmModel *model, const CvmTerm *term, TermStep *step)
{
	int			outputs = model->outputs;
	double	   *levels = palloc0(sizeof(double) * outputs * term->level_count);

	for (int level = 1; level < term->level_count; level++)
		for (int k = 0; k < outputs; k++)
			levels[level * outputs + k] = coefficient(model, k, term->slot + level - 1);
	step->levels = levels;
}

static void
compile_lookup(const CvmInput *input, const CvmTerm *term, TermStep *step)
{
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

static void
compile_learner(CvmScorer *scorer)
{
	const CvmModel *model = scorer->model;

	if (cvm_model_linear(model) != NULL)
	{
		scorer->intercepts = palloc(sizeof(double) * model->outputs);
		for (int k = 0; k < model->outputs; k++)
			scorer->intercepts[k] = coefficient(model, k, model->encoder.slots);
		return;
	}
	scorer->block = cvm_block_create(model->encoder.dense_columns,
									 model->encoder.coded_columns);
	scorer->block->rows = 1;
	scorer->prepared = model->learner->prepare(model);
}

static CvmScorer *
compile(const CvmModel *model)
{
	const CvmEncoder *encoder = &model->encoder;
	CvmScorer  *scorer = palloc0(sizeof(CvmScorer));
	int			most_elements = 1;
	int			coded = 0;

	scorer->model = model;
	scorer->outputs = model->outputs;
	scorer->input_count = encoder->input_count;
	scorer->inputs = palloc0(sizeof(InputStep) * Max(encoder->input_count, 1));
	scorer->eta = palloc(sizeof(double) * model->outputs);
	compile_learner(scorer);
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
		{
			step->coded = coded++;
			compile_lookup(input->input, term, step);
		}
		if (scorer->block != NULL)
			continue;
		if (term->kind == CVM_TERM_CATEGORY)
			compile_levels(model, term, step);
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

static pg_attribute_always_inline void
take_number(CvmScorer *scorer, const TermStep *step, double number, bool linear)
{
	const CvmTerm *term = step->term;
	bool		missing = isnan(number);

	if (linear)
	{
		for (int k = 0; k < scorer->outputs; k++)
			scorer->eta[k] += missing ? step->missing[k] : step->slope[k] * number;
		return;
	}
	scorer->block->dense[term->slot] =
		((missing ? term->fill : number) - term->center) / term->scale;
	if (term->flag_slot >= 0)
		scorer->block->dense[term->flag_slot] = missing;
}

static pg_attribute_always_inline void
take_level(CvmScorer *scorer, const TermStep *step, int level, bool linear)
{
	const double *levels = step->levels + (size_t) level * scorer->outputs;

	if (linear)
		for (int k = 0; k < scorer->outputs; k++)
			scorer->eta[k] += levels[k];
	else
		scorer->block->codes[step->coded] = level > 0 ? step->term->slot + level - 1 :
			CVM_SINK(scorer->model->encoder.slots);
}

static pg_attribute_always_inline void
take_time(CvmScorer *scorer, const InputStep *input, Datum value, bool isnull, bool linear)
{
	int			month;
	int			weekday;
	double		days = cvm_column_time(input->reader, value, isnull, &month, &weekday);

	for (int t = 0; t < input->term_count; t++)
	{
		const TermStep *step = &input->terms[t];

		if (step->term->part == 0)
			take_number(scorer, step, days, linear);
		else
			take_level(scorer, step,
					   step->part_levels[step->term->part == 1 ? month : weekday], linear);
	}
}

static pg_attribute_always_inline void
take_category(CvmScorer *scorer, const InputStep *input, Datum value, bool isnull, bool linear)
{
	const TermStep *step = &input->terms[0];
	int			length;
	const char *text = cvm_column_text(input->reader, value, isnull, &length);

	take_level(scorer, step, text == NULL ? cvm_level_missing(step->term)
			   : cvm_level_find(step->lookup, text, length), linear);
}

static pg_attribute_always_inline void
take_array(CvmScorer *scorer, const InputStep *input, const double *numbers, bool linear)
{
	for (int t = 0; t < input->term_count; t++)
		take_number(scorer, &input->terms[t], numbers[input->terms[t].term->part], linear);
}

static pg_attribute_always_inline void
begin_row(CvmScorer *scorer, bool linear)
{
	if (linear)
		memcpy(scorer->eta, scorer->intercepts, sizeof(double) * scorer->outputs);
}

static pg_attribute_always_inline const double *
end_row(CvmScorer *scorer, bool linear)
{
	if (linear)
		cvm_family_mean(scorer->model->family, scorer->outputs, scorer->eta, scorer->eta);
	else
		scorer->model->learner->predict(scorer->prepared, scorer->block, scorer->eta);
	return scorer->eta;
}

static pg_attribute_always_inline const double *
score_row(CvmScorer *scorer, const Datum *values, const bool *nulls, bool linear)
{
	begin_row(scorer, linear);
	for (int i = 0; i < scorer->input_count; i++)
	{
		const InputStep *input = &scorer->inputs[i];

		if (input->is_float8)
		{
			take_number(scorer, input->terms, nulls[i] ? NAN : DatumGetFloat8(values[i]), linear);
			continue;
		}
		switch (input->input->kind)
		{
			case CVM_INPUT_NUMBER:
			case CVM_INPUT_BOOLEAN:
			case CVM_INPUT_INTERVAL:
				take_number(scorer, input->terms,
							cvm_column_number(input->reader, values[i], nulls[i]), linear);
				break;
			case CVM_INPUT_CATEGORY:
				take_category(scorer, input, values[i], nulls[i], linear);
				break;
			case CVM_INPUT_TIME:
				take_time(scorer, input, values[i], nulls[i], linear);
				break;
			case CVM_INPUT_ARRAY:
				cvm_column_array(input->reader, values[i], nulls[i], scorer->numbers);
				take_array(scorer, input, scorer->numbers, linear);
				break;
		}
	}
	return end_row(scorer, linear);
}

const double *
cvm_scorer_row(CvmScorer *scorer, const Datum *values, const bool *nulls)
{
	return scorer->block == NULL ? score_row(scorer, values, nulls, true)
		: score_row(scorer, values, nulls, false);
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
				 errmsg("features must be a one-dimensional array"),
				 errhint("Pass the features in the order of cvm.inputs(model).")));
	if (length != expected)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("the model expects %d features, the array has %d", expected, length),
				 errhint("Pass the features in the order of cvm.inputs(model).")));
	if (!ARR_HASNULL(array))
		return data;
	for (int i = 0; i < length; i++)
	{
		bool		isnull = !(ARR_NULLBITMAP(array)[i / 8] & (1 << (i % 8)));

		scorer->numbers[i] = isnull ? NAN : data[next++];
	}
	return scorer->numbers;
}

static pg_attribute_always_inline const double *
score_numbers(CvmScorer *scorer, const double *numbers, bool one_array, bool linear)
{
	begin_row(scorer, linear);
	if (one_array)
		take_array(scorer, &scorer->inputs[0], numbers, linear);
	else
		for (int i = 0; i < scorer->input_count; i++)
			take_number(scorer, scorer->inputs[i].terms, numbers[i], linear);
	return end_row(scorer, linear);
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
	const double *result = scorer->block == NULL
		? score_numbers(scorer, numbers, one_array, true)
		: score_numbers(scorer, numbers, one_array, false);

	if ((Pointer) array != DatumGetPointer(float8_array))
		pfree(array);
	return result;
}
