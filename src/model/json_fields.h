/*
 * json_fields.h
 *		Reading a JSON object of ours, strictly.
 *
 * Every key has to be known and none may be missing, so that a slip of the
 * hand does not pass in silence.  All errors are ereport with
 * invalid_text_representation and say which key of which object is wrong.
 */
#ifndef CVM_JSON_FIELDS_H
#define CVM_JSON_FIELDS_H

#include "postgres.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

typedef struct CvmJsonObject
{
	const char *type;			/* for messages: "cvm.model" */
	const char *name;			/* for messages: "term \"tenure\"", or NULL for the whole */
	JsonbContainer *container;
} CvmJsonObject;

typedef struct CvmJsonArray
{
	const CvmJsonObject *object;	/* that it is a field of */
	const char *key;
	JsonbContainer *container;
	int			count;
} CvmJsonArray;

/* A jsonb value that has to be an object. */
extern void cvm_json_open(CvmJsonObject *object, const char *type, Jsonb *json);

/* Any other key is an error, with the nearest of these as a hint. */
extern void cvm_json_only_keys(const CvmJsonObject *object, const char *const *keys, int count);

/* Fields by key; a missing one is an error.  Strings are copies. */
extern double cvm_json_double(const CvmJsonObject *object, const char *key);
extern double cvm_json_double_or_nan(const CvmJsonObject *object, const char *key);	/* null is NaN */
extern int64 cvm_json_int64(const CvmJsonObject *object, const char *key);
extern int	cvm_json_int(const CvmJsonObject *object, const char *key);
extern int	cvm_json_int_or(const CvmJsonObject *object, const char *key, int if_null);
extern bool cvm_json_bool(const CvmJsonObject *object, const char *key);
extern char *cvm_json_string(const CvmJsonObject *object, const char *key);
extern bool cvm_json_has(const CvmJsonObject *object, const char *key);
extern bool cvm_json_is_null(const CvmJsonObject *object, const char *key);
extern Jsonb *cvm_json_object(const CvmJsonObject *object, const char *key);

/* The same to read from. */
extern void cvm_json_inner(const CvmJsonObject *object, const char *key, CvmJsonObject *inner);

/* An array field, its elements by index, and the usual arrays at once. */
extern void cvm_json_array(const CvmJsonObject *object, const char *key, CvmJsonArray *array);
extern void cvm_json_element_object(const CvmJsonArray *array, int index, CvmJsonObject *element);
extern const char **cvm_json_strings(const CvmJsonObject *object, const char *key, int *count);
extern double *cvm_json_doubles(const CvmJsonObject *object, const char *key,
								size_t count, bool nullable);
extern int32 *cvm_json_integers(const CvmJsonObject *object, const char *key, size_t count);

/* rows arrays of columns doubles each, NaN for null where that is allowed. */
extern double *cvm_json_matrix(const CvmJsonObject *object, const char *key,
							   size_t rows, size_t columns, bool nullable);

/* Ends with ereport: what is wrong with the value of a key. */
extern void cvm_json_fail(const CvmJsonObject *object, const char *key,
						  const char *problem) __attribute__((noreturn));

/* ---- writing ---- */

/* A key, after a comma where it is not the first of its object. */
extern void cvm_json_begin_field(StringInfo text, const char *key);

/* The shortest text that reads back as the same number; null for NaN. */
extern void cvm_json_write_double(StringInfo text, double value);
extern void cvm_json_write_doubles(StringInfo text, const double *values, size_t count);
extern void cvm_json_write_strings(StringInfo text, const char *const *values, int count);

#endif							/* CVM_JSON_FIELDS_H */
