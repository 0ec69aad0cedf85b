/*
 * gather.c
 *		One scan of the source, into raw blocks.
 *
 * Training blocks are profiled and their targets counted as they fill up,
 * while they are still in the processor's cache.  Held-out rows share the
 * dictionaries of categories and teach nothing else.
 */
#include "postgres.h"

#include <math.h>

#include "frame/frame_state.h"
#include "frame/source.h"
#include "pg/report.h"
#include "pg/settings.h"

CvmBlock *
cvm_frame_next_block(const CvmFrameState *state, CvmBlockStore *store)
{
	CvmBlock   *block = cvm_block_store_next(store);

	if (state->frame.driver == CVM_DRIVER_MEMORY && cvm_block_store_spilled(store))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("the rows need more memory than cvm.train_memory (%d kB) allows",
						cvm_train_memory),
				 errhint("Raise cvm.train_memory, or let option \"driver\" be \"auto\" or \"spill\".")));
	return block;
}

/* Learns from a block of training rows: encoding, classes, weight. */
static void
profile_block(CvmFrameState *state, const CvmBlock *block)
{
	CvmError	error = {{0}};
	CvmStatus	status = cvm_profile_add_block(state->collector.profile, block, &error);
	int			row;

	if (status != CVM_OK)
		cvm_report(status, &error);
	cvm_target_count(state->collector.target, block->rows, block->target, block->weight);
	for (row = 0; row < block->rows; row++)
		state->training_weight += block->weight[row];
	state->training_rows += block->rows;
	if (state->training == NULL)
		state->digest = cvm_passes_digest(state, block, state->digest);
}

static CvmBlock *
next_training_block(void *argument, CvmBlock *full)
{
	CvmFrameState *state = argument;

	if (full != NULL)
		profile_block(state, full);
	if (state->training != NULL)
		return cvm_frame_next_block(state, state->training);
	state->pass_block->rows = 0;
	return state->pass_block;
}

static void
infinite_cell(const CvmCollector *collector, int column)
{
	int			i;

	/* the last feature with numbers that starts at or before the column */
	for (i = collector->feature_count - 1; i > 0; i--)
		if (!cvm_input_is_text(collector->features[i].column.kind) &&
			collector->features[i].dense <= column)
			break;
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("column \"%s\" is infinite in some row",
					collector->features[i].column.name),
			 errhint("Replace infinite values in the source, for example by NULL.")));
}

/* What the profile does for training rows: finds infinities, counts gaps. */
static void
check_held_out(CvmFrameState *state, const CvmBlock *block)
{
	const CvmCollector *collector = &state->collector;
	int			dense = collector->dense_columns;
	size_t		cells = (size_t) block->rows * dense;
	size_t		cell;
	int			feature;
	int			row;

	for (cell = 0; cell < cells; cell++)
	{
		if (isfinite(block->dense[cell]))
			continue;
		if (isinf(block->dense[cell]))
			infinite_cell(collector, cell % dense);
		state->frame.null_cells++;
	}
	for (feature = 0; feature < collector->feature_count; feature++)
	{
		const int32_t *codes = block->codes + collector->features[feature].coded;

		if (!cvm_input_is_text(collector->features[feature].column.kind))
			continue;
		for (row = 0; row < block->rows; row++)
			state->frame.null_cells += codes[(size_t) row * collector->coded_columns] < 0;
	}
}

static CvmBlock *
next_validation_block(void *argument, CvmBlock *full)
{
	CvmFrameState *state = argument;

	if (full != NULL)
		check_held_out(state, full);
	return cvm_frame_next_block(state, state->validation);
}

/* The layout of raw blocks is known: makes the stores. */
static void
start_blocks(void *argument)
{
	CvmFrameState *state = argument;
	CvmCollector *collector = &state->collector;

	cvm_profile_limit_identifiers(collector->profile, (Size) cvm_train_memory * 1024);
	if (state->held_out_only)
		 /* no training rows */ ;
	else if (state->frame.driver == CVM_DRIVER_PASSES)
		state->pass_block = cvm_block_create(collector->dense_columns,
											 collector->coded_columns);
	else
		state->training = cvm_block_store_create(collector->dense_columns,
												 collector->coded_columns,
												 &state->storage);
	if (!state->held_out_only)
		collector->training.next = next_training_block;
	collector->training.state = state;
	if (collector->split.rule == CVM_SPLIT_NONE)
		return;
	state->validation = cvm_block_store_create(collector->dense_columns,
											   collector->coded_columns,
											   &state->storage);
	collector->validation.next = next_validation_block;
	collector->validation.state = state;
}

static void
check_rows(const CvmFrameState *state)
{
	const CvmCollector *collector = &state->collector;
	uint64		held_out = state->validation != NULL ?
		cvm_block_store_rows(state->validation) : 0;
	CvmError	error = {{0}};

	if (state->training_rows > 0 || state->base != NULL)
		return;
	if (collector->rows == 0)
	{
		cvm_fail(&error, CVM_NO_ROWS, "the source has no rows");
		cvm_hint(&error, "Fill the table, or widen the conditions of the SELECT; row security may hide rows too.");
	}
	else if (held_out == 0)
	{
		cvm_fail(&error, CVM_NO_ROWS, "no row of the source can be used");
		cvm_detail(&error, "Of %llu rows, %llu have no target and %llu no weight.",
				   (unsigned long long) collector->rows,
				   (unsigned long long) collector->without_target,
				   (unsigned long long) collector->without_weight);
		cvm_hint(&error, "A row counts if its target is not NULL and its weight is above zero.");
	}
	else
	{
		cvm_fail(&error, CVM_NO_ROWS, "all %llu rows are held out for validation",
				 (unsigned long long) held_out);
		cvm_hint(&error, "Hold out fewer rows with option \"validation\" or \"validation_after\".");
	}
	cvm_report(CVM_NO_ROWS, &error);
}

void
cvm_frame_gather(CvmFrameState *state)
{
	CvmCollector *collector = &state->collector;
	CvmScan    *scan;

	collector->start = start_blocks;
	collector->start_state = state;
	cvm_collector_init(collector);
	scan = cvm_scan_open(state->query);
	cvm_scan_run(scan, 0, &collector->receiver);
	cvm_collector_finish(collector);
	cvm_scan_close(scan);

	if (!state->held_out_only && collector->training.block->rows > 0)
		profile_block(state, collector->training.block);
	if (state->training != NULL)
		cvm_block_store_finish(state->training);
	if (state->validation != NULL)
	{
		check_held_out(state, collector->validation.block);
		cvm_block_store_finish(state->validation);
	}
	check_rows(state);
	state->frame.null_cells += cvm_profile_missing_cells(collector->profile);
	state->frame.rows_left_out = collector->without_target + collector->without_weight;
}
