/*
 * recommend.c
 *		Lists of recommended items, items like another one, and single ratings,
 *		in SQL.
 *
 * A list for one user and lists for all of them come from the same function of
 * the core, which takes a chunk of users at once.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "linalg/dense.h"
#include "score/recommending.h"

/* ---- arguments ---- */

/* How many items are asked for, no more than there are. */
static int
items_asked_for(const CvmRecommending *recommending, int n)
{
	if (n < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("n must be at least 1, not %d", n),
				 errhint("n is the number of items in a list.")));
	return Min(n, recommending->recommender->items.items);
}

static void
check_seen(const CvmRecommending *recommending, bool exclude_seen)
{
	if (exclude_seen && recommending->recommender->seen_starts == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the model does not know which items its users have met"),
				 errhint("Pass exclude_seen => false, or train it with option \"keep_seen\".")));
}

static CvmListUser
newcomer(const CvmRecommending *recommending, HeapTupleHeader attributes)
{
	const double *factors = cvm_recommending_newcomer(recommending, CVM_USERS, attributes);
	CvmListUser user = {
		.factors = factors,
		.base = recommending->recommender->mean + factors[recommending->recommender->items.width]
	};

	return user;
}

/* ---- rows ---- */

/* customer: NULL where the result has no such column. */
static void
put_list(ReturnSetInfo *result, const CvmRecommending *recommending, const char *customer,
		 const CvmScoredItem *list, int count)
{
	int			first = customer != NULL ? 1 : 0;

	for (int i = 0; i < count; i++)
	{
		Datum		values[4];
		bool		nulls[4] = {false};

		if (customer != NULL)
			values[0] = CStringGetTextDatum(customer);
		values[first] = CStringGetTextDatum(cvm_recommending_name(recommending, CVM_ITEMS,
																  list[i].item));
		values[first + 1] = Float8GetDatum(list[i].score);
		values[first + 2] = Int32GetDatum(i + 1);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* ---- a list ---- */

static Datum
recommend(FunctionCallInfo fcinfo, bool by_name)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CvmRecommending *recommending;
	CvmListUser user;
	CvmScoredItem *list;
	int			known;
	int			n;
	int			found;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		return (Datum) 0;
	recommending = cvm_recommending(fcinfo, by_name);
	n = items_asked_for(recommending, PG_GETARG_INT32(2));
	check_seen(recommending, PG_GETARG_BOOL(3));
	known = cvm_recommending_argument(recommending, CVM_USERS, fcinfo, 1);
	if (known >= 0)
		user = cvm_recommender_user(recommending->recommender, known, PG_GETARG_BOOL(3));
	else
		user = newcomer(recommending, PG_ARGISNULL(4) ? NULL : PG_GETARG_HEAPTUPLEHEADER(4));
	list = palloc(sizeof(CvmScoredItem) * n);
	cvm_best_items(&recommending->recommender->items, &user, 1, n, list, &found);
	put_list(result, recommending, NULL, list, found);
	return (Datum) 0;
}

/* cvm.recommend(model text, customer "any", n integer, exclude_seen boolean, attributes record) */
PG_FUNCTION_INFO_V1(cvm_recommend_name);
Datum
cvm_recommend_name(PG_FUNCTION_ARGS)
{
	return recommend(fcinfo, true);
}

/* cvm.recommend(model cvm.model, ...) */
PG_FUNCTION_INFO_V1(cvm_recommend_value);
Datum
cvm_recommend_value(PG_FUNCTION_ARGS)
{
	return recommend(fcinfo, false);
}

/* ---- lists for many ---- */

/* Whom lists are for: all users of the model, or those that were asked for. */
typedef struct Audience
{
	CvmRecommending *recommending;
	bool		exclude_seen;
	Datum	   *names;			/* NULL: all */
	int			count;
	CvmListUser stranger;		/* what somebody new is */
} Audience;

static void
open_audience(Audience *audience, ArrayType *names)
{
	bool	   *nulls;

	audience->count = audience->recommending->recommender->layout.users;
	if (names == NULL)
		return;
	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &audience->names, &nulls,
					  &audience->count);
	for (int i = 0; i < audience->count; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("customers must not hold NULL")));
	audience->stranger = newcomer(audience->recommending, NULL);
}

/* The name of a member, whose user is filled in. */
static const char *
member(const Audience *audience, int index, CvmListUser *user)
{
	int			known = index;
	const char *name;

	if (audience->names != NULL)
	{
		name = TextDatumGetCString(audience->names[index]);
		known = cvm_recommending_find(audience->recommending, CVM_USERS, name, strlen(name));
	}
	else
		name = cvm_recommending_name(audience->recommending, CVM_USERS, index);
	*user = known < 0 ? audience->stranger :
		cvm_recommender_user(audience->recommending->recommender, known, audience->exclude_seen);
	return name;
}

static Datum
recommend_all(FunctionCallInfo fcinfo, bool by_name)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Audience	audience = {NULL};
	CvmListUser users[CVM_LIST_USERS];
	const char *names[CVM_LIST_USERS];
	int			found[CVM_LIST_USERS];
	CvmScoredItem *lists;
	MemoryContext chunk_context;
	MemoryContext caller;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return (Datum) 0;
	audience.recommending = cvm_recommending(fcinfo, by_name);
	audience.exclude_seen = PG_GETARG_BOOL(2);
	n = items_asked_for(audience.recommending, PG_GETARG_INT32(1));
	check_seen(audience.recommending, audience.exclude_seen);
	open_audience(&audience, PG_ARGISNULL(3) ? NULL : PG_GETARG_ARRAYTYPE_P(3));
	lists = palloc_extended(sizeof(CvmScoredItem) * n * CVM_LIST_USERS, MCXT_ALLOC_HUGE);
	chunk_context = AllocSetContextCreate(CurrentMemoryContext, "cvm lists", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(chunk_context);
	for (int first = 0; first < audience.count; first += CVM_LIST_USERS)
	{
		int			count = Min(audience.count - first, CVM_LIST_USERS);

		for (int i = 0; i < count; i++)
			names[i] = member(&audience, first + i, &users[i]);
		cvm_best_items(&audience.recommending->recommender->items, users, count, n, lists, found);
		for (int i = 0; i < count; i++)
			put_list(result, audience.recommending, names[i], lists + (Size) i * n, found[i]);
		MemoryContextReset(chunk_context);
	}
	MemoryContextSwitchTo(caller);
	return (Datum) 0;
}

/* cvm.recommend_all(model text, n integer, exclude_seen boolean, customers text[]) */
PG_FUNCTION_INFO_V1(cvm_recommend_all_name);
Datum
cvm_recommend_all_name(PG_FUNCTION_ARGS)
{
	return recommend_all(fcinfo, true);
}

/* cvm.recommend_all(model cvm.model, ...) */
PG_FUNCTION_INFO_V1(cvm_recommend_all_value);
Datum
cvm_recommend_all_value(PG_FUNCTION_ARGS)
{
	return recommend_all(fcinfo, false);
}

/* ---- items like another ---- */

/* The inverse length of every item's factors; 0 for those that have none. */
static double *
inverse_lengths(const CvmItemVectors *items)
{
	double	   *lengths = palloc_extended(sizeof(double) * items->items, MCXT_ALLOC_HUGE);

	for (int i = 0; i < items->items; i++)
	{
		double		length = cvm_norm(items->width, items->factors + (Size) i * items->width);

		lengths[i] = length > 0 ? 1 / length : 0;
	}
	return lengths;
}

static Datum
similar_items(FunctionCallInfo fcinfo, bool by_name)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CvmRecommending *recommending;
	CvmItemVectors items;
	CvmListUser user = {0};
	CvmScoredItem *list;
	double	   *lengths;
	double	   *own;
	int32		item;
	int			n;
	int			found;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return (Datum) 0;
	recommending = cvm_recommending(fcinfo, by_name);
	n = items_asked_for(recommending, PG_GETARG_INT32(2));
	item = cvm_recommending_argument(recommending, CVM_ITEMS, fcinfo, 1);
	if (item < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("the model does not know this item"),
				 errdetail("No row that it has learned from was of it."),
				 errhint("Train the model again with rows of the item.")));
	items = recommending->recommender->items;
	lengths = inverse_lengths(&items);
	items.biases = NULL;
	items.scales = lengths;
	own = palloc(sizeof(double) * items.width);
	for (int k = 0; k < items.width; k++)
		own[k] = items.factors[(Size) item * items.width + k] * lengths[item];
	user.factors = own;
	user.excluded = &item;
	user.excluded_count = 1;
	list = palloc(sizeof(CvmScoredItem) * n);
	cvm_best_items(&items, &user, 1, n, list, &found);
	put_list(result, recommending, NULL, list, found);
	return (Datum) 0;
}

/* cvm.similar_items(model text, item "any", n integer) */
PG_FUNCTION_INFO_V1(cvm_similar_items_name);
Datum
cvm_similar_items_name(PG_FUNCTION_ARGS)
{
	return similar_items(fcinfo, true);
}

/* cvm.similar_items(model cvm.model, ...) */
PG_FUNCTION_INFO_V1(cvm_similar_items_value);
Datum
cvm_similar_items_value(PG_FUNCTION_ARGS)
{
	return similar_items(fcinfo, false);
}

/* ---- one pair ---- */

static Datum
predict_rating(FunctionCallInfo fcinfo, bool by_name)
{
	CvmRecommending *recommending;
	const CvmRecommender *recommender;
	const double *item_factors;
	CvmListUser user;
	double		item_bias;
	int			known;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	recommending = cvm_recommending(fcinfo, by_name);
	recommender = recommending->recommender;
	known = cvm_recommending_argument(recommending, CVM_USERS, fcinfo, 1);
	user = known >= 0 ? cvm_recommender_user(recommender, known, false) :
		newcomer(recommending, NULL);
	known = cvm_recommending_argument(recommending, CVM_ITEMS, fcinfo, 2);
	if (known >= 0)
	{
		item_factors = recommender->items.factors + (Size) known * recommender->items.width;
		item_bias = recommender->items.biases[known];
	}
	else
	{
		item_factors = cvm_recommending_newcomer(recommending, CVM_ITEMS, NULL);
		item_bias = item_factors[recommender->items.width];
	}
	PG_RETURN_FLOAT8(user.base + item_bias +
					 cvm_dot(recommender->items.width, user.factors, item_factors));
}

/* cvm.predict_rating(model text, customer "any", item "any") */
PG_FUNCTION_INFO_V1(cvm_predict_rating_name);
Datum
cvm_predict_rating_name(PG_FUNCTION_ARGS)
{
	return predict_rating(fcinfo, true);
}

/* cvm.predict_rating(model cvm.model, ...) */
PG_FUNCTION_INFO_V1(cvm_predict_rating_value);
Datum
cvm_predict_rating_value(PG_FUNCTION_ARGS)
{
	return predict_rating(fcinfo, false);
}
