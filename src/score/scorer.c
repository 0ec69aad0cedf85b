/*
 * scorer.c
 *		A model made ready to score rows of given column types.
 *
 * A row is scored in two steps.  First it becomes numbers, one for each number
 * term and NaN for a missing one, and levels, one for each category term.
 * Where these come as an array without NULLs, its elements are the numbers.
 * Then
 *
 *	  linear	a linear family adds them up.  Coefficients are on the original
 *				scale, so that is one dot product for each output.  What a
 *				missing value adds (fill value and flag) is worked out
 *				beforehand, and is asked for only if the sum is NaN.
 *	  encode	any other learner gets a block of one encoded row.
 *
 * Nothing is allocated for a row.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "encode/lanes.h"
#include "frame/column.h"
#include "frame/fetch_ahead.h"
#include "model/predictor.h"
#include "score/scorer.h"
#include "pg/compat.h"

#define ROW_OVERHEAD 64			/* headers of tuple and array, and a small column */

/* Which numbers and levels come from an input: its terms follow one another. */
typedef struct InputStep
{
	const CvmInput *input;
	CvmColumnReader *reader;
	int			number;			/* first number */
	int			number_count;
	int			level;			/* first level */
	int			level_count;
} InputStep;

typedef struct LevelStep
{
	const CvmTerm *term;
	CvmLevelLookup *lookup;
	int		   *part_levels;	/* TIME: level of month or weekday, 0 = missing */
	const double *effects;		/* linear: [level * outputs + output] */
} LevelStep;

struct CvmScorer
{
	/*
	 * linear, of one output, without levels or calibration: all that a row
	 * needs is here and next to each other
	 */
	bool		plain;
	CvmFamily	family;
	int			elements;		/* of the float8[] that can stand for a row */
	int			number_count;
	double	   *slopes;			/* [output * number_count + number] */
	double		intercept;		/* of output 0 */
	double	   *result;			/* [output] */

	const CvmModel *model;
	int			outputs;
	int			input_count;
	InputStep  *inputs;
	int		   *positions;		/* of inputs in the rows that are passed */
	bool		only_float8;	/* every input is a float8 column of one number */
	bool		in_order;		/* position i is that of input i */

	const CvmTerm **number_terms;
	double	   *numbers;		/* of a row */
	int			level_count;
	LevelStep  *level_steps;
	int		   *levels;			/* of a row */
	double	   *array;			/* scratch for arrays */

	/* linear, [output] or [output * number_count + number] */
	double	   *intercepts;
	double	   *missing;

	/* encode */
	CvmBlock   *block;			/* one row; NULL for linear */
	CvmPredictor *predictor;
	double	   *components;		/* of a learner with a transform */
};

/* ---- compiling ---- */

static double
coefficient(const CvmModel *model, int output, int slot)
{
	return cvm_model_linear(model)->coefficients[(size_t) output * (model->encoder.slots + 1) + slot];
}

static void
compile_number(CvmScorer *scorer, int number)
{
	const CvmTerm *term = scorer->number_terms[number];

	for (int k = 0; k < scorer->outputs; k++)
	{
		size_t		at = (size_t) k * scorer->number_count + number;

		scorer->slopes[at] = coefficient(scorer->model, k, term->slot);
		scorer->missing[at] = scorer->slopes[at] * term->fill;
		if (term->flag_slot >= 0)
			scorer->missing[at] += coefficient(scorer->model, k, term->flag_slot);
	}
}

static void
compile_effects(CvmScorer *scorer, LevelStep *step)
{
	int			outputs = scorer->outputs;
	double	   *effects = palloc0(sizeof(double) * outputs * step->term->level_count);

	for (int level = 1; level < step->term->level_count; level++)
		for (int k = 0; k < outputs; k++)
			effects[level * outputs + k] =
				coefficient(scorer->model, k, step->term->slot + level - 1);
	step->effects = effects;
}

static void
compile_linear(CvmScorer *scorer)
{
	size_t		cells = (size_t) scorer->outputs * scorer->number_count;

	scorer->intercepts = palloc(sizeof(double) * scorer->outputs);
	scorer->slopes = palloc(sizeof(double) * cells);
	scorer->missing = palloc(sizeof(double) * cells);
	for (int k = 0; k < scorer->outputs; k++)
		scorer->intercepts[k] = coefficient(scorer->model, k, scorer->model->encoder.slots);
	for (int i = 0; i < scorer->number_count; i++)
		compile_number(scorer, i);
	for (int i = 0; i < scorer->level_count; i++)
		compile_effects(scorer, &scorer->level_steps[i]);
	scorer->intercept = scorer->intercepts[0];
	scorer->plain = scorer->outputs == 1 && scorer->level_count == 0 &&
		scorer->model->calibration == NULL;
}

static void
compile_lookup(CvmInputKind kind, LevelStep *step)
{
	step->lookup = cvm_level_lookup_create(step->term);
	if (kind != CVM_INPUT_TIME)
		return;
	step->part_levels = palloc(sizeof(int) * 13);
	step->part_levels[0] = cvm_level_missing(step->term);
	for (int i = 1; i <= 12; i++)
	{
		char		text[8];
		int			length = snprintf(text, sizeof(text), "%d", i);

		step->part_levels[i] = cvm_level_find(step->lookup, text, length);
	}
}

/* Shares the terms out among inputs, numbers and levels. */
static void
compile_terms(CvmScorer *scorer)
{
	const CvmEncoder *encoder = &scorer->model->encoder;

	for (int t = 0; t < encoder->term_count; t++)
	{
		const CvmTerm *term = &encoder->terms[t];
		InputStep  *input = &scorer->inputs[term->input];

		if (term->kind == CVM_TERM_CATEGORY)
		{
			LevelStep  *step = &scorer->level_steps[scorer->level_count];

			step->term = term;
			compile_lookup(input->input->kind, step);
			if (input->level_count++ == 0)
				input->level = scorer->level_count;
			scorer->level_count++;
		}
		else
		{
			if (input->number_count++ == 0)
				input->number = scorer->number_count;
			scorer->number_terms[scorer->number_count++] = term;
		}
	}
}

static CvmScorer *
compile(const CvmModel *model)
{
	const CvmEncoder *encoder = &model->encoder;
	CvmScorer  *scorer = palloc0(sizeof(CvmScorer));
	int			elements = encoder->input_count;

	scorer->model = model;
	scorer->family = model->family;
	scorer->outputs = model->outputs;
	scorer->input_count = encoder->input_count;
	scorer->inputs = palloc0(sizeof(InputStep) * Max(encoder->input_count, 1));
	for (int i = 0; i < encoder->input_count; i++)
	{
		scorer->inputs[i].input = &encoder->inputs[i];
		elements = Max(elements, encoder->inputs[i].elements);
	}
	scorer->array = palloc(sizeof(double) * Max(elements, 1));
	scorer->number_terms = palloc(sizeof(CvmTerm *) * Max(encoder->term_count, 1));
	scorer->numbers = palloc(sizeof(double) * Max(encoder->term_count, 1));
	scorer->level_steps = palloc0(sizeof(LevelStep) * Max(encoder->term_count, 1));
	scorer->levels = palloc(sizeof(int) * Max(encoder->term_count, 1));
	scorer->result = palloc(sizeof(double) * model->outputs);
	compile_terms(scorer);
	if (cvm_model_linear(model) != NULL)
		compile_linear(scorer);
	else
	{
		scorer->block = cvm_block_create(encoder->dense_columns, encoder->coded_columns);
		scorer->block->rows = 1;
		scorer->predictor = cvm_predictor_create(model);
		if (model->learner->transform != NULL)
			scorer->components = palloc(sizeof(double) * model->learner->transform_size(model));
	}
	return scorer;
}

CvmScorer *
cvm_scorer_create(const CvmModel *model, const int *positions, const Oid *types)
{
	CvmScorer  *scorer = compile(model);

	scorer->positions = palloc(sizeof(int) * Max(scorer->input_count, 1));
	scorer->only_float8 = true;
	scorer->in_order = true;
	for (int i = 0; i < scorer->input_count; i++)
	{
		InputStep  *step = &scorer->inputs[i];

		scorer->positions[i] = positions[i];
		if (positions[i] != i)
			scorer->in_order = false;
		step->reader = cvm_column_reader_create(step->input->name, types[i],
												step->input->kind, step->input->elements);
		if (step->input->kind != CVM_INPUT_NUMBER || step->reader->source != CVM_FROM_FLOAT8)
			scorer->only_float8 = false;
	}
	return scorer;
}

CvmScorer *
cvm_scorer_create_array(const CvmModel *model)
{
	const CvmEncoder *encoder = &model->encoder;
	CvmScorer  *scorer;

	if (encoder->input_count != 1 || encoder->inputs[0].kind != CVM_INPUT_ARRAY)
		for (int i = 0; i < encoder->input_count; i++)
			if (encoder->inputs[i].kind != CVM_INPUT_NUMBER)
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("input \"%s\" of the model is not a number but a %s",
								encoder->inputs[i].name,
								cvm_input_kind_name(encoder->inputs[i].kind)),
						 errhint("Pass a row with the model's input columns instead of an array.")));
	scorer = compile(model);
	scorer->elements = encoder->input_count == 1 && encoder->inputs[0].kind == CVM_INPUT_ARRAY ?
		encoder->inputs[0].elements : encoder->input_count;
	return scorer;
}

/* ---- a row's numbers and levels ---- */

static void
take_time(CvmScorer *scorer, const InputStep *step, Datum value, bool isnull)
{
	int			month;
	int			weekday;
	double		days = cvm_column_time(step->reader, value, isnull, &month, &weekday);

	if (step->number_count > 0)
		scorer->numbers[step->number] = days;
	for (int i = step->level; i < step->level + step->level_count; i++)
		scorer->levels[i] = scorer->level_steps[i].part_levels[
															   scorer->level_steps[i].term->part == 1 ? month : weekday];
}

static void
take_category(CvmScorer *scorer, const InputStep *step, Datum value, bool isnull)
{
	const LevelStep *level = &scorer->level_steps[step->level];
	int			length;
	const char *text = cvm_column_text(step->reader, value, isnull, &length);

	scorer->levels[step->level] = text == NULL ? cvm_level_missing(level->term) :
		cvm_level_find(level->lookup, text, length);
}

/* Terms of an array may be fewer than its elements: some were left out. */
static void
take_array(CvmScorer *scorer, const InputStep *step, Datum value, bool isnull)
{
	cvm_column_array(step->reader, value, isnull, scorer->array);
	for (int i = step->number; i < step->number + step->number_count; i++)
		scorer->numbers[i] = scorer->array[scorer->number_terms[i]->part];
}

static void
take_input(CvmScorer *scorer, const InputStep *step, Datum value, bool isnull)
{
	switch (step->input->kind)
	{
		case CVM_INPUT_NUMBER:
		case CVM_INPUT_BOOLEAN:
		case CVM_INPUT_INTERVAL:
			scorer->numbers[step->number] = cvm_column_number(step->reader, value, isnull);
			break;
		case CVM_INPUT_CATEGORY:
		case CVM_INPUT_IDENTIFIER:
			take_category(scorer, step, value, isnull);
			break;
		case CVM_INPUT_TIME:
			take_time(scorer, step, value, isnull);
			break;
		case CVM_INPUT_ARRAY:
			take_array(scorer, step, value, isnull);
			break;
	}
}

/* ---- scores ---- */

/*
 * The order of the sum is fixed, so that the same numbers give the same score
 * whatever way they came.
 */
static inline CvmLanes
product(const double *x, const double *y)
{
	CvmLanes	a;
	CvmLanes	b;

	memcpy(&a, x, sizeof(a));
	memcpy(&b, y, sizeof(b));
	return a * b;
}

static inline double
dot(const double *x, const double *y, int count)
{
	const double *end = x + count;
	CvmLanes	first = {0};
	CvmLanes	second = {0};
	double		sum;

	for (; end - x >= 2 * CVM_LANES; x += 2 * CVM_LANES, y += 2 * CVM_LANES)
	{
		first += product(x, y);
		second += product(x + CVM_LANES, y + CVM_LANES);
	}
	first += second;
	sum = first[0] + first[1];
	for (; x < end; x++, y++)
		sum += *x * *y;
	return sum;
}

/* The dot product where some numbers are missing. */
static double
dot_with_missing(const CvmScorer *scorer, int output, const double *numbers)
{
	const double *slopes = scorer->slopes + (size_t) output * scorer->number_count;
	const double *missing = scorer->missing + (size_t) output * scorer->number_count;
	double		sum = 0;

	for (int i = 0; i < scorer->number_count; i++)
		sum += isnan(numbers[i]) ? missing[i] : slopes[i] * numbers[i];
	return sum;
}

static void
add_up(CvmScorer *scorer, const double *numbers)
{
	double	   *eta = scorer->result;

	for (int k = 0; k < scorer->outputs; k++)
	{
		double		sum = dot(scorer->slopes + (size_t) k * scorer->number_count, numbers,
							  scorer->number_count);

		if (unlikely(isnan(sum)))
			sum = dot_with_missing(scorer, k, numbers);
		eta[k] = scorer->intercepts[k] + sum;
	}
	for (int i = 0; i < scorer->level_count; i++)
		for (int k = 0; k < scorer->outputs; k++)
			eta[k] += scorer->level_steps[i].effects[scorer->levels[i] * scorer->outputs + k];
	cvm_family_mean(scorer->family, scorer->outputs, eta, eta);
}

/* As row "row" of a block. */
static void
encode(const CvmScorer *scorer, const double *numbers, CvmBlock *block, int row)
{
	const CvmEncoder *encoder = &scorer->model->encoder;
	double	   *dense = block->dense + (size_t) row * encoder->dense_columns;
	int32_t    *codes = block->codes + (size_t) row * encoder->coded_columns;

	for (int i = 0; i < scorer->number_count; i++)
	{
		const CvmTerm *term = scorer->number_terms[i];
		bool		missing = isnan(numbers[i]);

		/* times the inverse, as in encode_block.c: the same bits */
		dense[term->slot] = ((missing ? term->fill : numbers[i]) - term->center) *
			(1 / term->scale);
		if (term->flag_slot >= 0)
			dense[term->flag_slot] = missing;
	}
	for (int i = 0; i < scorer->level_count; i++)
	{
		int			level = scorer->levels[i];

		codes[i] = level > 0 ? scorer->level_steps[i].term->slot + level - 1 :
			CVM_SINK(encoder->slots);
	}
}

/* plain: from the sum that the numbers add up to. */
static inline const double *
plain_result(CvmScorer *scorer, double sum)
{
	scorer->result[0] = cvm_family_mean_of(scorer->family, scorer->intercept + sum);
	return scorer->result;
}

static inline const double *
score(CvmScorer *scorer, const double *numbers)
{
	if (scorer->plain)
	{
		double		sum = dot(scorer->slopes, numbers, scorer->number_count);

		if (unlikely(isnan(sum)))
			sum = dot_with_missing(scorer, 0, numbers);
		return plain_result(scorer, sum);
	}
	if (scorer->block == NULL)
	{
		add_up(scorer, numbers);
		cvm_model_calibrate(scorer->model, 1, scorer->result);
	}
	else
	{
		encode(scorer, numbers, scorer->block, 0);
		cvm_predictor_predict(scorer->predictor, scorer->block, scorer->result);
	}
	return scorer->result;
}

/* ---- ways in ---- */

/*
 * A row whose values, and whose NULL flags, lie "value_step" and "null_step"
 * apart; these are constants where this is called.
 */
static pg_attribute_always_inline const double *
score_row(CvmScorer *scorer, const Datum *values, size_t value_step,
		  const bool *nulls, size_t null_step)
{
	const int  *positions = scorer->positions;
	double	   *numbers = scorer->numbers;
	int			count = scorer->input_count;

	if (scorer->only_float8)
		for (int i = 0; i < count; i++)
			numbers[i] = nulls[positions[i] * null_step] ? NAN :
				DatumGetFloat8(values[positions[i] * value_step]);
	else
		for (int i = 0; i < count; i++)
			take_input(scorer, &scorer->inputs[i], values[positions[i] * value_step],
					   nulls[positions[i] * null_step]);
	return score(scorer, numbers);
}

const double *
cvm_scorer_row(CvmScorer *scorer, const Datum *values, const bool *nulls)
{
	return score_row(scorer, values, 1, nulls, 1);
}

/*
 * The dot product of arguments that are all float8, in the order of dot().
 * NaN where one is NULL or NaN.
 */
static inline double
dot_arguments(const double *slopes, const NullableDatum *values, int count)
{
	const NullableDatum *end = values + count;
	double		sums[4] = {0, 0, 0, 0};
	double		sum;
	bool		isnull = false;

	for (; end - values >= 4; values += 4, slopes += 4)
		for (int k = 0; k < 4; k++)
		{
			sums[k] += slopes[k] * DatumGetFloat8(values[k].value);
			isnull |= values[k].isnull;
		}
	sum = (sums[0] + sums[2]) + (sums[1] + sums[3]);
	for (; values < end; values++, slopes++)
	{
		sum += *slopes * DatumGetFloat8(values->value);
		isnull |= values->isnull;
	}
	return isnull ? NAN : sum;
}

const double *
cvm_scorer_arguments(CvmScorer *scorer, const NullableDatum *values)
{
	if (scorer->plain && scorer->only_float8 && scorer->in_order)
	{
		double		sum = dot_arguments(scorer->slopes, values, scorer->number_count);

		if (likely(!isnan(sum)))
			return plain_result(scorer, sum);
	}
	return score_row(scorer, &values->value, sizeof(NullableDatum) / sizeof(Datum),
					 &values->isnull, sizeof(NullableDatum) / sizeof(bool));
}

/* The elements of a float8[] that is not plain, or an error. */
static const double *
unpack_elements(CvmScorer *scorer, ArrayType *array)
{
	int			length = ARR_NDIM(array) == 1 ? ARR_DIMS(array)[0] : 0;
	double	   *data = (double *) ARR_DATA_PTR(array);
	int			next = 0;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must be a one-dimensional array"),
				 errhint("Pass the features in the order of cvm.inputs(model).")));
	if (length != scorer->elements)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("the model expects %d features, the array has %d",
						scorer->elements, length),
				 errhint("Pass the features in the order of cvm.inputs(model).")));
	for (int i = 0; i < length; i++)
	{
		bool		isnull = ARR_HASNULL(array) &&
			!(ARR_NULLBITMAP(array)[i / 8] & (1 << (i % 8)));

		scorer->array[i] = isnull ? NAN : data[next++];
	}
	return scorer->array;
}

/* Where numbers and elements are not the same: elements were left out. */
static const double *
pick_elements(CvmScorer *scorer, const double *elements)
{
	for (int i = 0; i < scorer->number_count; i++)
		scorer->numbers[i] = elements[scorer->number_terms[i]->part];
	return scorer->numbers;
}

const double *
cvm_scorer_array(CvmScorer *scorer, Datum float8_array)
{
	ArrayType  *array = (ArrayType *) DatumGetPointer(float8_array);
	const double *elements;
	const double *result;

	if (VARATT_IS_EXTENDED(array))
		array = DatumGetArrayTypeP(float8_array);
	cvm_fetch_ahead((const char *) array - ROW_OVERHEAD / 2,
					scorer->elements * sizeof(double) + ROW_OVERHEAD);
	if (likely(ARR_NDIM(array) == 1 && !ARR_HASNULL(array) &&
			   ARR_DIMS(array)[0] == scorer->elements))
		elements = (const double *) ARR_DATA_PTR(array);
	else
		elements = unpack_elements(scorer, array);
	if (scorer->number_count != scorer->elements)
		elements = pick_elements(scorer, elements);
	result = score(scorer, elements);
	if ((Pointer) array != DatumGetPointer(float8_array))
		pfree(array);
	return result;
}

const double *
cvm_scorer_transform(CvmScorer *scorer, int *count)
{
	*count = scorer->model->learner->transform_size(scorer->model);
	cvm_predictor_transform(scorer->predictor, scorer->block, scorer->components);
	return scorer->components;
}

/* ---- the row that was scored last ---- */

void
cvm_scorer_encode(CvmScorer *scorer, CvmBlock *block, int row)
{
	encode(scorer, scorer->numbers, block, row);
}

/*
 * The scorer may outlive this call, and what is made here does not: linear
 * families, which score without a block, are prepared for this row alone.
 */
void
cvm_scorer_explain(CvmScorer *scorer, double *base, double *contributions)
{
	const CvmModel *model = scorer->model;
	CvmBlock   *block;

	if (scorer->block != NULL)
	{
		cvm_predictor_explain(scorer->predictor, scorer->block, base, contributions);
		return;
	}
	block = cvm_block_create(model->encoder.dense_columns, model->encoder.coded_columns);
	block->rows = 1;
	encode(scorer, scorer->numbers, block, 0);
	cvm_predictor_explain(cvm_predictor_create(model), block, base, contributions);
	pfree(block);
}

const char *
cvm_scorer_term_text(const CvmScorer *scorer, int term)
{
	const CvmTerm *wanted = &scorer->model->encoder.terms[term];
	int			number = 0;
	int			level = 0;

	for (int t = 0; t < term; t++)
		if (scorer->model->encoder.terms[t].kind == CVM_TERM_CATEGORY)
			level++;
		else
			number++;
	if (wanted->kind == CVM_TERM_CATEGORY)
		return scorer->levels[level] == wanted->missing_level ? NULL :
			wanted->levels[scorer->levels[level]];
	if (isnan(scorer->numbers[number]))
		return NULL;
	return psprintf("%.15g", scorer->numbers[number]);
}
