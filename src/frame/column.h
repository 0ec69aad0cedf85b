/*
 * column.h
 *		From a Datum of any usable type to raw terms.
 *
 * Training and scoring read columns through this one interface, so that a
 * value means the same to both:
 *
 *	  numbers	as float8; a numeric too large for it is infinite; money in its
 *				main unit, as it is shown
 *	  boolean	0 or 1
 *	  text		as it is; of char(n), name and "char" without the padding
 *	  enum		its label
 *	  integers, boolean, as a category: as PostgreSQL writes them
 *	  times		days since 2000-01-01, of timestamptz in UTC; infinite ones are
 *				infinite numbers
 *	  identifier	a text, an enum, an integer, a numeric or a uuid, as it is
 *				shown
 *	  interval	days; a month counts 30.4375 of them, a twelfth of 365.25
 *
 * Values that have to be detoasted are copied in the current memory context.
 */
#ifndef CVM_COLUMN_H
#define CVM_COLUMN_H

#include "postgres.h"
#include "fmgr.h"

#include <math.h>

#include "encode/encoder.h"

/* What a reader reads; the types that are read inline come first. */
typedef enum CvmColumnSource
{
	CVM_FROM_FLOAT8, CVM_FROM_FLOAT4, CVM_FROM_INT8, CVM_FROM_INT4, CVM_FROM_INT2,
	CVM_FROM_BOOL,
	CVM_FROM_NUMERIC, CVM_FROM_MONEY,
	CVM_FROM_INTERVAL,
	CVM_FROM_DATE, CVM_FROM_TIMESTAMP,
	CVM_FROM_TEXT, CVM_FROM_BPCHAR, CVM_FROM_NAME, CVM_FROM_CHAR, CVM_FROM_ENUM,
	CVM_FROM_UUID,
	CVM_FROM_FLOAT8_ARRAY, CVM_FROM_FLOAT4_ARRAY
} CvmColumnSource;

typedef struct CvmEnumLabels CvmEnumLabels;

typedef struct CvmColumnReader
{
	CvmColumnSource source;
	bool		as_boolean;		/* numbers: 1 for all but 0 */
	const char *name;
	int			elements;		/* arrays: 0 until known */
	int32		plain_head[5];	/* arrays: fixed part of one that was plain float8 */
	double		money_unit;		/* money: of the stored integer */
	CvmEnumLabels *labels;		/* enum: cache, made when it is needed */
	char		text[48];		/* of types that are no text */
	MemoryContext context;
} CvmColumnReader;

/*
 * The kind of input a type makes, looking through domains.  false: the type
 * cannot be used.  integral: smallint, integer, bigint.
 */
extern bool cvm_column_kind(Oid type, CvmInputKind *kind, bool *integral);

/* Whether a column of a type can be read as an identifier. */
extern bool cvm_column_identifies(Oid type);

/* Whether a column of this type can be a category, though it may be a number else. */
extern bool cvm_column_can_be_category(Oid type);

/*
 * Whether a reader of this type reads the same however the session's settings
 * and the catalog change: not of money and enums.
 */
extern bool cvm_column_is_lasting(Oid type);

/*
 * A reader for a column of this type that is used as an input of this kind
 * and, for arrays, of this length (0: not known yet).  Errors when the type
 * cannot serve as that kind, naming the column.  Allocated in the current
 * memory context.  A text-ish or enum type serves only CATEGORY; numbers and
 * boolean serve NUMBER and BOOLEAN (then every number but 0 is true); the
 * types of a time serve TIME; what identifies serves IDENTIFIER; and so on.
 * Integers and boolean serve CATEGORY too, where that was asked for
 * (cvm_column_can_be_category).
 */
extern CvmColumnReader *cvm_column_reader_create(const char *name, Oid type,
												 CvmInputKind kind, int elements);

/* The types that are not read inline. */
extern double cvm_column_convert(const CvmColumnReader *reader, Datum value);

/*
 * NUMBER, BOOLEAN, INTERVAL and part 0 of TIME: the number, NaN for NULL.
 */
static inline double
cvm_column_number(const CvmColumnReader *reader, Datum value, bool isnull)
{
	double		number;

	if (isnull)
		return NAN;
	switch (reader->source)
	{
		case CVM_FROM_FLOAT8:
			number = DatumGetFloat8(value);
			break;
		case CVM_FROM_FLOAT4:
			number = DatumGetFloat4(value);
			break;
		case CVM_FROM_INT8:
			number = (double) DatumGetInt64(value);
			break;
		case CVM_FROM_INT4:
			number = DatumGetInt32(value);
			break;
		case CVM_FROM_INT2:
			number = DatumGetInt16(value);
			break;
		case CVM_FROM_BOOL:
			number = DatumGetBool(value);
			break;
		default:
			number = cvm_column_convert(reader, value);
	}
	if (unlikely(reader->as_boolean) && !isnan(number))
		number = number != 0;
	return number;
}

/*
 * TIME: days since 2000-01-01; month 1..12 and weekday 1 (Monday)..7 in UTC,
 * both 0 for missing and infinite times.
 */
extern double cvm_column_time(CvmColumnReader *reader, Datum value, bool isnull,
							  int *month, int *weekday);

/*
 * CATEGORY, IDENTIFIER: the text form, not NUL-terminated, valid until the next call
 * with this reader; NULL for SQL NULL.
 */
extern const char *cvm_column_text(CvmColumnReader *reader, Datum value, bool isnull, int *length);

/*
 * ARRAY: fills elements doubles (NaN for NULL elements; all NaN for a NULL
 * array); error when the length differs from the one expected, naming both.
 */
extern void cvm_column_array(CvmColumnReader *reader, Datum value, bool isnull, double *numbers);

/* Length of an array value, for the first row of a training; 0 if it is empty. */
extern int	cvm_column_array_length(CvmColumnReader *reader, Datum value);
extern void cvm_column_set_elements(CvmColumnReader *reader, int elements);

#endif							/* CVM_COLUMN_H */
