/*
 * encode_block.c
 *		Raw blocks to encoded ones.
 *
 * Where no number has a flag and none was left out, dense columns stay where
 * they are, and rows are encoded several columns at a time (lanes.h).
 * Otherwise each number is fetched and stored on its own.
 *
 * In place, encoded rows are no wider than raw ones, so that a row never
 * reaches into one that was not read yet.  Within a row a flag would overwrite
 * the raw value after it: rows with flags are copied out first.  A code is
 * never stored past the place it came from, and needs no copy.
 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "encode/lanes.h"
#include "encode/profile_state.h"

/* A number term. */
typedef struct NumberStep
{
	int			source;			/* raw dense position, -1: none, all missing */
	int			slot;
	int			flag_slot;		/* or -1 */
	double		center;
	double		inverse;		/* of the scale: a division costs as much as all else */
	double		fill;			/* encoded */
} NumberStep;

/* A category term. */
typedef struct CodeStep
{
	int			source;			/* raw coded position, -1: none, all missing */
	int32_t    *slots;			/* by dictionary code + 1: the first is missing */
	int32_t		codes;
	int32_t		unseen;			/* slot of codes past these */
} CodeStep;

struct CvmEncodePlan
{
	int			raw_dense;
	int			raw_coded;
	int			dense;
	int			coded;
	bool		straight;		/* dense columns stay where they are */
	bool		flags;			/* some number has one */
	NumberStep *numbers;
	int			number_count;
	CodeStep   *categories;
	double	   *centers;		/* by dense column, where straight */
	double	   *inverses;
	double	   *fills;
	double	   *row;			/* scratch: a raw row */
};

/* ---- planning ---- */

static int32_t
level_slot(const CvmEncoder *encoder, const CvmTerm *term, int level)
{
	return level == 0 ? CVM_SINK(encoder->slots) : term->slot + level - 1;
}

static void
plan_category(const CvmProfile *profile, const CvmEncoder *encoder, const CvmTerm *term,
			  int position, CodeStep *step)
{
	CvmLevelLookup *lookup = cvm_level_lookup_create(term);
	int			unseen = term->other_level >= 0 ? term->other_level : 0;

	step->source = position;
	step->codes = position < 0 ? 0 : profile->categories[position].dictionary.count;
	step->unseen = level_slot(encoder, term, unseen);
	step->slots = CVM_NEW(int32_t, (size_t) step->codes + 1);
	step->slots[0] = level_slot(encoder, term, cvm_level_missing(term));
	for (int32_t code = 0; code < step->codes; code++)
	{
		const CvmDictionaryEntry *entry =
			&profile->categories[position].dictionary.entries[code];
		int			level = entry->text == NULL ? unseen :
			cvm_level_find(lookup, entry->text, (int) entry->length);

		step->slots[code + 1] = level_slot(encoder, term, level);
	}
	cvm_level_lookup_release(lookup);
}

static void
plan_number(const CvmTerm *term, int position, NumberStep *step)
{
	step->source = position;
	step->slot = term->slot;
	step->flag_slot = term->flag_slot;
	step->center = term->center;
	step->inverse = 1 / term->scale;
	step->fill = (term->fill - term->center) * step->inverse;
}

/* Lays out the arrays of the straight case. */
static void
plan_straight(CvmEncodePlan *plan)
{
	plan->centers = CVM_NEW(double, plan->dense);
	plan->inverses = CVM_NEW(double, plan->dense);
	plan->fills = CVM_NEW(double, plan->dense);
	for (int i = 0; i < plan->dense; i++)
	{
		plan->centers[i] = plan->numbers[i].center;
		plan->inverses[i] = plan->numbers[i].inverse;
		plan->fills[i] = plan->numbers[i].fill;
	}
}

CvmEncodePlan *
cvm_encode_plan_create(const CvmProfile *profile, const CvmEncoder *encoder)
{
	CvmEncodePlan *plan = CVM_NEW_ZERO(CvmEncodePlan, 1);
	int			input = -1;
	int			column = -1;
	int			coded = 0;

	plan->raw_dense = profile->dense_columns;
	plan->raw_coded = profile->coded_columns;
	plan->dense = encoder->dense_columns;
	plan->coded = encoder->coded_columns;
	plan->numbers = CVM_NEW(NumberStep, encoder->term_count);
	plan->categories = CVM_NEW(CodeStep, encoder->coded_columns);
	plan->straight = plan->dense == plan->raw_dense;
	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];
		int			position = -1;

		if (term->input != input)
		{
			input = term->input;
			column = cvm_profile_find_column(profile, encoder->inputs[input].name, column);
		}
		if (column >= 0 && cvm_profile_part_position(profile, column, term->part, &position) !=
			(term->kind == CVM_TERM_CATEGORY))
			position = -1;
		if (term->kind == CVM_TERM_CATEGORY)
		{
			plan_category(profile, encoder, term, position, &plan->categories[coded++]);
			continue;
		}
		plan_number(term, position, &plan->numbers[plan->number_count++]);
		plan->flags |= term->flag_slot >= 0;
		plan->straight &= term->slot == position;
	}
	/* a flag can make up for a column that was left out */
	plan->straight &= !plan->flags;
	if (plan->straight)
		plan_straight(plan);
	plan->row = CVM_NEW(double, plan->raw_dense);
	return plan;
}

void
cvm_encode_plan_release(CvmEncodePlan *plan)
{
	for (int i = 0; i < plan->coded; i++)
		cvm_release(plan->categories[i].slots);
	cvm_release(plan->categories);
	cvm_release(plan->numbers);
	cvm_release(plan->centers);
	cvm_release(plan->inverses);
	cvm_release(plan->fills);
	cvm_release(plan->row);
	cvm_release(plan);
}

bool
cvm_encode_plan_in_place(const CvmEncodePlan *plan)
{
	return plan->dense <= plan->raw_dense && plan->coded <= plan->raw_coded;
}

/* ---- encoding ---- */

static inline double
encode_number(double value, double center, double inverse, double fill)
{
	return isnan(value) ? fill : (value - center) * inverse;
}

static void
encode_straight(const CvmEncodePlan *plan, const double *raw, double *encoded, int rows)
{
	int			columns = plan->dense;
	int			whole = columns - columns % CVM_LANES;

	for (int row = 0; row < rows; row++)
	{
		for (int i = 0; i < whole; i += CVM_LANES)
		{
			CvmLanes	value;
			CvmLanes	center;
			CvmLanes	inverse;
			CvmLanes	fill;

			memcpy(&value, raw + i, sizeof(value));
			memcpy(&center, plan->centers + i, sizeof(center));
			memcpy(&inverse, plan->inverses + i, sizeof(inverse));
			memcpy(&fill, plan->fills + i, sizeof(fill));
			value = CVM_LANES_SELECT(value == value, (value - center) * inverse, fill);
			memcpy(encoded + i, &value, sizeof(value));
		}
		for (int i = whole; i < columns; i++)
			encoded[i] = encode_number(raw[i], plan->centers[i], plan->inverses[i],
									   plan->fills[i]);
		raw += columns;
		encoded += columns;
	}
}

static void
encode_numbers(const CvmEncodePlan *plan, const double *raw, double *encoded, int rows)
{
	for (int row = 0; row < rows; row++)
	{
		const double *values = raw;

		if (plan->flags)
			values = memcpy(plan->row, raw, plan->raw_dense * sizeof(double));
		for (int i = 0; i < plan->number_count; i++)
		{
			const NumberStep *step = &plan->numbers[i];
			double		value = step->source >= 0 ? values[step->source] : NAN;

			encoded[step->slot] = encode_number(value, step->center, step->inverse, step->fill);
			if (step->flag_slot >= 0)
				encoded[step->flag_slot] = isnan(value);
		}
		raw += plan->raw_dense;
		encoded += plan->dense;
	}
}

static void
encode_codes(const CvmEncodePlan *plan, const int32_t *raw, int32_t *encoded, int rows)
{
	for (int row = 0; row < rows; row++)
	{
		for (int i = 0; i < plan->coded; i++)
		{
			const CodeStep *step = &plan->categories[i];
			int32_t		code = step->source >= 0 ? raw[step->source] : -1;

			encoded[i] = code < step->codes ? step->slots[code + 1] : step->unseen;
		}
		raw += plan->raw_coded;
		encoded += plan->coded;
	}
}

void
cvm_encode_block(const CvmEncodePlan *plan, const CvmBlock *raw, CvmBlock *encoded)
{
	if (plan->straight)
		encode_straight(plan, raw->dense, encoded->dense, raw->rows);
	else
		encode_numbers(plan, raw->dense, encoded->dense, raw->rows);
	encode_codes(plan, raw->codes, encoded->codes, raw->rows);
	if (encoded->target != raw->target)
		memcpy(encoded->target, raw->target, raw->rows * sizeof(double));
	if (encoded->weight != raw->weight)
		memcpy(encoded->weight, raw->weight, raw->rows * sizeof(double));
	encoded->rows = raw->rows;
}
