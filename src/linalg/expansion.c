/*
 * expansion.c
 *		Encoded rows as plain vectors.
 */
#include "linalg/expansion.h"

#include <string.h>

void
cvm_expand_block(const CvmExpansion *expansion, const CvmBlock *block, double *vectors)
{
	int			dense = expansion->dense_columns;
	int			coded = expansion->coded_columns;

	for (int row = 0; row < block->rows; row++, vectors += expansion->width)
	{
		const int32_t *codes = block->codes + (size_t) row * coded;
		double	   *levels = vectors + dense;

		memcpy(vectors, block->dense + (size_t) row * dense, dense * sizeof(double));
		memset(levels, 0, expansion->level_total * sizeof(double));
		for (int i = 0; i < coded; i++)
		{
			levels[cvm_expansion_level(expansion, i, codes[i])] = 1;
			levels += expansion->level_counts[i];
		}
	}
}
