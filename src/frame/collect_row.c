/*
 * collect_row.c
 *		One row into a raw block.
 *
 * A row whose columns lie at fixed places is copied from the tuple into the
 * block (fixed_row.h); any other one costs one deform and one store for each
 * number.  A row is looked at in the order target, weight, split, features, so
 * that a row that is left out is never read in full, and it is complete in its
 * block before the block is handed on.
 */
#include "postgres.h"

#include <math.h>

#include "executor/tuptable.h"

#include "base/random.h"
#include "frame/collect.h"

/* A row as it is read: its columns, and where numbers are copied from. */
typedef struct CvmRow
{
	const Datum *values;
	const bool *nulls;
	const char *fixed;			/* data of a tuple with fixed places, or NULL: then
								 * values[] has all columns in use */
} CvmRow;

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
}

static void
read_category(CvmCollector *collector, CvmFeature *feature, Datum value, bool isnull,
			  int32_t *codes)
{
	int			length;
	const char *text = cvm_column_text(feature->reader, value, isnull, &length);

	codes[feature->coded] = text == NULL ? -1 :
		dictionary_code(collector, feature->coded, text, length);
}

static void
read_feature(CvmCollector *collector, CvmFeature *feature, const CvmRow *row,
			 double *dense, int32_t *codes)
{
	Datum		value = row->values[feature->attribute];
	bool		isnull = row->nulls[feature->attribute];

	switch (feature->column.kind)
	{
		case CVM_INPUT_NUMBER:
		case CVM_INPUT_BOOLEAN:
		case CVM_INPUT_INTERVAL:
			dense[feature->dense] = cvm_column_number(feature->reader, value, isnull);
			break;
		case CVM_INPUT_CATEGORY:
		case CVM_INPUT_IDENTIFIER:
			read_category(collector, feature, value, isnull, codes);
			break;
		case CVM_INPUT_TIME:
			read_time(collector, feature, value, isnull, dense, codes);
			break;
		case CVM_INPUT_ARRAY:
			cvm_column_array(feature->reader, value, isnull, dense + feature->dense);
			break;
	}
}

static void
read_features(CvmCollector *collector, const CvmRow *row, CvmBlock *block)
{
	double	   *dense = block->dense + (size_t) block->rows * collector->dense_columns;
	int32_t    *codes = block->codes + (size_t) block->rows * collector->coded_columns;
	int			i;

	if (row->fixed == NULL)
	{
		for (i = 0; i < collector->feature_count; i++)
			read_feature(collector, &collector->features[i], row, dense, codes);
		return;
	}
	cvm_fixed_row_numbers(collector->fixed_row, row->fixed, dense);
	for (i = 0; i < collector->uncopied_count; i++)
		read_feature(collector, collector->uncopied[i], row, dense, codes);
}

/* ---- rows ---- */

/* A hash of whom and what the row is of. */
static uint64
hash_identifiers(CvmCollector *collector, const CvmRow *row)
{
	uint64		hash = 0;

	for (int i = 0; i < collector->feature_count; i++)
	{
		const CvmFeature *feature = &collector->features[i];
		const char *text;
		int			length;

		if (feature->column.kind != CVM_INPUT_IDENTIFIER)
			continue;
		text = cvm_column_text(feature->reader, row->values[feature->attribute],
							   row->nulls[feature->attribute], &length);
		hash = cvm_hash_bytes(text, length, hash);
	}
	return hash;
}

/* False: the row has no weight and is left out. */
static bool
read_weight(CvmCollector *collector, const CvmRow *row, double *weight)
{
	int			attribute = collector->weight_attribute;

	*weight = 1;
	if (attribute < 0)
		return true;
	*weight = cvm_column_number(collector->weight, row->values[attribute],
								row->nulls[attribute]);
	if (*weight < 0 || isinf(*weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight \"%s\" is %g in some row", collector->weight_name, *weight),
				 errhint("Weights are finite numbers of zero or more; a row with weight zero is left out.")));
	return *weight > 0;
}

static void
collect_row(CvmCollector *collector, const CvmRow *row)
{
	uint64		number = collector->rows++;
	int			target = collector->target_attribute;
	int			split = collector->split_attribute;
	CvmRowSink *sink = &collector->training;
	CvmSide		side = CVM_TRAINS;
	CvmBlock   *block;
	double		raw_target;
	double		weight;

	if (!cvm_target_read(collector->target, target >= 0 ? row->values[target] : (Datum) 0,
						 target < 0 || row->nulls[target], &raw_target))
	{
		collector->without_target++;
		return;
	}
	if (!read_weight(collector, row, &weight))
	{
		collector->without_weight++;
		return;
	}
	if (collector->split.rule == CVM_SPLIT_IDENTIFIERS)
		number = hash_identifiers(collector, row);
	if (collector->split.rule != CVM_SPLIT_NONE)
		side = cvm_split_side(&collector->split,
							  split >= 0 ? row->values[split] : (Datum) 0,
							  split >= 0 ? row->nulls[split] : true, number, raw_target);
	if (side == CVM_HELD_OUT)
		sink = &collector->validation;
	if (side == CVM_BEYOND || sink->next == NULL)
		return;

	block = sink->block;
	read_features(collector, row, block);
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

/* ---- fixed places ---- */

/* Whether all columns in use lie at fixed places; makes the layout of these. */
static bool
lay_out(CvmCollector *collector, CvmFixedRow *layout, TupleDesc columns)
{
	int			roles[] = {collector->target_attribute, collector->weight_attribute,
	collector->split_attribute};
	int			i;

	for (i = 0; i < lengthof(roles); i++)
		if (roles[i] >= 0 && !cvm_fixed_row_add_value(layout, columns, roles[i]))
			return false;
	collector->uncopied_count = 0;
	for (i = 0; i < collector->feature_count; i++)
	{
		CvmFeature *feature = &collector->features[i];

		if (!cvm_input_is_text(feature->column.kind) &&
			cvm_fixed_row_add_number(layout, columns, feature->attribute, feature->reader,
									 feature->dense))
			continue;
		if (!cvm_fixed_row_add_value(layout, columns, feature->attribute))
			return false;
		collector->uncopied[collector->uncopied_count++] = feature;
	}
	return true;
}

/* Partitions may differ, so this is done again when the descriptor changes. */
static void
find_layout(CvmCollector *collector, TupleDesc columns)
{
	MemoryContext old = MemoryContextSwitchTo(collector->context);
	int			room = collector->feature_count + 3;

	if (collector->uncopied == NULL)
	{
		collector->uncopied = palloc(room * sizeof(CvmFeature *));
		collector->layout = cvm_fixed_row_create(room);
		collector->fixed_values = palloc0(collector->attributes * sizeof(Datum));
		collector->fixed_nulls = palloc0(collector->attributes * sizeof(bool));
	}
	cvm_fixed_row_clear(collector->layout);
	collector->fixed_row = lay_out(collector, collector->layout, columns) ?
		collector->layout : NULL;
	collector->layout_columns = columns;
	MemoryContextSwitchTo(old);
}

void
cvm_collect_slot(CvmCollector *collector, TupleTableSlot *slot)
{
	CvmRow		row = {NULL};

	if (slot->tts_tupleDescriptor != collector->layout_columns)
		find_layout(collector, slot->tts_tupleDescriptor);
	if (collector->fixed_row != NULL)
		row.fixed = cvm_fixed_row_data(collector->fixed_row, slot);
	if (row.fixed != NULL)
	{
		cvm_fixed_row_values(collector->fixed_row, row.fixed, collector->fixed_values);
		row.values = collector->fixed_values;
		row.nulls = collector->fixed_nulls;
	}
	else
	{
		slot_getsomeattrs(slot, collector->attributes);
		row.values = slot->tts_values;
		row.nulls = slot->tts_isnull;
	}
	collect_row(collector, &row);
}
