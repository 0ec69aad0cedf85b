/*
 * profile.c
 *		What the training rows hold: ranges, moments, categories, gaps.
 *
 * Everything here is one pass over raw blocks with memory that does not grow
 * with the rows: moments (moments.c), dictionaries (dictionary.c), a sample
 * for quantiles (sample.c), the look of a key (key_watch.c).  Which rows miss
 * a value is kept as a sum of row hashes, so that columns which are missing
 * in exactly the same rows are known to be.
 */
#include "encode/profile_state.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "linalg/panel.h"

/* Differences of larger numbers would overflow. */
#define LARGEST_NUMBER (DBL_MAX / 4)

/* Weighted sums of squares would overflow past it. */
#define LARGEST_WEIGHT 1e100

/* ---- layout ---- */

static int
count_terms(const CvmColumn *column)
{
	switch (column->kind)
	{
		case CVM_INPUT_TIME:
			return 3;
		case CVM_INPUT_ARRAY:
			return column->elements;
		default:
			return 1;
	}
}

static bool
is_coded(CvmInputKind kind, int part)
{
	return cvm_input_is_text(kind) || (kind == CVM_INPUT_TIME && part > 0);
}

bool
cvm_profile_part_position(const CvmProfile *profile, int column, int part, int *position)
{
	const CvmColumnProfile *own = &profile->columns[column];

	if (part >= count_terms(&own->column))
	{
		*position = -1;			/* an array that was longer elsewhere */
		return is_coded(own->column.kind, part);
	}
	if (is_coded(own->column.kind, part))
	{
		*position = own->coded + (own->column.kind == CVM_INPUT_TIME ? part - 1 : 0);
		return true;
	}
	*position = own->dense + part;
	return false;
}

/* Gives every column its raw positions. */
static void
place_columns(CvmProfile *profile, const CvmColumn *columns)
{
	for (int i = 0; i < profile->column_count; i++)
	{
		CvmColumnProfile *own = &profile->columns[i];

		own->column = columns[i];
		own->column.name = cvm_copy_string(columns[i].name);
		own->terms = count_terms(&columns[i]);
		own->dense = profile->dense_columns;
		own->coded = profile->coded_columns;
		for (int part = 0; part < own->terms; part++)
			if (is_coded(columns[i].kind, part))
				profile->coded_columns++;
			else
				profile->dense_columns++;
	}
}

CvmProfile *
cvm_profile_create(const CvmColumn *columns, int column_count)
{
	CvmProfile *profile = CVM_NEW_ZERO(CvmProfile, 1);

	profile->column_count = column_count;
	profile->columns = CVM_NEW_ZERO(CvmColumnProfile, column_count);
	place_columns(profile, columns);

	profile->numbers = CVM_NEW_ZERO(CvmNumberProfile, profile->dense_columns);
	profile->moments = CVM_NEW(CvmMoments, profile->dense_columns);
	profile->categories = CVM_NEW_ZERO(CvmCategoryProfile, profile->coded_columns);
	profile->present = CVM_NEW_ZERO(int, profile->dense_columns);
	for (int i = 0; i < column_count; i++)
	{
		const CvmColumnProfile *own = &profile->columns[i];

		for (int part = 0; part < own->terms; part++)
		{
			int			position;

			if (cvm_profile_part_position(profile, i, part, &position))
			{
				profile->categories[position].column = i;
				cvm_dictionary_init(&profile->categories[position].dictionary);
				continue;
			}
			profile->numbers[position].column = i;
			cvm_moments_init(&profile->moments[position]);
			if (own->column.kind == CVM_INPUT_NUMBER && own->column.integral)
			{
				profile->numbers[position].key_watch = CVM_NEW(CvmKeyWatch, 1);
				cvm_key_watch_init(profile->numbers[position].key_watch);
			}
		}
	}
	profile->identifiers.limit = SIZE_MAX / 2;
	cvm_sample_init(&profile->sample, profile->dense_columns);
	return profile;
}

int
cvm_profile_dense_columns(const CvmProfile *profile)
{
	return profile->dense_columns;
}

int
cvm_profile_coded_columns(const CvmProfile *profile)
{
	return profile->coded_columns;
}

void
cvm_profile_position(const CvmProfile *profile, int column, int *dense, int *coded)
{
	*dense = profile->columns[column].dense;
	*coded = profile->columns[column].coded;
}

int32_t
cvm_profile_code(CvmProfile *profile, int coded_column, const char *text, int length)
{
	CvmCategoryProfile *category = &profile->categories[coded_column];
	bool		identifier = profile->columns[category->column].column.kind == CVM_INPUT_IDENTIFIER;

	return cvm_dictionary_code(&category->dictionary,
							   identifier ? &profile->identifiers : &profile->pool, text, length);
}

void
cvm_profile_limit_identifiers(CvmProfile *profile, size_t bytes)
{
	profile->identifiers.limit = bytes;
}

/* ---- counting ---- */

static CvmStatus
check_range(const CvmProfile *profile, CvmError *error)
{
	for (int i = 0; i < profile->dense_columns; i++)
	{
		const CvmMoments *moments = &profile->moments[i];
		const CvmColumnProfile *own = &profile->columns[profile->numbers[i].column];
		double		extreme = moments->minimum < -LARGEST_NUMBER ? moments->minimum :
			moments->maximum;
		int			element = i - own->dense + 1;
		char		name[300];

		if (profile->present[i] == 0 || !(fabs(extreme) > LARGEST_NUMBER))
			continue;
		if (own->column.nameless_array)
			snprintf(name, sizeof(name), "x%d", element);
		else if (own->column.kind == CVM_INPUT_ARRAY)
			snprintf(name, sizeof(name), "element %d of column \"%.200s\"", element,
					 own->column.name);
		else
			snprintf(name, sizeof(name), "column \"%.200s\"", own->column.name);
		if (isinf(extreme))
			cvm_fail(error, CVM_OUT_OF_RANGE, "%s is infinite in some row", name);
		else
			cvm_fail(error, CVM_OUT_OF_RANGE, "%s is %g in some row, too large to compute with",
					 name, extreme);
		cvm_hint(error, "Replace such values in the source, for example by NULL.");
		return CVM_OUT_OF_RANGE;
	}
	return CVM_OK;
}

/* Sums the hashes of rows in which a number is missing. */
static void
note_missing_numbers(CvmProfile *profile, const CvmBlock *raw, const uint64_t *hashes)
{
	for (int i = 0; i < profile->dense_columns; i++)
	{
		const double *value = raw->dense + i;

		if (profile->present[i] == raw->rows)
			continue;
		for (int row = 0; row < raw->rows; row++)
		{
			if (isnan(*value))
				profile->numbers[i].missing_pattern += hashes[row];
			value += profile->dense_columns;
		}
	}
}

static void
count_codes(CvmCategoryProfile *category, const int32_t *codes, int stride,
			const CvmBlock *raw, const uint64_t *hashes)
{
	CvmDictionaryEntry *entries = category->dictionary.entries;

	for (int row = 0; row < raw->rows; row++)
	{
		int32_t		code = codes[(size_t) row * stride];

		if (code >= 0)
		{
			entries[code].rows++;
			entries[code].weight += raw->weight[row];
		}
		else
		{
			category->missing_rows++;
			category->missing_weight += raw->weight[row];
			category->missing_pattern += hashes[row];
		}
	}
}

/* The weights of a block, or NULL if all are one; adds them to the total. */
static const double *
take_weights(CvmProfile *profile, const CvmBlock *raw)
{
	bool		uniform = true;
	double		sum = raw->rows;

	for (int row = 0; row < raw->rows; row++)
		uniform &= raw->weight[row] == 1;
	if (!uniform)
		sum = cvm_sum(raw->rows, raw->weight);
	profile->weight += sum;
	return uniform ? NULL : raw->weight;
}

/* Whether anything is kept by the hashes of these rows. */
static bool
needs_hashes(const CvmProfile *profile, const CvmBlock *raw)
{
	if (profile->sample.columns > 0 || profile->coded_columns > 0)
		return true;
	for (int i = 0; i < profile->dense_columns; i++)
		if (profile->present[i] < raw->rows)
			return true;
	return false;
}

CvmStatus
cvm_profile_add_block(CvmProfile *profile, const CvmBlock *raw, CvmError *error)
{
	uint64_t	hashes[CVM_BLOCK_ROWS];
	const double *weights = take_weights(profile, raw);
	CvmStatus	status;

	if (!(profile->weight <= LARGEST_WEIGHT))
		return cvm_fail(error, CVM_OUT_OF_RANGE, "the weights of the rows add up to more than %g",
						LARGEST_WEIGHT);
	cvm_moments_add(profile->moments, profile->dense_columns, raw->dense, raw->rows,
					weights, profile->present);
	status = check_range(profile, error);
	if (status != CVM_OK)
		return status;
	if (needs_hashes(profile, raw))
		for (int row = 0; row < raw->rows; row++)
			hashes[row] = cvm_hash64((uint64_t) (profile->rows + row), profile->salt);
	note_missing_numbers(profile, raw, hashes);
	for (int i = 0; i < profile->dense_columns; i++)
		if (profile->numbers[i].key_watch != NULL)
			cvm_key_watch_add(profile->numbers[i].key_watch, raw->dense + i,
							  profile->dense_columns, raw->rows);
	cvm_sample_add(&profile->sample, raw->dense, raw->weight, hashes, raw->rows);
	for (int i = 0; i < profile->coded_columns; i++)
		count_codes(&profile->categories[i], raw->codes + i, profile->coded_columns,
					raw, hashes);
	profile->rows += raw->rows;
	return CVM_OK;
}

/* ---- profiles in parts ---- */

void
cvm_profile_skip_sample(CvmProfile *profile)
{
	profile->sample.columns = 0;
}

void
cvm_profile_set_salt(CvmProfile *profile, uint64_t salt)
{
	profile->salt = salt;
}

void
cvm_profile_repeat(CvmProfile *profile, int rows)
{
	for (int i = 0; i < profile->dense_columns; i++)
		cvm_moments_repeat(&profile->moments[i], rows);
	profile->rows += rows;
	profile->weight += rows;
}

void
cvm_profile_merge(CvmProfile *profile, const CvmProfile *other)
{
	for (int i = 0; i < profile->dense_columns; i++)
	{
		cvm_moments_merge(&profile->moments[i], &other->moments[i]);
		profile->numbers[i].missing_pattern += other->numbers[i].missing_pattern;
	}
	profile->rows += other->rows;
	profile->weight += other->weight;
}

/* ---- what was seen ---- */

int64_t
cvm_profile_missing_cells(const CvmProfile *profile)
{
	int64_t		cells = 0;

	for (int i = 0; i < profile->dense_columns; i++)
		cells += profile->rows - profile->moments[i].present;
	for (int i = 0; i < profile->coded_columns; i++)
		if (profile->columns[profile->categories[i].column].column.kind != CVM_INPUT_TIME)
			cells += profile->categories[i].missing_rows;
	return cells;
}

int
cvm_profile_find_column(const CvmProfile *profile, const char *name, int after)
{
	for (int i = 0; i < profile->column_count; i++)
	{
		int			column = (after + 1 + i) % profile->column_count;

		if (strcmp(profile->columns[column].column.name, name) == 0)
			return column;
	}
	return -1;
}

bool
cvm_profile_quantiles(const CvmProfile *profile, const CvmEncoder *encoder, int term,
					  double quantiles[CVM_QUANTILES])
{
	const CvmTerm *own = &encoder->terms[term];
	int			column = cvm_profile_find_column(profile, encoder->inputs[own->input].name,
												 own->input - 1);
	int			position;

	if (own->kind == CVM_TERM_CATEGORY || column < 0 ||
		cvm_profile_part_position(profile, column, own->part, &position))
		return false;
	cvm_sample_quantiles(&profile->sample, position, CVM_QUANTILES - 1, quantiles);
	if (isnan(quantiles[0]))
		return false;
	quantiles[0] = profile->moments[position].minimum;
	quantiles[CVM_QUANTILES - 1] = profile->moments[position].maximum;
	return true;
}
