/*
 * interactions.c
 *		From rows of blocks to a sparse matrix in both orders.
 *
 * Nothing is sorted: cells that are dealt out to items in the order of the
 * rows, and then from item after item to users, stand in the order of items
 * for each user (a counting sort).  Cells of one pair are then neighbors, in
 * the order of their rows, and are merged where they are.
 */
#include "learn/factorization/interactions.h"

#include <string.h>

#include "base/memory.h"

void
cvm_pair_of_row(const CvmPairLayout *layout, const CvmBlock *block, int row, int *user, int *item)
{
	const int32_t *codes = block->codes + (size_t) row * layout->coded_columns;
	int			sink = CVM_SINK(layout->slots);
	int32_t		user_code = codes[layout->user_column];
	int32_t		item_code = codes[layout->item_column];

	*user = user_code == sink ? 0 : user_code - layout->user_slot + 1;
	*item = item_code == sink ? 0 : item_code - layout->item_slot + 1;
	if (*user >= layout->users)
		*user = -1;
	if (*item >= layout->items)
		*item = -1;
}

size_t
cvm_interactions_size(const CvmPairLayout *layout, uint64_t rows, CvmCellKind kind)
{
	size_t		cell = sizeof(int32_t) + sizeof(double) * (kind == CVM_CELL_RATING ? 2 : 1);

	return 2 * cell * rows +
		2 * sizeof(int64_t) * ((size_t) layout->users + layout->items + 2);
}

static void
sparse_init(CvmSparse *sparse, int rows, int columns, int64_t cells, bool weighted)
{
	sparse->rows = rows;
	sparse->columns = columns;
	sparse->starts = CVM_NEW_ZERO(int64_t, (size_t) rows + 1);
	sparse->indexes = CVM_NEW(int32_t, cells);
	sparse->values = CVM_NEW(double, cells);
	sparse->weights = weighted ? CVM_NEW(double, cells) : NULL;
}

static void
sparse_free(CvmSparse *sparse)
{
	cvm_release(sparse->starts);
	cvm_release(sparse->indexes);
	cvm_release(sparse->values);
	cvm_release(sparse->weights);
}

/* From numbers of cells, each counted one place further on, to where rows start. */
static int64_t
add_up_starts(CvmSparse *sparse)
{
	for (int row = 0; row < sparse->rows; row++)
		sparse->starts[row + 1] += sparse->starts[row];
	return sparse->starts[sparse->rows];
}

/* A place in each row for the next cell. */
static int64_t *
cursors(const CvmSparse *sparse)
{
	int64_t    *next = CVM_NEW(int64_t, (size_t) sparse->rows + 1);

	memcpy(next, sparse->starts, (size_t) sparse->rows * sizeof(int64_t));
	return next;
}

static void
put_cell(CvmSparse *sparse, int64_t place, int index, double value, double weight)
{
	sparse->indexes[place] = index;
	sparse->values[place] = value;
	if (sparse->weights != NULL)
		sparse->weights[place] = weight;
}

/* Whether a row is of a cell, and of which. */
static bool
read_cell(const CvmPairLayout *layout, const CvmBlock *block, int row, CvmCellKind kind,
		  int *user, int *item, double *value, double *weight)
{
	cvm_pair_of_row(layout, block, row, user, item);
	*value = block->target[row];
	if (kind != CVM_CELL_RATING)
		*value = block->weight[row] * (kind == CVM_CELL_EVENT ? 1 : block->target[row]);
	*weight = block->weight[row];
	return *user >= 0 && *item >= 0 && (kind == CVM_CELL_RATING || *value > 0);
}

/* The rows of the source, by item: users in the order of their rows. */
static void
read_by_item(const CvmPairLayout *layout, CvmBlockSource *source, CvmCellKind kind, CvmSparse *items)
{
	int64_t    *next;
	int64_t		cells;
	int			user;
	int			item;
	double		value;
	double		weight;

	memset(items, 0, sizeof(*items));
	items->rows = layout->items;
	items->starts = CVM_NEW_ZERO(int64_t, (size_t) layout->items + 1);
	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++)
			if (read_cell(layout, block, row, kind, &user, &item, &value, &weight))
				items->starts[item + 1]++;
	}
	cells = add_up_starts(items);
	next = cursors(items);
	items->columns = layout->users;
	items->indexes = CVM_NEW(int32_t, cells);
	items->values = CVM_NEW(double, cells);
	items->weights = kind == CVM_CELL_RATING ? CVM_NEW(double, cells) : NULL;
	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++)
			if (read_cell(layout, block, row, kind, &user, &item, &value, &weight))
				put_cell(items, next[item]++, user, value, weight);
	}
	cvm_release(next);
}

static void
transpose(const CvmSparse *from, CvmSparse *to)
{
	int64_t		cells = from->starts[from->rows];
	int64_t    *next;

	sparse_init(to, from->columns, from->rows, cells, from->weights != NULL);
	for (int64_t i = 0; i < cells; i++)
		to->starts[from->indexes[i] + 1]++;
	(void) add_up_starts(to);
	next = cursors(to);
	for (int row = 0; row < from->rows; row++)
	{
		if (row % 1024 == 0)
			cvm_check_interrupt();
		for (int64_t i = from->starts[row]; i < from->starts[row + 1]; i++)
			put_cell(to, next[from->indexes[i]]++, row, from->values[i],
					 from->weights != NULL ? from->weights[i] : 1);
	}
	cvm_release(next);
}

/* Makes neighbors of one pair one cell. */
static void
merge_pairs(CvmSparse *sparse)
{
	int64_t		kept = 0;
	int64_t		from = 0;

	for (int row = 0; row < sparse->rows; row++)
	{
		int64_t		first = kept;
		int64_t		end = sparse->starts[row + 1];

		for (; from < end; from++)
		{
			double		weight = sparse->weights != NULL ? sparse->weights[from] : 1;

			if (kept == first || sparse->indexes[kept - 1] != sparse->indexes[from])
			{
				put_cell(sparse, kept++, sparse->indexes[from], sparse->values[from], weight);
				continue;
			}
			if (sparse->weights == NULL)
			{
				sparse->values[kept - 1] += sparse->values[from];
				continue;
			}
			sparse->weights[kept - 1] += weight;
			sparse->values[kept - 1] += (sparse->values[from] - sparse->values[kept - 1]) *
				weight / sparse->weights[kept - 1];
		}
		sparse->starts[row] = first;
	}
	/* a row starts where the one before has ended */
	sparse->starts[sparse->rows] = kept;
}

/* Drops weights that are all 1. */
static void
drop_plain_weights(CvmSparse *sparse)
{
	int64_t		cells = sparse->starts[sparse->rows];

	if (sparse->weights == NULL)
		return;
	for (int64_t i = 0; i < cells; i++)
		if (sparse->weights[i] != 1)
			return;
	cvm_release(sparse->weights);
	sparse->weights = NULL;
}

void
cvm_interactions_read(const CvmPairLayout *layout, CvmBlockSource *source, CvmCellKind kind,
					  CvmInteractions *interactions)
{
	CvmSparse	rows;

	read_by_item(layout, source, kind, &rows);
	transpose(&rows, &interactions->by_user);
	sparse_free(&rows);
	merge_pairs(&interactions->by_user);
	drop_plain_weights(&interactions->by_user);
	interactions->cells = interactions->by_user.starts[layout->users];
	transpose(&interactions->by_user, &interactions->by_item);
}

void
cvm_interactions_free(CvmInteractions *interactions)
{
	sparse_free(&interactions->by_user);
	sparse_free(&interactions->by_item);
}
