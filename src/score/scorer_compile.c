/*
 * scorer_compile.c
 *		A model made ready to score rows of given column types: what is worked out
 *		once, so that a row costs no more than it must (scorer.c).
 */
#include "postgres.h"

#include "model/segments/segment_set.h"
#include "pg/compat.h"
#include "score/scorer_state.h"

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

/* Shares the terms out among inputs, numbers and levels; reads: of rows. */
static void
compile_terms(CvmScorer *scorer, bool reads)
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
			if (reads)
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

static CvmScorer *compile(const CvmModel *model, bool reads);

/* The scorers of segments read no rows: they are told numbers and levels. */
static void
compile_segments(CvmScorer *scorer)
{
	const CvmModel *model = scorer->model;
	const CvmSegmentSet *set = model->segments;
	CvmModel   *models = palloc(sizeof(CvmModel) * set->count);
	CvmSegmentLayout layout;

	cvm_segment_layout(&model->encoder, set->term, &layout);
	scorer->segment_level = layout.column;
	scorer->segments = palloc0(sizeof(CvmScorer *) *
							   model->encoder.terms[set->term].level_count);
	for (int i = 0; i < set->count; i++)
	{
		models[i] = cvm_segment_model(model, i);
		scorer->segments[set->segments[i].level] = compile(&models[i], false);
	}
}

static CvmScorer *
compile(const CvmModel *model, bool reads)
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
	compile_terms(scorer, reads);
	if (cvm_model_linear(model) != NULL)
	{
		compile_linear(scorer);
		if (model->segments != NULL)
			compile_segments(scorer);
	}
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
	CvmScorer  *scorer = compile(model, true);

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
	scorer = compile(model, true);
	scorer->elements = encoder->input_count == 1 && encoder->inputs[0].kind == CVM_INPUT_ARRAY ?
		encoder->inputs[0].elements : encoder->input_count;
	return scorer;
}
