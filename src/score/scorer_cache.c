/*
 * scorer_cache.c
 *		Scorers that stay with a cached model.
 *
 * An execution of a prepared statement lasts some twenty microseconds when it
 * looks up one row, and to make a scorer takes about as long.  So scorers are
 * kept with the model they were made for, in its memory context: they go when
 * it goes.  A scorer has room for one row only, which is enough, since nothing
 * else runs between taking a row in and using its score.
 *
 * Two types are read by what the session has set or may change, money and
 * enums; scorers of theirs last for one execution.  So do those past the first
 * few of a model, which bounds the memory.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "frame/column.h"
#include "pg/compat.h"
#include "score/scorer_cache.h"

#define MOST_SCORERS 8			/* of a model */

typedef struct CachedScorer
{
	struct CachedScorer *next;
	ArrayType  *names;			/* NULL: features by position */
	Oid		   *types;
	int			count;
	CvmScorer  *scorer;
} CachedScorer;

static CvmScorer *
find_scorer(const CvmModelHandle *handle, const ArrayType *names, const Oid *types, int count,
			int *cached)
{
	*cached = 0;
	for (CachedScorer *entry = *handle->scorers; entry != NULL; entry = entry->next)
	{
		if (names == NULL ? entry->names == NULL :
			(entry->names != NULL && entry->count == count &&
			 VARSIZE(entry->names) == VARSIZE(names) &&
			 memcmp(entry->types, types, count * sizeof(Oid)) == 0 &&
			 memcmp(entry->names, names, VARSIZE(names)) == 0))
			return entry->scorer;
		(*cached)++;
	}
	return NULL;
}

/*
 * Makes the memory context for a scorer that is to be kept, and the current
 * one.  It is the model's only when the scorer is complete: an error leaves
 * nothing behind.
 */
static MemoryContext
begin_keeping(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "cvm scorer",
												  ALLOCSET_SMALL_SIZES);

	return MemoryContextSwitchTo(context);
}

static void
finish_keeping(const CvmModelHandle *handle, const ArrayType *names, const Oid *types, int count,
			   CvmScorer *scorer, MemoryContext caller)
{
	CachedScorer *entry = palloc0(sizeof(CachedScorer));

	if (names != NULL)
	{
		entry->names = palloc(VARSIZE(names));
		memcpy(entry->names, names, VARSIZE(names));
		entry->types = palloc(Max(count, 1) * sizeof(Oid));
		memcpy(entry->types, types, count * sizeof(Oid));
		entry->count = count;
	}
	entry->scorer = scorer;
	entry->next = *handle->scorers;
	*handle->scorers = entry;
	MemoryContextSetParent(CurrentMemoryContext, handle->context);
	MemoryContextSwitchTo(caller);
}

/* The place of each input of the model among the names; NULL: not all are there. */
static int *
match_names(const CvmModel *model, ArrayType *names, int count)
{
	int			inputs = model->encoder.input_count;
	int		   *positions = palloc(sizeof(int) * Max(inputs, 1));
	Datum	   *elements;
	int			length;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &length);
	if (length != count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d column names for %d values", length, count)));
	for (int i = 0; i < inputs; i++)
	{
		int			at = 0;

		while (at < count &&
			   strcmp(model->encoder.inputs[i].name, TextDatumGetCString(elements[at])) != 0)
			at++;
		if (at == count)
			return NULL;
		positions[i] = at;
	}
	return positions;
}

CvmScorer *
cvm_scorer_for_arguments(const CvmModelHandle *handle, ArrayType *names,
						 const Oid *types, int count)
{
	int			inputs = handle->model->encoder.input_count;
	int			cached;
	CvmScorer  *scorer = find_scorer(handle, names, types, count, &cached);
	bool		keep = cached < MOST_SCORERS;
	int		   *positions;
	Oid		   *input_types;
	MemoryContext caller;

	if (scorer != NULL)
		return scorer;
	positions = match_names(handle->model, names, count);
	if (positions == NULL)
		return NULL;
	input_types = palloc(sizeof(Oid) * Max(inputs, 1));
	for (int i = 0; i < inputs; i++)
	{
		input_types[i] = types[positions[i]];
		keep = keep && cvm_column_is_lasting(input_types[i]);
	}
	if (!keep)
		return cvm_scorer_create(handle->model, positions, input_types);

	caller = begin_keeping();
	scorer = cvm_scorer_create(handle->model, positions, input_types);
	finish_keeping(handle, names, types, count, scorer, caller);
	return scorer;
}

CvmScorer *
cvm_scorer_for_array(const CvmModelHandle *handle)
{
	int			cached;
	CvmScorer  *scorer = find_scorer(handle, NULL, NULL, 0, &cached);
	MemoryContext caller;

	if (scorer != NULL || cached >= MOST_SCORERS)
		return scorer != NULL ? scorer : cvm_scorer_create_array(handle->model);
	caller = begin_keeping();
	scorer = cvm_scorer_create_array(handle->model);
	finish_keeping(handle, NULL, NULL, 0, scorer, caller);
	return scorer;
}
