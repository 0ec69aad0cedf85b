/*
 * block_store.h
 *		Blocks of rows: in memory up to a limit, then in a file.
 */
#ifndef CVM_BLOCK_STORE_H
#define CVM_BLOCK_STORE_H

#include "postgres.h"
#include "utils/resowner.h"

#include "linalg/block.h"

/* What the stores of one frame share. */
typedef struct CvmStorage
{
	Size		limit;			/* bytes of memory for blocks */
	Size		used;
	ResourceOwner owner;		/* of temporary files: not that of the query which
								 * fills the blocks, it ends before them; NULL: files
								 * stay open until they are closed */
} CvmStorage;

typedef struct CvmBlockStore CvmBlockStore;

/* An empty store in the current memory context. */
extern CvmBlockStore *cvm_block_store_create(int dense_columns, int coded_columns,
											 CvmStorage *storage);

/*
 * The next block to fill, empty.  The one before it must be full: its rows
 * are counted and it is written out if the memory is used up.
 */
extern CvmBlock *cvm_block_store_next(CvmBlockStore *store);

/* The same, or NULL where it would be written out. */
extern CvmBlock *cvm_block_store_next_in_memory(CvmBlockStore *store);

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
