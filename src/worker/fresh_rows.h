/*
 * fresh_rows.h
 *		Rows that come into the tables that models are trained on.
 *
 * The table's own counters (pg_stat) say how many there are; they survive
 * restarts and know every way in.  So that nobody has to look at them all the
 * time, each session that commits rows into a watched table adds them to a
 * count in shared memory, and asks for a look when it reaches what is wanted.
 */
#ifndef CVM_FRESH_ROWS_H
#define CVM_FRESH_ROWS_H

#include "postgres.h"
#include "nodes/pg_list.h"

/*
 * The plain or partitioned table that a source names under a search_path, or
 * InvalidOid: a view, a query, no such table.
 */
extern Oid	cvm_source_table(const char *source, const char *search_path);

/* Rows ever inserted into a table and its partitions, by the counters. */
extern int64 cvm_table_rows_inserted(Oid table);

/* Hooks and shared memory; called while the library is preloaded. */
extern void cvm_fresh_rows_init(void);
extern Size cvm_fresh_rows_size(void);
extern void cvm_fresh_rows_start(void);

/*
 * The scheduler's part: between begin and end it says which tables of this
 * database are watched and after how many rows a look is wanted; others no
 * longer are.
 */
extern void cvm_watch_begin(void);
extern void cvm_watch_table(Oid table, int64 wanted);
extern void cvm_watch_end(void);

/* Forgets the watched tables of a database that is gone. */
extern void cvm_watch_forget(Oid database);

#endif							/* CVM_FRESH_ROWS_H */
