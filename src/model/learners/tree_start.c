/*
 * tree_start.c
 *		Trees of one model as another encoder sees their columns.
 *
 * Thresholds are on the scale of the columns, so numbers need nothing but
 * another place.  Sets of levels are made anew: a level is in one if the level of
 * the same name was, and where there was none, the one that scoring takes for it.
 */
#include "model/learners/tree_start.h"

#include <string.h>

#include "base/memory.h"
#include "encode/expand.h"
#include "model/learners/tree_payload.h"

/* The term that a column of an encoder stands for. */
static const CvmTerm *
term_of_column(const CvmEncoder *encoder, int column)
{
	int			coded = encoder->dense_columns;

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		if (column == (term->kind == CVM_TERM_CATEGORY ? coded++ : term->slot))
			return term;
	}
	return NULL;
}

/* The column of a term of the same name, kind and input; -1: there is none. */
static int
column_like(const CvmEncoder *encoder, const CvmEncoder *other, const CvmTerm *wanted)
{
	int			coded = encoder->dense_columns;

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];
		int			column = term->kind == CVM_TERM_CATEGORY ? coded++ : term->slot;

		if (term->kind == wanted->kind && strcmp(term->name, wanted->name) == 0 &&
			encoder->inputs[term->input].kind == other->inputs[wanted->input].kind)
			return column;
	}
	return -1;
}

/* The level that "from" takes a level of "to" for. */
static int
level_like(const CvmTerm *from, const CvmTerm *to, int level)
{
	if (level == to->missing_level)
	{
		if (from->missing_level >= 0)
			return from->missing_level;
	}
	else if (level != to->other_level)
		for (int i = 0; i < from->level_count; i++)
			if (i != from->missing_level && i != from->other_level &&
				strcmp(from->levels[i], to->levels[level]) == 0)
				return i;
	return from->other_level >= 0 ? from->other_level : 0;
}

/* Per column of the start: where it is now, and what its levels were. */
typedef struct Mapping
{
	int			column;			/* -1: nowhere */
	int			level_count;	/* now */
	int		   *levels;			/* [level now]: level then; NULL for numbers */
} Mapping;

static Mapping *
map_columns(const CvmEncoder *from, const CvmEncoder *to)
{
	int			columns = from->dense_columns + from->coded_columns;
	Mapping    *mappings = CVM_NEW_ZERO(Mapping, columns);

	for (int c = 0; c < columns; c++)
	{
		const CvmTerm *then = term_of_column(from, c);
		const CvmTerm *now;

		mappings[c].column = then == NULL ? -1 : column_like(to, from, then);
		if (mappings[c].column < 0 || then->kind != CVM_TERM_CATEGORY)
			continue;
		now = term_of_column(to, mappings[c].column);
		mappings[c].level_count = now->level_count;
		mappings[c].levels = CVM_NEW(int, now->level_count);
		for (int level = 0; level < now->level_count; level++)
			mappings[c].levels[level] = level_like(then, now, level);
	}
	return mappings;
}

static void
release_mappings(Mapping *mappings, int columns)
{
	for (int c = 0; c < columns; c++)
		cvm_release(mappings[c].levels);
	cvm_release(mappings);
}

/* Puts the set of a node, in levels now, after those before. */
static void
add_set(const Mapping *mapping, const int32_t *then, int32_t *words)
{
	memset(words, 0, (mapping->level_count + 31) / 32 * sizeof(int32_t));
	for (int level = 0; level < mapping->level_count; level++)
	{
		int			before = mapping->levels[level];

		if ((then[before / 32] >> (before % 32)) & 1)
			words[level / 32] |= (int32_t) (UINT32_C(1) << (level % 32));
	}
}

bool
cvm_tree_start(const CvmModel *start, const CvmEncoder *encoder, const CvmExpansion *layout,
			   CvmForest *forest)
{
	const CvmForest *from = &cvm_model_trees(start)->forest;
	Mapping    *mappings = map_columns(&start->encoder, encoder);
	int32_t    *columns = CVM_NEW(int32_t, from->node_count);
	double	   *thresholds = CVM_NEW(double, from->node_count);
	int32_t    *words = NULL;
	int			room = 0;
	bool		found = true;

	*forest = *from;
	forest->word_count = 0;
	for (int i = 0; i < from->node_count && found; i++)
	{
		const Mapping *mapping;
		int			count;

		columns[i] = from->columns[i];
		thresholds[i] = from->thresholds[i];
		if (from->columns[i] < 0)
			continue;
		mapping = &mappings[from->columns[i]];
		columns[i] = mapping->column;
		found = mapping->column >= 0;
		if (mapping->levels == NULL)
			continue;
		count = cvm_forest_set_words(layout, mapping->column - layout->dense_columns);
		while (forest->word_count + count > room)
		{
			room = room == 0 ? 256 : 2 * room;
			words = cvm_resize(words, room, sizeof(int32_t));
		}
		add_set(mapping, from->words + (int) from->thresholds[i], words + forest->word_count);
		thresholds[i] = forest->word_count;
		forest->word_count += count;
	}
	forest->columns = columns;
	forest->thresholds = thresholds;
	forest->words = words;
	release_mappings(mappings, start->encoder.dense_columns + start->encoder.coded_columns);
	return found;
}
