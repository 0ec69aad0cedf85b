/*
 * sampled_rows.h
 *		The rows of a labelled source, encoded and kept: what is asked of a
 *		model again and again with something changed in them.
 */
#ifndef CVM_SAMPLED_ROWS_H
#define CVM_SAMPLED_ROWS_H

#include "postgres.h"

#include "catalog/evaluation.h"

typedef struct CvmSampledRows
{
	const CvmModel *model;
	const char *name;			/* of the model */
	MemoryContext context;
	CvmBlock  **blocks;			/* encoded by the model's own encoder */
	int			block_count;
	int			block_room;
	int64		rows;
} CvmSampledRows;

/* SPI is connected.  Errors: rows that do not fit into cvm.train_memory. */
extern CvmSampledRows *cvm_sampled_rows_read(const char *model, const char *source);

#endif							/* CVM_SAMPLED_ROWS_H */
