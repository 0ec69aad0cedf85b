/*
 * fixed_row.c
 *		Rows that are read without being taken apart first.
 *
 * The server takes a tuple apart one column after the other, into an array of
 * Datums, from which they would be copied once more.  That costs more than
 * all else between the table and a block.  The layout is that of the disk,
 * the same in every version; a tuple with a NULL, or older than the last
 * ADD COLUMN, is left to the server.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"

#include "frame/fetch_ahead.h"
#include "frame/fixed_row.h"

/* ---- the layout ---- */

CvmFixedRow *
cvm_fixed_row_create(int columns)
{
	CvmFixedRow *row = palloc0(sizeof(CvmFixedRow));

	row->runs = palloc(columns * sizeof(CvmFixedRun));
	row->values = palloc(columns * sizeof(CvmFixedValue));
	return row;
}

void
cvm_fixed_row_clear(CvmFixedRow *row)
{
	row->attributes = 0;
	row->run_count = 0;
	row->value_count = 0;
}

/* Where a column lies in the tuple's data; -1: not at a fixed place. */
static int
offset_of(TupleDesc columns, int attribute)
{
	int			offset = 0;

	for (int i = 0; i <= attribute; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (column->attlen < 0)
			return -1;
		offset = att_align_nominal(offset, column->attalign);
		if (i < attribute)
			offset += column->attlen;
	}
	return offset;
}

/* Bytes of the types that are copied straight; 0 for others. */
static int
size_of(CvmColumnSource source)
{
	switch (source)
	{
		case CVM_FROM_FLOAT8:
			return sizeof(float8);
		case CVM_FROM_FLOAT4:
			return sizeof(float4);
		case CVM_FROM_INT8:
			return sizeof(int64);
		case CVM_FROM_INT4:
			return sizeof(int32);
		case CVM_FROM_INT2:
			return sizeof(int16);
		case CVM_FROM_BOOL:
			return sizeof(bool);
		default:
			return 0;
	}
}

bool
cvm_fixed_row_add_value(CvmFixedRow *row, TupleDesc columns, int attribute)
{
	Form_pg_attribute column = TupleDescAttr(columns, attribute);
	int			offset = offset_of(columns, attribute);
	CvmFixedValue *value = &row->values[row->value_count];

	if (offset < 0)
		return false;
	value->attribute = attribute;
	value->offset = offset;
	value->length = column->attlen;
	value->by_value = column->attbyval;
	row->value_count++;
	row->attributes = Max(row->attributes, attribute + 1);
	return true;
}

bool
cvm_fixed_row_add_number(CvmFixedRow *row, TupleDesc columns, int attribute,
						 const CvmColumnReader *reader, int dense)
{
	int			offset = offset_of(columns, attribute);
	int			size = size_of(reader->source);
	CvmFixedRun *run = row->run_count > 0 ? &row->runs[row->run_count - 1] : NULL;

	if (offset < 0 || size == 0)
		return false;
	row->attributes = Max(row->attributes, attribute + 1);
	if (run != NULL && run->source == reader->source &&
		run->offset + run->count * size == offset && run->dense + run->count == dense)
	{
		run->count++;
		return true;
	}
	run = &row->runs[row->run_count++];
	run->source = reader->source;
	run->offset = offset;
	run->dense = dense;
	run->count = 1;
	return true;
}

/* ---- reading ---- */

const char *
cvm_fixed_row_data(const CvmFixedRow *row, TupleTableSlot *slot)
{
	HeapTuple	tuple;

	if (TTS_IS_BUFFERTUPLE(slot) || TTS_IS_HEAPTUPLE(slot))
		tuple = ((HeapTupleTableSlot *) slot)->tuple;
	else if (TTS_IS_MINIMALTUPLE(slot))
		tuple = ((MinimalTupleTableSlot *) slot)->tuple;
	else
		return NULL;
	if (tuple == NULL || HeapTupleHasNulls(tuple) ||
		HeapTupleHeaderGetNatts(tuple->t_data) < row->attributes)
		return NULL;
	cvm_fetch_ahead((const char *) tuple->t_data, tuple->t_len);
	return (const char *) tuple->t_data + tuple->t_data->t_hoff;
}

/* Copies a run of a type that is aligned in the tuple. */
#define COPY_RUN(type) \
	for (int i = 0; i < run->count; i++) \
		dense[i] = (double) ((const type *) bytes)[i]

static void
read_run(const CvmFixedRun *run, const char *bytes, double *dense)
{
	switch (run->source)
	{
		case CVM_FROM_FLOAT8:
			memcpy(dense, bytes, run->count * sizeof(float8));
			break;
		case CVM_FROM_FLOAT4:
			COPY_RUN(float4);
			break;
		case CVM_FROM_INT8:
			COPY_RUN(int64);
			break;
		case CVM_FROM_INT4:
			COPY_RUN(int32);
			break;
		case CVM_FROM_INT2:
			COPY_RUN(int16);
			break;
		case CVM_FROM_BOOL:
			COPY_RUN(bool);
			break;
		default:
			Assert(false);
	}
}

void
cvm_fixed_row_numbers(const CvmFixedRow *row, const char *data, double *dense)
{
	for (int i = 0; i < row->run_count; i++)
		read_run(&row->runs[i], data + row->runs[i].offset, dense + row->runs[i].dense);
}
