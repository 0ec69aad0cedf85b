/*
 * block.h
 *		Rows as the kernels see them.
 *
 * A block holds up to CVM_BLOCK_ROWS rows.  Numbers are dense and row-major.
 * A category is not expanded into indicator columns: it is one integer a row.
 *
 * The same struct carries two stages of the data's path:
 *
 *	  raw		dense[] holds the numbers as they were read, NaN for missing;
 *				codes[] holds dictionary codes in order of appearance, -1 for
 *				missing.  Filled by src/frame and by the fitting aggregates.
 *	  encoded	dense[] is imputed and standardized; codes[] holds coefficient
 *				slots.  Filled by src/encode, read by src/learn.
 *
 * Coefficients.  A model has "slots" coefficients an output: first one for
 * each dense column, then one for each category level but the reference
 * level.  A parameter vector holds, for each output, slots coefficients and
 * then the intercept: parameters[output * (slots + 1) + slot], intercept at
 * slot == slots.  The reference level has no coefficient: its code is
 * CVM_SINK(slots), one past the intercept, where kernels keep a zero.
 */
#ifndef CVM_BLOCK_H
#define CVM_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CVM_BLOCK_ROWS 512

#define CVM_SINK(slots) ((slots) + 1)

typedef struct CvmBlock
{
	int			rows;
	double	   *dense;			/* rows x dense_columns, row-major */
	int32_t    *codes;			/* rows x coded_columns, row-major */
	double	   *target;			/* rows: the number, 0/1, or the class index */
	double	   *weight;			/* rows, never NULL; > 0 */
} CvmBlock;

/*
 * Encoded blocks that can be read again and again, in any order.
 *
 * read(state, i) returns block i, 0 <= i < blocks; the block is valid until
 * the next two calls of read (so that a shuffling optimizer copies what it
 * keeps).  All blocks but the last one are full.  A source that is in_order
 * gives its blocks only one after another, 0, 1, 2, ..., and from 0 again.
 */
typedef struct CvmBlockSource
{
	int			dense_columns;
	int			coded_columns;
	int			slots;
	int			blocks;
	uint64_t	rows;
	double		total_weight;
	bool		in_order;
	const CvmBlock *(*read) (void *state, int index);
	void	   *state;
} CvmBlockSource;

/* A block with room for CVM_BLOCK_ROWS rows in one allocation. */
extern CvmBlock *cvm_block_create(int dense_columns, int coded_columns);

/*
 * A view of the rows from "from" on, at most "most" of them; it lives as long
 * as the block does.
 */
extern void cvm_block_rows(const CvmBlock *block, int from, int most,
						   int dense_columns, int coded_columns, CvmBlock *view);

/* A source over an array of blocks in memory. */
extern void cvm_block_source_from_array(CvmBlockSource *source,
										CvmBlock *const *blocks, int block_count,
										int dense_columns, int coded_columns,
										int slots);

#endif							/* CVM_BLOCK_H */
