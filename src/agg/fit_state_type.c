/*
 * fit_state_type.c
 *		The SQL type cvm.fit_state: input and output, and what a state says of
 *		itself.
 *
 * The text form begins with words that a person can read and write, method
 * and algorithm: "sgd logistic" is a state without rows.  One with rows has
 * the bytes of its binary form after them, in hexadecimal.  Like a cvm.model,
 * a state has texts in the encoding of the database, and in UTF-8 outside.
 */
#include "postgres.h"

#include "funcapi.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "agg/fit_object.h"
#include "agg/state_parts.h"
#include "model/envelope.h"
#include "model/learner.h"
#include "model/model_type.h"
#include "pg/report.h"

PG_FUNCTION_INFO_V1(cvm_fit_state_in);
PG_FUNCTION_INFO_V1(cvm_fit_state_out);
PG_FUNCTION_INFO_V1(cvm_fit_state_recv);
PG_FUNCTION_INFO_V1(cvm_fit_state_send);
PG_FUNCTION_INFO_V1(cvm_fit_state_eq);
PG_FUNCTION_INFO_V1(cvm_fit_state_ne);
PG_FUNCTION_INFO_V1(cvm_fit_state_information);

/* ---- encodings ---- */

typedef char *(*Conversion) (const char *text, int length, int encoding);

static char *
convert(const char *text, Conversion conversion)
{
	return conversion(text, strlen(text), PG_UTF8);
}

/* The model of a descent keeps its texts in its own bytes. */
static void
convert_model(CvmDescent *descent, Conversion conversion)
{
	CvmWriter	writer;

	cvm_model_convert(descent->model, conversion == pg_any_to_server);
	cvm_writer_init(&writer, descent->length);
	cvm_model_encode(descent->model, &writer);
	descent->bytes = writer.bytes;
	descent->length = writer.length;
}

/* Bytes of a state with its texts in another encoding, after all checks. */
static CvmWriter
convert_state(const uint8_t *bytes, Size length, Conversion conversion)
{
	CvmFitState *state = NULL;
	CvmError	error = {{0}};
	CvmWriter	writer;
	CvmBlock	block;

	cvm_report(cvm_fit_state_decode(bytes, length, &state, &error), &error);
	if (state->options.positive != NULL)
		state->options.positive = convert(state->options.positive, conversion);
	for (int code = 0; code < state->labels.count; code++)
		if (state->labels.texts[code] != NULL)
			state->labels.texts[code] = convert(state->labels.texts[code], conversion);
	if (state->descent != NULL)
		convert_model(state->descent, conversion);

	cvm_writer_init(&writer, length);
	if (state->stored == NULL)
	{
		cvm_fit_state_encode(state, &writer);
		return writer;
	}
	cvm_fit_state_encode_head(state, state->stored_rows, &writer);
	for (uint64 i = 0; cvm_fit_state_stored_block(state, i, &block); i++)
		cvm_fit_state_encode_rows(state, &block, &writer);
	cvm_envelope_seal(writer.bytes, writer.length);
	return writer;
}

/* The flat value of bytes that came from outside. */
static struct varlena *
from_outside(const uint8_t *bytes, Size length)
{
	CvmWriter	writer = convert_state(bytes, length, pg_any_to_server);

	return cvm_fit_state_flat(writer.bytes, writer.length);
}

static CvmWriter
to_outside(Datum value)
{
	const uint8_t *body;
	Size		length;

	body = cvm_fit_state_body(value, &length);
	return convert_state(body, length, pg_server_to_any);
}

/* ---- text ---- */

static void
bad_text(const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid cvm.fit_state: %s", problem),
			 errdetail("It begins with a method (fit, sgd, descend) and an algorithm, as in \"sgd logistic\".")));
}

/* A state without rows, from its words. */
static struct varlena *
empty_state(CvmFitMethod method, CvmFamily family)
{
	CvmWriter	writer;

	cvm_writer_init(&writer, 64);
	cvm_fit_state_encode(cvm_fit_state_create(method, family), &writer);
	return cvm_fit_state_flat(writer.bytes, writer.length);
}

static const uint8_t *
read_hexadecimal(const char *text, Size *length)
{
	Size		digits = strlen(text);
	uint8_t    *bytes = palloc(digits / 2 + 1);

	if (digits % 2 != 0)
		bad_text("odd number of hexadecimal digits");
	*length = digits / 2;
	for (Size i = 0; i < digits; i++)
	{
		const char *place = strchr("0123456789abcdef", text[i]);

		if (place == NULL)
			bad_text("a character that is no hexadecimal digit");
		bytes[i / 2] = (uint8_t) (bytes[i / 2] << 4 | (place - "0123456789abcdef"));
	}
	return bytes;
}

/* "method [algorithm]", as the text form of a state begins. */
static char *
title_of(const CvmFitState *state)
{
	if (state->method == CVM_METHOD_DESCEND && !state->started)
		return pstrdup(cvm_fit_method_name(state->method));
	return psprintf("%s %s", cvm_fit_method_name(state->method),
					cvm_learner_of_family(state->family)->name);
}

static CvmFitState *
decode_flat(struct varlena *value)
{
	CvmFitState *state = NULL;
	CvmError	error = {{0}};
	Size		length;
	const uint8_t *body = cvm_fit_state_body(PointerGetDatum(value), &length);

	cvm_report(cvm_fit_state_decode(body, length, &state, &error), &error);
	return state;
}

Datum
cvm_fit_state_in(PG_FUNCTION_ARGS)
{
	char	   *words[4];
	int			count = 0;
	char	   *text = pstrdup(PG_GETARG_CSTRING(0));
	char	   *rest = text;
	char	   *word;
	CvmFitMethod method;
	CvmFamily	family = CVM_LINEAR;
	const CvmLearner *learner;
	struct varlena *value;

	while ((word = strsep(&rest, " \t\n\r")) != NULL && count < 4)
		if (*word != '\0')
			words[count++] = word;
	if (count == 0 || !cvm_fit_method_from_name(words[0], &method))
		bad_text("no known method");
	if (count == 1 && method == CVM_METHOD_DESCEND)
		PG_RETURN_POINTER(empty_state(method, family));
	learner = count < 2 ? NULL : cvm_learner_by_name(words[1]);
	if (learner == NULL || learner->number >= CVM_FAMILY_COUNT)
		bad_text("no known algorithm");
	family = (CvmFamily) learner->number;
	if (count == 2 && method != CVM_METHOD_DESCEND)
		PG_RETURN_POINTER(empty_state(method, family));
	if (count != 3)
		bad_text("not two words and bytes");
	else
	{
		Size		length;
		const uint8_t *bytes = read_hexadecimal(words[2], &length);
		CvmFitState *state;

		value = from_outside(bytes, length);
		state = decode_flat(value);
		if (state->method != method || state->family != family || !state->started)
			bad_text("its bytes are of another state than its words");
	}
	PG_RETURN_POINTER(value);
}

Datum
cvm_fit_state_out(PG_FUNCTION_ARGS)
{
	static const char digits[] = "0123456789abcdef";
	CvmWriter	writer = to_outside(PG_GETARG_DATUM(0));
	CvmFitState *state = NULL;
	CvmError	error = {{0}};
	char	   *title;
	char	   *text;
	char	   *place;

	cvm_report(cvm_fit_state_decode(writer.bytes, writer.length, &state, &error), &error);
	title = title_of(state);
	if (!state->started)
		PG_RETURN_CSTRING(title);
	if (writer.length > MaxAllocSize / 2 - strlen(title) - 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a fit state of %zu bytes has no text form", writer.length),
				 errhint("Use its binary form.")));
	text = palloc(strlen(title) + 2 + 2 * writer.length);
	place = text + sprintf(text, "%s ", title);
	for (Size i = 0; i < writer.length; i++)
	{
		*place++ = digits[writer.bytes[i] >> 4];
		*place++ = digits[writer.bytes[i] & 15];
	}
	*place = '\0';
	PG_RETURN_CSTRING(text);
}

/* ---- binary ---- */

Datum
cvm_fit_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	Size		length = buffer->len - buffer->cursor;
	uint8_t    *bytes = palloc(length + 1);

	pq_copymsgbytes(buffer, (char *) bytes, length);
	PG_RETURN_POINTER(from_outside(bytes, length));
}

Datum
cvm_fit_state_send(PG_FUNCTION_ARGS)
{
	CvmWriter	writer = to_outside(PG_GETARG_DATUM(0));
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendbytes(&buffer, (char *) writer.bytes, writer.length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/* ---- comparison ---- */

/* Equal states have equal bytes. */
static bool
is_same(FunctionCallInfo fcinfo)
{
	Size		left_length;
	Size		right_length;
	const uint8_t *left = cvm_fit_state_body(PG_GETARG_DATUM(0), &left_length);
	const uint8_t *right = cvm_fit_state_body(PG_GETARG_DATUM(1), &right_length);

	return left_length == right_length && memcmp(left, right, left_length) == 0;
}

Datum
cvm_fit_state_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_same(fcinfo));
}

Datum
cvm_fit_state_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!is_same(fcinfo));
}

/* ---- facts ---- */

/* One row; values in the order of its OUT parameters in sql/parts. */
Datum
cvm_fit_state_information(PG_FUNCTION_ARGS)
{
	const CvmFitObject *object = cvm_fit_object_to_read(PG_GETARG_DATUM(0));
	const CvmFitState *state = object->state;
	bool		has_family = state->started || state->method != CVM_METHOD_DESCEND;
	TupleDesc	descriptor;
	Datum		values[] = {
		CStringGetTextDatum(cvm_fit_method_name(state->method)),
		has_family ? CStringGetTextDatum(cvm_learner_of_family(state->family)->name) : (Datum) 0,
		Int64GetDatum(cvm_fit_object_rows(object)),
		Int64GetDatum(state->rows_left_out),
		Int32GetDatum(state->columns),
		Int32GetDatum(state->labels.count)
	};
	bool		nulls[] = {
		false, !has_family, false, false, state->columns == 0, state->labels.count == 0
	};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != lengthof(values))
		elog(ERROR, "unexpected result type of cvm.fit_state_information");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor),
													  values, nulls)));
}
