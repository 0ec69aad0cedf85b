/*
 * encode_fixture.h
 *		Tables of made-up rows, and their profiles, for the tests of src/encode.
 */
#ifndef CVM_ENCODE_FIXTURE_H
#define CVM_ENCODE_FIXTURE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "encode/encoder.h"

/* A profile and the raw blocks that it has seen. */
typedef struct Table
{
	CvmProfile *profile;
	int			dense_columns;
	int			coded_columns;
	CvmBlock  **blocks;
	int			block_count;
	int			rows;
} Table;

static inline void
table_init(Table *table, const CvmColumn *columns, int column_count)
{
	memset(table, 0, sizeof(Table));
	table->profile = cvm_profile_create(columns, column_count);
	table->dense_columns = cvm_profile_dense_columns(table->profile);
	table->coded_columns = cvm_profile_coded_columns(table->profile);
}

static inline double *
table_numbers(const Table *table, int row)
{
	return table->blocks[row / CVM_BLOCK_ROWS]->dense +
		(size_t) (row % CVM_BLOCK_ROWS) * table->dense_columns;
}

static inline int32_t *
table_codes(const Table *table, int row)
{
	return table->blocks[row / CVM_BLOCK_ROWS]->codes +
		(size_t) (row % CVM_BLOCK_ROWS) * table->coded_columns;
}

/* Adds a row; texts: by coded column, NULL for missing. */
static inline void
table_add(Table *table, const double *numbers, const char *const *texts, double weight)
{
	int			row = table->rows++;
	CvmBlock   *block;

	if (row % CVM_BLOCK_ROWS == 0)
	{
		table->blocks = realloc(table->blocks, (table->block_count + 1) * sizeof(CvmBlock *));
		table->blocks[table->block_count++] =
			cvm_block_create(table->dense_columns, table->coded_columns);
	}
	block = table->blocks[row / CVM_BLOCK_ROWS];
	block->rows++;
	block->target[row % CVM_BLOCK_ROWS] = row;
	block->weight[row % CVM_BLOCK_ROWS] = weight;
	if (numbers != NULL)
		memcpy(table_numbers(table, row), numbers, table->dense_columns * sizeof(double));
	for (int i = 0; i < table->coded_columns; i++)
		table_codes(table, row)[i] = texts[i] == NULL ? -1 :
			cvm_profile_code(table->profile, i, texts[i], (int) strlen(texts[i]));
}

/* Shows all rows to the profile. */
static inline CvmStatus
table_count(Table *table, CvmError *error)
{
	for (int i = 0; i < table->block_count; i++)
	{
		CvmStatus	status = cvm_profile_add_block(table->profile, table->blocks[i], error);

		if (status != CVM_OK)
			return status;
	}
	return CVM_OK;
}

/* What was left out, as "name:reason;" in the order of reports. */
static char left_out[4096];

static inline void
note_left_out(void *state, const char *name, CvmLeftOut why)
{
	static const char *const reasons[] = {"constant", "missing", "identifier", "rare"};

	(void) state;
	snprintf(left_out + strlen(left_out), sizeof(left_out) - strlen(left_out),
			 "%s:%s;", name, reasons[why]);
}

static const CvmEncoderOptions plain_options = {
	.max_categories = 1000,.min_category_count = 1,.standardize = true
};

/* Counts the rows and learns; NULL where that fails. */
static inline CvmEncoder *
table_learn(Table *table, const CvmEncoderOptions *options, CvmError *error)
{
	CvmEncoder *encoder = NULL;

	left_out[0] = '\0';
	if (table_count(table, error) != CVM_OK ||
		cvm_encoder_learn(table->profile, options, note_left_out, NULL, &encoder,
						  error) != CVM_OK)
		return NULL;
	return encoder;
}

static inline const CvmTerm *
find_term(const CvmEncoder *encoder, const char *name)
{
	for (int i = 0; i < encoder->term_count; i++)
		if (strcmp(encoder->terms[i].name, name) == 0)
			return &encoder->terms[i];
	return NULL;
}

#endif							/* CVM_ENCODE_FIXTURE_H */
