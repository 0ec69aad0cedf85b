/*
 * collect.c
 *		A DestReceiver that turns rows into raw blocks.
 *
 * One row costs one deform and one store for each number.  A row is looked at
 * in the order target, weight, split, features, so that a row that is left
 * out is never read in full, and it is complete in its block before the block
 * is handed on.
 *
 * The layout of a raw block depends on the length of array columns, which is
 * known only when one was seen.  Until every array column has shown a value,
 * rows wait in a tuplestore; without array columns none ever does.
 */
#include "postgres.h"

#include <math.h>

#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "frame/collect.h"

/* ---- features ---- */

static int32_t
dictionary_code(CvmCollector *collector, int coded, const char *text, int length)
{
	MemoryContext old = MemoryContextSwitchTo(collector->context);
	int32_t		code = cvm_profile_code(collector->profile, coded, text, length);

	MemoryContextSwitchTo(old);
	return code;
}

/* Code of a month or weekday, looked up once; 0 is missing. */
static int32_t
calendar_code(CvmCollector *collector, int coded, int32_t *codes, int number)
{
	char		text[16];

	if (number > 0 && codes[number] < 0)
		codes[number] = dictionary_code(collector, coded, text,
										snprintf(text, sizeof(text), "%d", number));
	return codes[number];
}

static void
read_time(CvmCollector *collector, CvmFeature *feature, Datum value, bool isnull,
		  double *dense, int32_t *codes)
{
	int			month;
	int			weekday;

	dense[feature->dense] = cvm_column_time(feature->reader, value, isnull,
											&month, &weekday);
	codes[feature->coded] = calendar_code(collector, feature->coded,
										  feature->month_codes, month);
	codes[feature->coded + 1] = calendar_code(collector, feature->coded + 1,
											  feature->weekday_codes, weekday);
	if (isnan(dense[feature->dense]))
		collector->null_cells++;
}

static void
read_category(CvmCollector *collector, CvmFeature *feature, Datum value, bool isnull,
			  int32_t *codes)
{
	int			length;
	const char *text = cvm_column_text(feature->reader, value, isnull, &length);

	if (text != NULL)
		codes[feature->coded] = dictionary_code(collector, feature->coded, text, length);
	else
	{
		codes[feature->coded] = -1;
		collector->null_cells++;
	}
}

static void
read_array(CvmCollector *collector, CvmFeature *feature, Datum value, bool isnull,
		   double *dense)
{
	double	   *numbers = dense + feature->dense;
	int			element;

	cvm_column_array(feature->reader, value, isnull, numbers);
	for (element = 0; element < feature->column.elements; element++)
		if (isnan(numbers[element]))
			collector->null_cells++;
}

static void
read_features(CvmCollector *collector, TupleTableSlot *slot, CvmBlock *block)
{
	double	   *dense = block->dense + (size_t) block->rows * collector->dense_columns;
	int32_t    *codes = block->codes + (size_t) block->rows * collector->coded_columns;
	int			i;

	for (i = 0; i < collector->feature_count; i++)
	{
		CvmFeature *feature = &collector->features[i];
		Datum		value = slot->tts_values[feature->attribute];
		bool		isnull = slot->tts_isnull[feature->attribute];

		switch (feature->column.kind)
		{
			case CVM_INPUT_NUMBER:
			case CVM_INPUT_BOOLEAN:
			case CVM_INPUT_INTERVAL:
				dense[feature->dense] = cvm_column_number(feature->reader, value, isnull);
				if (isnan(dense[feature->dense]))
					collector->null_cells++;
				break;
			case CVM_INPUT_CATEGORY:
				read_category(collector, feature, value, isnull, codes);
				break;
			case CVM_INPUT_TIME:
				read_time(collector, feature, value, isnull, dense, codes);
				break;
			case CVM_INPUT_ARRAY:
				read_array(collector, feature, value, isnull, dense);
				break;
		}
	}
}

/* ---- rows ---- */

/* False: the row has no weight and is left out. */
static bool
read_weight(CvmCollector *collector, TupleTableSlot *slot, double *weight)
{
	int			attribute = collector->weight_attribute;

	*weight = 1;
	if (attribute < 0)
		return true;
	*weight = cvm_column_number(collector->weight, slot->tts_values[attribute],
								slot->tts_isnull[attribute]);
	if (*weight < 0 || isinf(*weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight \"%s\" is %g in some row", collector->weight_name, *weight),
				 errhint("Weights are finite numbers of zero or more; a row with weight zero is left out.")));
	return *weight > 0;
}

static void
collect_row(CvmCollector *collector, TupleTableSlot *slot)
{
	uint64		row = collector->rows++;
	int			target = collector->target_attribute;
	int			split = collector->split_attribute;
	CvmRowSink *sink = &collector->training;
	CvmBlock   *block;
	double		raw_target;
	double		weight;

	if (!cvm_target_read(collector->target, slot->tts_values[target],
						 slot->tts_isnull[target], &raw_target))
	{
		collector->without_target++;
		return;
	}
	if (!read_weight(collector, slot, &weight))
	{
		collector->without_weight++;
		return;
	}
	if (collector->split.rule != CVM_SPLIT_NONE &&
		cvm_split_holds_out(&collector->split,
							split >= 0 ? slot->tts_values[split] : (Datum) 0,
							split >= 0 ? slot->tts_isnull[split] : true, row))
		sink = &collector->validation;
	if (sink->next == NULL)
		return;

	block = sink->block;
	read_features(collector, slot, block);
	block->target[block->rows] = raw_target;
	block->weight[block->rows] = weight;
	block->rows++;
	if (block->rows == CVM_BLOCK_ROWS)
	{
		MemoryContext old = MemoryContextSwitchTo(collector->context);

		sink->block = sink->next(sink->state, block);
		MemoryContextSwitchTo(old);
	}
}

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

		if (feature->column.kind == CVM_INPUT_ARRAY && feature->column.elements == 0)
			ereport(NOTICE,
					(errmsg("column \"%s\" is left out: it holds no values",
							feature->column.name)));
		else
			collector->features[kept++] = *feature;
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
	TupleTableSlot *slot = MakeSingleTupleTableSlot(collector->columns, &TTSOpsMinimalTuple);

	MemoryContextSwitchTo(collector->row_context);
	while (tuplestore_gettupleslot(collector->waiting, true, false, slot))
	{
		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		collect_row(collector, slot);
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
	bool		known = learn_lengths(collector, slot);
	MemoryContext old;

	if (known && collector->waiting == NULL)
	{
		start_collecting(collector);
		collect_row(collector, slot);
		return;
	}
	old = MemoryContextSwitchTo(collector->context);
	if (collector->waiting == NULL)
	{
		collector->columns = CreateTupleDescCopy(slot->tts_tupleDescriptor);
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

	slot_getallattrs(slot);
	if (collector->profile != NULL)
		collect_row(collector, slot);
	else
		wait_for_lengths(collector, slot);
	MemoryContextSwitchTo(old);
	MemoryContextReset(collector->row_context);
	return true;
}

static void
receive_startup(DestReceiver *receiver, int operation, TupleDesc columns)
{
}

static void
receive_shutdown(DestReceiver *receiver)
{
}

void
cvm_collector_init(CvmCollector *collector)
{
	collector->receiver.receiveSlot = receive_slot;
	collector->receiver.rStartup = receive_startup;
	collector->receiver.rShutdown = receive_shutdown;
	collector->receiver.rDestroy = receive_shutdown;
	collector->receiver.mydest = DestTuplestore;
	collector->context = CurrentMemoryContext;
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
	collector->null_cells = 0;
}
