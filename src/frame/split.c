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

static bool
below_share(uint64 hash, uint64 seed, double share)
{
	/* the upper 53 bits as a number in [0, 1) */
	return (cvm_hash64(hash, seed) >> 11) * 0x1p-53 < share;
}

/* The extended hash function of a key's type. */
static Oid
key_hash_function(const char *name, Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_HASH_EXTENDED_PROC);

	if (!OidIsValid(entry->hash_extended_proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("key column \"%s\" has type %s, which cannot be hashed",
						name, format_type_be(type)),
				 errhint("Use a key of another type, for example its text form.")));
	return entry->hash_extended_proc;
}

static void
init_key(CvmSplit *split, Form_pg_attribute key)
{
	split->rule = CVM_SPLIT_KEY;
	split->column = key->attnum - 1;
	fmgr_info(key_hash_function(NameStr(key->attname), key->atttypid), &split->function);
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
	return below_share(hash, split->seed, split->share);
}

/* ---- the same as a function, for those who look at held-out rows ---- */

/* What is looked up once a query. */
typedef struct KeyHash
{
	FmgrInfo	function;
	Oid			type;
} KeyHash;

static KeyHash *
key_hash(FunctionCallInfo fcinfo)
{
	KeyHash    *known = fcinfo->flinfo->fn_extra;
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);

	if (known == NULL || known->type != type)
	{
		known = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(KeyHash));
		known->type = type;
		fmgr_info_cxt(key_hash_function("key", type), &known->function,
					  fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = known;
	}
	return known;
}

/* cvm.held_out(key anyelement, share float8, seed bigint) -> boolean */
PG_FUNCTION_INFO_V1(cvm_held_out);
Datum
cvm_held_out(PG_FUNCTION_ARGS)
{
	float8		share = PG_GETARG_FLOAT8(1);
	uint64		seed = (uint64) PG_GETARG_INT64(2);

	if (!(share >= 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share must be between 0 and 1, not %g", share)));
	PG_RETURN_BOOL(below_share(DatumGetUInt64(FunctionCall2Coll(&key_hash(fcinfo)->function,
																PG_GET_COLLATION(),
																PG_GETARG_DATUM(0),
																UInt64GetDatum(seed))),
							   seed, share));
}
