/*
 * fit_object.c
 *		cvm.fit_state as an expanded object, and its flat form.
 *
 * While an aggregate runs its state is an expanded object in a child of the
 * aggregate's memory context, changed in place: no row pays for detoasting or
 * copying it.  It is flattened when it leaves: as the partial result of a
 * parallel worker or shard, or to be stored.
 *
 * A state that is kept only flat has no pool of an aggregate to belong to; one
 * is made for the context that it is read in.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "agg/fit_object.h"
#include "model/envelope.h"
#include "pg/compat.h"
#include "pg/report.h"

/* What stands before the body: the varlena header and padding. */
#define BODY_OFFSET 8

static Size get_flat_size(ExpandedObjectHeader *header);
static void flatten_into(ExpandedObjectHeader *header, void *result, Size allocated_size);

static const ExpandedObjectMethods methods = {get_flat_size, flatten_into};

/* ---- rows of fit ---- */

/* Called in the state's context: the buffer grows, or its rows are kept. */
static CvmStatus
keep_rows(CvmFitState *state, CvmError *error)
{
	CvmFitObject *object = state->keeper;
	CvmRowBuffer *pending = &state->pending;

	if (pending->capacity < pending->full)
	{
		Size		grown = cvm_fit_state_grown_size(state) - object->counted;

		/* the first rows have to be somewhere */
		if (cvm_state_pool_take(object->pool, grown, pending->capacity == 0))
		{
			cvm_fit_state_grow(state);
			object->counted += grown;
			return CVM_OK;
		}
	}
	if (object->store == NULL)
		object->store = cvm_row_store_create(state->columns, object->pool);
	cvm_row_store_add(object->store, &pending->block);
	pending->block.rows = 0;
	return CVM_OK;
}

int64
cvm_fit_object_rows(const CvmFitObject *object)
{
	const CvmFitState *state = object->state;
	int64		rows = state->pending.block.rows + state->waiting_rows;

	switch (state->method)
	{
		case CVM_METHOD_FIT:
			return rows + (object->store ? cvm_row_store_rows(object->store) : 0);
		case CVM_METHOD_SGD:
			return rows + cvm_single_pass_rows(state);
		case CVM_METHOD_DESCEND:
			return state->started ? cvm_descent_rows(state) : 0;
	}
	return 0;
}

const CvmBlock *
cvm_fit_object_read(const CvmFitObject *object, uint64 first, CvmBlock *buffer)
{
	const CvmBlock *pending = &object->state->pending.block;

	return object->store == NULL ? pending :
		cvm_row_store_read(object->store, first, pending, buffer);
}

CvmBlock *
cvm_fit_object_buffer(const CvmFitObject *object)
{
	CvmBlock   *buffer = cvm_block_create(object->state->columns, 0);

	for (int row = 0; row < CVM_BLOCK_ROWS; row++)
		buffer->weight[row] = 1;
	return buffer;
}

/* ---- objects ---- */

/* The object's context goes: its rows are no longer in the pool's memory. */
static void
object_ends(void *argument)
{
	CvmFitObject *object = argument;

	object->pool->storage.used -= object->counted;
	if (object->store != NULL)
		cvm_row_store_free(object->store);
}

/* An object with a state of its own; parent: where it lives. */
static CvmFitObject *
make_object(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "cvm fit state",
												  ALLOCSET_SMALL_SIZES);
	CvmFitObject *object = MemoryContextAllocZero(context, sizeof(CvmFitObject));

	EOH_init_header(&object->header, &methods, context);
	object->pool = cvm_state_pool(parent);
	object->at_end.func = object_ends;
	object->at_end.arg = object;
	MemoryContextRegisterResetCallback(context, &object->at_end);
	return object;
}

static struct varlena *
detoast(Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM(datum);

	if ((uintptr_t) value % sizeof(double) != 0)
		value = PG_DETOAST_DATUM_COPY(datum);
	return value;
}

const uint8_t *
cvm_fit_state_body(Datum datum, Size *length)
{
	struct varlena *value = detoast(datum);

	if (VARSIZE(value) < BODY_OFFSET)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid cvm.fit_state: too short, %d bytes", (int) VARSIZE(value))));
	*length = VARSIZE(value) - BODY_OFFSET;
	return (const uint8_t *) value + BODY_OFFSET;
}

static CvmFitState *
decode(struct varlena *value)
{
	CvmFitState *state = NULL;
	CvmError	error = {{0}};
	Size		length;
	const uint8_t *body = cvm_fit_state_body(PointerGetDatum(value), &length);

	cvm_report(cvm_fit_state_decode(body, length, &state, &error), &error);
	return state;
}

/* What is flat becomes an object whose state may go on. */
static CvmFitObject *
expand(Datum datum, MemoryContext parent)
{
	struct varlena *value = detoast(datum);
	CvmFitObject *object = make_object(parent);
	MemoryContext old = MemoryContextSwitchTo(object->header.eoh_context);
	CvmFitState *flat = decode(value);
	CvmError	error = {{0}};

	object->state = cvm_fit_state_create(flat->method, flat->family);
	object->state->scratch = &object->pool->scratch;
	if (flat->method == CVM_METHOD_FIT)
	{
		object->state->make_room = keep_rows;
		object->state->keeper = object;
	}
	cvm_report(cvm_fit_state_merge(object->state, flat, &error), &error);
	MemoryContextSwitchTo(old);
	return object;
}

void
cvm_fit_object_merge(CvmFitObject *object, Datum other)
{
	struct varlena *value = detoast(other);
	MemoryContext old = CurrentMemoryContext;
	CvmError	error = {{0}};
	CvmFitState *flat;

	/* a state that has not started takes over the parts of the other one */
	if (!object->state->started)
		MemoryContextSwitchTo(object->header.eoh_context);
	flat = decode(value);
	MemoryContextSwitchTo(object->header.eoh_context);
	cvm_report(cvm_fit_state_merge(object->state, flat, &error), &error);
	MemoryContextSwitchTo(old);
}

static CvmFitObject *
object_of(Datum datum)
{
	CvmFitObject *object = (CvmFitObject *) DatumGetEOHP(datum);

	Assert(object->header.eoh_methods == &methods);
	return object;
}

CvmFitObject *
cvm_fit_object_expand(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("this function can only be called by an aggregate")));
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the aggregate has no initial fit state")));
	return expand(PG_GETARG_DATUM(0), context);
}

CvmFitObject *
cvm_fit_object_to_read(Datum value)
{
	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value)))
		return object_of(value);
	return expand(value, CurrentMemoryContext);
}

CvmFitState *
cvm_fit_state_copy(const CvmFitState *state)
{
	CvmWriter	writer;
	CvmFitState *copy = NULL;
	CvmError	error = {{0}};

	cvm_writer_init(&writer, 1024);
	cvm_fit_state_encode(state, &writer);
	cvm_report(cvm_fit_state_decode(writer.bytes, writer.length, &copy, &error), &error);
	copy->scratch = state->scratch;
	return copy;
}

/* ---- flat ---- */

struct varlena *
cvm_fit_state_flat(const uint8_t *body, Size length)
{
	struct varlena *value;

	if (length > MaxAllocSize - BODY_OFFSET)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a fit state of %zu bytes is larger than a value can be", length)));
	value = palloc0(BODY_OFFSET + length);
	SET_VARSIZE(value, BODY_OFFSET + length);
	memcpy((char *) value + BODY_OFFSET, body, length);
	return value;
}

static Size
get_flat_size(ExpandedObjectHeader *header)
{
	CvmFitObject *object = (CvmFitObject *) header;
	CvmFitState *state = object->state;
	uint64		rows = state->method == CVM_METHOD_FIT ? cvm_fit_object_rows(object) :
		state->pending.block.rows + state->waiting_rows;
	CvmWriter	writer;
	Size		size;

	cvm_writer_init(&writer, 1024);
	cvm_fit_state_encode_head(state, rows, &writer);
	size = add_size(BODY_OFFSET + writer.length,
					state->started ? mul_size(rows, CVM_FIT_ROW_DOUBLES(state) * sizeof(double)) : 0);
	pfree(writer.bytes);
	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a fit state with %llu rows is larger than a value can be",
						(unsigned long long) rows),
				 errhint("Use cvm.train, an sgd_ aggregate or cvm.descend, or set max_parallel_workers_per_gather to 0.")));
	return size;
}

static void
flatten_into(ExpandedObjectHeader *header, void *result, Size allocated_size)
{
	CvmFitObject *object = (CvmFitObject *) header;
	CvmFitState *state = object->state;
	CvmWriter	writer = {
		.bytes = (uint8_t *) result + BODY_OFFSET,
		.capacity = allocated_size - BODY_OFFSET
	};

	memset(result, 0, BODY_OFFSET);
	SET_VARSIZE(result, allocated_size);
	if (state->method != CVM_METHOD_FIT || !state->started || state->columns == 0)
		cvm_fit_state_encode(state, &writer);
	else
	{
		uint64		rows = cvm_fit_object_rows(object);
		CvmBlock   *buffer = cvm_fit_object_buffer(object);

		cvm_fit_state_encode_head(state, rows, &writer);
		for (uint64 first = 0; first < rows; first += CVM_BLOCK_ROWS)
		{
			CHECK_FOR_INTERRUPTS();
			cvm_fit_state_encode_rows(state, cvm_fit_object_read(object, first, buffer), &writer);
		}
		pfree(buffer);
		cvm_envelope_seal(writer.bytes, writer.length);
	}
	Assert(writer.length == allocated_size - BODY_OFFSET);
}
