/*
 * ensemble_rows.c
 *		The inputs of an ensemble, and its rows as each member sees them.
 *
 * Members may read different columns and know different levels of a category.
 * An ensemble reads them all: numbers as they are, NaN where missing, and of
 * a category every level that some member knows, one for values that none
 * knows, and one for NULL.  So each member gets, from the ensemble's row, just
 * what its own encoder would have made of the customer.
 */
#include "model/learners/learner_ensemble.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* ---- the union of inputs ---- */

static int
find_input(const CvmEncoder *encoder, const char *name)
{
	for (int i = 0; i < encoder->input_count; i++)
		if (strcmp(encoder->inputs[i].name, name) == 0)
			return i;
	return -1;
}

/* Adds the inputs of a member that are not there yet. */
static CvmStatus
add_inputs(const CvmMembers *members, int index, CvmEncoder *encoder, CvmError *error)
{
	const CvmEncoder *own = &members->list.models[index]->encoder;

	for (int i = 0; i < own->input_count; i++)
	{
		const CvmInput *input = &own->inputs[i];
		int			at = find_input(encoder, input->name);

		if (at < 0)
			encoder->inputs[encoder->input_count++] = *input;
		else if (encoder->inputs[at].kind != input->kind ||
				 encoder->inputs[at].elements != input->elements)
		{
			cvm_fail(error, CVM_MISMATCH,
					 "member \"%s\" reads column \"%.100s\" as another type than the members before it",
					 members->names[index], input->name);
			cvm_hint(error, "Train the members on columns of the same types.");
			return CVM_MISMATCH;
		}
	}
	return CVM_OK;
}

static int
by_part(const void *left, const void *right)
{
	const CvmTerm *a = *(const CvmTerm *const *) left;
	const CvmTerm *b = *(const CvmTerm *const *) right;

	return (a->part > b->part) - (a->part < b->part);
}

/* A set of texts, that are in an array. */
typedef struct TextSet
{
	const char **texts;
	int			count;
	int32_t    *places;			/* index in texts, or -1 */
	uint32_t	mask;
} TextSet;

static void
add_text(TextSet *set, const char *text)
{
	uint32_t	place = (uint32_t) cvm_hash_bytes(text, strlen(text), 0) & set->mask;

	while (set->places[place] >= 0 && strcmp(set->texts[set->places[place]], text) != 0)
		place = (place + 1) & set->mask;
	if (set->places[place] >= 0)
		return;
	set->places[place] = set->count;
	set->texts[set->count++] = text;
}

/* All levels of some terms; then one for unknown values, and one for NULL. */
static void
join_levels(const CvmTerm **terms, int count, CvmTerm *joined)
{
	TextSet		set = {.mask = 15};
	int			total = 0;

	for (int i = 0; i < count; i++)
		total += terms[i]->level_count;
	while (set.mask < 2 * (uint32_t) total)
		set.mask = 2 * set.mask + 1;
	set.texts = CVM_NEW(const char *, (size_t) total + 2);
	set.places = CVM_NEW(int32_t, (size_t) set.mask + 1);
	memset(set.places, -1, ((size_t) set.mask + 1) * sizeof(int32_t));
	for (int i = 0; i < count; i++)
		for (int level = 0; level < terms[i]->level_count; level++)
			if (level != terms[i]->other_level && level != terms[i]->missing_level)
				add_text(&set, terms[i]->levels[level]);
	cvm_release(set.places);

	joined->other_level = set.count;
	joined->missing_level = set.count + 1;
	joined->level_count = set.count + 2;
	joined->levels = set.texts;
	joined->levels[joined->other_level] = CVM_OTHER_LEVEL;
	joined->levels[joined->missing_level] = CVM_MISSING_LEVEL;
	joined->level_shares = CVM_NEW_ZERO(double, joined->level_count);
	joined->level_shares[0] = 1;
}

/* The terms of one input, from those that members have for it, by part. */
static void
join_terms(const CvmTerm **terms, int count, int input, CvmEncoder *encoder)
{
	qsort(terms, count, sizeof(terms[0]), by_part);
	for (int first = 0, next; first < count; first = next)
	{
		CvmTerm    *joined = &encoder->terms[encoder->term_count++];

		next = first + 1;
		while (next < count && terms[next]->part == terms[first]->part)
			next++;
		*joined = *terms[first];
		joined->input = input;
		joined->flag_slot = -1;
		if (joined->kind == CVM_TERM_CATEGORY)
		{
			join_levels(terms + first, next - first, joined);
			continue;
		}
		joined->center = 0;
		joined->scale = 1;
		joined->fill = NAN;
	}
}

CvmStatus
cvm_ensemble_encoder(const CvmMembers *members, CvmEncoder *encoder, CvmError *error)
{
	const CvmModelList *list = &members->list;
	int			inputs = 0;
	int			term_total = 0;
	const CvmTerm **terms;

	for (int m = 0; m < list->count; m++)
	{
		inputs += list->models[m]->encoder.input_count;
		term_total += list->models[m]->encoder.term_count;
	}
	memset(encoder, 0, sizeof(*encoder));
	encoder->inputs = CVM_NEW(CvmInput, inputs);
	encoder->terms = CVM_NEW(CvmTerm, term_total);
	terms = CVM_NEW(const CvmTerm *, term_total);
	for (int m = 0; m < list->count; m++)
	{
		CvmStatus	status = add_inputs(members, m, encoder, error);

		if (status != CVM_OK)
			return status;
	}
	for (int i = 0; i < encoder->input_count; i++)
	{
		int			count = 0;

		cvm_check_interrupt();
		for (int m = 0; m < list->count; m++)
		{
			const CvmEncoder *own = &list->models[m]->encoder;
			int			input = find_input(own, encoder->inputs[i].name);

			for (int t = 0; input >= 0 && t < own->term_count; t++)
				if (own->terms[t].input == input)
					terms[count++] = &own->terms[t];
		}
		join_terms(terms, count, i, encoder);
	}
	cvm_release(terms);
	return cvm_model_assign_slots(encoder, error);
}

/* ---- rows ---- */

typedef struct NumberStep
{
	int			source;			/* slot in the ensemble's row */
	const CvmTerm *term;		/* of the member */
} NumberStep;

typedef struct CategoryStep
{
	int			source;			/* coded column of the ensemble */
	int			first;			/* slot of its second level */
	int32_t    *codes;			/* the member's, by level of the ensemble */
} CategoryStep;

struct CvmMemberRows
{
	int			dense;			/* of the ensemble */
	int			coded;
	int			sink;
	const CvmEncoder *member;
	NumberStep *numbers;
	int			number_count;
	CategoryStep *categories;	/* in the order of the member's coded columns */
	int			category_count;
	CvmBlock   *block;			/* NULL: no rows are encoded */
};

/* The index of the ensemble's term of that input and part, looked for from "guess" on; or -1. */
static int
find_term(const CvmEncoder *encoder, const char *input, int part, int guess)
{
	for (int n = 0; n < encoder->term_count; n++)
	{
		int			i = (guess + n) % encoder->term_count;
		const CvmTerm *term = &encoder->terms[i];

		if (n % 1024 == 1023)
			cvm_check_interrupt();
		if (term->part == part && strcmp(encoder->inputs[term->input].name, input) == 0)
			return i;
	}
	return -1;
}

/* By term: how many categories come before it. */
static int *
count_categories(const CvmEncoder *encoder)
{
	int		   *before = CVM_NEW(int, encoder->term_count);
	int			count = 0;

	for (int i = 0; i < encoder->term_count; i++)
	{
		before[i] = count;
		count += encoder->terms[i].kind == CVM_TERM_CATEGORY;
	}
	return before;
}

static void
plan_category(const CvmTerm *whole, int coded, const CvmEncoder *member, const CvmTerm *own,
			  CategoryStep *step)
{
	CvmLevelLookup *lookup = cvm_level_lookup_create(own);

	step->source = coded;
	step->first = whole->slot;
	step->codes = CVM_NEW(int32_t, whole->level_count);
	for (int level = 0; level < whole->level_count; level++)
	{
		int			mapped;

		if (level == whole->missing_level)
			mapped = cvm_level_missing(own);
		else if (level == whole->other_level)
			mapped = own->other_level >= 0 ? own->other_level : 0;
		else
			mapped = cvm_level_find(lookup, whole->levels[level], (int) strlen(whole->levels[level]));
		step->codes[level] = mapped == 0 ? CVM_SINK(member->slots) : own->slot + mapped - 1;
	}
	cvm_level_lookup_release(lookup);
}

CvmMemberRows *
cvm_member_rows_create(const CvmEncoder *encoder, const CvmEncoder *member, bool encodes)
{
	CvmMemberRows *rows = CVM_NEW_ZERO(CvmMemberRows, 1);
	int		   *categories_before = count_categories(encoder);
	int			at = -1;

	rows->dense = encoder->dense_columns;
	rows->coded = encoder->coded_columns;
	rows->sink = CVM_SINK(encoder->slots);
	rows->member = member;
	rows->numbers = CVM_NEW(NumberStep, member->term_count);
	rows->categories = CVM_NEW(CategoryStep, member->term_count);
	for (int i = 0; i < member->term_count; i++)
	{
		const CvmTerm *own = &member->terms[i];
		const CvmInput *input = &member->inputs[own->input];
		const CvmTerm *whole;

		at = find_term(encoder, input->name, own->part, at + 1);
		if (at < 0)
			return NULL;
		whole = &encoder->terms[at];
		if (encoder->inputs[whole->input].kind != input->kind ||
			encoder->inputs[whole->input].elements != input->elements ||
			(whole->kind == CVM_TERM_CATEGORY) != (own->kind == CVM_TERM_CATEGORY))
			return NULL;
		if (own->kind == CVM_TERM_CATEGORY)
			plan_category(whole, categories_before[at], member, own, &rows->categories[rows->category_count++]);
		else
		{
			rows->numbers[rows->number_count].source = whole->slot;
			rows->numbers[rows->number_count++].term = own;
		}
	}
	cvm_release(categories_before);
	if (encodes)
		rows->block = cvm_block_create(member->dense_columns, member->coded_columns);
	return rows;
}

const CvmBlock *
cvm_member_rows_encode(CvmMemberRows *rows, const CvmBlock *block)
{
	CvmBlock   *own = rows->block;

	own->rows = block->rows;
	for (int i = 0; i < rows->number_count; i++)
	{
		const CvmTerm *term = rows->numbers[i].term;
		double		inverse = 1 / term->scale;
		const double *source = block->dense + rows->numbers[i].source;
		double	   *dense = own->dense;

		for (int row = 0; row < block->rows; row++, source += rows->dense, dense += rows->member->dense_columns)
		{
			bool		missing = isnan(*source);

			/* times the inverse, as in encode_block.c: the same bits */
			dense[term->slot] = ((missing ? term->fill : *source) - term->center) * inverse;
			if (term->flag_slot >= 0)
				dense[term->flag_slot] = missing;
		}
	}
	for (int i = 0; i < rows->category_count; i++)
	{
		const CategoryStep *step = &rows->categories[i];

		for (int row = 0; row < block->rows; row++)
		{
			int32_t		code = block->codes[(size_t) row * rows->coded + step->source];

			own->codes[(size_t) row * rows->member->coded_columns + i] =
				step->codes[code == rows->sink ? 0 : code - step->first + 1];
		}
	}
	return own;
}
