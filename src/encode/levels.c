/*
 * levels.c
 *		Which levels a category term gets, and finding a level by its text.
 *
 * Levels are the texts that at least min_category_count training rows have, at
 * most max_categories of them, by falling number of rows and then by bytes, so
 * that their order does not depend on the order of the rows.  The first is the
 * reference.  All other texts share CVM_OTHER_LEVEL, which comes next, and
 * CVM_MISSING_LEVEL comes last; each is there only if a training row has it.
 * Of a segment column the shared level comes first and is always there: a text
 * that was never seen must not be taken for a segment.
 *
 * An identifier has a level for every text, CVM_OTHER_LEVEL for those that come
 * later, though no row has it, and no level of its own for NULL.
 *
 * A category of at least 50 rows is an identifier if the texts that its
 * dictionary holds are different in nearly every row; texts past the bound of
 * the dictionary are not looked at for that.
 */
#include "encode/levels.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* ---- choosing ---- */

#define LEAST_DISTINCT 0.9

typedef struct Census
{
	const CvmDictionaryEntry **frequent;	/* candidates for levels */
	int			frequent_count;
	int64_t		known_rows;		/* rows and texts of the dictionary */
	int64_t		known_texts;
	int64_t		rare_rows;		/* rows of texts that are no level */
	double		rare_weight;
} Census;

static int
compare_entries(const void *a, const void *b)
{
	const CvmDictionaryEntry *left = *(const CvmDictionaryEntry *const *) a;
	const CvmDictionaryEntry *right = *(const CvmDictionaryEntry *const *) b;

	if (left->rows != right->rows)
		return left->rows > right->rows ? -1 : 1;
	return strcmp(left->text, right->text);
}

static void
count_rare(Census *census, const CvmDictionaryEntry *entry)
{
	census->rare_rows += entry->rows;
	census->rare_weight += entry->weight;
}

static void
take_census(Census *census, const CvmDictionary *dictionary, const CvmEncoderOptions *options)
{
	memset(census, 0, sizeof(Census));
	census->frequent = CVM_NEW(const CvmDictionaryEntry *, dictionary->count);
	for (int32_t code = 0; code < dictionary->count; code++)
	{
		const CvmDictionaryEntry *entry = &dictionary->entries[code];

		if (entry->rows == 0)
			continue;			/* in validation rows only */
		if (code != dictionary->overflow_code)
		{
			census->known_rows += entry->rows;
			census->known_texts++;
		}
		if (code != dictionary->overflow_code && entry->rows >= options->min_category_count)
			census->frequent[census->frequent_count++] = entry;
		else
			count_rare(census, entry);
	}
	qsort(census->frequent, census->frequent_count, sizeof(CvmDictionaryEntry *),
		  compare_entries);
	while (census->frequent_count > options->max_categories)
		count_rare(census, census->frequent[--census->frequent_count]);
}

static double
share(double weight, double total)
{
	return weight < total ? weight / total : 1;
}

static int
add_level(CvmTerm *term, const char *text, double level_share)
{
	term->levels[term->level_count] = cvm_copy_string(text);
	term->level_shares[term->level_count] = level_share;
	return term->level_count++;
}

/* All texts, where there is more than nothing. */
static int
learn_identifier(const CvmProfile *profile, const CvmCategoryProfile *category, CvmTerm *term)
{
	static const CvmEncoderOptions all = {.max_categories = INT_MAX,.min_category_count = 1};
	Census		census;

	take_census(&census, &category->dictionary, &all);
	if (census.frequent_count > 0)
	{
		term->missing_share = share(category->missing_weight, profile->weight);
		term->levels = CVM_NEW(const char *, (size_t) census.frequent_count + 1);
		term->level_shares = CVM_NEW(double, (size_t) census.frequent_count + 1);
		for (int i = 0; i < census.frequent_count; i++)
			add_level(term, census.frequent[i]->text,
					  share(census.frequent[i]->weight, profile->weight));
		term->other_level = add_level(term, CVM_OTHER_LEVEL, term->missing_share);
	}
	cvm_release(census.frequent);
	return census.frequent_count > 0 ? CVM_TERM_KEPT : CVM_LEFT_OUT_MISSING;
}

static void
add_shared_level(CvmTerm *term, const Census *census, double total)
{
	term->other_level = add_level(term, CVM_OTHER_LEVEL, share(census->rare_weight, total));
}

int
cvm_levels_learn(const CvmProfile *profile, const CvmCategoryProfile *category,
				 const CvmEncoderOptions *options, bool missing_known, bool shared_first,
				 CvmTerm *term)
{
	bool		missing_level = category->missing_rows > 0 && !missing_known;
	Census		census;
	bool		shared_level;
	int			verdict = CVM_TERM_KEPT;
	int			count;

	if (profile->columns[category->column].column.kind == CVM_INPUT_IDENTIFIER)
		return learn_identifier(profile, category, term);
	take_census(&census, &category->dictionary, options);
	shared_level = shared_first || census.rare_rows > 0;
	count = census.frequent_count + shared_level + missing_level;
	if (category->missing_rows == profile->rows)
		verdict = CVM_LEFT_OUT_MISSING;
	else if (census.known_rows >= CVM_KEY_LEAST_ROWS &&
			 census.known_texts >= LEAST_DISTINCT * census.known_rows)
		verdict = CVM_LEFT_OUT_IDENTIFIER;
	else if (count == 1 || (shared_first && census.frequent_count == 0))
		verdict = census.frequent_count == 0 ? CVM_LEFT_OUT_RARE : CVM_LEFT_OUT_CONSTANT;

	if (verdict == CVM_TERM_KEPT)
	{
		term->missing_share = share(category->missing_weight, profile->weight);
		term->levels = CVM_NEW(const char *, count);
		term->level_shares = CVM_NEW(double, count);
		if (shared_first)
			add_shared_level(term, &census, profile->weight);
		for (int i = 0; i < census.frequent_count; i++)
			add_level(term, census.frequent[i]->text,
					  share(census.frequent[i]->weight, profile->weight));
		if (shared_level && !shared_first)
			add_shared_level(term, &census, profile->weight);
		if (missing_level)
			term->missing_level = add_level(term, CVM_MISSING_LEVEL, term->missing_share);
		else
		{
			double	   *unseen = &term->level_shares[cvm_level_missing(term)];

			*unseen = share(*unseen + term->missing_share, 1);
		}
	}
	cvm_release(census.frequent);
	return verdict;
}

/* ---- finding ---- */

typedef struct LevelPlace
{
	uint32_t	hash;
	int32_t		level;			/* -1: empty */
	uint32_t	length;
} LevelPlace;

struct CvmLevelLookup
{
	const char *const *levels;
	LevelPlace *places;
	uint32_t	mask;
	int			unseen;			/* the level of texts that are not there */
};

CvmLevelLookup *
cvm_level_lookup_create(const CvmTerm *term)
{
	CvmLevelLookup *lookup = CVM_NEW(CvmLevelLookup, 1);
	uint32_t	size = 4;

	while (size < 2 * (uint32_t) term->level_count)
		size *= 2;
	lookup->levels = term->levels;
	lookup->places = CVM_NEW(LevelPlace, size);
	lookup->mask = size - 1;
	lookup->unseen = term->other_level >= 0 ? term->other_level : 0;
	memset(lookup->places, -1, size * sizeof(LevelPlace));
	for (int level = 0; level < term->level_count; level++)
	{
		size_t		length = strlen(term->levels[level]);
		uint32_t	hash = (uint32_t) cvm_hash_bytes(term->levels[level], length, 0);
		uint32_t	place = hash & lookup->mask;

		if (level == term->other_level || level == term->missing_level)
			continue;
		while (lookup->places[place].level >= 0)
			place = (place + 1) & lookup->mask;
		lookup->places[place] = (LevelPlace)
		{
			.hash = hash,.level = level,.length = (uint32_t) length
		};
	}
	return lookup;
}

void
cvm_level_lookup_release(CvmLevelLookup *lookup)
{
	cvm_release(lookup->places);
	cvm_release(lookup);
}

int
cvm_level_find(const CvmLevelLookup *lookup, const char *text, int length)
{
	uint32_t	hash = (uint32_t) cvm_hash_bytes(text, length, 0);
	uint32_t	place = hash & lookup->mask;

	for (; lookup->places[place].level >= 0; place = (place + 1) & lookup->mask)
	{
		const LevelPlace *found = &lookup->places[place];

		if (found->hash == hash && found->length == (uint32_t) length &&
			memcmp(lookup->levels[found->level], text, length) == 0)
			return found->level;
	}
	return lookup->unseen;
}

int
cvm_level_missing(const CvmTerm *term)
{
	if (term->missing_level >= 0)
		return term->missing_level;
	return term->other_level >= 0 ? term->other_level : 0;
}
