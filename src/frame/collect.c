/*
 * collect.c
 *		A DestReceiver that turns rows into raw blocks.
 *
 * How a row is read is the business of collect_row.c; this file sees to it that
 * there is a block to read it into.
 *
 * The layout of a raw block depends on the length of array columns, which is
 * known only when one was seen.  Until every array column has shown a value,
 * rows wait in a tuplestore; without array columns none ever does.
 */
#include "postgres.h"

#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "frame/collect.h"

/* ---- array lengths ---- */

/* Takes the lengths of arrays from this row; true: now all are known. */
static bool
learn_lengths(CvmCollector *collector, TupleTableSlot *slot)
{
	bool		known = true;
	int			i;

	for (i = 0; i < collector->feature_count; i++)
	{
		CvmFeature *feature = &collector->features[i];

		if (feature->column.kind != CVM_INPUT_ARRAY || feature->column.elements > 0)
			continue;
		if (!slot->tts_isnull[feature->attribute])
			feature->column.elements =
				cvm_column_array_length(feature->reader,
										slot->tts_values[feature->attribute]);
		if (feature->column.elements == 0)
			known = false;
	}
	return known;
}

/* Removes array columns whose length never became known. */
static void
drop_unknown_arrays(CvmCollector *collector)
{
	int			kept = 0;
	int			i;

	for (i = 0; i < collector->feature_count; i++)
	{
		CvmFeature *feature = &collector->features[i];

		if (feature->column.kind != CVM_INPUT_ARRAY || feature->column.elements > 0)
			collector->features[kept++] = *feature;
		else if (collector->waiting != NULL)	/* there are rows */
			ereport(NOTICE,
					(errmsg("column \"%s\" is left out: it holds no values",
							feature->column.name)));
	}
	collector->feature_count = kept;
}

/* Makes the profile and the sinks, and sends the rows on that waited. */
static void
start_collecting(CvmCollector *collector)
{
	MemoryContext old = MemoryContextSwitchTo(collector->context);
	CvmColumn  *columns = palloc(Max(collector->feature_count, 1) * sizeof(CvmColumn));
	int			i;

	for (i = 0; i < collector->feature_count; i++)
		columns[i] = collector->features[i].column;
	collector->profile = cvm_profile_create(columns, collector->feature_count);
	collector->dense_columns = cvm_profile_dense_columns(collector->profile);
	collector->coded_columns = cvm_profile_coded_columns(collector->profile);
	for (i = 0; i < collector->feature_count; i++)
	{
		CvmFeature *feature = &collector->features[i];

		if (feature->column.kind == CVM_INPUT_ARRAY)
			cvm_column_set_elements(feature->reader, feature->column.elements);
		cvm_profile_position(collector->profile, i, &feature->dense, &feature->coded);
		memset(feature->month_codes, -1, sizeof(feature->month_codes));
		memset(feature->weekday_codes, -1, sizeof(feature->weekday_codes));
	}
	collector->start(collector->start_state);
	if (collector->training.next != NULL)
		collector->training.block = collector->training.next(collector->training.state, NULL);
	if (collector->validation.next != NULL)
		collector->validation.block = collector->validation.next(collector->validation.state, NULL);
	MemoryContextSwitchTo(old);
}

static void
collect_waiting(CvmCollector *collector)
{
	MemoryContext old = MemoryContextSwitchTo(collector->context);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(collector->waiting_columns,
													&TTSOpsMinimalTuple);

	MemoryContextSwitchTo(collector->row_context);
	while (tuplestore_gettupleslot(collector->waiting, true, false, slot))
	{
		CHECK_FOR_INTERRUPTS();
		cvm_collect_slot(collector, slot);
		MemoryContextReset(collector->row_context);
	}
	MemoryContextSwitchTo(old);
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(collector->waiting);
	collector->waiting = NULL;
}

static void
wait_for_lengths(CvmCollector *collector, TupleTableSlot *slot)
{
	bool		known;
	MemoryContext old;

	slot_getsomeattrs(slot, collector->attributes);
	known = learn_lengths(collector, slot);
	if (known && collector->waiting == NULL)
	{
		start_collecting(collector);
		cvm_collect_slot(collector, slot);
		return;
	}
	old = MemoryContextSwitchTo(collector->context);
	if (collector->waiting == NULL)
	{
		collector->waiting_columns = CreateTupleDescCopy(slot->tts_tupleDescriptor);
		collector->waiting = tuplestore_begin_heap(false, false, work_mem);
	}
	tuplestore_puttupleslot(collector->waiting, slot);
	MemoryContextSwitchTo(old);
	if (known)
	{
		start_collecting(collector);
		collect_waiting(collector);
	}
}

/* ---- the receiver ---- */

static bool
receive_slot(TupleTableSlot *slot, DestReceiver *receiver)
{
	CvmCollector *collector = (CvmCollector *) receiver;
	MemoryContext old = MemoryContextSwitchTo(collector->row_context);

	if (collector->profile != NULL)
		cvm_collect_slot(collector, slot);
	else
		wait_for_lengths(collector, slot);
	MemoryContextSwitchTo(old);
	MemoryContextReset(collector->row_context);
	return true;
}

static void
receive_startup(DestReceiver *receiver, int operation, TupleDesc columns)
{
	/* a descriptor of another run may have been at the same address */
	((CvmCollector *) receiver)->layout_columns = NULL;
}

static void
receive_shutdown(DestReceiver *receiver)
{
}

void
cvm_collector_init(CvmCollector *collector)
{
	int			i;

	collector->receiver.receiveSlot = receive_slot;
	collector->receiver.rStartup = receive_startup;
	collector->receiver.rShutdown = receive_shutdown;
	collector->receiver.rDestroy = receive_shutdown;
	collector->receiver.mydest = DestTuplestore;
	collector->context = CurrentMemoryContext;
	collector->attributes = 1 + Max(collector->target_attribute,
									Max(collector->weight_attribute, collector->split_attribute));
	for (i = 0; i < collector->feature_count; i++)
		collector->attributes = Max(collector->attributes, 1 + collector->features[i].attribute);
	collector->row_context = AllocSetContextCreate(CurrentMemoryContext, "cvm row",
												   ALLOCSET_DEFAULT_SIZES);
}

void
cvm_collector_finish(CvmCollector *collector)
{
	if (collector->profile != NULL)
		return;
	drop_unknown_arrays(collector);
	start_collecting(collector);
	if (collector->waiting != NULL)
		collect_waiting(collector);
}

void
cvm_collector_rewind(CvmCollector *collector)
{
	collector->rows = 0;
	collector->without_target = 0;
	collector->without_weight = 0;
	cvm_split_rewind(&collector->split);
}
