/*
 * rank_metrics.c
 *		Aggregates over labels and scores that look at the order of the
 *		scores: auc, gini, average_precision, lift_at.
 *
 * All of them collect the same state (rank_state.c) and differ in what they
 * read from it.  The state is "internal": parallel workers hand it on as
 * bytes.
 */
#include "postgres.h"

#include <math.h>

#include "metrics/metric_arguments.h"
#include "metrics/rank_state.h"

typedef struct RankAggregate
{
	CvmRankState *rows;
	double		share;			/* of lift_at; else 0 */
} RankAggregate;

/* ---- transitions ---- */

static void
close_file(Datum state)
{
	cvm_rank_free((CvmRankState *) DatumGetPointer(state));
}

static RankAggregate *
create_state(FunctionCallInfo fcinfo)
{
	MemoryContext caller = MemoryContextSwitchTo(cvm_metric_context(fcinfo));
	RankAggregate *state = palloc0(sizeof(RankAggregate));

	state->rows = cvm_rank_create();
	/* as a window function the query's resource owner has to do it */
	if (AggCheckCallContext(fcinfo, NULL) == AGG_CONTEXT_AGGREGATE)
		AggRegisterCallback(fcinfo, close_file, PointerGetDatum(state->rows));
	MemoryContextSwitchTo(caller);
	return state;
}

/* Adds a row: state, label, score, further arguments up to the weight. */
static RankAggregate *
add_row(FunctionCallInfo fcinfo, bool numeric_label, int weight_argument)
{
	RankAggregate *state = PG_ARGISNULL(0) ? NULL : (RankAggregate *) PG_GETARG_POINTER(0);
	bool		positive;

	if (cvm_metric_has_null(fcinfo, 1))
		return state;
	if (state == NULL)
		state = create_state(fcinfo);
	positive = numeric_label ? cvm_metric_label(PG_GETARG_FLOAT8(1)) : PG_GETARG_BOOL(1);
	cvm_rank_add(state->rows, positive, PG_GETARG_FLOAT8(2),
				 cvm_metric_weight(fcinfo, weight_argument));
	return state;
}

static Datum
return_state(FunctionCallInfo fcinfo, RankAggregate *state)
{
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(cvm_rank_add_boolean);
Datum
cvm_rank_add_boolean(PG_FUNCTION_ARGS)
{
	return return_state(fcinfo, add_row(fcinfo, false, 3));
}

PG_FUNCTION_INFO_V1(cvm_rank_add_number);
Datum
cvm_rank_add_number(PG_FUNCTION_ARGS)
{
	return return_state(fcinfo, add_row(fcinfo, true, 3));
}

/* With a share of the rows after the score. */
static Datum
add_row_with_share(FunctionCallInfo fcinfo, bool numeric_label)
{
	RankAggregate *state = add_row(fcinfo, numeric_label, 4);
	double		share;

	if (cvm_metric_has_null(fcinfo, 1))
		return return_state(fcinfo, state);
	share = PG_GETARG_FLOAT8(3);
	if (!(share > 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share %g is not above 0 and at most 1", share),
				 errhint("0.1 is the tenth of the rows with the highest scores.")));
	if (state->share != 0)
		cvm_metric_require_same(state->share, share, "share");
	state->share = share;
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(cvm_rank_share_add_boolean);
Datum
cvm_rank_share_add_boolean(PG_FUNCTION_ARGS)
{
	return add_row_with_share(fcinfo, false);
}

PG_FUNCTION_INFO_V1(cvm_rank_share_add_number);
Datum
cvm_rank_share_add_number(PG_FUNCTION_ARGS)
{
	return add_row_with_share(fcinfo, true);
}

/* ---- parallel parts ---- */

PG_FUNCTION_INFO_V1(cvm_rank_combine);
Datum
cvm_rank_combine(PG_FUNCTION_ARGS)
{
	RankAggregate *state = PG_ARGISNULL(0) ? NULL : (RankAggregate *) PG_GETARG_POINTER(0);
	RankAggregate *other = PG_ARGISNULL(1) ? NULL : (RankAggregate *) PG_GETARG_POINTER(1);

	if (other == NULL)
		return return_state(fcinfo, state);
	if (state == NULL)
	{
		state = create_state(fcinfo);
		state->share = other->share;
	}
	cvm_metric_require_same(state->share, other->share, "share");
	cvm_rank_merge(state->rows, other->rows);
	PG_RETURN_POINTER(state);
}

/* The bytes: the share, then the rows. */
PG_FUNCTION_INFO_V1(cvm_rank_state_serialize);
Datum
cvm_rank_state_serialize(PG_FUNCTION_ARGS)
{
	RankAggregate *state = (RankAggregate *) PG_GETARG_POINTER(0);

	(void) cvm_metric_context(fcinfo);
	PG_RETURN_BYTEA_P(cvm_rank_serialize(state->rows, &state->share, sizeof(state->share)));
}

PG_FUNCTION_INFO_V1(cvm_rank_state_deserialize);
Datum
cvm_rank_state_deserialize(PG_FUNCTION_ARGS)
{
	RankAggregate *state = palloc0(sizeof(RankAggregate));

	(void) cvm_metric_context(fcinfo);
	state->rows = cvm_rank_deserialize(PG_GETARG_BYTEA_PP(0), &state->share, sizeof(state->share));
	PG_RETURN_POINTER(state);
}

/* ---- results ---- */

static Datum
result(FunctionCallInfo fcinfo, double value)
{
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

/* Begins to read the rows; false: there are none. */
static bool
begin_ties(FunctionCallInfo fcinfo, CvmTies *ties, RankAggregate **state)
{
	if (PG_ARGISNULL(0))
		return false;
	*state = (RankAggregate *) PG_GETARG_POINTER(0);
	cvm_rank_ties((*state)->rows, ties);
	return true;
}

PG_FUNCTION_INFO_V1(cvm_rank_auc);
Datum
cvm_rank_auc(PG_FUNCTION_ARGS)
{
	RankAggregate *state;
	CvmTies		ties;

	return result(fcinfo, begin_ties(fcinfo, &ties, &state) ? cvm_ties_auc(&ties) : NAN);
}

PG_FUNCTION_INFO_V1(cvm_rank_gini);
Datum
cvm_rank_gini(PG_FUNCTION_ARGS)
{
	RankAggregate *state;
	CvmTies		ties;

	return result(fcinfo, begin_ties(fcinfo, &ties, &state) ? 2 * cvm_ties_auc(&ties) - 1 : NAN);
}

PG_FUNCTION_INFO_V1(cvm_rank_average_precision);
Datum
cvm_rank_average_precision(PG_FUNCTION_ARGS)
{
	RankAggregate *state;
	CvmTies		ties;

	return result(fcinfo, begin_ties(fcinfo, &ties, &state) ?
				  cvm_ties_average_precision(&ties) : NAN);
}

PG_FUNCTION_INFO_V1(cvm_rank_lift);
Datum
cvm_rank_lift(PG_FUNCTION_ARGS)
{
	RankAggregate *state;
	CvmTies		ties;

	return result(fcinfo, begin_ties(fcinfo, &ties, &state) ?
				  cvm_ties_lift(&ties, state->share) : NAN);
}
