/*
 * source.h
 *		Running the query that rows come from.
 */
#ifndef CVM_SOURCE_H
#define CVM_SOURCE_H

#include "postgres.h"
#include "access/tupdesc.h"
#include "tcop/dest.h"

/* Columns of "FROM item", copied into the current memory context. */
extern TupleDesc cvm_source_describe(const char *from_item);

/*
 * Whether all columns of "FROM item" are to be had for nothing: those of a
 * table, which the current user may read and none of which was dropped, come
 * as they are stored.
 */
extern bool cvm_source_is_stored(const char *from_item);

/*
 * Position of a column, from 0.  Otherwise an error that says what the column
 * was wanted for ("target", "key", "weight", "feature") and offers the
 * nearest name; also when two columns have the name.
 */
extern int	cvm_source_column(TupleDesc columns, const char *name, const char *role);

/* The column that may be meant by a name that none has, or NULL. */
extern const char *cvm_nearest_column(TupleDesc columns, const char *name);

/*
 * A scan: one run of a SELECT, serial and read-only under the active
 * snapshot, its rows in an order that depends on nothing but the data.
 * SPI must be connected from open to close.
 */
typedef struct CvmScan CvmScan;

extern CvmScan *cvm_scan_open(const char *query);

/* Sends up to limit rows (0: all that are left); false: no row was left. */
extern bool cvm_scan_run(CvmScan *scan, int limit, DestReceiver *receiver);
extern void cvm_scan_close(CvmScan *scan);

/* The text form (in ISO styles, whatever the session's) of the one value of a
 * SELECT, in the current memory context; NULL for NULL or no row.  Runs like a
 * scan. */
extern char *cvm_source_value(const char *query);

#endif							/* CVM_SOURCE_H */
