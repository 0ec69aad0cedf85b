/*
 * payload_json.c
 *		Fields of a payload to JSON and back.
 *
 * Each field is a key of the model's object: counts and numbers as JSON
 * numbers, choices as strings, arrays as arrays, a matrix as an array of its
 * rows.  Reading ends with an error at the first field that is missing or of
 * the wrong kind, and remembers which keys belong to the payload, so that any
 * other can be refused.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/memory.h"
#include "model/payload_json.h"

/* ---- writing ---- */

static StringInfo
begin_field(CvmFields *fields, const char *name)
{
	StringInfo	text = ((CvmJsonWriterFields *) fields)->text;

	cvm_json_begin_field(text, name);
	return text;
}

static void
write_count(CvmFields *fields, const char *name, int *value)
{
	appendStringInfo(begin_field(fields, name), "%d", *value);
}

static void
write_choice(CvmFields *fields, const char *name, const char *const *names, int *value)
{
	appendStringInfo(begin_field(fields, name), "\"%s\"", names[*value]);
}

static void
write_number(CvmFields *fields, const char *name, double *value, bool nullable)
{
	cvm_json_write_double(begin_field(fields, name), *value);
}

static void
write_numbers(CvmFields *fields, const char *name, const double **values,
			  size_t count, bool nullable)
{
	cvm_json_write_doubles(begin_field(fields, name), *values, count);
}

static void
write_matrix(CvmFields *fields, const char *name, const double **values,
			 size_t rows, size_t columns, bool nullable, bool optional)
{
	StringInfo	text = begin_field(fields, name);

	if (*values == NULL)
	{
		appendStringInfoString(text, "null");
		return;
	}
	appendStringInfoChar(text, '[');
	for (size_t i = 0; i < rows; i++)
	{
		if (i > 0)
			appendStringInfoString(text, ", ");
		cvm_json_write_doubles(text, *values + i * columns, columns);
	}
	appendStringInfoChar(text, ']');
}

static void
write_integers(CvmFields *fields, const char *name, const int32_t **values, size_t count)
{
	StringInfo	text = begin_field(fields, name);

	appendStringInfoChar(text, '[');
	for (size_t i = 0; i < count; i++)
		appendStringInfo(text, i > 0 ? ", %d" : "%d", (*values)[i]);
	appendStringInfoChar(text, ']');
}

static void
write_groups(CvmFields *fields, const char *name, int count, CvmDescribeGroup describe,
			 void *state)
{
	StringInfo	text = begin_field(fields, name);

	appendStringInfoChar(text, '[');
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfoString(text, i > 0 ? ", {" : "{");
		describe(state, i, fields);
		appendStringInfoChar(text, '}');
	}
	appendStringInfoChar(text, ']');
}

static void
write_models(CvmFields *fields, const char *name, const CvmModel *outer, bool first_inherits,
			 CvmModelList *list)
{
	StringInfo	text = begin_field(fields, name);

	appendStringInfoChar(text, '[');
	for (int i = 0; i < list->count; i++)
	{
		if (i > 0)
			appendStringInfoString(text, ", ");
		cvm_model_write_json(text, list->models[i], true, first_inherits && i == 0);
	}
	appendStringInfoChar(text, ']');
}

static const CvmFieldMethods to_json = {
	write_count, write_choice, write_number, write_numbers, write_matrix, write_integers,
	write_groups, NULL, write_models
};

void
cvm_fields_to_json(CvmJsonWriterFields *fields, StringInfo text)
{
	fields->fields.methods = &to_json;
	fields->fields.reading = false;
	fields->text = text;
}

/* ---- reading ---- */

static const CvmJsonObject *
take_key(CvmFields *fields, const char *name)
{
	CvmJsonReaderFields *reader = (CvmJsonReaderFields *) fields;

	if (reader->key_count == CVM_MOST_PAYLOAD_FIELDS)
		elog(ERROR, "a payload has more than %d fields", CVM_MOST_PAYLOAD_FIELDS);
	reader->keys[reader->key_count++] = cvm_copy_string(name);
	return reader->object;
}

static void
read_count(CvmFields *fields, const char *name, int *value)
{
	*value = cvm_json_int(take_key(fields, name), name);
}

static void
read_choice(CvmFields *fields, const char *name, const char *const *names, int *value)
{
	const CvmJsonObject *object = take_key(fields, name);
	char	   *choice = cvm_json_string(object, name);

	*value = 0;
	while (names[*value] != NULL && strcmp(names[*value], choice) != 0)
		(*value)++;
	if (names[*value] == NULL)
		cvm_json_fail(object, name, psprintf("cannot be \"%s\"", choice));
}

static void
read_number(CvmFields *fields, const char *name, double *value, bool nullable)
{
	const CvmJsonObject *object = take_key(fields, name);

	*value = nullable ? cvm_json_double_or_nan(object, name) : cvm_json_double(object, name);
}

static void
read_numbers(CvmFields *fields, const char *name, const double **values,
			 size_t count, bool nullable)
{
	*values = cvm_json_doubles(take_key(fields, name), name, count, nullable);
}

static void
read_matrix(CvmFields *fields, const char *name, const double **values,
			size_t rows, size_t columns, bool nullable, bool optional)
{
	const CvmJsonObject *object = take_key(fields, name);

	*values = optional && cvm_json_is_null(object, name) ? NULL :
		cvm_json_matrix(object, name, rows, columns, nullable);
}

static void
read_integers(CvmFields *fields, const char *name, const int32_t **values, size_t count)
{
	*values = cvm_json_integers(take_key(fields, name), name, count);
}

/* Each object is read by a reader of its own, and has no other keys. */
static void
read_groups(CvmFields *fields, const char *name, int count, CvmDescribeGroup describe,
			void *state)
{
	const CvmJsonObject *object = take_key(fields, name);
	CvmJsonArray array;

	cvm_json_array(object, name, &array);
	if (array.count != count)
		cvm_json_fail(object, name, psprintf("has %d elements instead of %d", array.count, count));
	for (int i = 0; i < count; i++)
	{
		CvmJsonObject element;
		CvmJsonReaderFields inner;

		CHECK_FOR_INTERRUPTS();
		cvm_json_element_object(&array, i, &element);
		cvm_fields_from_json(&inner, &element);
		describe(state, i, &inner.fields);
		cvm_json_only_keys(&element, inner.keys, inner.key_count);
	}
}

static void
refuse(CvmFields *fields, const char *name, const char *problem)
{
	cvm_json_fail(((CvmJsonReaderFields *) fields)->object, name, problem);
}

static void
read_models(CvmFields *fields, const char *name, const CvmModel *outer, bool first_inherits,
			CvmModelList *list)
{
	const CvmJsonObject *object = take_key(fields, name);
	CvmJsonArray array;

	cvm_json_array(object, name, &array);
	if (array.count > CVM_MOST_NESTED_MODELS)
		cvm_json_fail(object, name, psprintf("can have at most %d elements",
											 CVM_MOST_NESTED_MODELS));
	if (outer->depth >= CVM_MODEL_MAX_DEPTH)
		cvm_json_fail(object, name, psprintf("nests models deeper than %d", CVM_MODEL_MAX_DEPTH));
	list->count = array.count;
	list->models = CVM_NEW(CvmModel *, array.count);
	for (int i = 0; i < array.count; i++)
	{
		CvmJsonObject element;

		cvm_json_element_object(&array, i, &element);
		list->models[i] = cvm_model_read_json(&element, outer, first_inherits && i == 0);
	}
}

static const CvmFieldMethods from_json = {
	read_count, read_choice, read_number, read_numbers, read_matrix, read_integers,
	read_groups, refuse, read_models
};

void
cvm_fields_from_json(CvmJsonReaderFields *fields, const CvmJsonObject *object)
{
	fields->fields.methods = &from_json;
	fields->fields.reading = true;
	fields->object = object;
	fields->key_count = 0;
}
