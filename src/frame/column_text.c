/*
 * column_text.c
 *		Texts of category columns and of identifiers.
 *
 * Labels of an enum are looked up in the system cache once, and then found in
 * a small cache of the reader's own, which is indexed by the label's OID.
 */
#include "postgres.h"

#include "frame/column.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "pg/compat.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/uuid.h"

#define ENUM_PLACES 64

typedef struct EnumLabel
{
	Oid			oid;
	int			length;
	NameData	text;
} EnumLabel;

struct CvmEnumLabels
{
	EnumLabel	places[ENUM_PLACES];
};

static const char *
enum_text(CvmColumnReader *reader, Oid oid, int *length)
{
	EnumLabel  *label;

	if (reader->labels == NULL)
		reader->labels = MemoryContextAllocZero(reader->context, sizeof(CvmEnumLabels));
	label = &reader->labels->places[oid % ENUM_PLACES];
	if (label->oid != oid)
	{
		HeapTuple	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(oid));

		if (!HeapTupleIsValid(tuple))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("column \"%s\" has an invalid internal value for an enum: %u",
							reader->name, oid)));
		label->text = ((Form_pg_enum) GETSTRUCT(tuple))->enumlabel;
		label->length = strlen(NameStr(label->text));
		label->oid = oid;
		ReleaseSysCache(tuple);
	}
	*length = label->length;
	return NameStr(label->text);
}

static const char *
uuid_text(CvmColumnReader *reader, const pg_uuid_t *uuid, int *length)
{
	static const char digits[] = "0123456789abcdef";
	char	   *next = reader->text;

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*next++ = '-';
		*next++ = digits[uuid->data[i] >> 4];
		*next++ = digits[uuid->data[i] & 15];
	}
	*length = next - reader->text;
	return reader->text;
}

static const char *
integer_text(CvmColumnReader *reader, int64 number, int *length)
{
	*length = pg_lltoa(number, reader->text);
	return reader->text;
}

/* A byte that is no character of its own is written as in its output function. */
static const char *
byte_text(CvmColumnReader *reader, char character, int *length)
{
	if (IS_HIGHBIT_SET(character))
		*length = snprintf(reader->text, sizeof(reader->text), "\\%03o",
						   (unsigned char) character);
	else
	{
		reader->text[0] = character;
		*length = character != '\0';
	}
	return reader->text;
}

const char *
cvm_column_text(CvmColumnReader *reader, Datum value, bool isnull, int *length)
{
	*length = 0;
	if (isnull)
		return NULL;
	switch (reader->source)
	{
		case CVM_FROM_TEXT:
		case CVM_FROM_BPCHAR:
			{
				struct varlena *text = PG_DETOAST_DATUM_PACKED(value);

				*length = VARSIZE_ANY_EXHDR(text);
				if (reader->source == CVM_FROM_BPCHAR)
					*length = bpchartruelen(VARDATA_ANY(text), *length);
				return VARDATA_ANY(text);
			}
		case CVM_FROM_NAME:
			*length = strlen(NameStr(*DatumGetName(value)));
			return NameStr(*DatumGetName(value));
		case CVM_FROM_CHAR:
			return byte_text(reader, DatumGetChar(value), length);
		case CVM_FROM_UUID:
			return uuid_text(reader, DatumGetUUIDP(value), length);
		case CVM_FROM_INT8:
			return integer_text(reader, DatumGetInt64(value), length);
		case CVM_FROM_INT4:
			return integer_text(reader, DatumGetInt32(value), length);
		case CVM_FROM_INT2:
			return integer_text(reader, DatumGetInt16(value), length);
		case CVM_FROM_NUMERIC:
			{
				const char *text = DatumGetCString(DirectFunctionCall1(numeric_out, value));

				*length = strlen(text);
				return text;
			}
		case CVM_FROM_BOOL:
			*length = DatumGetBool(value) ? 4 : 5;
			return DatumGetBool(value) ? "true" : "false";
		case CVM_FROM_ENUM:
			return enum_text(reader, DatumGetObjectId(value), length);
		default:
			elog(ERROR, "column \"%s\" is not a category", reader->name);
	}
	return NULL;				/* keep the compiler quiet */
}
