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

/* The upper 53 bits of the hash with the seed, as a number in [0, 1). */
static double
unit_hash(uint64 hash, uint64 seed)
{
	return (cvm_hash64(hash, seed) >> 11) * 0x1p-53;
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

int
cvm_split_time_column(const CvmOptions *options, TupleDesc columns)
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
init_time(CvmSplit *split, const CvmOptions *options, TupleDesc columns, const char *after,
		  const char *until)
{
	ErrorContextCallback callback;
	Oid			type;
	Oid			input;
	Oid			parameter;

	split->rule = CVM_SPLIT_TIME;
	split->column = cvm_split_time_column(options, columns);
	type = getBaseType(TupleDescAttr(columns, split->column)->atttypid);
	fmgr_info(lookup_type_cache(type, TYPECACHE_CMP_PROC)->cmp_proc, &split->function);

	callback.callback = boundary_error_callback;
	callback.arg = NULL;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	getTypeInputInfo(type, &input, &parameter);
	split->boundary = OidInputFunctionCall(input, (char *) after, parameter, -1);
	split->has_end = until != NULL;
	if (until != NULL)
		split->end = OidInputFunctionCall(input, (char *) until, parameter, -1);
	error_context_stack = callback.previous;
}

/* Rows of a class that have been dealt out to folds. */
typedef struct DealtRows
{
	double		target;			/* hash key */
	uint64		rows;
} DealtRows;

static void
init_fold(CvmSplit *split, const CvmOptions *options, TupleDesc columns, int key,
		  bool identified, const CvmFold *fold)
{
	HASHCTL		control = {.keysize = sizeof(double),.entrysize = sizeof(DealtRows),
	.hcxt = CurrentMemoryContext};

	split->fold = fold;
	split->low = (double) fold->number / fold->count;
	split->high = (double) (fold->number + 1) / fold->count;
	if (fold->by_time)
		init_time(split, options, columns, fold->after, fold->until);
	else if (key >= 0)
		init_key(split, TupleDescAttr(columns, key));
	else if (identified)
		split->rule = CVM_SPLIT_IDENTIFIERS;
	else
	{
		split->rule = CVM_SPLIT_CLASS;
		split->dealt = hash_create("cvm dealt rows", 64, &control,
								   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
}

void
cvm_split_init(CvmSplit *split, const CvmOptions *options, TupleDesc columns, int key,
			   bool identified, const CvmFold *fold)
{
	memset(split, 0, sizeof(*split));
	split->rule = CVM_SPLIT_NONE;
	split->column = -1;
	split->high = options->validation;
	split->seed = (uint64) options->seed;

	if (fold != NULL)
		init_fold(split, options, columns, key, identified, fold);
	else if (options->validation_after != NULL)
		init_time(split, options, columns, options->validation_after, NULL);
	else if (options->validation > 0 && key >= 0)
		init_key(split, TupleDescAttr(columns, key));
	else if (options->validation > 0)
		split->rule = identified ? CVM_SPLIT_IDENTIFIERS : CVM_SPLIT_ROW;
}

/*
 * Deals the rows of a class out to folds in turn, each class from a fold of
 * its own on.  A target of so many values is a number: its rows go by their
 * own number.
 */
#define MOST_DEALT_CLASSES 1024

static bool
deal(CvmSplit *split, uint64 row, double target)
{
	bool		found;
	DealtRows  *class;
	uint64		bits;

	class = hash_search(split->dealt, &target,
						hash_get_num_entries(split->dealt) < MOST_DEALT_CLASSES ? HASH_ENTER : HASH_FIND,
						&found);
	if (class == NULL)
		return (int) (unit_hash(row, split->seed) * split->fold->count) == split->fold->number;
	if (!found)
	{
		memcpy(&bits, &target, sizeof(bits));
		class->rows = cvm_hash64(bits, split->seed) % split->fold->count;
	}
	return class->rows++ % split->fold->count == split->fold->number;
}

static CvmSide
side_by_time(CvmSplit *split, Datum value, bool isnull)
{
	if (isnull || DatumGetInt32(FunctionCall2Coll(&split->function, InvalidOid, value,
												  split->boundary)) <= 0)
		return CVM_TRAINS;
	if (split->has_end && DatumGetInt32(FunctionCall2Coll(&split->function, InvalidOid, value,
														  split->end)) > 0)
		return CVM_BEYOND;
	return CVM_HELD_OUT;
}

CvmSide
cvm_split_side(CvmSplit *split, Datum value, bool isnull, uint64 row, double target)
{
	double		place;

	if (split->fold != NULL && split->fold->share < 1 &&
		unit_hash(row, ~split->seed) >= split->fold->share)
		return CVM_BEYOND;
	switch (split->rule)
	{
		case CVM_SPLIT_NONE:
			return CVM_TRAINS;
		case CVM_SPLIT_TIME:
			return side_by_time(split, value, isnull);
		case CVM_SPLIT_CLASS:
			return deal(split, row, target) ? CVM_HELD_OUT : CVM_TRAINS;
		case CVM_SPLIT_KEY:
			if (!isnull)
				row = DatumGetUInt64(FunctionCall2Coll(&split->function, split->collation,
													   value, UInt64GetDatum(split->seed)));
			break;
		case CVM_SPLIT_ROW:
		case CVM_SPLIT_IDENTIFIERS:
			break;
	}
	place = unit_hash(row, split->seed);
	return place >= split->low && place < split->high ? CVM_HELD_OUT : CVM_TRAINS;
}

void
cvm_split_rewind(CvmSplit *split)
{
	HASH_SEQ_STATUS scan;
	DealtRows  *class;

	if (split->dealt == NULL)
		return;
	hash_seq_init(&scan, split->dealt);
	while ((class = hash_seq_search(&scan)) != NULL)
		(void) hash_search(split->dealt, &class->target, HASH_REMOVE, NULL);
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
	PG_RETURN_BOOL(unit_hash(DatumGetUInt64(FunctionCall2Coll(&key_hash(fcinfo)->function,
															  PG_GET_COLLATION(),
															  PG_GETARG_DATUM(0),
															  UInt64GetDatum(seed))),
							 seed) < share);
}
