/*
 * list_metrics.c
 *		Aggregates over one ranked list: ndcg_at, map_at, hit_rate_at.
 *
 * One list is one user's items (GROUP BY user); the figure of a recommender
 * is the mean over the lists.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "learn/measure/recommended_list.h"
#include "metrics/metric_arguments.h"
#include "pg/compat.h"
#include "pg/settings.h"

typedef struct ListState
{
	MemoryContext context;
	int			k;
	Size		count;
	Size		capacity;
	CvmListItem *items;
} ListState;

static ListState *
create_state(MemoryContext context, int k)
{
	ListState  *state = MemoryContextAllocZero(context, sizeof(ListState));

	state->context = context;
	state->k = k;
	return state;
}

static void
add_items(ListState *state, const CvmListItem *items, Size count)
{
	Size		needed = state->count + count;

	if (needed > (Size) cvm_train_memory * 1024 / sizeof(CvmListItem))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a list of more than %zu items does not fit into cvm.train_memory",
						state->count),
				 errhint("Use GROUP BY, so that each user has a list of their own.")));
	if (needed > state->capacity)
	{
		Size		capacity = Max(needed, state->capacity * 2);

		capacity = Max(capacity, 8);
		if (state->items == NULL)
			state->items = MemoryContextAllocHuge(state->context, capacity * sizeof(CvmListItem));
		else
			state->items = repalloc_huge(state->items, capacity * sizeof(CvmListItem));
		state->capacity = capacity;
	}
	memcpy(state->items + state->count, items, count * sizeof(CvmListItem));
	state->count = needed;
}

/* state, relevance, score, k */
static Datum
add_item(FunctionCallInfo fcinfo, double relevance)
{
	ListState  *state = PG_ARGISNULL(0) ? NULL : (ListState *) PG_GETARG_POINTER(0);
	CvmListItem item = {PG_GETARG_FLOAT8(2), relevance};
	int			k = PG_GETARG_INT32(3);

	if (isnan(item.score) || !(relevance >= 0) || isinf(relevance))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an item has relevance %g and score %g", relevance, item.score),
				 errhint("Relevance is a finite number of at least 0, and a score is not NaN.")));
	if (k < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k is %d and must be at least 1", k)));
	if (state == NULL)
		state = create_state(cvm_metric_context(fcinfo), k);
	cvm_metric_require_same(state->k, k, "k");
	add_items(state, &item, 1);
	PG_RETURN_POINTER(state);
}

static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(PG_GETARG_POINTER(0));
}

PG_FUNCTION_INFO_V1(cvm_list_add_boolean);
Datum
cvm_list_add_boolean(PG_FUNCTION_ARGS)
{
	if (cvm_metric_has_null(fcinfo, 1))
		return unchanged(fcinfo);
	return add_item(fcinfo, PG_GETARG_BOOL(1) ? 1 : 0);
}

PG_FUNCTION_INFO_V1(cvm_list_add_number);
Datum
cvm_list_add_number(PG_FUNCTION_ARGS)
{
	if (cvm_metric_has_null(fcinfo, 1))
		return unchanged(fcinfo);
	return add_item(fcinfo, PG_GETARG_FLOAT8(1));
}

/* ---- parallel parts ---- */

PG_FUNCTION_INFO_V1(cvm_list_combine);
Datum
cvm_list_combine(PG_FUNCTION_ARGS)
{
	ListState  *state = PG_ARGISNULL(0) ? NULL : (ListState *) PG_GETARG_POINTER(0);
	const ListState *other;

	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	other = (const ListState *) PG_GETARG_POINTER(1);
	if (state == NULL)
		state = create_state(cvm_metric_context(fcinfo), other->k);
	cvm_metric_require_same(state->k, other->k, "k");
	add_items(state, other->items, other->count);
	PG_RETURN_POINTER(state);
}

/* The bytes: k, then the items. */
PG_FUNCTION_INFO_V1(cvm_list_serialize);
Datum
cvm_list_serialize(PG_FUNCTION_ARGS)
{
	const ListState *state = (const ListState *) PG_GETARG_POINTER(0);
	Size		length = state->count * sizeof(CvmListItem);
	bytea	   *bytes;

	(void) cvm_metric_context(fcinfo);
	bytes = palloc(VARHDRSZ + sizeof(int) + length);
	SET_VARSIZE(bytes, VARHDRSZ + sizeof(int) + length);
	memcpy(VARDATA(bytes), &state->k, sizeof(int));
	memcpy(VARDATA(bytes) + sizeof(int), state->items, length);
	PG_RETURN_BYTEA_P(bytes);
}

PG_FUNCTION_INFO_V1(cvm_list_deserialize);
Datum
cvm_list_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	Size		length = VARSIZE_ANY_EXHDR(bytes);
	ListState  *state;
	int			k;

	(void) cvm_metric_context(fcinfo);
	if (length < sizeof(int) || (length - sizeof(int)) % sizeof(CvmListItem) != 0)
		elog(ERROR, "a partial list has %zu bytes", length);
	memcpy(&k, VARDATA_ANY(bytes), sizeof(int));
	state = create_state(CurrentMemoryContext, k);
	length -= sizeof(int);
	state->count = state->capacity = length / sizeof(CvmListItem);
	state->items = MemoryContextAllocHuge(CurrentMemoryContext, Max(length, 1));
	memcpy(state->items, VARDATA_ANY(bytes) + sizeof(int), length);
	PG_RETURN_POINTER(state);
}

/* ---- results ---- */

/* The items, sorted, as a copy: a result may be asked for again. */
static CvmListItem *
sorted_items(const ListState *state)
{
	CvmListItem *items = MemoryContextAllocHuge(CurrentMemoryContext,
												state->count * sizeof(CvmListItem));

	memcpy(items, state->items, state->count * sizeof(CvmListItem));
	cvm_list_sort(items, state->count);
	return items;
}

PG_FUNCTION_INFO_V1(cvm_list_ndcg_result);
Datum
cvm_list_ndcg_result(PG_FUNCTION_ARGS)
{
	const ListState *state;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (const ListState *) PG_GETARG_POINTER(0);
	PG_RETURN_FLOAT8(cvm_list_ndcg(sorted_items(state), state->count, state->k));
}

PG_FUNCTION_INFO_V1(cvm_list_map_result);
Datum
cvm_list_map_result(PG_FUNCTION_ARGS)
{
	const ListState *state;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (const ListState *) PG_GETARG_POINTER(0);
	PG_RETURN_FLOAT8(cvm_list_average_precision(sorted_items(state), state->count, state->k));
}

PG_FUNCTION_INFO_V1(cvm_list_hit_rate_result);
Datum
cvm_list_hit_rate_result(PG_FUNCTION_ARGS)
{
	const ListState *state;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (const ListState *) PG_GETARG_POINTER(0);
	PG_RETURN_FLOAT8(cvm_list_hit_rate(sorted_items(state), state->count, state->k));
}
