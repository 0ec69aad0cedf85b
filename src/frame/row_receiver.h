/*
 * row_receiver.h
 *		Rows of a scan, one by one.
 */
#ifndef CVM_ROW_RECEIVER_H
#define CVM_ROW_RECEIVER_H

#include "postgres.h"
#include "executor/tuptable.h"
#include "tcop/dest.h"

/*
 * Takes a row, all of whose columns are there in slot->tts_values.  What it
 * allocates in the current memory context goes with the row.
 */
typedef void (*CvmReceiveRow) (void *state, TupleTableSlot *slot);

/* For cvm_scan_run; lives in the current memory context. */
extern DestReceiver *cvm_row_receiver_create(CvmReceiveRow receive, void *state);

/* All rows of a SELECT, which is run as in cvm_scan_open. */
extern void cvm_scan_rows(const char *query, CvmReceiveRow receive, void *state);

#endif							/* CVM_ROW_RECEIVER_H */
