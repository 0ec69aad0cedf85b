/*
 * expansion.h
 *		Encoded rows as plain vectors: every level of a category in a column of
 *		its own.
 *
 * Most kernels leave a category in its code.  Some algorithms need rows as
 * vectors, or count levels one by one: distances and covariances, naive
 * Bayes.  The vector has the dense columns first, then for each category all
 * its levels, the reference level too: 1 for the level of the row, else 0.
 */
#ifndef CVM_EXPANSION_H
#define CVM_EXPANSION_H

#include "linalg/block.h"

typedef struct CvmExpansion
{
	int			dense_columns;
	bool	   *is_indicator;	/* by dense column: 0 or 1, not standardized */
	int			coded_columns;
	int		   *first_slots;	/* by coded column: the slot of level 1 */
	int		   *level_counts;	/* by coded column */
	int			level_total;	/* sum of level_counts */
	int			width;			/* of the vector */
} CvmExpansion;

/* The level, from 0, that a code of a column stands for. */
static inline int
cvm_expansion_level(const CvmExpansion *expansion, int column, int32_t code)
{
	int			level = code - expansion->first_slots[column] + 1;

	/* the code of the reference level is a slot past all others */
	return level < expansion->level_counts[column] ? level : 0;
}

/* rows x width, row-major. */
extern void cvm_expand_block(const CvmExpansion *expansion, const CvmBlock *block,
							 double *vectors);

#endif							/* CVM_EXPANSION_H */
