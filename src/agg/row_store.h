/*
 * row_store.h
 *		The rows of a fit, in memory while there is room, then in the pool's file.
 */
#ifndef CVM_ROW_STORE_H
#define CVM_ROW_STORE_H

#include "postgres.h"

#include "agg/state_pool.h"

typedef struct CvmRowStore CvmRowStore;

/* An empty store in the current memory context. */
extern CvmRowStore *cvm_row_store_create(int columns, CvmStatePool *pool);

/* Appends a copy of the rows of a block. */
extern void cvm_row_store_add(CvmRowStore *store, const CvmBlock *rows);

extern uint64 cvm_row_store_rows(const CvmRowStore *store);
extern bool cvm_row_store_spilled(const CvmRowStore *store);

/*
 * Rows first .. first + CVM_BLOCK_ROWS - 1, as many as there are; first is a
 * multiple of CVM_BLOCK_ROWS.  "tail": the rows after those of the store.
 * Returns a block of the store or "buffer", filled.
 */
extern const CvmBlock *cvm_row_store_read(CvmRowStore *store, uint64 first,
										  const CvmBlock *tail, CvmBlock *buffer);

/* Gives memory back to the pool. */
extern void cvm_row_store_free(CvmRowStore *store);

#endif							/* CVM_ROW_STORE_H */
