/*
 * predict.c
 *		predict(), predict_class() and predict_probabilities() in SQL.
 *
 * Five ways in: a model by name or as a value, with a row or with a float8[],
 * and the planner's rewrite (rewrite.c) that passes just the columns.  Each
 * ends in one row of scores and three ways out.  What was resolved (model,
 * columns, scorer) is kept in fn_extra and looked up again when the model
 * cache says that something changed, or when the caller is another role or
 * passes another model or another row type.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "frame/source.h"
#include "model/learner.h"
#include "model/model_type.h"
#include "model/predictor.h"
#include "pg/compat.h"
#include "score/model_cache.h"
#include "score/predict.h"
#include "score/scorer_cache.h"

typedef struct PredictCall
{
	MemoryContext context;		/* reset when the model changes */
	const CvmModel *model;
	CvmModelHandle handle;		/* of a model by name */
	CvmScorer  *scorer;			/* NULL: not made yet */

	struct varlena *argument;	/* the model argument, as it was passed */
	uint64		generation;		/* of the model cache, for names */
	Oid			user;			/* who may use the model, for names */

	MemoryContext row_context;	/* below it; reset when the row type changes */
	uint64		row_identifier; /* of the row type that scorer reads */
	Datum	   *row_values;		/* deformed row */
	bool	   *row_nulls;
	bool		fixed;			/* the arguments before the row are the same in every
								 * call */
} PredictCall;

/* ---- the model ---- */

static PredictCall *
predict_call(FunctionCallInfo fcinfo)
{
	PredictCall *call = fcinfo->flinfo->fn_extra;

	if (call == NULL)
	{
		call = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(PredictCall));
		call->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "cvm predict",
											  ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = call;
	}
	return call;
}

static void
forget_model(PredictCall *call)
{
	MemoryContext context = call->context;

	MemoryContextReset(context);	/* unpins the model */
	memset(call, 0, sizeof(*call));
	call->context = context;
}

/* Remembers the argument, to see whether the next call has the same. */
static void
remember_argument(PredictCall *call, struct varlena *argument)
{
	Size		size = VARSIZE_ANY(argument);

	call->argument = MemoryContextAlloc(call->context, size);
	memcpy(call->argument, argument, size);
}

static bool
same_argument(const PredictCall *call, struct varlena *argument)
{
	return call->argument != NULL && VARSIZE_ANY(call->argument) == VARSIZE_ANY(argument) &&
		memcmp(call->argument, argument, VARSIZE_ANY(argument)) == 0;
}

/*
 * Whether what was found by name still holds.  PL/pgSQL keeps an expression's
 * state for a transaction, in which the role may change.
 */
static bool
is_up_to_date(const PredictCall *call)
{
	return call->generation == cvm_model_cache_generation() && call->user == GetUserId();
}

static void
mark_up_to_date(PredictCall *call)
{
	call->generation = cvm_model_cache_generation();
	call->user = GetUserId();
}

/*
 * Whether the first arguments cannot vary from call to call.  Only constants
 * cannot: PL/pgSQL keeps an expression's state for a transaction, in which the
 * parameter that a variable has become takes one value after another.
 */
static bool
are_fixed(FunctionCallInfo fcinfo, int count)
{
	Node	   *call = fcinfo->flinfo->fn_expr;

	if (call == NULL || !IsA(call, FuncExpr))
		return false;
	for (int i = 0; i < count; i++)
		if (!IsA(list_nth(((FuncExpr *) call)->args, i), Const))
			return false;
	return true;
}

static void
use_named_model(PredictCall *call, FunctionCallInfo fcinfo)
{
	text	   *name;

	if (is_up_to_date(call) && call->fixed)
		return;
	name = PG_GETARG_TEXT_PP(0);
	if (is_up_to_date(call) && same_argument(call, (struct varlena *) name))
		return;
	forget_model(call);
	cvm_model_lookup(text_to_cstring(name), 0, call->context, &call->handle);
	call->model = call->handle.model;
	call->fixed = are_fixed(fcinfo, 1);
	remember_argument(call, (struct varlena *) name);
	mark_up_to_date(call);
}

static void
use_model_value(PredictCall *call, FunctionCallInfo fcinfo)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(0);
	MemoryContext caller;

	if (call->fixed || same_argument(call, value))
		return;
	forget_model(call);
	call->fixed = are_fixed(fcinfo, 1);
	caller = MemoryContextSwitchTo(call->context);
	call->model = cvm_model_unpack(PG_DETOAST_DATUM_COPY(PointerGetDatum(value)));
	remember_argument(call, value);
	MemoryContextSwitchTo(caller);
}

/* ---- the row ---- */

static void
missing_column(const char *input, TupleDesc columns)
{
	const char *nearest = cvm_nearest_column(columns, input);

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the row has no column \"%s\", which the model needs", input),
			 nearest ? errhint("The nearest name is \"%s\". Columns are matched by name: rename it in the query.", nearest)
			 : errhint("SELECT * FROM cvm.inputs(cvm.active_model(...)) lists the columns that a model needs.")));
}

static void
prepare_row(PredictCall *call, TupleDesc columns)
{
	const CvmEncoder *encoder = &call->model->encoder;
	MemoryContext caller = CurrentMemoryContext;
	Oid		   *types;
	int		   *positions;

	if (call->row_context == NULL)
		call->row_context = AllocSetContextCreate(call->context, "cvm predict rows",
												  ALLOCSET_SMALL_SIZES);
	call->scorer = NULL;		/* should what follows fail */
	MemoryContextReset(call->row_context);
	MemoryContextSwitchTo(call->row_context);
	types = palloc(sizeof(Oid) * Max(encoder->input_count, 1));
	positions = palloc(sizeof(int) * Max(encoder->input_count, 1));

	for (int i = 0; i < encoder->input_count; i++)
	{
		int			at = 0;

		while (at < columns->natts &&
			   (TupleDescAttr(columns, at)->attisdropped ||
				strcmp(NameStr(TupleDescAttr(columns, at)->attname),
					   encoder->inputs[i].name) != 0))
			at++;
		if (at == columns->natts)
			missing_column(encoder->inputs[i].name, columns);
		positions[i] = at;
		types[i] = TupleDescAttr(columns, at)->atttypid;
	}
	call->row_values = palloc(sizeof(Datum) * Max(columns->natts, 1));
	call->row_nulls = palloc(sizeof(bool) * Max(columns->natts, 1));
	call->scorer = cvm_scorer_create(call->model, positions, types);
	MemoryContextSwitchTo(caller);
}

static const double *
score_row(PredictCall *call, HeapTupleHeader row)
{
	Oid			type = HeapTupleHeaderGetTypeId(row);
	int32		typmod = HeapTupleHeaderGetTypMod(row);
	TupleDesc	columns = lookup_rowtype_tupdesc(type, typmod);
	uint64		identifier = assign_record_type_identifier(type, typmod);
	HeapTupleData tuple;

	if (call->scorer == NULL || call->row_identifier != identifier)
	{
		prepare_row(call, columns);
		call->row_identifier = identifier;
	}

	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	heap_deform_tuple(&tuple, columns, call->row_values, call->row_nulls);
	ReleaseTupleDesc(columns);
	return cvm_scorer_row(call->scorer, call->row_values, call->row_nulls);
}

static const double *
score_array(PredictCall *call, Datum array)
{
	if (call->scorer == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(call->context);

		call->scorer = call->handle.model != NULL ? cvm_scorer_for_array(&call->handle) :
			cvm_scorer_create_array(call->model);
		MemoryContextSwitchTo(caller);
	}
	return cvm_scorer_array(call->scorer, array);
}

/* ---- the planner's rewrite: (model, version, columns, VARIADIC values) ---- */

#define FIRST_COLUMN 3

static void
prepare_columns(PredictCall *call, FunctionCallInfo fcinfo)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			planned = PG_GETARG_INT32(1);
	ArrayType  *names = PG_GETARG_ARRAYTYPE_P(2);
	int			count = PG_NARGS() - FIRST_COLUMN;
	Oid			types[FUNC_MAX_ARGS];
	MemoryContext caller = MemoryContextSwitchTo(call->context);

	for (int i = 0; i < count; i++)
		types[i] = get_fn_expr_argtype(fcinfo->flinfo, FIRST_COLUMN + i);
	cvm_model_lookup(name, 0, call->context, &call->handle);
	call->scorer = cvm_scorer_for_arguments(&call->handle, names, types, count);
	if (call->scorer == NULL)
	{
		/* Promoted since planning, with other inputs: stay with what was planned. */
		cvm_model_lookup(name, planned, call->context, &call->handle);
		call->scorer = cvm_scorer_for_arguments(&call->handle, names, types, count);
		if (call->scorer == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("columns that model \"%s\" needs were not passed", name),
					 errhint("Call cvm.predict with a row; it chooses the columns.")));
	}
	call->model = call->handle.model;
	MemoryContextSwitchTo(caller);
	mark_up_to_date(call);
}

static pg_attribute_always_inline const double *
score_columns(FunctionCallInfo fcinfo, const CvmModel **model)
{
	PredictCall *call = predict_call(fcinfo);

	if (call->scorer == NULL || !call->fixed || !is_up_to_date(call))
	{
		if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
			return NULL;
		forget_model(call);
		prepare_columns(call, fcinfo);
		call->fixed = are_fixed(fcinfo, FIRST_COLUMN);
	}
	*model = call->model;
	return cvm_scorer_arguments(call->scorer, fcinfo->args + FIRST_COLUMN);
}

/* ---- ways in; NULL: without a model there is no score ---- */

static const double *
score_name_row(FunctionCallInfo fcinfo, const CvmModel **model)
{
	PredictCall *call = predict_call(fcinfo);

	use_named_model(call, fcinfo);
	*model = call->model;
	return score_row(call, PG_GETARG_HEAPTUPLEHEADER(1));
}

static const double *
score_value_row(FunctionCallInfo fcinfo, const CvmModel **model)
{
	PredictCall *call = predict_call(fcinfo);

	use_model_value(call, fcinfo);
	*model = call->model;
	return score_row(call, PG_GETARG_HEAPTUPLEHEADER(1));
}

static const double *
score_name_array(FunctionCallInfo fcinfo, const CvmModel **model)
{
	PredictCall *call = predict_call(fcinfo);

	use_named_model(call, fcinfo);
	*model = call->model;
	return score_array(call, PG_GETARG_DATUM(1));
}

static const double *
score_value_array(FunctionCallInfo fcinfo, const CvmModel **model)
{
	PredictCall *call = predict_call(fcinfo);

	use_model_value(call, fcinfo);
	*model = call->model;
	return score_array(call, PG_GETARG_DATUM(1));
}

/* ---- ways out ---- */

static ArrayType *
construct_float8_array(const double *numbers, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = Float8GetDatum(numbers[i]);
	return construct_array(elements, count, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
						   TYPALIGN_DOUBLE);
}

static Datum
value_result(const CvmModel *model, const double *scores)
{
	if (model->task == CVM_MULTICLASS)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the model has %d classes, so there is no single value to predict",
						model->class_count),
				 errhint("Use cvm.predict_class or cvm.predict_probabilities.")));
	return Float8GetDatum(scores[0]);
}

static void
require_classes(const CvmModel *model)
{
	if (model->class_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a %s model has no classes", cvm_task_name(model->task)),
				 errhint("Use cvm.predict.")));
}

static Datum
class_result(const CvmModel *model, const double *scores)
{
	if (model->task == CVM_SEGMENTATION)
		return CStringGetTextDatum(psprintf("%.0f", scores[0]));
	require_classes(model);
	return CStringGetTextDatum(model->classes[cvm_model_class(model, scores)]);
}

static Datum
probabilities_result(const CvmModel *model, const double *scores)
{
	double		both[2];

	require_classes(model);
	if (model->task == CVM_BINARY)
	{
		both[0] = 1.0 - scores[0];
		both[1] = scores[0];
		scores = both;
	}
	return PointerGetDatum(construct_float8_array(scores, model->class_count));
}

/* The row that was scored last, as components. */
static Datum
components_result(CvmScorer *scorer, const CvmModel *model)
{
	int			count;
	const double *values;

	if (model->learner->transform == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a model of the algorithm \"%s\" has no components",
						model->learner->name),
				 errhint("Use cvm.predict; models of pca, discriminant and kmeans, and pipelines of such stages, can be transformed.")));
	values = cvm_scorer_transform(scorer, &count);
	return PointerGetDatum(construct_float8_array(values, count));
}

/* One SQL function for a way in and a way out. */
#define PREDICT_FUNCTION(name, way_in, way_out) \
PG_FUNCTION_INFO_V1(name); \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	const CvmModel *model; \
	const double *scores = way_in(fcinfo, &model); \
	\
	if (scores == NULL) \
		PG_RETURN_NULL(); \
	return way_out(model, scores); \
}

PREDICT_FUNCTION(cvm_predict_name_row, score_name_row, value_result)
PREDICT_FUNCTION(cvm_predict_value_row, score_value_row, value_result)
PREDICT_FUNCTION(cvm_predict_name_array, score_name_array, value_result)
PREDICT_FUNCTION(cvm_predict_value_array, score_value_array, value_result)
PREDICT_FUNCTION(cvm_predict_columns, score_columns, value_result)
PREDICT_FUNCTION(cvm_predict_class_name_row, score_name_row, class_result)
PREDICT_FUNCTION(cvm_predict_class_value_row, score_value_row, class_result)
PREDICT_FUNCTION(cvm_predict_class_name_array, score_name_array, class_result)
PREDICT_FUNCTION(cvm_predict_class_value_array, score_value_array, class_result)
PREDICT_FUNCTION(cvm_predict_class_columns, score_columns, class_result)
PREDICT_FUNCTION(cvm_predict_probabilities_name_row, score_name_row, probabilities_result)
PREDICT_FUNCTION(cvm_predict_probabilities_value_row, score_value_row, probabilities_result)
PREDICT_FUNCTION(cvm_predict_probabilities_name_array, score_name_array, probabilities_result)
PREDICT_FUNCTION(cvm_predict_probabilities_value_array, score_value_array, probabilities_result)
PREDICT_FUNCTION(cvm_predict_probabilities_columns, score_columns, probabilities_result)

#define TRANSFORM_FUNCTION(name, way_in) \
PG_FUNCTION_INFO_V1(name); \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	const CvmModel *model; \
	\
	if (way_in(fcinfo, &model) == NULL) \
		PG_RETURN_NULL(); \
	return components_result(predict_call(fcinfo)->scorer, model); \
}

TRANSFORM_FUNCTION(cvm_transform_name_row, score_name_row)
TRANSFORM_FUNCTION(cvm_transform_value_row, score_value_row)
TRANSFORM_FUNCTION(cvm_transform_name_array, score_name_array)
TRANSFORM_FUNCTION(cvm_transform_value_array, score_value_array)
TRANSFORM_FUNCTION(cvm_transform_columns, score_columns)

/* ---- for explain.c ---- */

CvmScorer *
cvm_score_name_row(FunctionCallInfo fcinfo, const CvmModel **model)
{
	return score_name_row(fcinfo, model) == NULL ? NULL : predict_call(fcinfo)->scorer;
}

CvmScorer *
cvm_score_value_row(FunctionCallInfo fcinfo, const CvmModel **model)
{
	return score_value_row(fcinfo, model) == NULL ? NULL : predict_call(fcinfo)->scorer;
}
