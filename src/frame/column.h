/*
 * column.h
 *		From a Datum of any usable type to raw terms.
 *
 * Training and scoring read columns through this one file, so that a value
 * means the same to both.
 */
#ifndef CVM_COLUMN_H
#define CVM_COLUMN_H

#include "postgres.h"
#include "fmgr.h"

#include "encode/encoder.h"

typedef struct CvmColumnReader CvmColumnReader;

/*
 * The kind of input a type makes, looking through domains.  false: the type
 * cannot be used.  integral: smallint, integer, bigint.
 */
extern bool cvm_column_kind(Oid type, CvmInputKind *kind, bool *integral);

/*
 * A reader for a column of this type that is used as an input of this kind
 * and, for arrays, of this length (0: not known yet).  Errors when the type
 * cannot serve as that kind, naming the column.  Allocated in the current
 * memory context.  A text-ish or enum type serves only CATEGORY, any numeric
 * type NUMBER (and BOOLEAN if it was trained so), and so on.
 */
extern CvmColumnReader *cvm_column_reader_create(const char *name, Oid type,
												 CvmInputKind kind, int elements);

/*
 * Fast path: *number is NaN for NULL, NaN and (interval, time) missing.
 * For NUMBER, BOOLEAN, INTERVAL, and part 0 of TIME (days since 2000-01-01).
 */
extern double cvm_column_number(CvmColumnReader *reader, Datum value, bool isnull);

/* TIME: month 1..12 and weekday 1 (Monday)..7 in UTC; 0 for missing. */
extern double cvm_column_time(CvmColumnReader *reader, Datum value, bool isnull,
							  int *month, int *weekday);

/*
 * CATEGORY: the text form, not NUL-terminated, valid until the next call
 * with this reader; NULL for SQL NULL.
 */
extern const char *cvm_column_text(CvmColumnReader *reader, Datum value, bool isnull, int *length);

/*
 * ARRAY: fills elements doubles (NaN for NULL elements; all NaN for a NULL
 * array); error when the length differs from the one expected, naming both.
 */
extern void cvm_column_array(CvmColumnReader *reader, Datum value, bool isnull, double *numbers);

/* Length of an array value, for the first row of a training. */
extern int	cvm_column_array_length(CvmColumnReader *reader, Datum value);
extern void cvm_column_set_elements(CvmColumnReader *reader, int elements);

#endif							/* CVM_COLUMN_H */
