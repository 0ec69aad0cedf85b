/*
 * tree_fixture.h
 *		Made-up rows for trees: numbers, some of them missing, and a category.
 */
#ifndef CVM_TREE_FIXTURE_H
#define CVM_TREE_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/tree/tree_fit.h"

#define DENSE 4					/* the last one has few values */
#define LEVELS 6
#define SLOTS (DENSE + LEVELS - 1)

typedef struct TreeRows
{
	int			rows;
	CvmBlock  **blocks;
	CvmBlockSource source;
	CvmExpansion layout;
	double	   *signal;			/* what the target was made of */
} TreeRows;

static bool no_indicators[DENSE];
static int	first_slots[1] = {DENSE};
static int	level_counts[1] = {LEVELS};

static inline double
number_at(const TreeRows *table, int row, int column)
{
	return table->blocks[row / CVM_BLOCK_ROWS]->dense[row % CVM_BLOCK_ROWS * DENSE + column];
}

static inline int
level_at(const TreeRows *table, int row)
{
	return cvm_expansion_level(&table->layout, 0,
							   table->blocks[row / CVM_BLOCK_ROWS]->codes[row % CVM_BLOCK_ROWS]);
}

static inline double *
target_at(const TreeRows *table, int row)
{
	return &table->blocks[row / CVM_BLOCK_ROWS]->target[row % CVM_BLOCK_ROWS];
}

static inline double *
weight_at(const TreeRows *table, int row)
{
	return &table->blocks[row / CVM_BLOCK_ROWS]->weight[row % CVM_BLOCK_ROWS];
}

/* Targets are the signal with a little noise; others can be made of it. */
static inline TreeRows
make_rows(int rows, uint64_t seed)
{
	TreeRows	table = {.rows = rows};
	int			blocks = (rows + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS;
	CvmRandom	random;

	cvm_random_seed(&random, seed);
	table.layout.dense_columns = DENSE;
	table.layout.is_indicator = no_indicators;
	table.layout.coded_columns = 1;
	table.layout.first_slots = first_slots;
	table.layout.level_counts = level_counts;
	table.layout.level_total = LEVELS;
	table.layout.width = DENSE + LEVELS;
	table.blocks = malloc(blocks * sizeof(CvmBlock *));
	table.signal = malloc(rows * sizeof(double));
	for (int row = 0; row < rows; row++)
	{
		int			level = (int) cvm_random_below(&random, LEVELS);
		CvmBlock   *block;
		double	   *x;

		if (row % CVM_BLOCK_ROWS == 0)
			table.blocks[row / CVM_BLOCK_ROWS] = cvm_block_create(DENSE, 1);
		block = table.blocks[row / CVM_BLOCK_ROWS];
		x = block->dense + (size_t) block->rows * DENSE;
		for (int c = 0; c < DENSE; c++)
			x[c] = cvm_random_normal(&random);
		x[3] = (double) cvm_random_below(&random, 5);
		table.signal[row] = x[0] + (x[1] > 0 ? x[2] : -x[2]) + (level % 2) * 1.5;
		if (cvm_random_below(&random, 8) == 0)
		{
			x[0] = NAN;
			table.signal[row] = 2;
		}
		block->codes[block->rows] = level == 0 ? CVM_SINK(SLOTS) : DENSE + level - 1;
		block->target[block->rows] = table.signal[row] + 0.1 * cvm_random_normal(&random);
		block->weight[block->rows] = 1;
		block->rows++;
	}
	cvm_block_source_from_array(&table.source, table.blocks, blocks, DENSE, 1, SLOTS);
	return table;
}

/* Targets by classes, of the signal: 2 classes of unequal size, or more. */
static inline void
make_classes(TreeRows *table, int classes)
{
	for (int row = 0; row < table->rows; row++)
	{
		double		place = floor((*target_at(table, row) + 3) * classes / 6);

		*target_at(table, row) = place < 0 ? 0 : place >= classes ? classes - 1 : place;
	}
}

static inline CvmOptions
tree_options(void)
{
	CvmOptions	options;

	cvm_options_for_train(&options);
	options.l2 = 0;
	return options;
}

#endif							/* CVM_TREE_FIXTURE_H */
