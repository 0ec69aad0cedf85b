/*
 * sampled_rows.c
 *		The rows of a labelled source, encoded and kept.
 */
#include "postgres.h"

#include "catalog/sampled_rows.h"
#include "model/learner.h"
#include "pg/settings.h"

static Size
block_size(const CvmEncoder *encoder)
{
	return CVM_BLOCK_ROWS * (encoder->dense_columns * sizeof(double) +
							 encoder->coded_columns * sizeof(int32) + 2 * sizeof(double));
}

static CvmBlock *
next_block(CvmSampledRows *rows)
{
	const CvmEncoder *encoder = &rows->model->encoder;

	if ((rows->block_count + 1) * block_size(encoder) > (Size) cvm_train_memory * 1024)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than " INT64_FORMAT " rows do not fit into cvm.train_memory",
						rows->rows),
				 errhint("A sample will do: SELECT ... FROM ... TABLESAMPLE SYSTEM (1).")));
	if (rows->block_count == rows->block_room)
	{
		rows->block_room = Max(16, rows->block_room * 2);
		rows->blocks = rows->blocks == NULL ? palloc(sizeof(CvmBlock *) * rows->block_room) :
			repalloc(rows->blocks, sizeof(CvmBlock *) * rows->block_room);
	}
	return rows->blocks[rows->block_count++] = cvm_block_create(encoder->dense_columns,
																encoder->coded_columns);
}

static void
keep_row(void *state, const CvmEvaluation *evaluation, double label, double weight)
{
	CvmSampledRows *rows = state;
	MemoryContext caller = MemoryContextSwitchTo(rows->context);
	CvmBlock   *block;

	rows->model = evaluation->model;
	block = rows->rows % CVM_BLOCK_ROWS == 0 ? next_block(rows) :
		rows->blocks[rows->block_count - 1];
	MemoryContextSwitchTo(caller);
	cvm_scorer_encode(evaluation->scorer, block, block->rows);
	block->target[block->rows] = label;
	block->weight[block->rows] = weight;
	block->rows++;
	rows->rows++;
}

CvmSampledRows *
cvm_sampled_rows_read(const char *model, const char *source)
{
	CvmSampledRows *rows = palloc0(sizeof(CvmSampledRows));

	rows->name = model;
	rows->context = CurrentMemoryContext;
	(void) cvm_evaluation_run(model, source, keep_row, rows);
	return rows;
}
