/*
 * split.h
 *		Which rows are held out for validation.
 */
#ifndef CVM_SPLIT_H
#define CVM_SPLIT_H

#include "postgres.h"
#include "access/tupdesc.h"
#include "fmgr.h"
#include "utils/hsearch.h"

#include "learn/options.h"

typedef enum CvmSplitRule
{
	CVM_SPLIT_NONE,				/* every row trains */
	CVM_SPLIT_ROW,				/* by a hash of the row's number */
	CVM_SPLIT_KEY,				/* by a hash of the key */
	CVM_SPLIT_IDENTIFIERS,		/* by a hash of the features that are identifiers */
	CVM_SPLIT_CLASS,			/* rows of each target value are dealt out in turn */
	CVM_SPLIT_TIME				/* by the time column: later rows are held out */
} CvmSplitRule;

/* What becomes of a row. */
typedef enum CvmSide
{
	CVM_TRAINS,
	CVM_HELD_OUT,
	CVM_BEYOND					/* neither: later than what is held out, or not in
								 * the sample */
} CvmSide;

/*
 * One fold of a cross-validation: it is held out, the other ones train.  By
 * time, what came until "after" trains and what came until "until" is held out.
 */
typedef struct CvmFold
{
	int			number;			/* from 0 */
	int			count;
	bool		by_time;
	const char *after;
	const char *until;
	double		share;			/* only so much of the rows; 1 for all */
} CvmFold;

typedef struct CvmSplit
{
	CvmSplitRule rule;
	int			column;			/* of the source, KEY and TIME; else -1 */
	double		low;			/* of the hashes in [0, 1) those from here */
	double		high;			/* to here are held out, ROW, KEY, IDENTIFIERS */
	uint64		seed;
	FmgrInfo	function;		/* extended hash (KEY) or comparison (TIME) */
	Oid			collation;
	Datum		boundary;		/* TIME: rows after it are held out */
	bool		has_end;
	Datum		end;			/* TIME: but not those after this one */
	const CvmFold *fold;		/* CLASS */
	HTAB	   *dealt;			/* CLASS: target value -> rows so far */
} CvmSplit;

/*
 * Reads options validation, validation_after, time_column and seed; key is a
 * column of the source or -1; identified: features are identifiers, by which
 * rows without a key go, so that all rows of the same ones are on one side;
 * fold: NULL, or what decides instead of validation.  Errors: a key that cannot be hashed, no time column, a boundary
 * that is no time.
 */
extern void cvm_split_init(CvmSplit *split, const CvmOptions *options,
						   TupleDesc columns, int key, bool identified,
						   const CvmFold *fold);

/* The time column that options name, or the only one of the source. */
extern int	cvm_split_time_column(const CvmOptions *options, TupleDesc columns);

/*
 * The side of a row; value is that of split->column, target as it was read.
 * Rows without a key go by their number (counted from 0) or the hash of their
 * identifiers, whichever "row" is; rows without a time train.
 */
extern CvmSide cvm_split_side(CvmSplit *split, Datum value, bool isnull, uint64 row,
							  double target);

/* Before the same rows come again. */
extern void cvm_split_rewind(CvmSplit *split);

#endif							/* CVM_SPLIT_H */
