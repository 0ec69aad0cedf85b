/*
 * row_store.c
 *		The rows of a fit, in memory while there is room, then in the pool's file.
 *
 * A group of GROUP BY may have three rows or a million, and there may be many
 * groups, so that rows come in pieces: full blocks in memory, and whatever a
 * state had collected when memory ran out in the file that all states share.
 * Readers see blocks of CVM_BLOCK_ROWS all the same.
 */
#include "postgres.h"

#include "agg/row_store.h"
#include "frame/spill_file.h"
#include "utils/memutils.h"

typedef struct Piece
{
	uint64		first;			/* number of its first row */
	int			rows;
	CvmBlock   *block;			/* in memory; NULL: in the file, */
	off_t		dense;			/* at these places */
	off_t		target;
} Piece;

struct CvmRowStore
{
	int			columns;
	CvmStatePool *pool;
	CvmBlockStore *memory;
	uint64		rows;
	Piece	   *pieces;
	int			piece_count;
	int			piece_capacity;
	bool		spilled;
};

CvmRowStore *
cvm_row_store_create(int columns, CvmStatePool *pool)
{
	CvmRowStore *store = palloc0(sizeof(CvmRowStore));

	store->columns = columns;
	store->pool = pool;
	store->memory = cvm_block_store_create(columns, 0, &pool->storage);
	store->piece_capacity = 8;
	store->pieces = palloc(store->piece_capacity * sizeof(Piece));
	return store;
}

static Piece *
add_piece(CvmRowStore *store, int rows)
{
	Piece	   *piece;

	if (store->piece_count == store->piece_capacity)
	{
		store->piece_capacity *= 2;
		store->pieces = repalloc_huge(store->pieces,
									  mul_size(store->piece_capacity, sizeof(Piece)));
	}
	piece = &store->pieces[store->piece_count++];
	memset(piece, 0, sizeof(*piece));
	piece->first = store->rows;
	piece->rows = rows;
	store->rows += rows;
	return piece;
}

void
cvm_row_store_add(CvmRowStore *store, const CvmBlock *rows)
{
	Size		dense = (Size) rows->rows * store->columns * sizeof(double);
	Size		column = rows->rows * sizeof(double);
	CvmBlock   *block = rows->rows < CVM_BLOCK_ROWS ? NULL :
		cvm_block_store_next_in_memory(store->memory);
	Piece	   *piece = add_piece(store, rows->rows);

	piece->block = block;
	if (block != NULL)
	{
		block->rows = rows->rows;
		memcpy(block->dense, rows->dense, dense);
		memcpy(block->target, rows->target, column);
		memcpy(block->weight, rows->weight, column);
		return;
	}
	store->spilled = true;
	piece->dense = cvm_state_pool_write(store->pool, rows->dense, dense);
	piece->target = cvm_state_pool_write(store->pool, rows->target, column);
}

uint64
cvm_row_store_rows(const CvmRowStore *store)
{
	return store->rows;
}

bool
cvm_row_store_spilled(const CvmRowStore *store)
{
	return store->spilled;
}

/* The piece that a row is in. */
static const Piece *
find_piece(const CvmRowStore *store, uint64 row)
{
	int			low = 0;
	int			high = store->piece_count - 1;

	while (low < high)
	{
		int			middle = (low + high + 1) / 2;

		if (store->pieces[middle].first <= row)
			low = middle;
		else
			high = middle - 1;
	}
	return &store->pieces[low];
}

/* Adds rows from "from" on of a block to the buffer, as many as fit. */
static void
copy_rows(const CvmRowStore *store, const CvmBlock *block, int from, CvmBlock *buffer)
{
	int			count = Min(block->rows - from, CVM_BLOCK_ROWS - buffer->rows);

	memcpy(buffer->dense + (Size) buffer->rows * store->columns,
		   block->dense + (Size) from * store->columns,
		   (Size) count * store->columns * sizeof(double));
	memcpy(buffer->target + buffer->rows, block->target + from, count * sizeof(double));
	buffer->rows += count;
}

static void
read_rows(const CvmRowStore *store, const Piece *piece, int from, CvmBlock *buffer)
{
	int			count = Min(piece->rows - from, CVM_BLOCK_ROWS - buffer->rows);
	Size		row = store->columns * sizeof(double);

	cvm_spill_read(store->pool->file, buffer->dense + (Size) buffer->rows * store->columns,
				   count * row, piece->dense + from * row);
	cvm_spill_read(store->pool->file, buffer->target + buffer->rows,
				   count * sizeof(double), piece->target + from * sizeof(double));
	buffer->rows += count;
}

const CvmBlock *
cvm_row_store_read(CvmRowStore *store, uint64 first, const CvmBlock *tail, CvmBlock *buffer)
{
	buffer->rows = 0;
	if (first < store->rows)
	{
		const Piece *piece = find_piece(store, first);
		const Piece *end = store->pieces + store->piece_count;

		if (piece->block != NULL && piece->first == first && piece->rows == CVM_BLOCK_ROWS)
			return piece->block;
		for (; piece < end && buffer->rows < CVM_BLOCK_ROWS; piece++)
		{
			int			from = first + buffer->rows - piece->first;

			if (piece->block != NULL)
				copy_rows(store, piece->block, from, buffer);
			else
				read_rows(store, piece, from, buffer);
		}
	}
	if (buffer->rows < CVM_BLOCK_ROWS)
		copy_rows(store, tail, first + buffer->rows - store->rows, buffer);
	return buffer;
}

void
cvm_row_store_free(CvmRowStore *store)
{
	cvm_block_store_free(store->memory);
	pfree(store->pieces);
	pfree(store);
}
