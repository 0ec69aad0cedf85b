/*
 * collect.h
 *		A DestReceiver that turns rows into raw blocks.
 */
#ifndef CVM_COLLECT_H
#define CVM_COLLECT_H

#include "postgres.h"
#include "executor/tuptable.h"
#include "tcop/dest.h"
#include "utils/tuplestore.h"

#include "encode/encoder.h"
#include "frame/column.h"
#include "frame/fixed_row.h"
#include "frame/split.h"
#include "frame/target.h"

/* Where the blocks of one side of the split go. */
typedef struct CvmRowSink
{
	/*
	 * Takes the block that was filled and gives the next one to fill.  Called
	 * with NULL for the first one, and never with a block that is not full.
	 */
	CvmBlock   *(*next) (void *state, CvmBlock *full);
	void	   *state;
	CvmBlock   *block;			/* the one being filled; the caller's at the end */
} CvmRowSink;

/* A feature column. */
typedef struct CvmFeature
{
	CvmColumn	column;
	CvmColumnReader *reader;
	int			attribute;		/* in the scan's rows, from 0 */
	int			dense;			/* first raw dense position */
	int			coded;			/* first raw coded position */
	int32_t		month_codes[13];	/* TIME: dictionary codes by month and by */
	int32_t		weekday_codes[8];	/* weekday, -1: not met yet */
} CvmFeature;

typedef struct CvmCollector
{
	DestReceiver receiver;		/* first: the executor's view */
	MemoryContext context;		/* what outlives a row */
	MemoryContext row_context;

	/* attributes in the scan's rows; -1: none */
	CvmTarget  *target;
	int			target_attribute;
	CvmColumnReader *weight;
	const char *weight_name;
	int			weight_attribute;
	CvmSplit	split;
	int			split_attribute;

	CvmFeature *features;
	int			feature_count;
	CvmProfile *profile;		/* NULL until the length of every array is known */
	int			dense_columns;	/* of raw blocks */
	int			coded_columns;

	/*
	 * Called once, when the profile is there and before the first row goes to
	 * a sink: sets the sinks.  A sink without "next" drops its rows.
	 */
	void		(*start) (void *state);
	void	   *start_state;
	CvmRowSink	training;
	CvmRowSink	validation;
	Tuplestorestate *waiting;	/* rows before the profile is there, or NULL */
	TupleDesc	waiting_columns;

	int			attributes;		/* of the scan's rows, as far as they are read */

	/* rows whose columns lie at fixed places */
	CvmFixedRow *layout;
	TupleDesc	layout_columns; /* those it was made for; NULL: none yet */
	CvmFixedRow *fixed_row;		/* the layout, or NULL: not all columns fit in */
	CvmFeature **uncopied;		/* features that it does not copy into the block */
	int			uncopied_count;
	Datum	   *fixed_values;	/* what is not copied, by attribute */
	bool	   *fixed_nulls;	/* all false */

	/* counts since the last cvm_collector_rewind */
	uint64		rows;			/* rows seen */
	uint64		without_target;
	uint64		without_weight;
} CvmCollector;

/* Reads a row into a block of the side that it is on; the profile is there. */
extern void cvm_collect_slot(CvmCollector *collector, TupleTableSlot *slot);

/* After the fields up to feature_count, start and start_state are set. */
extern void cvm_collector_init(CvmCollector *collector);

/*
 * At the end of the scan: arrays that were NULL in every row leave the
 * features, and rows that waited for them go to the sinks.
 */
extern void cvm_collector_finish(CvmCollector *collector);

/* Before the same query is run again. */
extern void cvm_collector_rewind(CvmCollector *collector);

#endif							/* CVM_COLLECT_H */
