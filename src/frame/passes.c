/*
 * passes.c
 *		Training rows that are read from the source again and again.
 *
 * For tables far larger than memory and temporary space: nothing is kept but
 * the encoding, the rows held out and one raw and two encoded blocks.  Every
 * pass runs the source again under the same snapshot and pulls as many rows as
 * the next block takes.  The blocks are the very ones that the other drivers
 * keep, so the model is the same, bit for bit.
 *
 * The price is that blocks come in order only.  A source whose rows differ
 * from run to run (random(), a sample) is found out by its number of rows and
 * a digest of them, and refused.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/random.h"
#include "frame/frame_state.h"
#include "frame/source.h"

struct CvmPasses
{
	CvmFrameState *state;
	CvmScan    *scan;			/* NULL between passes */
	int			blocks;
	int			position;		/* of the block that the scan comes to next */
	CvmBlock   *encoded[2];		/* taken in turn */
	int			last;			/* index in encoded[] of the block read last */
	uint64		digest;			/* of the blocks of this pass so far */
};

/* Keeps the block that is full; the reader takes it away. */
static CvmBlock *
hold_block(void *state, CvmBlock *full)
{
	return full != NULL ? full : ((CvmFrameState *) state)->pass_block;
}

static uint64
digest_bytes(uint64 digest, const void *bytes, Size size)
{
	uint64		word = 0;
	Size		i;

	/* a word's place counts: sources differ in the order of their rows too */
	for (i = 0; i + sizeof(uint64) <= size; i += sizeof(uint64))
	{
		memcpy(&word, (const char *) bytes + i, sizeof(uint64));
		digest += (word ^ (i * UINT64CONST(0xD1B54A32D192ED03))) * UINT64CONST(0x9E3779B97F4A7C15);
	}
	word = 0;
	memcpy(&word, (const char *) bytes + i, size - i);
	return cvm_hash64(digest, word);
}

uint64
cvm_passes_digest(const CvmFrameState *state, const CvmBlock *block, uint64 digest)
{
	const CvmCollector *collector = &state->collector;
	Size		rows = block->rows;

	digest = digest_bytes(digest, block->dense, rows * collector->dense_columns * sizeof(double));
	digest = digest_bytes(digest, block->target, rows * sizeof(double));
	digest = digest_bytes(digest, block->weight, rows * sizeof(double));
	return digest_bytes(digest, block->codes, rows * collector->coded_columns * sizeof(int32));
}

void
cvm_passes_differ(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("the source gives other rows when it is run again"),
			 errhint("Use option driver => \"spill\", which runs the source once.")));
}

static void
begin_pass(CvmPasses *passes)
{
	/* the caller of each pass must be who the rows were read for */
	if (GetUserId() != passes->state->user)
		elog(ERROR, "source would run as another role");
	if (passes->scan != NULL)
		cvm_scan_close(passes->scan);
	passes->scan = cvm_scan_open(passes->state->query);
	passes->position = 0;
	passes->digest = 0;
	cvm_collector_rewind(&passes->state->collector);
}

/* Fills the raw block with the rows of the block at the scan's position. */
static void
pull_block(CvmPasses *passes)
{
	CvmFrameState *state = passes->state;
	CvmBlock   *raw = state->pass_block;
	uint64		left = state->training_rows -
		(uint64) passes->position * CVM_BLOCK_ROWS;
	int			wanted = Min(left, CVM_BLOCK_ROWS);

	raw->rows = 0;
	while (raw->rows < wanted &&
		   cvm_scan_run(passes->scan, wanted - raw->rows, &state->collector.receiver))
		;
	if (raw->rows < wanted)
		cvm_passes_differ();
	passes->digest = cvm_passes_digest(state, raw, passes->digest);
}

/* After the last block: were these the rows of the first run? */
static void
end_pass(CvmPasses *passes)
{
	CvmFrameState *state = passes->state;
	CvmRowSink	training = state->collector.training;

	state->collector.training.next = NULL;	/* drop what comes now */
	cvm_scan_run(passes->scan, 0, &state->collector.receiver);
	state->collector.training = training;
	if (state->collector.rows != state->source_rows || passes->digest != state->digest)
		cvm_passes_differ();
	cvm_scan_close(passes->scan);
	passes->scan = NULL;
}

static const CvmBlock *
read_pass(void *argument, int index)
{
	CvmPasses  *passes = argument;
	MemoryContext old;
	CvmBlock   *block;

	if (index >= 0 && index == passes->position - 1)
		return passes->encoded[passes->last];
	old = MemoryContextSwitchTo(passes->state->frame.context);
	if (index == 0)
		begin_pass(passes);
	if (index != passes->position || passes->scan == NULL)
		elog(ERROR, "block %d of a pass is asked for out of order", index);

	pull_block(passes);
	cvm_frame_finish_targets(passes->state, passes->state->pass_block, true);
	passes->last = 1 - passes->last;
	block = passes->encoded[passes->last];
	cvm_encode_block(passes->state->plan, passes->state->pass_block, block);
	if (++passes->position == passes->blocks)
		end_pass(passes);
	MemoryContextSwitchTo(old);
	return block;
}

void
cvm_passes_open(CvmFrameState *state, CvmBlockSource *source)
{
	CvmEncoder *encoder = state->frame.encoder;
	CvmPasses  *passes = palloc0(sizeof(CvmPasses));

	passes->state = state;
	passes->blocks = (state->training_rows + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS;
	passes->encoded[0] = cvm_block_create(encoder->dense_columns, encoder->coded_columns);
	passes->encoded[1] = cvm_block_create(encoder->dense_columns, encoder->coded_columns);
	state->passes = passes;
	state->source_rows = state->collector.rows;
	state->user = GetUserId();
	state->collector.training.next = hold_block;
	state->collector.training.block = state->pass_block;
	state->collector.validation.next = NULL;
	source->blocks = passes->blocks;
	source->rows = state->training_rows;
	source->in_order = true;
	source->read = read_pass;
	source->state = passes;
}

void
cvm_passes_close(CvmPasses *passes)
{
	if (passes->scan != NULL)
		cvm_scan_close(passes->scan);
}
