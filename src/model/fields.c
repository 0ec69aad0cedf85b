/*
 * fields.c
 *		Fields of a payload to bytes and back; format.txt describes the bytes.
 *
 * A count in the bytes never makes us allocate: arrays stay where they are,
 * after it is known that the bytes for them are there.
 */
#include "model/fields.h"

#include <limits.h>

#include "base/memory.h"
#include "model/model.h"

void
cvm_field_count(CvmFields *fields, const char *name, int *value)
{
	fields->methods->count(fields, name, value);
}

void
cvm_field_choice(CvmFields *fields, const char *name, const char *const *names, int *value)
{
	fields->methods->choice(fields, name, names, value);
}

void
cvm_field_number(CvmFields *fields, const char *name, double *value, bool nullable)
{
	fields->methods->number(fields, name, value, nullable);
}

void
cvm_field_numbers(CvmFields *fields, const char *name, const double **values,
				  size_t count, bool nullable)
{
	fields->methods->numbers(fields, name, values, count, nullable);
}

void
cvm_field_matrix(CvmFields *fields, const char *name, const double **values,
				 size_t rows, size_t columns, bool nullable)
{
	fields->methods->matrix(fields, name, values, rows, columns, nullable, false);
}

void
cvm_field_matrix_or_none(CvmFields *fields, const char *name, const double **values,
						 size_t rows, size_t columns, bool nullable)
{
	fields->methods->matrix(fields, name, values, rows, columns, nullable, true);
}

void
cvm_field_integers(CvmFields *fields, const char *name, const int32_t **values, size_t count)
{
	fields->methods->integers(fields, name, values, count);
}

void
cvm_field_groups(CvmFields *fields, const char *name, int count,
				 CvmDescribeGroup describe, void *state)
{
	fields->methods->groups(fields, name, count, describe, state);
}

void
cvm_field_refuse(CvmFields *fields, const char *name, const char *problem)
{
	fields->methods->refuse(fields, name, problem);
}

void
cvm_field_models(CvmFields *fields, const char *name, const CvmModel *outer, bool first_inherits,
				 CvmModelList *list)
{
	fields->methods->models(fields, name, outer, first_inherits, list);
}

/* ---- bytes ---- */

/* Both ways alike: what a group begins with follows the one before. */
static void
pass_groups(CvmFields *fields, const char *name, int count, CvmDescribeGroup describe, void *state)
{
	for (int i = 0; i < count; i++)
		describe(state, i, fields);
}

/* ---- to bytes ---- */

static CvmWriter *
writer_of(CvmFields *fields)
{
	return ((CvmByteWriterFields *) fields)->writer;
}

static void
write_count(CvmFields *fields, const char *name, int *value)
{
	cvm_write_u32(writer_of(fields), *value);
}

static void
write_choice(CvmFields *fields, const char *name, const char *const *names, int *value)
{
	cvm_write_u32(writer_of(fields), *value);
}

static void
write_number(CvmFields *fields, const char *name, double *value, bool nullable)
{
	cvm_write_doubles(writer_of(fields), value, 1);
}

static void
write_numbers(CvmFields *fields, const char *name, const double **values,
			  size_t count, bool nullable)
{
	cvm_write_doubles(writer_of(fields), *values, count);
}

static void
write_matrix(CvmFields *fields, const char *name, const double **values,
			 size_t rows, size_t columns, bool nullable, bool optional)
{
	if (optional)
		cvm_write_u32(writer_of(fields), *values != NULL);
	if (*values != NULL)
		cvm_write_doubles(writer_of(fields), *values, rows * columns);
}

static void
write_integers(CvmFields *fields, const char *name, const int32_t **values, size_t count)
{
	cvm_write_integers(writer_of(fields), *values, count);
}

static void
write_models(CvmFields *fields, const char *name, const CvmModel *outer, bool first_inherits,
			 CvmModelList *list)
{
	cvm_write_u32(writer_of(fields), list->count);
	for (int i = 0; i < list->count; i++)
		cvm_model_write_nested(writer_of(fields), list->models[i], first_inherits && i == 0);
}

static const CvmFieldMethods to_bytes = {
	write_count, write_choice, write_number, write_numbers, write_matrix, write_integers,
	pass_groups, NULL, write_models
};

void
cvm_fields_to_bytes(CvmByteWriterFields *fields, CvmWriter *writer)
{
	fields->fields.methods = &to_bytes;
	fields->fields.reading = false;
	fields->writer = writer;
}

/* ---- from bytes ---- */

static CvmReader *
reader_of(CvmFields *fields)
{
	return ((CvmByteReaderFields *) fields)->reader;
}

static void
read_count(CvmFields *fields, const char *name, int *value)
{
	uint32_t	number = cvm_read_u32(reader_of(fields));

	if (number > INT_MAX)
		reader_of(fields)->failed = true;
	*value = number > INT_MAX ? 0 : (int) number;
}

static void
read_choice(CvmFields *fields, const char *name, const char *const *names, int *value)
{
	uint32_t	number = cvm_read_u32(reader_of(fields));
	uint32_t	count = 0;

	while (names[count] != NULL)
		count++;
	if (number >= count)
		reader_of(fields)->failed = true;
	*value = number >= count ? 0 : (int) number;
}

static void
read_numbers(CvmFields *fields, const char *name, const double **values,
			 size_t count, bool nullable)
{
	*values = cvm_read_doubles(reader_of(fields), count);
}

static void
read_number(CvmFields *fields, const char *name, double *value, bool nullable)
{
	const double *numbers = cvm_read_doubles(reader_of(fields), 1);

	*value = numbers == NULL ? 0 : numbers[0];
}

static void
read_matrix(CvmFields *fields, const char *name, const double **values,
			size_t rows, size_t columns, bool nullable, bool optional)
{
	CvmReader  *reader = reader_of(fields);
	uint32_t	present = optional ? cvm_read_u32(reader) : 1;

	*values = NULL;
	if (present > 1)
		reader->failed = true;
	/* the product could overflow only where the bytes cannot be there */
	else if (present == 1 && (columns == 0 || cvm_reader_expects(reader, rows, columns)))
		*values = cvm_read_doubles(reader, rows * columns);
}

static void
read_integers(CvmFields *fields, const char *name, const int32_t **values, size_t count)
{
	*values = cvm_read_integers(reader_of(fields), count);
}

static void
fail_reading(CvmFields *fields, const char *name, const char *problem)
{
	reader_of(fields)->failed = true;
}

static void
read_models(CvmFields *fields, const char *name, const CvmModel *outer, bool first_inherits,
			CvmModelList *list)
{
	CvmReader  *reader = reader_of(fields);
	uint32_t	count = cvm_read_u32(reader);

	list->count = 0;
	if (count > CVM_MOST_NESTED_MODELS)
		reader->failed = true;
	if (reader->failed)
		return;
	list->models = CVM_NEW(CvmModel *, count);
	for (; list->count < (int) count && !reader->failed; list->count++)
		list->models[list->count] = cvm_model_read_nested(reader, outer,
														  first_inherits && list->count == 0);
}

static const CvmFieldMethods from_bytes = {
	read_count, read_choice, read_number, read_numbers, read_matrix, read_integers,
	pass_groups, fail_reading, read_models
};

void
cvm_fields_from_bytes(CvmByteReaderFields *fields, CvmReader *reader)
{
	fields->fields.methods = &from_bytes;
	fields->fields.reading = true;
	fields->reader = reader;
}
