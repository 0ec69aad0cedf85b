/*
 * silhouette_metric.c
 *		The aggregate silhouette(segment, features).
 *
 * It needs every pair of points, so it keeps all of them, up to
 * cvm.train_memory.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "learn/measure/silhouette.h"
#include "metrics/metric_arguments.h"
#include "pg/compat.h"
#include "pg/settings.h"

typedef struct PointState
{
	MemoryContext context;
	int			columns;
	Size		count;
	Size		capacity;
	double	   *points;			/* count x columns */
	int64	   *segments;
} PointState;

static PointState *
create_state(MemoryContext context, int columns)
{
	PointState *state = MemoryContextAllocZero(context, sizeof(PointState));

	state->context = context;
	state->columns = columns;
	return state;
}

static void *
enlarge(MemoryContext context, void *array, Size size)
{
	return array == NULL ? MemoryContextAllocHuge(context, size) : repalloc_huge(array, size);
}

static void
add_point(PointState *state, int64 segment, const double *point, int columns)
{
	if (columns != state->columns)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a point has %d coordinates and another %d", state->columns, columns)));
	if ((state->count + 1) * (columns + 1) > (Size) cvm_train_memory * 1024 / sizeof(double))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %zu points do not fit into cvm.train_memory", state->count),
				 errhint("A sample will do: FROM ... TABLESAMPLE SYSTEM (1).")));
	if (state->count == state->capacity)
	{
		state->capacity = Max(64, state->capacity * 2);
		state->points = enlarge(state->context, state->points,
								state->capacity * columns * sizeof(double));
		state->segments = enlarge(state->context, state->segments,
								  state->capacity * sizeof(int64));
	}
	memcpy(state->points + state->count * columns, point, columns * sizeof(double));
	state->segments[state->count++] = segment;
}

/* state, segment bigint, features float8[] */
PG_FUNCTION_INFO_V1(cvm_silhouette_add);
Datum
cvm_silhouette_add(PG_FUNCTION_ARGS)
{
	PointState *state = PG_ARGISNULL(0) ? NULL : (PointState *) PG_GETARG_POINTER(0);

	if (!cvm_metric_has_null(fcinfo, 1))
	{
		ArrayType  *features = PG_GETARG_ARRAYTYPE_P(2);
		const double *point = (const double *) ARR_DATA_PTR(features);
		int			columns;

		if (ARR_NDIM(features) != 1 || ARR_HASNULL(features))
			ereport(ERROR,
					(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
					 errmsg("a point must be a one-dimensional array without NULL")));
		columns = ARR_DIMS(features)[0];
		for (int i = 0; i < columns; i++)
			if (!isfinite(point[i]))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("a point has the coordinate %g", point[i])));
		if (state == NULL)
			state = create_state(cvm_metric_context(fcinfo), columns);
		add_point(state, PG_GETARG_INT64(1), point, columns);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(cvm_silhouette_combine);
Datum
cvm_silhouette_combine(PG_FUNCTION_ARGS)
{
	PointState *state = PG_ARGISNULL(0) ? NULL : (PointState *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		const PointState *other = (const PointState *) PG_GETARG_POINTER(1);

		if (state == NULL)
			state = create_state(cvm_metric_context(fcinfo), other->columns);
		for (Size i = 0; i < other->count; i++)
			add_point(state, other->segments[i], other->points + i * other->columns,
					  other->columns);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(cvm_silhouette_serialize);
Datum
cvm_silhouette_serialize(PG_FUNCTION_ARGS)
{
	const PointState *state = (const PointState *) PG_GETARG_POINTER(0);
	StringInfoData bytes;

	(void) cvm_metric_context(fcinfo);
	pq_begintypsend(&bytes);
	pq_sendint32(&bytes, state->columns);
	pq_sendint64(&bytes, state->count);
	pq_sendbytes(&bytes, (char *) state->points,
				 state->count * state->columns * sizeof(double));
	pq_sendbytes(&bytes, (char *) state->segments, state->count * sizeof(int64));
	PG_RETURN_BYTEA_P(pq_endtypsend(&bytes));
}

PG_FUNCTION_INFO_V1(cvm_silhouette_deserialize);
Datum
cvm_silhouette_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *value = PG_GETARG_BYTEA_PP(0);
	StringInfoData bytes;
	PointState *state;

	(void) cvm_metric_context(fcinfo);
	initStringInfo(&bytes);
	appendBinaryStringInfo(&bytes, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	state = create_state(CurrentMemoryContext, pq_getmsgint(&bytes, 4));
	state->count = state->capacity = pq_getmsgint64(&bytes);
	state->points = palloc(Max(state->count * state->columns * sizeof(double), 1));
	state->segments = palloc(Max(state->count * sizeof(int64), 1));
	pq_copymsgbytes(&bytes, (char *) state->points,
					state->count * state->columns * sizeof(double));
	pq_copymsgbytes(&bytes, (char *) state->segments, state->count * sizeof(int64));
	pq_getmsgend(&bytes);
	PG_RETURN_POINTER(state);
}

static int
compare_numbers(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return left < right ? -1 : left > right;
}

/* Numbers the segments from 0; returns how many there are. */
static int
number_segments(const PointState *state, int32 *numbers)
{
	int64	   *known = MemoryContextAllocHuge(CurrentMemoryContext,
											   state->count * sizeof(int64));
	int			count = 0;

	memcpy(known, state->segments, state->count * sizeof(int64));
	qsort(known, state->count, sizeof(int64), compare_numbers);
	for (Size i = 0; i < state->count; i++)
		if (count == 0 || known[i] != known[count - 1])
			known[count++] = known[i];
	for (Size i = 0; i < state->count; i++)
		numbers[i] = (int64 *) bsearch(&state->segments[i], known, count, sizeof(int64),
									   compare_numbers) - known;
	pfree(known);
	return count;
}

PG_FUNCTION_INFO_V1(cvm_silhouette_result);
Datum
cvm_silhouette_result(PG_FUNCTION_ARGS)
{
	const PointState *state;
	int32	   *segments;
	int			segment_count;
	double		value;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (const PointState *) PG_GETARG_POINTER(0);
	segments = palloc(state->count * sizeof(int32));
	segment_count = number_segments(state, segments);
	value = cvm_silhouette(state->points, segments, state->count, state->columns, segment_count);
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}
