/*
 * fixed_row.h
 *		Rows that are read without being taken apart first.
 *
 * Columns of fixed length that come before the first one of varying length
 * lie at the same place in every tuple without NULLs.  Where all columns that
 * are read are of this kind, numbers are copied straight from the tuple into
 * the block, neighboring float8 columns in one go.
 */
#ifndef CVM_FIXED_ROW_H
#define CVM_FIXED_ROW_H

#include "postgres.h"
#include "access/tupmacs.h"
#include "executor/tuptable.h"

#include "frame/column.h"

/* Neighboring columns of one type that go to neighboring dense positions. */
typedef struct CvmFixedRun
{
	CvmColumnSource source;
	int			offset;			/* in the tuple's data */
	int			dense;
	int			count;
} CvmFixedRun;

/* A column that is read as a Datum. */
typedef struct CvmFixedValue
{
	int			attribute;
	int			offset;
	int			length;
	bool		by_value;
} CvmFixedValue;

typedef struct CvmFixedRow
{
	int			attributes;		/* a tuple has at least as many */
	CvmFixedRun *runs;
	int			run_count;
	CvmFixedValue *values;
	int			value_count;
} CvmFixedRow;

/* An empty layout with room for so many columns. */
extern CvmFixedRow *cvm_fixed_row_create(int columns);
extern void cvm_fixed_row_clear(CvmFixedRow *row);

/*
 * Take a column in, to be read as a number into a dense position or as a
 * Datum.  false: it does not lie at a fixed place, or its type is not copied.
 */
extern bool cvm_fixed_row_add_number(CvmFixedRow *row, TupleDesc columns, int attribute,
									 const CvmColumnReader *reader, int dense);
extern bool cvm_fixed_row_add_value(CvmFixedRow *row, TupleDesc columns, int attribute);

/* The data of a tuple that has this layout, or NULL. */
extern const char *cvm_fixed_row_data(const CvmFixedRow *row, TupleTableSlot *slot);

/* Fills values[attribute] of columns that are read as Datums. */
static inline void
cvm_fixed_row_values(const CvmFixedRow *row, const char *data, Datum *values)
{
	for (int i = 0; i < row->value_count; i++)
	{
		const CvmFixedValue *value = &row->values[i];

		values[value->attribute] = fetch_att(data + value->offset, value->by_value,
											 value->length);
	}
}

/* Fills the dense positions of numbers. */
extern void cvm_fixed_row_numbers(const CvmFixedRow *row, const char *data, double *dense);

#endif							/* CVM_FIXED_ROW_H */
