/*
 * due.h
 *		Which models are due, and how often a failing one is tried again.
 */
#ifndef CVM_DUE_H
#define CVM_DUE_H

#include "postgres.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "catalog/registry.h"

/*
 * Rows that were ever inserted into the plain or partitioned table that a
 * model is trained on, by the server's counters; -1 when the source is not
 * such a table.  Names are resolved under the recorded search_path.
 */
extern int64 cvm_rows_inserted(const CvmDefinition *definition);

/*
 * Fails the runs that say "running" but have no process: the server or the
 * process died.  Only run processes commit that state, so without a launcher
 * every such row is a leftover.  SPI is connected.
 */
extern void cvm_close_leftovers(void);

/* Queues a run for every scheduled model that is due; SPI is connected. */
extern void cvm_queue_due(void);

/* Names of the models with a queued run, oldest first, and the run numbers. */
extern List *cvm_queued_models(List **runs);

/* The options of a model's schedule, or NULL. */
extern Jsonb *cvm_schedule_options(const char *model);

/* After a run: success clears the back-off, failure doubles it. */
extern void cvm_schedule_succeeded(const char *model);
extern void cvm_schedule_failed(const char *model);

#endif							/* CVM_DUE_H */
