/*
 * json_fields.c
 *		Reading a JSON object of ours, strictly, and writing numbers so that
 *		they come back unchanged.
 *
 * jsonb keeps numbers as exact decimals: the shortest decimal that means one
 * double, written by cvm_json_write_double, survives the detour.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "base/memory.h"
#include "base/nearest_name.h"
#include "model/json_fields.h"

/* Twice as much of a key that is not ours is shown. */
#define LONGEST_KEY 64

static const char *
place_of(const CvmJsonObject *object)
{
	return object->name != NULL ? psprintf(" of %s", object->name) : "";
}

void
cvm_json_fail(const CvmJsonObject *object, const char *key, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid %s: key \"%s\"%s %s",
					object->type, key, place_of(object), problem)));
	pg_unreachable();
}

void
cvm_json_open(CvmJsonObject *object, const char *type, Jsonb *json)
{
	object->type = type;
	object->name = NULL;
	object->container = &json->root;
	if (!JsonContainerIsObject(object->container))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid %s: it is not a JSON object", type)));
}

static bool
is_key(const JsonbValue *key, const char *const *keys, int count)
{
	for (int i = 0; i < count; i++)
		if (strlen(keys[i]) == key->val.string.len &&
			memcmp(keys[i], key->val.string.val, key->val.string.len) == 0)
			return true;
	return false;
}

void
cvm_json_only_keys(const CvmJsonObject *object, const char *const *keys, int count)
{
	JsonbIterator *iterator = JsonbIteratorInit(object->container);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		const char *nearest;

		if (token != WJB_KEY || is_key(&value, keys, count))
			continue;
		nearest = cvm_nearest_of(pnstrdup(value.val.string.val, value.val.string.len), keys, count);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid %s: key \"%s\"%s is not known", object->type,
						pnstrdup(value.val.string.val, pg_mbcliplen(value.val.string.val,
																	value.val.string.len,
																	2 * LONGEST_KEY)),
						place_of(object)),
				 nearest ? errhint("Did you mean \"%s\"?", nearest) : 0));
	}
}

static JsonbValue *
field(const CvmJsonObject *object, const char *key, JsonbValue *value)
{
	if (getKeyJsonValueFromContainer(object->container, key, strlen(key), value) == NULL)
		cvm_json_fail(object, key, "is missing");
	return value;
}

static JsonbValue *
element(const CvmJsonArray *array, int index)
{
	if (index % 1024 == 0)
		CHECK_FOR_INTERRUPTS();
	return getIthJsonbValueFromContainer(array->container, index);
}

/* ---- scalars ---- */

/* problem: what to say of anything but a number (or null, where it means NaN). */
static double
double_of(const CvmJsonObject *object, const char *key, const JsonbValue *value,
		  bool nullable, const char *problem)
{
	double		number;

	if (value->type == jbvNull && nullable)
		return NAN;
	if (value->type != jbvNumeric)
		cvm_json_fail(object, key, problem);
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(value->val.numeric)));
	if (!isfinite(number))
		cvm_json_fail(object, key, "is out of the range of double precision");
	return number;
}

double
cvm_json_double(const CvmJsonObject *object, const char *key)
{
	JsonbValue	value;

	return double_of(object, key, field(object, key, &value), false, "must be a number");
}

double
cvm_json_double_or_nan(const CvmJsonObject *object, const char *key)
{
	JsonbValue	value;

	return double_of(object, key, field(object, key, &value), true, "must be a number or null");
}

int64
cvm_json_int64(const CvmJsonObject *object, const char *key)
{
	JsonbValue	value;
	char	   *text;
	char	   *end;
	int64		number;

	if (field(object, key, &value)->type != jbvNumeric)
		cvm_json_fail(object, key, "must be a whole number");
	text = DatumGetCString(DirectFunctionCall1(numeric_out,
											   NumericGetDatum(value.val.numeric)));
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0')
		cvm_json_fail(object, key, "must be a whole number of at most 64 bits");
	pfree(text);
	return number;
}

int
cvm_json_int(const CvmJsonObject *object, const char *key)
{
	int64		number = cvm_json_int64(object, key);

	if (number < 0 || number > PG_INT32_MAX)
		cvm_json_fail(object, key, "is out of range");
	return (int) number;
}

int
cvm_json_int_or(const CvmJsonObject *object, const char *key, int if_null)
{
	return cvm_json_is_null(object, key) ? if_null : cvm_json_int(object, key);
}

bool
cvm_json_bool(const CvmJsonObject *object, const char *key)
{
	JsonbValue	value;

	if (field(object, key, &value)->type != jbvBool)
		cvm_json_fail(object, key, "must be true or false");
	return value.val.boolean;
}

char *
cvm_json_string(const CvmJsonObject *object, const char *key)
{
	JsonbValue	value;

	if (field(object, key, &value)->type != jbvString)
		cvm_json_fail(object, key, "must be a string");
	return pnstrdup(value.val.string.val, value.val.string.len);
}

bool
cvm_json_has(const CvmJsonObject *object, const char *key)
{
	JsonbValue	value;

	return getKeyJsonValueFromContainer(object->container, key, strlen(key), &value) != NULL;
}

bool
cvm_json_is_null(const CvmJsonObject *object, const char *key)
{
	JsonbValue	value;

	return field(object, key, &value)->type == jbvNull;
}

static void
require_object(const CvmJsonObject *object, const char *key, const JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		cvm_json_fail(object, key, "must be an object");
}

Jsonb *
cvm_json_object(const CvmJsonObject *object, const char *key)
{
	JsonbValue	value;

	require_object(object, key, field(object, key, &value));
	return JsonbValueToJsonb(&value);
}

void
cvm_json_inner(const CvmJsonObject *object, const char *key, CvmJsonObject *inner)
{
	JsonbValue	value;

	require_object(object, key, field(object, key, &value));
	inner->type = object->type;
	inner->name = psprintf("\"%s\"", key);
	inner->container = value.val.binary.data;
}

/* ---- arrays ---- */

static void
array_of(const CvmJsonObject *object, const char *key, const JsonbValue *value,
		 CvmJsonArray *array)
{
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		cvm_json_fail(object, key, "must be an array");
	array->object = object;
	array->key = key;
	array->container = value->val.binary.data;
	array->count = JsonContainerSize(array->container);
}

void
cvm_json_array(const CvmJsonObject *object, const char *key, CvmJsonArray *array)
{
	JsonbValue	value;

	array_of(object, key, field(object, key, &value), array);
}

void
cvm_json_element_object(const CvmJsonArray *array, int index, CvmJsonObject *result)
{
	JsonbValue *value = element(array, index);

	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		cvm_json_fail(array->object, array->key, "must be an array of objects");
	result->type = array->object->type;
	result->name = psprintf("element %d of \"%s\"", index + 1, array->key);
	result->container = value->val.binary.data;
	pfree(value);
}

const char **
cvm_json_strings(const CvmJsonObject *object, const char *key, int *count)
{
	CvmJsonArray array;
	const char **strings;

	cvm_json_array(object, key, &array);
	strings = CVM_NEW(const char *, array.count);
	for (int i = 0; i < array.count; i++)
	{
		JsonbValue *value = element(&array, i);

		if (value->type != jbvString)
			cvm_json_fail(object, key, "must be an array of strings");
		strings[i] = pnstrdup(value->val.string.val, value->val.string.len);
		pfree(value);
	}
	*count = array.count;
	return strings;
}

static void
require_length(const CvmJsonArray *array, size_t count)
{
	if (array->count != count)
		cvm_json_fail(array->object, array->key,
					  psprintf("must have length %zu, not %d", count, array->count));
}

static void
read_doubles(const CvmJsonArray *array, bool nullable, double *values)
{
	for (int i = 0; i < array->count; i++)
	{
		JsonbValue *value = element(array, i);

		values[i] = double_of(array->object, array->key, value, nullable,
							  nullable ? "must hold numbers or null" : "must hold numbers");
		pfree(value);
	}
}

double *
cvm_json_doubles(const CvmJsonObject *object, const char *key, size_t count, bool nullable)
{
	CvmJsonArray array;
	double	   *values;

	cvm_json_array(object, key, &array);
	require_length(&array, count);
	values = CVM_NEW(double, count);
	read_doubles(&array, nullable, values);
	return values;
}

int32 *
cvm_json_integers(const CvmJsonObject *object, const char *key, size_t count)
{
	CvmJsonArray array;
	int32	   *values;

	cvm_json_array(object, key, &array);
	require_length(&array, count);
	values = CVM_NEW(int32, count);
	for (int i = 0; i < array.count; i++)
	{
		JsonbValue *value = element(&array, i);
		double		number = double_of(object, key, value, false, "must hold whole numbers");

		if (number != floor(number) || number < PG_INT32_MIN || number > PG_INT32_MAX)
			cvm_json_fail(object, key, "must hold whole numbers of at most 32 bits");
		values[i] = (int32) number;
		pfree(value);
	}
	return values;
}

double *
cvm_json_matrix(const CvmJsonObject *object, const char *key,
				size_t rows, size_t columns, bool nullable)
{
	CvmJsonArray array;
	double	   *values = NULL;

	cvm_json_array(object, key, &array);
	require_length(&array, rows);
	for (int i = 0; i < array.count; i++)
	{
		CvmJsonArray row;
		JsonbValue *value = element(&array, i);

		array_of(object, key, value, &row);
		require_length(&row, columns);
		if (values == NULL)		/* one row is as long as all have to be */
			values = CVM_NEW(double, rows * columns);
		read_doubles(&row, nullable, values + (Size) i * columns);
		pfree(value);
	}
	return values;
}

/* ---- writing ---- */

void
cvm_json_begin_field(StringInfo text, const char *key)
{
	if (text->data[text->len - 1] != '{')
		appendStringInfoString(text, ", ");
	appendStringInfo(text, "\"%s\": ", key);
}

void
cvm_json_write_double(StringInfo text, double value)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (isnan(value))
		appendStringInfoString(text, "null");
	else
	{
		/* JSON numbers keep no sign on zero */
		double_to_shortest_decimal_buf(value == 0 ? 0 : value, digits);
		appendStringInfoString(text, digits);
	}
}

void
cvm_json_write_doubles(StringInfo text, const double *values, size_t count)
{
	appendStringInfoChar(text, '[');
	for (size_t i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoString(text, ", ");
		cvm_json_write_double(text, values[i]);
	}
	appendStringInfoChar(text, ']');
}

void
cvm_json_write_strings(StringInfo text, const char *const *values, int count)
{
	appendStringInfoChar(text, '[');
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoString(text, ", ");
		escape_json(text, values[i]);
	}
	appendStringInfoChar(text, ']');
}
