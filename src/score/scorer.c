/*
 * scorer.c
 *		Rows to predictions, by a scorer that is made once (scorer_compile.c).
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
 *	  segment	a linear family with segments has a scorer for each, which gets
 *				the same numbers and the other levels.
 *	  encode	any other learner gets a block of one encoded row.
 *
 * Nothing is allocated for a row.
 */
#include "postgres.h"

#include <math.h>

#include "utils/array.h"

#include "encode/lanes.h"
#include "frame/fetch_ahead.h"
#include "pg/compat.h"
#include "score/scorer_state.h"

#define ROW_OVERHEAD 64			/* headers of tuple and array, and a small column */

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

/* The scorer of the row's segment, told the levels of the row but that one. */
static CvmScorer *
segment_scorer(CvmScorer *scorer)
{
	CvmScorer  *own = scorer->segments[scorer->levels[scorer->segment_level]];

	if (own == NULL)
		return scorer;
	for (int i = 0; i < own->level_count; i++)
		own->levels[i] = scorer->levels[i + (i >= scorer->segment_level)];
	return own;
}

static inline const double *
score(CvmScorer *scorer, const double *numbers)
{
	if (!scorer->plain && unlikely(scorer->segments != NULL))
		scorer = segment_scorer(scorer);
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
