/*
 * block_store.c
 *		Blocks of rows: in memory up to a limit, then in a file.
 *
 * The first blocks of a store are in memory, carved from chunks that double
 * in size (a small table takes a small chunk, a large one few page faults),
 * the others in one temporary file of records of equal size.  A record is
 * read and written in one call, and while its block is in use it lives in
 * one of two buffers, which are taken in turn.
 *
 * The arrays of a block lie one after another, so that a record is the block
 * as it is in memory: dense, target, weight, codes.
 */
#include "postgres.h"

#include <limits.h>
#include <sys/mman.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include "frame/block_store.h"
#include "frame/spill_file.h"
#include "pg/compat.h"
#include "pg/runtime.h"

#define LARGEST_CHUNK ((Size) 64 * 1024 * 1024)
#define CACHE_LINE ((Size) 64)	/* what kernels like records to be aligned to */
/* a block's struct with padding, so that records after them stay aligned */
#define HEADER_SIZE TYPEALIGN(CACHE_LINE, sizeof(CvmBlock))
#define HUGE_PAGE ((Size) 2 * 1024 * 1024)

typedef struct Chunk
{
	char	   *memory;			/* NULL after release */
	Size		size;
	int			end;			/* index of the first block after it */
} Chunk;

struct CvmBlockStore
{
	int			dense_columns;
	int			coded_columns;
	Size		record;			/* bytes of a block's arrays */
	CvmStorage  *storage;
	MemoryContext context;

	uint64		rows;			/* of the blocks that are complete */
	int			blocks;			/* handed out by _next */
	CvmBlock   *current;		/* the one that is being filled */

	/* the part in memory */
	int			memory_blocks;	/* room in the chunks, from block 0 */
	CvmBlock  **block_list;
	Chunk	   *chunks;
	int			chunk_count;
	int			first_chunk;	/* chunks before it are released */
	int			next_chunk_blocks;

	/* the part in the file */
	bool		spilled;
	File		file;
	char	   *buffer_memory;
	CvmBlock	buffers[2];
	int			next_buffer;
};

CvmBlockStore *
cvm_block_store_create(int dense_columns, int coded_columns, CvmStorage *storage)
{
	CvmBlockStore *store = palloc0(sizeof(CvmBlockStore));
	Size		row = add_size(mul_size(dense_columns, sizeof(double)),
							   add_size(mul_size(coded_columns, sizeof(int32)),
										2 * sizeof(double)));

	store->dense_columns = dense_columns;
	store->coded_columns = coded_columns;
	store->record = mul_size(row, CVM_BLOCK_ROWS);
	store->storage = storage;
	store->context = CurrentMemoryContext;
	store->next_chunk_blocks = 1;
	/* FileRead and FileWrite count in int */
	if (store->record > INT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("rows are too wide: %d columns after arrays are expanded",
						dense_columns + coded_columns)));
	return store;
}

/* Lays the arrays of a block over a record. */
static void
place_block(const CvmBlockStore *store, CvmBlock *block, char *record)
{
	Size		dense = (Size) store->dense_columns * CVM_BLOCK_ROWS * sizeof(double);
	Size		column = CVM_BLOCK_ROWS * sizeof(double);

	block->rows = 0;
	block->dense = (double *) record;
	block->target = (double *) (record + dense);
	block->weight = (double *) (record + dense + column);
	block->codes = (int32_t *) (record + dense + 2 * column);
}

/*
 * Memory that starts at a cache line, or at a huge page where there is enough
 * of it to use them: touching fresh memory page by page can cost as much as
 * reading the rows.  Unused alignment is never touched.
 */
static char *
allocate_aligned(MemoryContext context, Size size, char **allocation)
{
	Size		alignment = size >= HUGE_PAGE ? HUGE_PAGE : CACHE_LINE;
	char	   *start;

	cvm_memory_expect(size);
	*allocation = MemoryContextAllocHuge(context, add_size(size, alignment));
	start = (char *) TYPEALIGN(alignment, *allocation);
#ifdef MADV_HUGEPAGE
	if (alignment == HUGE_PAGE)
		(void) madvise(start, TYPEALIGN_DOWN(HUGE_PAGE, size), MADV_HUGEPAGE);
#endif
	return start;
}

/* Adds a chunk of as many blocks as are due and the limit allows; false: none. */
static bool
add_chunk(CvmBlockStore *store)
{
	Size		block_size = store->record + HEADER_SIZE;
	Size		room = store->storage->limit > store->storage->used ?
		store->storage->limit - store->storage->used : 0;
	int			count = Min((Size) store->next_chunk_blocks,
							room / block_size);
	MemoryContext old;
	Chunk	   *chunk;
	char	   *records;
	CvmBlock   *headers;
	int			i;

	if (count == 0)
		return false;

	old = MemoryContextSwitchTo(store->context);
	if (store->chunks == NULL)
	{
		store->chunks = palloc(sizeof(Chunk));
		store->block_list = palloc(count * sizeof(CvmBlock *));
	}
	else
	{
		store->chunks = repalloc_huge(store->chunks,
									  mul_size(store->chunk_count + 1, sizeof(Chunk)));
		store->block_list = repalloc_huge(store->block_list,
										  mul_size(store->memory_blocks + count,
												   sizeof(CvmBlock *)));
	}
	MemoryContextSwitchTo(old);

	chunk = &store->chunks[store->chunk_count];
	chunk->size = count * block_size;
	chunk->end = store->memory_blocks + count;
	headers = (CvmBlock *) allocate_aligned(store->context, chunk->size, &chunk->memory);
	records = (char *) headers + count * HEADER_SIZE;
	for (i = 0; i < count; i++)
	{
		place_block(store, &headers[i], records + i * store->record);
		store->block_list[store->memory_blocks + i] = &headers[i];
	}
	store->storage->used += chunk->size;
	store->chunk_count++;
	store->memory_blocks += count;
	store->next_chunk_blocks = Max(1, Min(store->next_chunk_blocks * 2,
										  Min(LARGEST_CHUNK, store->storage->limit / 8) / block_size));
	return true;
}

/* ---- the file ---- */

static void
open_file(CvmBlockStore *store)
{
	char	   *records = allocate_aligned(store->context, 2 * store->record,
										   &store->buffer_memory);

	/* the rest of a record that is not full is written too */
	memset(records, 0, 2 * store->record);
	place_block(store, &store->buffers[0], records);
	place_block(store, &store->buffers[1], records + store->record);

	/* the running query's owner would close the file with the query */
	store->file = cvm_spill_open(store->storage->owner);
	store->spilled = true;
}

static off_t
record_offset(const CvmBlockStore *store, int index)
{
	return (off_t) (index - store->memory_blocks) * (off_t) store->record;
}

static void
write_record(CvmBlockStore *store, int index, const CvmBlock *block)
{
	cvm_spill_write(store->file, block->dense, store->record, record_offset(store, index));
}

static void
read_record(CvmBlockStore *store, int index, CvmBlock *block)
{
	cvm_spill_read(store->file, block->dense, store->record, record_offset(store, index));
}

/* ---- filling ---- */

static void
complete_current(CvmBlockStore *store)
{
	if (store->current == NULL)
		return;
	store->rows += store->current->rows;
	if (store->blocks > store->memory_blocks)
		write_record(store, store->blocks - 1, store->current);
	store->current = NULL;
}

CvmBlock *
cvm_block_store_next(CvmBlockStore *store)
{
	complete_current(store);
	if (store->blocks == store->memory_blocks && !store->spilled && !add_chunk(store))
		open_file(store);
	if (store->blocks < store->memory_blocks)
		store->current = store->block_list[store->blocks];
	else
		store->current = &store->buffers[0];
	store->current->rows = 0;
	store->blocks++;
	return store->current;
}

CvmBlock *
cvm_block_store_next_in_memory(CvmBlockStore *store)
{
	if (store->blocks < store->memory_blocks)
		return cvm_block_store_next(store);
	complete_current(store);
	return !store->spilled && add_chunk(store) ? cvm_block_store_next(store) : NULL;
}

void
cvm_block_store_finish(CvmBlockStore *store)
{
	if (store->current != NULL && store->current->rows == 0)
	{
		store->current = NULL;
		store->blocks--;
	}
	complete_current(store);
}

bool
cvm_block_store_spilled(const CvmBlockStore *store)
{
	return store->spilled;
}

int
cvm_block_store_blocks(const CvmBlockStore *store)
{
	return store->blocks;
}

uint64
cvm_block_store_rows(const CvmBlockStore *store)
{
	return store->rows;
}

/* ---- reading ---- */

CvmBlock *
cvm_block_store_read(CvmBlockStore *store, int index)
{
	CvmBlock   *block;

	CHECK_FOR_INTERRUPTS();
	Assert(index >= 0 && index < store->blocks);
	if (index < store->memory_blocks)
		return store->block_list[index];

	block = &store->buffers[store->next_buffer];
	store->next_buffer = 1 - store->next_buffer;
	read_record(store, index, block);
	block->rows = Min(store->rows - (uint64) index * CVM_BLOCK_ROWS, CVM_BLOCK_ROWS);
	return block;
}

void
cvm_block_store_update(CvmBlockStore *store, int index, const CvmBlock *block)
{
	if (index >= store->memory_blocks)
		write_record(store, index, block);
}

static void
release_chunk(CvmBlockStore *store, Chunk *chunk)
{
	pfree(chunk->memory);
	chunk->memory = NULL;
	store->storage->used -= chunk->size;
}

void
cvm_block_store_release(CvmBlockStore *store, int index)
{
	while (store->first_chunk < store->chunk_count &&
		   store->chunks[store->first_chunk].end <= index)
		release_chunk(store, &store->chunks[store->first_chunk++]);
}

void
cvm_block_store_free(CvmBlockStore *store)
{
	cvm_block_store_release(store, INT_MAX);
	if (store->chunks != NULL)
	{
		pfree(store->chunks);
		pfree(store->block_list);
	}
	if (store->spilled)
	{
		FileClose(store->file);
		pfree(store->buffer_memory);
	}
	pfree(store);
}
