/*
 * block_store.h
 *		Blocks of rows: in memory as long as a budget lasts, then in a file.
 */
#ifndef CVM_BLOCK_STORE_H
#define CVM_BLOCK_STORE_H

#include "postgres.h"

#include "linalg/block.h"

/* Bytes that the stores of one frame share. */
typedef struct CvmBudget
{
	Size		limit;
	Size		used;
} CvmBudget;

typedef struct CvmBlockStore CvmBlockStore;

/*
 * An empty store in the current memory context.  Its temporary file, if it
 * comes to one, belongs to the resource owner of this moment.
 */
extern CvmBlockStore *cvm_block_store_create(int dense_columns, int coded_columns,
											 CvmBudget *budget);

/*
 * The next block to fill, empty.  The one before it must be full: its rows
 * are counted and it is written out if the budget is spent.
 */
extern CvmBlock *cvm_block_store_next(CvmBlockStore *store);

/* After the last block was filled as far as it goes. */
extern void cvm_block_store_finish(CvmBlockStore *store);

/* Whether blocks are in the file, or would be: the next one finds no room. */
extern bool cvm_block_store_spilled(const CvmBlockStore *store);

extern int	cvm_block_store_blocks(const CvmBlockStore *store);
extern uint64 cvm_block_store_rows(const CvmBlockStore *store);

/*
 * Block i.  A block of the file is valid until the next two calls.  A caller
 * that changes a block hands it back with _update before the next call.
 */
extern CvmBlock *cvm_block_store_read(CvmBlockStore *store, int index);
extern void cvm_block_store_update(CvmBlockStore *store, int index, const CvmBlock *block);

/* Gives up the memory of blocks before "index"; they are not read again. */
extern void cvm_block_store_release(CvmBlockStore *store, int index);

/* Frees all memory of the store and removes its file. */
extern void cvm_block_store_free(CvmBlockStore *store);

#endif							/* CVM_BLOCK_STORE_H */
