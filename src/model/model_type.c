/*
 * model_type.c
 *		The SQL type cvm.model: input and output, casts, comparison.
 *
 * Every way in ends in cvm_model_pack, so that a stored value is always
 * valid and canonical and two models are equal if their bytes are.  In the
 * server the strings of a model are in the encoding of the database; in
 * binary send and receive they are UTF-8, whatever client and server use.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "model/model_type.h"
#include "pg/compat.h"
#include "pg/report.h"

/* What stands before the body: the varlena header and padding. */
#define BODY_OFFSET 8

#define BODY(value)			((char *) (value) + BODY_OFFSET)
#define BODY_LENGTH(value)	(VARSIZE(value) - BODY_OFFSET)

PG_FUNCTION_INFO_V1(cvm_model_in);
PG_FUNCTION_INFO_V1(cvm_model_out);
PG_FUNCTION_INFO_V1(cvm_model_recv);
PG_FUNCTION_INFO_V1(cvm_model_send);
PG_FUNCTION_INFO_V1(cvm_model_to_jsonb);
PG_FUNCTION_INFO_V1(cvm_model_from_jsonb);
PG_FUNCTION_INFO_V1(cvm_model_eq);
PG_FUNCTION_INFO_V1(cvm_model_ne);
PG_FUNCTION_INFO_V1(cvm_model_lt);
PG_FUNCTION_INFO_V1(cvm_model_le);
PG_FUNCTION_INFO_V1(cvm_model_gt);
PG_FUNCTION_INFO_V1(cvm_model_ge);
PG_FUNCTION_INFO_V1(cvm_model_cmp);
PG_FUNCTION_INFO_V1(cvm_model_hash);
PG_FUNCTION_INFO_V1(cvm_model_hash_extended);

/* ---- packing ---- */

static Jsonb *
parse_json(const char *text)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

/* Options as jsonb writes them, so that one set has one text. */
static const char *
canonical_options(const char *options)
{
	Jsonb	   *json;

	if (options == NULL)
		return "{}";
	json = parse_json(options);
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid cvm.model: its options are not a JSON object")));
	return JsonbToCString(NULL, &json->root, VARSIZE(json));
}

struct varlena *
cvm_model_pack(const CvmModel *model)
{
	CvmModel	canonical = *model;
	CvmError	error = {0};
	CvmWriter	writer;
	struct varlena *value;

	canonical.options = canonical_options(model->options);
	if (model->target == NULL)
		canonical.target = "";
	if (model->library_version == NULL)
		canonical.library_version = CVM_LIBRARY_VERSION;
	cvm_report(cvm_model_check(&canonical, &error), &error);

	cvm_writer_init(&writer, 1024);
	cvm_model_encode(&canonical, &writer);
	if (writer.length > MaxAllocSize - BODY_OFFSET)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a model of %zu bytes is larger than a value can be", writer.length)));
	value = palloc0(BODY_OFFSET + writer.length);
	SET_VARSIZE(value, BODY_OFFSET + writer.length);
	memcpy(BODY(value), writer.bytes, writer.length);
	cvm_release(writer.bytes);
	return value;
}

/* A detoasted value whose body can be read in place. */
static struct varlena *
detoast(struct varlena *value)
{
	value = PG_DETOAST_DATUM(PointerGetDatum(value));
	if ((uintptr_t) BODY(value) % sizeof(double) != 0)
		value = PG_DETOAST_DATUM_COPY(PointerGetDatum(value));
	if (VARSIZE(value) < BODY_OFFSET)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid cvm.model: too short, %d bytes", (int) VARSIZE(value))));
	return value;
}

/* bytes: aligned to 8 */
static CvmModel *
decode(const void *bytes, Size length)
{
	CvmModel   *model = NULL;
	CvmError	error = {0};

	cvm_report(cvm_model_decode(bytes, length, &model, &error), &error);
	return model;
}

CvmModel *
cvm_model_unpack(struct varlena *value)
{
	value = detoast(value);
	return decode(BODY(value), BODY_LENGTH(value));
}

/* ---- input and output ---- */

Datum
cvm_model_in(PG_FUNCTION_ARGS)
{
	CVM_RETURN_MODEL(cvm_model_from_json(parse_json(PG_GETARG_CSTRING(0))));
}

Datum
cvm_model_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(cvm_model_to_json(CVM_GETARG_MODEL(0)));
}

typedef char *(*Conversion) (const char *text, int length, int encoding);

static const char *
convert_string(const char *text, Conversion conversion)
{
	return conversion(text, strlen(text), PG_UTF8);
}

/* Every string of a model through pg_any_to_server or pg_server_to_any. */
static void
convert_strings(CvmModel *model, Conversion conversion)
{
	CvmEncoder *encoder = &model->encoder;

	model->target = convert_string(model->target, conversion);
	model->options = convert_string(model->options, conversion);
	model->library_version = convert_string(model->library_version, conversion);
	for (int i = 0; i < model->class_count; i++)
		model->classes[i] = convert_string(model->classes[i], conversion);
	for (int i = 0; i < encoder->input_count; i++)
		encoder->inputs[i].name = convert_string(encoder->inputs[i].name, conversion);
	for (int i = 0; i < encoder->term_count; i++)
	{
		CvmTerm    *term = &encoder->terms[i];

		term->name = convert_string(term->name, conversion);
		for (int level = 0; level < term->level_count; level++)
			term->levels[level] = convert_string(term->levels[level], conversion);
	}
}

void
cvm_model_convert(CvmModel *model, bool to_server)
{
	convert_strings(model, to_server ? pg_any_to_server : pg_server_to_any);
}

Datum
cvm_model_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	Size		length = buffer->len - buffer->cursor;
	char	   *bytes = palloc(length);
	CvmModel   *model;

	pq_copymsgbytes(buffer, bytes, length);
	model = decode(bytes, length);
	cvm_model_convert(model, true);
	CVM_RETURN_MODEL(model);
}

Datum
cvm_model_send(PG_FUNCTION_ARGS)
{
	CvmModel   *model = CVM_GETARG_MODEL(0);
	CvmWriter	writer;
	StringInfoData buffer;

	cvm_model_convert(model, false);
	cvm_writer_init(&writer, 1024);
	cvm_model_encode(model, &writer);
	pq_begintypsend(&buffer);
	pq_sendbytes(&buffer, (char *) writer.bytes, writer.length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

Datum
cvm_model_to_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(parse_json(cvm_model_to_json(CVM_GETARG_MODEL(0))));
}

Datum
cvm_model_from_jsonb(PG_FUNCTION_ARGS)
{
	CVM_RETURN_MODEL(cvm_model_from_json(PG_GETARG_JSONB_P(0)));
}

/* ---- comparison ---- */

/*
 * An order without a meaning of its own, for sorting and unique indexes:
 * shorter values first, then by bytes.
 */
static int
compare(FunctionCallInfo fcinfo)
{
	struct varlena *left = (struct varlena *) PG_GETARG_POINTER(0);
	struct varlena *right = (struct varlena *) PG_GETARG_POINTER(1);
	Size		left_size = toast_raw_datum_size(PointerGetDatum(left));
	Size		right_size = toast_raw_datum_size(PointerGetDatum(right));
	int			result;

	if (left_size != right_size)
		return left_size < right_size ? -1 : 1;
	left = detoast(left);
	right = detoast(right);
	result = memcmp(BODY(left), BODY(right), BODY_LENGTH(left));
	PG_FREE_IF_COPY(left, 0);
	PG_FREE_IF_COPY(right, 1);
	return result;
}

Datum
cvm_model_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) == 0);
}

Datum
cvm_model_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) != 0);
}

Datum
cvm_model_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

Datum
cvm_model_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

Datum
cvm_model_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}

Datum
cvm_model_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

Datum
cvm_model_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

Datum
cvm_model_hash(PG_FUNCTION_ARGS)
{
	struct varlena *value = detoast((struct varlena *) PG_GETARG_POINTER(0));
	Datum		result = hash_any((unsigned char *) BODY(value), BODY_LENGTH(value));

	PG_FREE_IF_COPY(value, 0);
	return result;
}

Datum
cvm_model_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *value = detoast((struct varlena *) PG_GETARG_POINTER(0));
	Datum		result = hash_any_extended((unsigned char *) BODY(value),
										   BODY_LENGTH(value), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(value, 0);
	return result;
}
