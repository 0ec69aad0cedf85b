/*
 * column_array.c
 *		Numbers of array columns.
 *
 * The elements are read where they stand in the row, whether the array's
 * length word has four bytes or, in arrays of up to a dozen numbers, one: what
 * follows it is the same, but then not aligned.  Most arrays look like the one
 * before them, and are known by that.
 */
#include "postgres.h"

#include "frame/column.h"

#include "catalog/pg_type.h"
#include "frame/fetch_ahead.h"
#include "pg/compat.h"
#include "utils/array.h"

/* Of a row besides the array: the tuple's header and a small column or two. */
#define ROW_OVERHEAD 64

/* The fixed part of a one-dimensional array, after its length word. */
typedef struct ArrayHead
{
	int32		dimensions;
	int32		data_offset;	/* from the length word on; 0: no NULL bitmap */
	Oid			element_type;
	int32		length;
	int32		lower_bound;
} ArrayHead;

StaticAssertDecl(VARHDRSZ + sizeof(ArrayHead) == ARR_OVERHEAD_NONULLS(1),
				 "layout of a one-dimensional array");
StaticAssertDecl(sizeof(ArrayHead) == sizeof(((CvmColumnReader *) 0)->plain_head),
				 "a plain head is the fixed part of an array");

typedef struct OpenArray
{
	const char *bytes;			/* after the length word */
	Size		size;
	struct varlena *copy;		/* to be freed, or NULL */
	ArrayHead	head;
} OpenArray;

/* Opens an array and checks that it is one list of numbers. */
static void
open_array(const CvmColumnReader *reader, Datum value, OpenArray *array)
{
	struct varlena *stored = pg_detoast_datum_packed((struct varlena *) DatumGetPointer(value));

	array->copy = (Pointer) stored != DatumGetPointer(value) ? stored : NULL;
	array->bytes = VARDATA_ANY(stored);
	array->size = VARSIZE_ANY_EXHDR(stored);
	memset(&array->head, 0, sizeof(ArrayHead));
	memcpy(&array->head, array->bytes, Min(array->size, sizeof(ArrayHead)));

	if (array->head.dimensions == 0)
		array->head.length = 0;
	else if (array->head.dimensions != 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("column \"%s\" has an array of %d dimensions in some row",
						reader->name, array->head.dimensions),
				 errhint("Use one-dimensional arrays, all of the same length.")));
}

static void
close_array(const OpenArray *array)
{
	if (array->copy != NULL)
		pfree(array->copy);
}

/* Reads an element and moves on to the next. */
static inline double
take_element(CvmColumnSource source, const char **place)
{
	float8		wide;
	float4		narrow;

	if (source == CVM_FROM_FLOAT8_ARRAY)
	{
		memcpy(&wide, *place, sizeof(float8));
		*place += sizeof(float8);
		return wide;
	}
	memcpy(&narrow, *place, sizeof(float4));
	*place += sizeof(float4);
	return narrow;
}

/* Elements that are not NULL follow each other after the bitmap. */
static void
read_with_nulls(CvmColumnSource source, const OpenArray *array, double *numbers)
{
	const bits8 *bitmap = (const bits8 *) array->bytes + sizeof(ArrayHead);
	const char *place = array->bytes + array->head.data_offset - VARHDRSZ;

	for (int i = 0; i < array->head.length; i++)
		if (bitmap[i / 8] & (1 << (i % 8)))
			numbers[i] = take_element(source, &place);
		else
			numbers[i] = NAN;
}

/* The elements of an array with the fixed part of a plain one; NULL: it is not. */
static inline const char *
find_plain(const CvmColumnReader *reader, Datum value)
{
	const struct varlena *stored = (const struct varlena *) DatumGetPointer(value);
	const char *bytes;

	if (VARATT_IS_EXTERNAL(stored) || VARATT_IS_COMPRESSED(stored) ||
		VARSIZE_ANY_EXHDR(stored) != sizeof(ArrayHead) + reader->elements * sizeof(float8))
		return NULL;
	bytes = VARDATA_ANY(stored);
	return memcmp(bytes, reader->plain_head, sizeof(ArrayHead)) == 0 ?
		bytes + sizeof(ArrayHead) : NULL;
}

void
cvm_column_array(CvmColumnReader *reader, Datum value, bool isnull, double *numbers)
{
	OpenArray	array;
	const char *place;

	if (isnull)
	{
		for (int i = 0; i < reader->elements; i++)
			numbers[i] = NAN;
		return;
	}
	place = find_plain(reader, value);
	if (place != NULL)
	{
		memcpy(numbers, place, reader->elements * sizeof(float8));
		return;
	}
	open_array(reader, value, &array);
	if (array.copy == NULL)
		cvm_fetch_ahead(array.bytes - ROW_OVERHEAD / 2, array.size + ROW_OVERHEAD);
	if (array.head.length != reader->elements)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("column \"%s\" has an array of %d elements in some row, where %d are expected",
						reader->name, array.head.length, reader->elements),
				 errhint("Every array must have the same length; use NULL for a missing element.")));
	place = array.bytes + sizeof(ArrayHead);
	if (array.head.data_offset != 0)
		read_with_nulls(reader->source, &array, numbers);
	else if (reader->source == CVM_FROM_FLOAT8_ARRAY)
	{
		memcpy(numbers, place, array.head.length * sizeof(float8));
		memcpy(reader->plain_head, &array.head, sizeof(ArrayHead));
	}
	else
		for (int i = 0; i < array.head.length; i++)
			numbers[i] = take_element(CVM_FROM_FLOAT4_ARRAY, &place);
	close_array(&array);
}

int
cvm_column_array_length(CvmColumnReader *reader, Datum value)
{
	OpenArray	array;

	open_array(reader, value, &array);
	close_array(&array);
	return array.head.length;
}

void
cvm_column_set_elements(CvmColumnReader *reader, int elements)
{
	reader->elements = elements;
}
