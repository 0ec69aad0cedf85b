/*
 * shuffle.c
 *		The rows of a source in random order, within bounded memory.
 *
 * A row is copied once, from its block straight to its random place in the
 * window: the window stays in the processor's cache, where writing in random
 * order costs little, and rows leave it as they lie.
 */
#include "learn/batches/shuffle.h"

#include <string.h>

#include "base/memory.h"

#define WINDOW_BYTES ((size_t) 512 * 1024)
#define LEAST_WINDOW_BLOCKS 2

struct CvmShuffle
{
	CvmBlockSource *source;
	CvmRandom	random;
	int32_t    *block_order;	/* all blocks */
	int			next_block;		/* position in block_order */
	int			window_blocks;	/* room in the window */
	int32_t    *places;			/* of the window's rows, in the order they are read */
	CvmBlock	window;
	int			next_row;		/* of the window */
};

static int
blocks_of_window(const CvmBlockSource *source)
{
	size_t		row = source->dense_columns * sizeof(double) +
		source->coded_columns * sizeof(int32_t) + 2 * sizeof(double);
	size_t		blocks = WINDOW_BYTES / (row * CVM_BLOCK_ROWS);

	if (blocks < LEAST_WINDOW_BLOCKS)
		blocks = LEAST_WINDOW_BLOCKS;
	return blocks < (size_t) source->blocks ? (int) blocks : source->blocks;
}

CvmShuffle *
cvm_shuffle_create(CvmBlockSource *source, uint64_t seed)
{
	CvmShuffle *shuffle = CVM_NEW_ZERO(CvmShuffle, 1);
	size_t		rows;

	shuffle->source = source;
	shuffle->window_blocks = blocks_of_window(source);
	cvm_random_seed(&shuffle->random, seed);
	shuffle->block_order = CVM_NEW(int32_t, source->blocks);
	for (int i = 0; i < source->blocks; i++)
		shuffle->block_order[i] = i;

	rows = (size_t) shuffle->window_blocks * CVM_BLOCK_ROWS;
	shuffle->places = CVM_NEW(int32_t, rows);
	shuffle->window.dense = CVM_NEW(double, rows * source->dense_columns);
	shuffle->window.codes = CVM_NEW(int32_t, rows * source->coded_columns);
	shuffle->window.target = CVM_NEW(double, rows);
	shuffle->window.weight = CVM_NEW(double, rows);
	return shuffle;
}

void
cvm_shuffle_free(CvmShuffle *shuffle)
{
	cvm_release(shuffle->window.dense);
	cvm_release(shuffle->window.codes);
	cvm_release(shuffle->window.target);
	cvm_release(shuffle->window.weight);
	cvm_release(shuffle->places);
	cvm_release(shuffle->block_order);
	cvm_release(shuffle);
}

void
cvm_shuffle_begin(CvmShuffle *shuffle)
{
	if (!shuffle->source->in_order)
		cvm_random_shuffle(&shuffle->random, shuffle->block_order, shuffle->source->blocks);
	shuffle->next_block = 0;
	shuffle->window.rows = 0;
	shuffle->next_row = 0;
}

/* Copies a block's rows to their places in the window. */
static void
scatter(CvmShuffle *shuffle, const CvmBlock *block, const int32_t *places)
{
	CvmBlock   *window = &shuffle->window;
	size_t		dense_columns = shuffle->source->dense_columns;
	size_t		coded_columns = shuffle->source->coded_columns;

	for (int row = 0; row < block->rows; row++)
	{
		size_t		place = places[row];

		memcpy(window->dense + place * dense_columns,
			   block->dense + row * dense_columns, dense_columns * sizeof(double));
		memcpy(window->codes + place * coded_columns,
			   block->codes + row * coded_columns, coded_columns * sizeof(int32_t));
		window->target[place] = block->target[row];
		window->weight[place] = block->weight[row];
	}
}

/* Fills the window with the next blocks; only the last block may be short. */
static void
fill_window(CvmShuffle *shuffle)
{
	CvmBlockSource *source = shuffle->source;
	int			first = shuffle->next_block;
	int			end = first + shuffle->window_blocks < source->blocks ?
		first + shuffle->window_blocks : source->blocks;
	int			last_rows = (int) (source->rows - (uint64_t) (source->blocks - 1) * CVM_BLOCK_ROWS);
	int			rows = 0;

	for (int i = first; i < end; i++)
		rows += shuffle->block_order[i] == source->blocks - 1 ? last_rows : CVM_BLOCK_ROWS;
	for (int row = 0; row < rows; row++)
		shuffle->places[row] = row;
	cvm_random_shuffle(&shuffle->random, shuffle->places, rows);

	shuffle->window.rows = 0;
	for (int i = first; i < end; i++)
	{
		const CvmBlock *block = source->read(source->state, shuffle->block_order[i]);

		scatter(shuffle, block, shuffle->places + shuffle->window.rows);
		shuffle->window.rows += block->rows;
	}
	shuffle->next_block = end;
	shuffle->next_row = 0;
}

bool
cvm_shuffle_next(CvmShuffle *shuffle, int most, CvmBlock *rows)
{
	if (shuffle->next_row == shuffle->window.rows)
	{
		if (shuffle->next_block == shuffle->source->blocks)
			return false;
		fill_window(shuffle);
	}
	cvm_block_rows(&shuffle->window, shuffle->next_row, most,
				   shuffle->source->dense_columns, shuffle->source->coded_columns, rows);
	shuffle->next_row += rows->rows;
	return true;
}
