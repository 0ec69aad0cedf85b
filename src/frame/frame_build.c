/*
 * frame_build.c
 *		From a source query to encoded blocks.
 *
 * When the scan (gather.c) is over and its resources are released, the
 * target's classes and the encoding are settled.  Where encoded rows are no
 * wider than raw ones, a block is encoded in its place when it is first read:
 * the first pass of the fit finds it in the processor's cache.  Else all are
 * encoded at once, into a second store that takes over the memory of the first
 * chunk by chunk.  Held-out rows are encoded as they are read.
 *
 * The two stores and both sides of the split share one limit, so that raw
 * and encoded blocks together stay within cvm.train_memory.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "frame/frame_state.h"
#include "frame/left_out.h"
#include "frame/roles.h"
#include "pg/report.h"
#include "pg/settings.h"

/* ---- what the rows say ---- */

static void
settle_target(CvmFrameState *state, const CvmOptions *options)
{
	CvmFrame   *frame = &state->frame;
	CvmTargetResult *target = &state->target;
	int			count;
	int			i;

	cvm_target_resolve(state->collector.target, target);
	count = target->class_count;
	frame->learner = target->learner;
	frame->task = target->task;
	frame->family = frame->learner->family(frame->learner, frame->task, options);
	frame->class_count = count;
	frame->classes = target->classes;
	if (count == 0 || state->held_out_only)
		return;
	frame->class_shares = palloc(count * sizeof(double));
	for (i = 0; i < count; i++)
		frame->class_shares[i] = target->class_weights[i] / state->training_weight;
	if (options->class_weight != CVM_CLASS_WEIGHT_BALANCED)
		return;
	frame->class_factors = palloc(count * sizeof(double));
	if (state->base != NULL)
	{
		/* the factors that rows before these had */
		state->training_weight = 0;
		for (i = 0; i < count; i++)
		{
			frame->class_factors[i] = 1 / (count * state->base->class_shares[i]);
			state->training_weight += frame->class_factors[i] * target->class_weights[i];
		}
		return;
	}
	/* every class gets the same total weight, and all together keep theirs */
	for (i = 0; i < count; i++)
		frame->class_factors[i] = state->training_weight / (count * target->class_weights[i]);
}

static void
settle_encoding(CvmFrameState *state, const CvmOptions *options)
{
	CvmFrame   *frame = &state->frame;
	CvmEncoderOptions encoding;
	CvmError	error = {{0}};
	CvmStatus	status;

	frame->profile = state->collector.profile;
	if (state->base != NULL)
	{
		frame->encoder = palloc(sizeof(CvmEncoder));
		*frame->encoder = state->base->encoder;
		state->plan = cvm_encode_plan_create(frame->profile, frame->encoder);
		return;
	}
	encoding.max_categories = options->max_categories;
	encoding.min_category_count = options->min_category_count;
	encoding.standardize = options->standardize;
	encoding.segment_by = options->segment_by;
	/* stages of a pipeline take numbers that are there */
	encoding.keep_missing = frame->learner->keeps_missing && options->pipeline.count == 0;
	status = cvm_encoder_learn(state->collector.profile, &encoding, cvm_report_left_out, NULL,
							   &frame->encoder, &error);
	if (status != CVM_OK)
		cvm_report(status, &error);
	state->plan = cvm_encode_plan_create(frame->profile, frame->encoder);
}

/* ---- encoding ---- */

void
cvm_frame_finish_targets(const CvmFrameState *state, CvmBlock *block, bool training)
{
	int			row;

	if (state->target.class_count == 0)
		return;
	for (row = 0; row < block->rows; row++)
	{
		block->target[row] = cvm_target_encode(state->collector.target, block->target[row]);
		if (block->target[row] < 0)
			cvm_passes_differ();
	}
	if (training && state->frame.class_factors != NULL)
		for (row = 0; row < block->rows; row++)
			block->weight[row] *= state->frame.class_factors[(int) block->target[row]];
}

static void
copy_row(const CvmCollector *collector, const CvmBlock *from, int row, CvmBlock *to)
{
	int			dense = collector->dense_columns;
	int			coded = collector->coded_columns;
	int			place = to->rows++;

	memcpy(to->dense + (size_t) place * dense, from->dense + (size_t) row * dense,
		   dense * sizeof(double));
	memcpy(to->codes + (size_t) place * coded, from->codes + (size_t) row * coded,
		   coded * sizeof(int32_t));
	to->target[place] = from->target[row];
	to->weight[place] = from->weight[row];
}

/*
 * Leaves out the held-out rows of classes that no training row has: nothing
 * can be said of them.
 */
static void
drop_unknown_classes(CvmFrameState *state)
{
	CvmCollector *collector = &state->collector;
	CvmBlockStore *all = state->validation;
	CvmBlockStore *known = NULL;
	CvmBlock   *to = NULL;
	int			blocks = cvm_block_store_blocks(all);
	uint64		unknown = 0;
	int			index;
	int			row;

	for (index = 0; index < blocks; index++)
	{
		CvmBlock   *block = cvm_block_store_read(all, index);

		for (row = 0; row < block->rows; row++)
			if (cvm_target_encode(collector->target, block->target[row]) < 0)
				unknown++;
	}
	if (unknown == 0)
		return;

	known = cvm_block_store_create(collector->dense_columns, collector->coded_columns,
								   &state->storage);
	to = cvm_frame_next_block(state, known);
	for (index = 0; index < blocks; index++)
	{
		CvmBlock   *block = cvm_block_store_read(all, index);

		for (row = 0; row < block->rows; row++)
		{
			if (cvm_target_encode(collector->target, block->target[row]) < 0)
				continue;
			copy_row(collector, block, row, to);
			if (to->rows == CVM_BLOCK_ROWS)
				to = cvm_frame_next_block(state, known);
		}
		cvm_block_store_release(all, index + 1);
	}
	cvm_block_store_finish(known);
	cvm_block_store_free(all);
	state->validation = known;
	state->frame.rows_left_out += unknown;
	ereport(NOTICE,
			(errmsg("%llu held-out rows are left out: their class is in no training row",
					(unsigned long long) unknown)));
}

static void
encode_to_new(CvmFrameState *state)
{
	const CvmEncoder *encoder = state->frame.encoder;
	CvmBlockStore *raw = state->training;
	CvmBlockStore *encoded = cvm_block_store_create(encoder->dense_columns,
													encoder->coded_columns,
													&state->storage);
	int			index;

	for (index = 0; index < cvm_block_store_blocks(raw); index++)
	{
		CvmBlock   *block = cvm_block_store_read(raw, index);

		cvm_frame_finish_targets(state, block, true);
		cvm_encode_block(state->plan, block, cvm_frame_next_block(state, encoded));
		cvm_block_store_release(raw, index + 1);
	}
	cvm_block_store_finish(encoded);
	cvm_block_store_free(raw);
	state->training = encoded;
}

/* What reads training blocks from their store. */
typedef struct EncodedBlocks
{
	const CvmFrameState *state;
	bool	   *raw;			/* by block: not encoded yet */
} EncodedBlocks;

static const CvmBlock *
read_encoded(void *argument, int index)
{
	EncodedBlocks *blocks = argument;
	CvmBlockStore *store = blocks->state->training;
	CvmBlock   *block = cvm_block_store_read(store, index);
	CvmBlock	encoded = *block;

	if (!blocks->raw[index])
		return block;
	cvm_frame_finish_targets(blocks->state, block, true);
	cvm_encode_block(blocks->state->plan, block, &encoded);
	cvm_block_store_update(store, index, block);
	blocks->raw[index] = false;
	return block;
}

static void
encode_training(CvmFrameState *state)
{
	EncodedBlocks *blocks = palloc(sizeof(EncodedBlocks));
	CvmBlockSource *source = &state->frame.training;
	bool		in_place = cvm_encode_plan_in_place(state->plan);

	if (!in_place)
		encode_to_new(state);
	source->blocks = cvm_block_store_blocks(state->training);
	source->rows = cvm_block_store_rows(state->training);
	blocks->state = state;
	blocks->raw = palloc(Max(source->blocks, 1));
	memset(blocks->raw, in_place, source->blocks);
	source->read = read_encoded;
	source->state = blocks;
}

/* ---- held-out rows ---- */

/*
 * Held-out rows stay raw and are encoded whenever they are read: a version
 * that was trained on other rows, which they are compared with, has another
 * encoding.
 */
typedef struct HeldOut
{
	CvmBlockStore *store;
	CvmEncodePlan *plan;
	CvmBlock   *encoded[2];		/* taken in turn */
	int			last;			/* index in encoded[] of the block read last */
} HeldOut;

static const CvmBlock *
read_held_out(void *argument, int index)
{
	HeldOut    *rows = argument;
	const CvmBlock *raw = cvm_block_store_read(rows->store, index);

	rows->last = 1 - rows->last;
	cvm_encode_block(rows->plan, raw, rows->encoded[rows->last]);
	return rows->encoded[rows->last];
}

static void
open_held_out(const CvmFrameState *state, const CvmEncoder *encoder, CvmBlockSource *source)
{
	HeldOut    *rows = palloc0(sizeof(HeldOut));

	rows->store = state->validation;
	rows->plan = cvm_encode_plan_create(state->frame.profile, encoder);
	rows->encoded[0] = cvm_block_create(encoder->dense_columns, encoder->coded_columns);
	rows->encoded[1] = cvm_block_create(encoder->dense_columns, encoder->coded_columns);
	source->dense_columns = encoder->dense_columns;
	source->coded_columns = encoder->coded_columns;
	source->slots = encoder->slots;
	source->blocks = cvm_block_store_blocks(state->validation);
	source->rows = cvm_block_store_rows(state->validation);
	source->read = read_held_out;
	source->state = rows;
}

CvmBlockSource *
cvm_frame_held_out(CvmFrame *frame, const CvmEncoder *encoder)
{
	CvmBlockSource *source = palloc0(sizeof(CvmBlockSource));

	open_held_out((CvmFrameState *) frame, encoder, source);
	source->total_weight = frame->validation.total_weight;
	return source;
}

/* Brings the targets of held-out rows to those of the learner; returns their weight. */
static double
settle_held_out(CvmFrameState *state)
{
	double		total = 0;
	int			index;
	int			row;

	for (index = 0; index < cvm_block_store_blocks(state->validation); index++)
	{
		CvmBlock   *block = cvm_block_store_read(state->validation, index);

		cvm_frame_finish_targets(state, block, false);
		for (row = 0; row < block->rows; row++)
			total += block->weight[row];
		cvm_block_store_update(state->validation, index, block);
	}
	return total;
}

static bool
has_spilled(const CvmFrameState *state)
{
	return (state->training != NULL && cvm_block_store_spilled(state->training)) ||
		(state->validation != NULL && cvm_block_store_spilled(state->validation));
}

static void
encode(CvmFrameState *state)
{
	CvmFrame   *frame = &state->frame;
	const CvmEncoder *encoder = frame->encoder;

	frame->training.dense_columns = encoder->dense_columns;
	frame->training.coded_columns = encoder->coded_columns;
	frame->training.slots = encoder->slots;
	frame->validation = frame->training;

	frame->training.total_weight = state->training_weight;
	if (state->training != NULL)
		encode_training(state);
	if (state->validation != NULL)
	{
		if (state->target.class_count > 0)
			drop_unknown_classes(state);
		frame->validation.total_weight = settle_held_out(state);
		open_held_out(state, encoder, &frame->validation);
	}
	if (frame->driver == CVM_DRIVER_PASSES)
		cvm_passes_open(state, &frame->training);
	else if (frame->driver == CVM_DRIVER_AUTO)
		frame->driver = has_spilled(state) ? CVM_DRIVER_SPILL : CVM_DRIVER_MEMORY;
}

/* ---- a frame ---- */

/* Why the rows cannot take on what the base says, or NULL. */
static const char *
find_misfit(const CvmFrameState *state)
{
	const CvmEncoder *encoder = &state->base->encoder;

	if (state->target.unknown_class != NULL)
		return psprintf("its target has a new class, \"%s\"", state->target.unknown_class);
	for (int i = 0; i < state->collector.feature_count; i++)
	{
		const CvmColumn *column = &state->collector.features[i].column;

		for (int j = 0; j < encoder->input_count; j++)
			if (strcmp(encoder->inputs[j].name, column->name) == 0 &&
				column->kind == CVM_INPUT_ARRAY &&
				column->elements != encoder->inputs[j].elements)
				return psprintf("array column \"%s\" has %d elements instead of %d",
								column->name, column->elements, encoder->inputs[j].elements);
	}
	return NULL;
}

CvmFrame *
cvm_frame_build(const CvmFrameRequest *request)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "cvm frame",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	CvmFrameState *state = palloc0(sizeof(CvmFrameState));

	state->frame.context = context;
	state->frame.driver = request->held_out_only ? CVM_DRIVER_AUTO : request->options->driver;
	state->storage.owner = request->outlives_transaction ? NULL : CurrentResourceOwner;
	state->storage.limit = state->frame.driver == CVM_DRIVER_SPILL ? 0 :
		(Size) cvm_train_memory * 1024;
	state->base = request->base;
	state->held_out_only = request->held_out_only;
	state->query = cvm_roles_assign(&state->collector, request);
	cvm_frame_gather(state);
	if (state->training_rows > 0 || state->held_out_only)
	{
		settle_target(state, request->options);
		if (state->base != NULL)
			state->frame.misfit = find_misfit(state);
		if (state->frame.misfit == NULL)
		{
			settle_encoding(state, request->options);
			encode(state);
		}
	}
	MemoryContextSwitchTo(old);
	return &state->frame;
}

bool
cvm_frame_has_feature(const CvmFrame *frame, const char *name)
{
	const CvmCollector *collector = &((const CvmFrameState *) frame)->collector;
	int			i;

	for (i = 0; i < collector->feature_count; i++)
		if (strcmp(collector->features[i].column.name, name) == 0)
			return true;
	return false;
}

void
cvm_frame_end(CvmFrame *frame)
{
	CvmFrameState *state = (CvmFrameState *) frame;

	if (state->passes != NULL)
		cvm_passes_close(state->passes);
	if (state->training != NULL)
		cvm_block_store_free(state->training);
	if (state->validation != NULL)
		cvm_block_store_free(state->validation);
	MemoryContextDelete(frame->context);
}
