/*
 * split.h
 *		Which rows are held out for validation.
 */
#ifndef CVM_SPLIT_H
#define CVM_SPLIT_H

#include "postgres.h"
#include "access/tupdesc.h"
#include "fmgr.h"

#include "learn/options.h"

typedef enum CvmSplitRule
{
	CVM_SPLIT_NONE,				/* every row trains */
	CVM_SPLIT_ROW,				/* by a hash of the row's number */
	CVM_SPLIT_KEY,				/* by a hash of the key */
	CVM_SPLIT_TIME				/* by the time column: later rows are held out */
} CvmSplitRule;

typedef struct CvmSplit
{
	CvmSplitRule rule;
	int			column;			/* of the source, KEY and TIME; else -1 */
	double		share;			/* held out, ROW and KEY */
	uint64		seed;
	FmgrInfo	function;		/* extended hash (KEY) or comparison (TIME) */
	Oid			collation;
	Datum		boundary;		/* TIME: rows after it are held out */
} CvmSplit;

/*
 * Reads options validation, validation_after, time_column and seed; key is a
 * column of the source or -1.  Errors: a key that cannot be hashed, no time
 * column, a boundary that is no time.
 */
extern void cvm_split_init(CvmSplit *split, const CvmOptions *options,
						   TupleDesc columns, int key);

/*
 * Whether a row is held out; value is that of split->column.  Rows without a
 * key go by their number (counted from 0), rows without a time train.
 */
extern bool cvm_split_holds_out(CvmSplit *split, Datum value, bool isnull, uint64 row);

#endif							/* CVM_SPLIT_H */
