/*
 * split.c
 *		Which rows are held out for validation.
 *
 * A share is held out by a hash of the key, so that a customer stays on its
 * side when the model is retrained, whatever rows were added in between and
 * in whatever order they come.  The hash is the type's own extended hash,
 * which is the same in every run; the seed is mixed in twice, because hash
 * functions may treat a seed of zero as "no seed".
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/random.h"
#include "frame/column.h"
#include "frame/source.h"
#include "frame/split.h"

static void
init_key(CvmSplit *split, Form_pg_attribute key)
{
	TypeCacheEntry *type = lookup_type_cache(key->atttypid,
											 TYPECACHE_HASH_EXTENDED_PROC);

	if (!OidIsValid(type->hash_extended_proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("key column \"%s\" has type %s, which cannot be hashed",
						NameStr(key->attname), format_type_be(key->atttypid)),
				 errhint("Use a key of another type, for example its text form.")));
	split->rule = CVM_SPLIT_KEY;
	split->column = key->attnum - 1;
	fmgr_info(type->hash_extended_proc, &split->function);
	split->collation = key->attcollation;
}

static bool
is_time(Form_pg_attribute column)
{
	CvmInputKind kind;
	bool		integral;

	return cvm_column_kind(column->atttypid, &kind, &integral) && kind == CVM_INPUT_TIME;
}

/* The column that options name, or the only one that holds times. */
static int
find_time_column(const CvmOptions *options, TupleDesc columns)
{
	int			found = -1;
	int			column;

	if (options->time_column != NULL)
	{
		found = cvm_source_column(columns, options->time_column, "time_column");
		if (!is_time(TupleDescAttr(columns, found)))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("time column \"%s\" has type %s", options->time_column,
							format_type_be(TupleDescAttr(columns, found)->atttypid)),
					 errhint("Name a column of type date, timestamp or timestamptz.")));
		return found;
	}
	for (column = 0; column < columns->natts; column++)
	{
		if (!is_time(TupleDescAttr(columns, column)))
			continue;
		if (found >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("option \"validation_after\" could mean column \"%s\" or \"%s\"",
							NameStr(TupleDescAttr(columns, found)->attname),
							NameStr(TupleDescAttr(columns, column)->attname)),
					 errhint("Name the one to split by with option \"time_column\".")));
		found = column;
	}
	if (found < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("option \"validation_after\" needs a time column, and the source has none"),
				 errhint("Add a column of type date, timestamp or timestamptz, or leave the option out.")));
	return found;
}

static void
boundary_error_callback(void *argument)
{
	errcontext("option \"validation_after\"");
}

static void
init_time(CvmSplit *split, const CvmOptions *options, TupleDesc columns)
{
	ErrorContextCallback callback;
	Oid			type;
	Oid			input;
	Oid			parameter;

	split->rule = CVM_SPLIT_TIME;
	split->column = find_time_column(options, columns);
	type = getBaseType(TupleDescAttr(columns, split->column)->atttypid);
	fmgr_info(lookup_type_cache(type, TYPECACHE_CMP_PROC)->cmp_proc, &split->function);

	callback.callback = boundary_error_callback;
	callback.arg = NULL;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	getTypeInputInfo(type, &input, &parameter);
	split->boundary = OidInputFunctionCall(input, options->validation_after, parameter, -1);
	error_context_stack = callback.previous;
}

void
cvm_split_init(CvmSplit *split, const CvmOptions *options, TupleDesc columns, int key)
{
	memset(split, 0, sizeof(*split));
	split->rule = CVM_SPLIT_NONE;
	split->column = -1;
	split->share = options->validation;
	split->seed = (uint64) options->seed;

	if (options->validation_after != NULL)
		init_time(split, options, columns);
	else if (options->validation > 0 && key >= 0)
		init_key(split, TupleDescAttr(columns, key));
	else if (options->validation > 0)
		split->rule = CVM_SPLIT_ROW;
}

bool
cvm_split_holds_out(CvmSplit *split, Datum value, bool isnull, uint64 row)
{
	uint64		hash;

	switch (split->rule)
	{
		case CVM_SPLIT_NONE:
			return false;
		case CVM_SPLIT_TIME:
			return !isnull &&
				DatumGetInt32(FunctionCall2Coll(&split->function, InvalidOid,
												value, split->boundary)) > 0;
		case CVM_SPLIT_KEY:
			hash = isnull ? row :
				DatumGetUInt64(FunctionCall2Coll(&split->function, split->collation,
												 value, UInt64GetDatum(split->seed)));
			break;
		default:
			hash = row;
			break;
	}
	/* the upper 53 bits as a number in [0, 1) */
	return (cvm_hash64(hash, split->seed) >> 11) * 0x1p-53 < split->share;
}
