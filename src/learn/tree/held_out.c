/*
 * held_out.c
 *		Held-out rows of boosting, in bins.
 */
#include "learn/tree/held_out.h"

#include "base/memory.h"
#include "learn/tree/tree_passes.h"

struct CvmHeldOut
{
	const CvmBins *bins;
	CvmTreeLoss loss;
	double		weight;			/* of all rows */
	CvmBinnedRows *rows;		/* in memory, or NULL */
	double	   *scores;			/* output-major */
	CvmTreeStream *stream;		/* in a file, or NULL */
};

CvmHeldOut *
cvm_held_out_open(const CvmBins *bins, CvmBlockSource *source, const CvmTreeLoss *loss,
				  const CvmFirstScores *first, bool in_file)
{
	CvmHeldOut *held_out = CVM_NEW_ZERO(CvmHeldOut, 1);
	size_t		rows = source->rows;

	held_out->bins = bins;
	held_out->loss = *loss;
	held_out->weight = source->total_weight;
	if (in_file)
	{
		held_out->stream = cvm_tree_stream_open(rows, bins->columns, loss->outputs, 0);
		cvm_tree_stream_fill(held_out->stream, bins, source);
		cvm_first_scores_store(first, source, held_out->stream);
		return held_out;
	}
	held_out->rows = cvm_bin_rows(bins, source);
	held_out->scores = CVM_NEW(double, loss->outputs * rows);
	cvm_first_scores_fill(first, source, held_out->scores);
	return held_out;
}

void
cvm_held_out_close(CvmHeldOut *held_out)
{
	if (held_out == NULL)
		return;
	cvm_binned_rows_release(held_out->rows);
	cvm_release(held_out->scores);
	cvm_tree_stream_close(held_out->stream);
	cvm_release(held_out);
}

void
cvm_add_leaf_values(const CvmGrownTree *tree, const CvmBins *bins, const uint8_t *by_row,
					size_t rows, const double *values, double *scores)
{
	for (size_t row = 0; row < rows; row++)
	{
		if (row % 65536 == 0)
			cvm_check_interrupt();
		scores[row] += values[cvm_grown_leaf(tree, bins, by_row + row * bins->columns)];
	}
}

void
cvm_held_out_add(CvmHeldOut *held_out, const CvmGrownTree *tree, int output, const double *values)
{
	if (held_out->stream != NULL)
		cvm_tree_pass_walk(held_out->stream, tree, held_out->bins, output, values);
	else
		cvm_add_leaf_values(tree, held_out->bins, held_out->rows->by_row, held_out->rows->rows,
							values, held_out->scores + output * held_out->rows->rows);
}

double
cvm_held_out_loss(const CvmHeldOut *held_out)
{
	const CvmBinnedRows *rows = held_out->rows;
	double		sum = 0;
	size_t		count;

	if (held_out->stream != NULL)
		return cvm_tree_pass_losses(held_out->stream, &held_out->loss, false, NULL) /
			held_out->weight;
	/* by as many rows as are read from a file together: so the sum is the same */
	for (size_t first = 0; first < rows->rows; first += count)
	{
		count = rows->rows - first < CVM_STREAM_ROWS ? rows->rows - first : CVM_STREAM_ROWS;
		sum += cvm_tree_loss_rows(&held_out->loss, rows->rows, count, held_out->scores + first,
								  rows->target + first, rows->weight + first, NULL, NULL);
	}
	return sum / held_out->weight;
}
