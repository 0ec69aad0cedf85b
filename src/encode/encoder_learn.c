/*
 * encoder_learn.c
 *		From a profile of the training rows to an encoder.
 *
 * What is left out:
 *
 *	missing		no training row has a value.
 *	constant	every training row has the same value (up to rounding).
 *	identifier	texts or integers that look like a key: see levels.c and
 *				key_watch.c.  When nothing else is left, integers are kept all
 *				the same: a table with one running number is a trend or a toy,
 *				and its owner means it.
 *	rare		no level of a category has min_category_count rows.
 *
 * A number that is the same wherever it is there, but is missing in some rows,
 * says whether it is there and nothing else.  It is kept without a flag, with
 * a fill value that differs from it (0, or 1 if it is 0 itself): its one
 * column tells the two cases apart.  (Where missing numbers are kept as they
 * are there is no fill value and no flag.)
 *
 * Columns that are missing in exactly the same rows, as after a left join, or
 * as the parts of a time are, would have identical flags, and a fit without a
 * penalty would be singular.  Only one term tells of such a set of rows:
 * categories by their missing level first, then the first number by its flag.
 * The other numbers are only filled; months and weekdays without a missing
 * level of their own count as their unseen levels do.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "encode/levels.h"
#include "encode/profile_state.h"

/* More could not be stored in a model. */
#define LARGEST_SLOTS (1 << 26)

typedef struct Learner
{
	const CvmProfile *profile;
	const CvmEncoderOptions *options;
	bool		keep_keys;		/* integers that look like a key too */
	CvmTerm    *terms;			/* of all columns, kept or not */
	int		   *verdicts;
	int			term_count;
	uint64_t   *patterns;		/* hash set of missing patterns that a kept term
								 * tells of; 0 is empty */
	uint64_t	pattern_mask;
} Learner;

/* Adds a pattern to the set; false: it was there. */
static bool
add_pattern(Learner *learner, uint64_t pattern)
{
	uint64_t	place;

	if (pattern == 0)
		pattern = 1;
	place = pattern & learner->pattern_mask;
	while (learner->patterns[place] != 0)
	{
		if (learner->patterns[place] == pattern)
			return false;
		place = (place + 1) & learner->pattern_mask;
	}
	learner->patterns[place] = pattern;
	return true;
}

static bool
has_pattern(const Learner *learner, uint64_t pattern)
{
	uint64_t	place;

	if (pattern == 0)
		pattern = 1;
	place = pattern & learner->pattern_mask;
	while (learner->patterns[place] != 0 && learner->patterns[place] != pattern)
		place = (place + 1) & learner->pattern_mask;
	return learner->patterns[place] == pattern;
}

/* ---- terms ---- */

static const char *
term_name(const CvmColumn *column, int part)
{
	size_t		size = strlen(column->name) + 32;
	char	   *name = CVM_NEW(char, size);

	if (column->kind == CVM_INPUT_TIME && part > 0)
		snprintf(name, size, "%s (%s)", column->name, part == 1 ? "month" : "weekday");
	else if (column->kind == CVM_INPUT_ARRAY && column->nameless_array)
		snprintf(name, size, "x%d", part + 1);
	else if (column->kind == CVM_INPUT_ARRAY)
		snprintf(name, size, "%s[%d]", column->name, part + 1);
	else
		snprintf(name, size, "%s", column->name);
	return name;
}

/* Keeps a value that is always the same as the sign that it is there. */
static bool
learn_presence(CvmTerm *term)
{
	double		value = term->mean;

	term->fill = value == 0 ? 1 : 0;
	term->mean = value * (1 - term->missing_share) + term->fill * term->missing_share;
	term->deviation = fabs(value - term->fill) *
		sqrt(term->missing_share * (1 - term->missing_share));
	return term->deviation >= DBL_MIN;
}

static int
learn_number(Learner *learner, int position, CvmTerm *term)
{
	const CvmProfile *profile = learner->profile;
	const CvmMoments *moments = &profile->moments[position];
	const CvmNumberProfile *number = &profile->numbers[position];
	bool		missing = moments->present < profile->rows;
	double		largest = fmax(-moments->minimum, moments->maximum);
	bool		constant;

	if (moments->present == 0)
		return CVM_LEFT_OUT_MISSING;
	if (number->key_watch != NULL && !learner->keep_keys &&
		cvm_key_watch_is_key(number->key_watch, moments->minimum, moments->maximum))
		return CVM_LEFT_OUT_IDENTIFIER;

	term->mean = cvm_moments_mean(moments);
	term->deviation = cvm_moments_deviation(moments);
	term->fill = term->mean;
	if (missing)
		term->missing_share = fmax(0, 1 - moments->weight / profile->weight);
	constant = moments->minimum == moments->maximum || term->deviation < DBL_MIN ||
		term->deviation <= 2 * DBL_EPSILON * largest;
	if (constant && !missing)
		return CVM_LEFT_OUT_CONSTANT;
	if (learner->options->keep_missing)
	{
		term->fill = NAN;
		return CVM_TERM_KEPT;
	}
	if (constant)
	{
		if (!learn_presence(term))
			return CVM_LEFT_OUT_CONSTANT;
		add_pattern(learner, number->missing_pattern);
	}
	else if (missing && add_pattern(learner, number->missing_pattern))
		term->flag_slot = 0;	/* placed later */

	if (term->kind == CVM_TERM_NUMBER && learner->options->standardize)
	{
		term->center = term->mean;
		term->scale = term->deviation;
	}
	return CVM_TERM_KEPT;
}

static int
learn_category(Learner *learner, const CvmCategoryProfile *category, const CvmColumn *column,
			   CvmTerm *term)
{
	bool		of_time = column->kind == CVM_INPUT_TIME;
	bool		known = of_time && has_pattern(learner, category->missing_pattern);
	const char *segment_by = learner->options->segment_by;
	bool		shared_first = !of_time && segment_by != NULL &&
		strcmp(column->name, segment_by) == 0;
	int			verdict = cvm_levels_learn(learner->profile, category, learner->options,
										   known, shared_first, term);

	if (verdict == CVM_TERM_KEPT && term->missing_level >= 0)
		add_pattern(learner, category->missing_pattern);
	return verdict;
}

/* The order in which terms may claim to tell of missing rows. */
typedef enum Turn
{
	TURN_CATEGORIES, TURN_NUMBERS, TURN_CALENDAR
} Turn;

static void
learn_terms(Learner *learner, Turn turn)
{
	const CvmProfile *profile = learner->profile;
	int			next = 0;

	for (int i = 0; i < profile->column_count; i++)
	{
		const CvmColumnProfile *own = &profile->columns[i];
		bool		of_time = own->column.kind == CVM_INPUT_TIME;

		cvm_check_interrupt();
		for (int part = 0; part < own->terms; part++, next++)
		{
			CvmTerm    *term = &learner->terms[next];
			int			position;
			bool		coded = cvm_profile_part_position(profile, i, part, &position);

			if (turn != (!coded ? TURN_NUMBERS : of_time ? TURN_CALENDAR : TURN_CATEGORIES))
				continue;
			if (coded)
				learner->verdicts[next] =
					learn_category(learner, &profile->categories[position], &own->column, term);
			else
				learner->verdicts[next] = learn_number(learner, position, term);
		}
	}
}

static void
init_terms(Learner *learner)
{
	const CvmProfile *profile = learner->profile;
	int			next = 0;

	learner->term_count = profile->dense_columns + profile->coded_columns;
	learner->terms = CVM_NEW_ZERO(CvmTerm, learner->term_count);
	learner->verdicts = CVM_NEW_ZERO(int, learner->term_count);
	learner->pattern_mask = 15;
	while (learner->pattern_mask < 2 * (uint64_t) learner->term_count)
		learner->pattern_mask = 2 * learner->pattern_mask + 1;
	learner->patterns = CVM_NEW_ZERO(uint64_t, learner->pattern_mask + 1);
	for (int i = 0; i < profile->column_count; i++)
	{
		const CvmColumnProfile *own = &profile->columns[i];

		for (int part = 0; part < own->terms; part++)
		{
			CvmTerm    *term = &learner->terms[next++];
			int			position;

			term->name = term_name(&own->column, part);
			term->kind = cvm_profile_part_position(profile, i, part, &position) ?
				CVM_TERM_CATEGORY : own->column.kind == CVM_INPUT_BOOLEAN ?
				CVM_TERM_INDICATOR : CVM_TERM_NUMBER;
			term->input = i;
			term->part = part;
			term->scale = 1;
			term->flag_slot = -1;
			term->other_level = -1;
			term->missing_level = -1;
		}
	}
}

static bool
keeps_any(const Learner *learner)
{
	for (int i = 0; i < learner->term_count; i++)
		if (learner->verdicts[i] == CVM_TERM_KEPT)
			return true;
	return false;
}

/* ---- reporting ---- */

static void
report_column(const Learner *learner, int column, int first_term,
			  CvmLeftOutReport report, void *state)
{
	const CvmColumnProfile *own = &learner->profile->columns[column];

	for (int why = 0; why < CVM_LEFT_OUT_COUNT; why++)
	{
		const char *first = NULL;
		int			count = 0;
		size_t		size;
		char	   *name;

		for (int part = 0; part < own->terms; part++)
		{
			if (learner->verdicts[first_term + part] != why)
				continue;
			if (count++ == 0)
				first = learner->terms[first_term + part].name;
		}
		if (count == 0)
			continue;
		size = strlen(first) + 32;
		name = CVM_NEW(char, size);
		if (count == own->terms)
			snprintf(name, size, "%s", own->column.name);
		else if (count == 1)
			snprintf(name, size, "%s", first);
		else
			snprintf(name, size, "%s and %d other%s", first, count - 1, count > 2 ? "s" : "");
		report(state, name, (CvmLeftOut) why);
		cvm_release(name);
	}
}

static void
report_left_out(const Learner *learner, CvmLeftOutReport report, void *state)
{
	int			next = 0;

	for (int i = 0; i < learner->profile->column_count; i++)
	{
		report_column(learner, i, next, report, state);
		next += learner->profile->columns[i].terms;
	}
}

/* ---- the encoder ---- */

/* Copies kept terms and the inputs that they need. */
static CvmEncoder *
collect_terms(const Learner *learner)
{
	const CvmProfile *profile = learner->profile;
	CvmEncoder *encoder = CVM_NEW_ZERO(CvmEncoder, 1);
	int			column = -1;

	encoder->inputs = CVM_NEW_ZERO(CvmInput, profile->column_count);
	encoder->terms = CVM_NEW_ZERO(CvmTerm, learner->term_count);
	for (int i = 0; i < learner->term_count; i++)
	{
		CvmTerm    *term;

		if (learner->verdicts[i] != CVM_TERM_KEPT)
			continue;
		term = &encoder->terms[encoder->term_count++];
		*term = learner->terms[i];
		if (term->input != column)
		{
			const CvmColumn *own;
			CvmInput   *input = &encoder->inputs[encoder->input_count++];

			column = term->input;
			own = &profile->columns[column].column;
			input->name = cvm_copy_string(own->name);
			input->kind = own->kind;
			input->elements = own->kind == CVM_INPUT_ARRAY ? own->elements : 0;
		}
		term->input = encoder->input_count - 1;
	}
	return encoder;
}

/* False: there are more slots than a model can have. */
static bool
place_slots(CvmEncoder *encoder)
{
	int64_t		next = 0;

	for (int i = 0; i < encoder->term_count; i++)
	{
		CvmTerm    *term = &encoder->terms[i];

		if (term->kind == CVM_TERM_CATEGORY)
			continue;
		term->slot = (int) next++;
		if (term->flag_slot >= 0)
			term->flag_slot = (int) next++;
	}
	encoder->dense_columns = (int) next;
	for (int i = 0; i < encoder->term_count; i++)
	{
		CvmTerm    *term = &encoder->terms[i];

		if (term->kind != CVM_TERM_CATEGORY)
			continue;
		term->slot = (int) next;
		next += term->level_count - 1;
		encoder->coded_columns++;
		if (next > LARGEST_SLOTS)
			return false;
	}
	encoder->slots = (int) next;
	return next <= LARGEST_SLOTS;
}

/* The dictionary of an identifier that found no room for all values, or NULL. */
static const CvmCategoryProfile *
find_overflow(const CvmProfile *profile)
{
	for (int i = 0; i < profile->coded_columns; i++)
		if (profile->columns[profile->categories[i].column].column.kind == CVM_INPUT_IDENTIFIER &&
			profile->categories[i].dictionary.overflow_code >= 0)
			return &profile->categories[i];
	return NULL;
}

CvmStatus
cvm_encoder_learn(const CvmProfile *profile, const CvmEncoderOptions *options,
				  CvmLeftOutReport report, void *report_state,
				  CvmEncoder **encoder, CvmError *error)
{
	Learner		learner = {.profile = profile,.options = options};
	const CvmCategoryProfile *overflow = find_overflow(profile);

	if (overflow != NULL)
	{
		cvm_fail(error, CVM_LIMIT,
				 "column \"%.100s\" has more different values than there is memory for",
				 profile->columns[overflow->column].column.name);
		cvm_hint(error, "Raise cvm.train_memory, or take fewer rows.");
		return CVM_LIMIT;
	}
	init_terms(&learner);
	learn_terms(&learner, TURN_CATEGORIES);
	learn_terms(&learner, TURN_NUMBERS);
	learn_terms(&learner, TURN_CALENDAR);
	if (!keeps_any(&learner))
	{
		learner.keep_keys = true;
		learn_terms(&learner, TURN_NUMBERS);
	}
	if (report != NULL)
		report_left_out(&learner, report, report_state);
	if (!keeps_any(&learner))
	{
		cvm_fail(error, CVM_NO_FEATURES, "there is no column to learn from");
		if (profile->column_count > 0)
			cvm_detail(error, "Every column is constant, empty, or different in nearly every row.");
		cvm_hint(error, "Add columns that tell the rows apart to the source.");
		return CVM_NO_FEATURES;
	}
	*encoder = collect_terms(&learner);
	cvm_release(learner.patterns);
	cvm_release(learner.verdicts);
	cvm_release(learner.terms);
	if (!place_slots(*encoder))
	{
		cvm_fail(error, CVM_LIMIT, "the columns make more than %d coefficients", LARGEST_SLOTS);
		cvm_hint(error, "Lower max_categories, or leave columns out.");
		return CVM_LIMIT;
	}
	return CVM_OK;
}
