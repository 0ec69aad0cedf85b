/*
 * accumulate.c
 *		Transition and combine functions of the fitting aggregates.
 *
 * One function for each way that a target comes; what happens to the rows is
 * up to the method of the state (fit_state.h), which the aggregate's initial
 * condition names.  Per row this is the target, its array copied to the end
 * of a buffer, and nothing else: options and model are looked at only to see
 * whether they are those of the first row.
 */
#include "postgres.h"

#include <math.h>

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "agg/aggregate_options.h"
#include "agg/fit_object.h"
#include "agg/fit_options.h"
#include "frame/fetch_ahead.h"
#include "model/learner.h"
#include "pg/compat.h"
#include "pg/report.h"

PG_FUNCTION_INFO_V1(cvm_fit_add_number);
PG_FUNCTION_INFO_V1(cvm_fit_add_boolean);
PG_FUNCTION_INFO_V1(cvm_fit_add_integer);
PG_FUNCTION_INFO_V1(cvm_fit_add_text);
PG_FUNCTION_INFO_V1(cvm_descend_add_number);
PG_FUNCTION_INFO_V1(cvm_descend_add_boolean);
PG_FUNCTION_INFO_V1(cvm_descend_add_text);
PG_FUNCTION_INFO_V1(cvm_fit_merge);

/* Integers that a double holds exactly. */
#define LARGEST_CLASS (INT64CONST(1) << 53)

/* About what a row of y and x takes beside the elements of x. */
#define ROW_OVERHEAD 56

/* Arguments of a call after the state. */
typedef struct Arguments
{
	int			model;			/* 0: none */
	int			y;
	int			x;
	int			options;		/* 0: none */
} Arguments;

static void
report(CvmStatus status, const CvmError *error)
{
	if (unlikely(status != CVM_OK))
		cvm_report(status, error);
}

/* ---- the first row ---- */

static Jsonb *
options_of(FunctionCallInfo fcinfo, const Arguments *arguments)
{
	if (arguments->options == 0 || PG_ARGISNULL(arguments->options))
		return NULL;
	return PG_GETARG_JSONB_P(arguments->options);
}

/* Remembers the options as they came, to know them again. */
static void
remember_options(CvmFitObject *object, FunctionCallInfo fcinfo, const Arguments *arguments)
{
	struct varlena *value;

	if (object->options != NULL)
		pfree(object->options);
	object->options = NULL;
	if (arguments->options == 0 || PG_ARGISNULL(arguments->options))
		return;
	value = (struct varlena *) PG_GETARG_POINTER(arguments->options);
	object->options = MemoryContextAlloc(object->header.eoh_context, VARSIZE_ANY(value));
	memcpy(object->options, value, VARSIZE_ANY(value));
}

/* Where the body of a model begins in its varlena. */
#define MODEL_BODY_OFFSET 8

static uint64
fingerprint_of(struct varlena *model)
{
	/* length and checksum are in the first bytes */
	if (!VARATT_IS_4B_U(model))
		model = PG_DETOAST_DATUM_SLICE(PointerGetDatum(model), 0, MODEL_BODY_OFFSET + 16 - VARHDRSZ);
	if (VARSIZE(model) < MODEL_BODY_OFFSET + 16)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid cvm.model: too short, %d bytes", (int) VARSIZE(model))));
	return cvm_model_fingerprint((const uint8_t *) model + MODEL_BODY_OFFSET);
}

static void
bad_kind(const CvmFitState *state)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("a model of algorithm \"%s\" cannot learn from a y of this type",
					cvm_learner_of_family(state->family)->name)));
}

static void
start(CvmFitObject *object, FunctionCallInfo fcinfo, const Arguments *arguments,
	  CvmTargetKind kind)
{
	CvmFitState *state = object->state;
	CvmOptions	options;
	uint32		given;
	CvmError	error = {{0}};

	if ((arguments->model != 0) != (state->method == CVM_METHOD_DESCEND))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a fit state of method \"%s\" does not belong to this aggregate",
						cvm_fit_method_name(state->method))));
	cvm_aggregate_options(state->method, options_of(fcinfo, arguments), &options, &given);
	cvm_fit_state_start(state, kind, &options, given);
	remember_options(object, fcinfo, arguments);
	if (arguments->model != 0)
	{
		struct varlena *model = PG_DETOAST_DATUM(PG_GETARG_DATUM(arguments->model));

		(void) fingerprint_of(model);	/* it is long enough */
		report(cvm_descent_start(state, (const uint8_t *) model + MODEL_BODY_OFFSET,
								 VARSIZE(model) - MODEL_BODY_OFFSET, &error), &error);
	}
	if (!cvm_fit_state_learns_from(state, kind))
		bad_kind(state);
}

/* After the first row: options and model have to stay. */
static void
check_same_options(CvmFitObject *object, FunctionCallInfo fcinfo, const Arguments *arguments)
{
	struct varlena *value = NULL;
	CvmOptions	options;
	uint32		given;

	if (arguments->options != 0 && !PG_ARGISNULL(arguments->options))
		value = (struct varlena *) PG_GETARG_POINTER(arguments->options);
	if (value == NULL ? object->options == NULL :
		object->options != NULL && VARSIZE_ANY(value) == VARSIZE_ANY(object->options) &&
		memcmp(value, object->options, VARSIZE_ANY(value)) == 0)
		return;
	cvm_aggregate_options(object->state->method, options_of(fcinfo, arguments), &options, &given);
	if (cvm_fit_options_difference(&object->state->options, &options) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the options of an aggregate must be the same in every row")));
	remember_options(object, fcinfo, arguments);
}

static void
check_same_model(const CvmFitObject *object, FunctionCallInfo fcinfo, const Arguments *arguments)
{
	struct varlena *model = (struct varlena *) PG_GETARG_POINTER(arguments->model);

	if (fingerprint_of(model) != cvm_descent_fingerprint(object->state))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the model of cvm.descend must be the same in every row of a group"),
				 errhint("Group by the column that decides which model it is.")));
}

/* ---- targets ---- */

static void
bad_target(const CvmFitState *state, double number)
{
	if (isinf(number))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("y is infinite in some row"),
				 errhint("Leave out such rows.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("algorithm \"poisson\" needs a y of zero or more, and it is %g in some row",
					number),
			 errhint("Use linear, or leave out such rows.")));
}

/* The label is new: a class of its own, or an error. */
static int
add_class(CvmFitObject *object, double number, const char *text, int length)
{
	CvmFitState *state = object->state;
	MemoryContext old;
	CvmError	error = {{0}};
	int			code;

	if (state->method == CVM_METHOD_DESCEND)
	{
		char	   *label = text != NULL ? pnstrdup(text, length) : psprintf("%g", number);

		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("y is \"%s\" in some row, which is no class of the model", label),
				 errhint("SELECT cvm.classes(model) lists them.")));
	}
	if (state->labels.count == cvm_fit_state_most_classes(state))
		report(cvm_fit_state_too_many_classes(state, &error), &error);
	old = MemoryContextSwitchTo(object->header.eoh_context);
	code = text != NULL ? cvm_class_add_text(&state->labels, text, length) :
		cvm_class_add_number(&state->labels, number);
	MemoryContextSwitchTo(old);
	return code;
}

static bool
is_classifier(CvmFamily family)
{
	return family == CVM_LOGISTIC || family == CVM_SVM || family == CVM_SOFTMAX;
}

/* Reads a target that is not NULL; false: it counts as missing. */
static inline bool
read_target(CvmFitObject *object, FunctionCallInfo fcinfo, int y, CvmTargetKind kind,
			double *target)
{
	CvmFitState *state = object->state;
	double		number = 0;
	int			code;

	switch (kind)
	{
		case CVM_TARGET_NUMBER:
			number = PG_GETARG_FLOAT8(y);
			if (isnan(number))
				return false;
			if (unlikely(isinf(number)) || (state->family == CVM_POISSON && number < 0))
				bad_target(state, number);
			if (!is_classifier(state->family))
			{
				*target = number;
				return true;
			}
			break;
		case CVM_TARGET_BOOLEAN:
			number = PG_GETARG_BOOL(y);
			break;
		case CVM_TARGET_INTEGER:
			number = (double) PG_GETARG_INT64(y);
			if (PG_GETARG_INT64(y) > LARGEST_CLASS ||
				PG_GETARG_INT64(y) < -LARGEST_CLASS)
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("y is too large for the number of a class"),
						 errhint("Cast it to text.")));
			break;
		case CVM_TARGET_TEXT:
			{
				text	   *label = PG_GETARG_TEXT_PP(y);

				code = cvm_class_of_text(&state->labels, VARDATA_ANY(label),
										 VARSIZE_ANY_EXHDR(label));
				if (code < 0)
					code = add_class(object, 0, VARDATA_ANY(label), VARSIZE_ANY_EXHDR(label));
				state->labels.rows[code]++;
				*target = code;
				return true;
			}
	}
	code = cvm_class_of_number(&state->labels, number);
	if (code < 0)
		code = add_class(object, number, NULL, 0);
	state->labels.rows[code]++;
	*target = code;
	return true;
}

/* ---- rows ---- */

/* A reader of arrays of the state's length. */
static void
make_reader(CvmFitObject *object, Datum array)
{
	CvmFitState *state = object->state;
	MemoryContext old = MemoryContextSwitchTo(object->header.eoh_context);
	CvmError	error = {{0}};

	object->reader = cvm_column_reader_create("x", FLOAT8ARRAYOID, CVM_INPUT_ARRAY, 0);
	if (state->columns == 0)
		report(cvm_fit_state_set_columns(state, cvm_column_array_length(object->reader, array),
										 &error), &error);
	cvm_column_set_elements(object->reader, state->columns);
	MemoryContextSwitchTo(old);
}

static void
make_room(CvmFitObject *object)
{
	MemoryContext old = MemoryContextSwitchTo(object->header.eoh_context);
	CvmError	error = {{0}};

	report(cvm_fit_state_reserve(object->state, &error), &error);
	MemoryContextSwitchTo(old);
}

static inline void
add_row(CvmFitObject *object, FunctionCallInfo fcinfo, int x, double target)
{
	CvmFitState *state = object->state;
	bool		isnull = PG_ARGISNULL(x);

	if (unlikely(isnull && state->columns == 0))
	{
		MemoryContext old = MemoryContextSwitchTo(object->header.eoh_context);

		cvm_fit_state_wait(state, target);
		MemoryContextSwitchTo(old);
		return;
	}
	if (unlikely(object->reader == NULL))
		make_reader(object, PG_GETARG_DATUM(x));
	if (unlikely(state->pending.block.rows == state->pending.capacity))
		make_room(object);
	if (!isnull)
		cvm_fetch_ahead(DatumGetPointer(PG_GETARG_DATUM(x)), state->columns * sizeof(double) + ROW_OVERHEAD);
	cvm_column_array(object->reader, PG_GETARG_DATUM(x), isnull, cvm_fit_state_next(state));
	cvm_fit_state_put(state, target);
}

static inline Datum
accumulate(FunctionCallInfo fcinfo, const Arguments *arguments, CvmTargetKind kind)
{
	CvmFitObject *object = cvm_fit_object_to_change(fcinfo);
	CvmFitState *state = object->state;
	double		target;

	if (arguments->model != 0 && PG_ARGISNULL(arguments->model))
		CVM_RETURN_FIT_OBJECT(object);
	if (unlikely(!state->started))
	{
		MemoryContext old = MemoryContextSwitchTo(object->header.eoh_context);

		start(object, fcinfo, arguments, kind);
		MemoryContextSwitchTo(old);
	}
	else
	{
		if (arguments->options != 0)
			check_same_options(object, fcinfo, arguments);
		if (arguments->model != 0)
			check_same_model(object, fcinfo, arguments);
	}
	if (unlikely(state->target_kind != kind))
		bad_kind(state);
	if (PG_ARGISNULL(arguments->y) || !read_target(object, fcinfo, arguments->y, kind, &target))
		state->rows_left_out++;
	else
		add_row(object, fcinfo, arguments->x, target);
	CVM_RETURN_FIT_OBJECT(object);
}

static inline Datum
accumulate_fit(FunctionCallInfo fcinfo, CvmTargetKind kind)
{
	static const Arguments without = {.y = 1,.x = 2};
	static const Arguments with = {.y = 1,.x = 2,.options = 3};

	return accumulate(fcinfo, PG_NARGS() > 3 ? &with : &without, kind);
}

static inline Datum
accumulate_descent(FunctionCallInfo fcinfo, CvmTargetKind kind)
{
	static const Arguments without = {.model = 1,.y = 2,.x = 3};
	static const Arguments with = {.model = 1,.y = 2,.x = 3,.options = 4};

	return accumulate(fcinfo, PG_NARGS() > 4 ? &with : &without, kind);
}

Datum
cvm_fit_add_number(PG_FUNCTION_ARGS)
{
	return accumulate_fit(fcinfo, CVM_TARGET_NUMBER);
}

Datum
cvm_fit_add_boolean(PG_FUNCTION_ARGS)
{
	return accumulate_fit(fcinfo, CVM_TARGET_BOOLEAN);
}

Datum
cvm_fit_add_integer(PG_FUNCTION_ARGS)
{
	return accumulate_fit(fcinfo, CVM_TARGET_INTEGER);
}

Datum
cvm_fit_add_text(PG_FUNCTION_ARGS)
{
	return accumulate_fit(fcinfo, CVM_TARGET_TEXT);
}

Datum
cvm_descend_add_number(PG_FUNCTION_ARGS)
{
	return accumulate_descent(fcinfo, CVM_TARGET_NUMBER);
}

Datum
cvm_descend_add_boolean(PG_FUNCTION_ARGS)
{
	return accumulate_descent(fcinfo, CVM_TARGET_BOOLEAN);
}

Datum
cvm_descend_add_text(PG_FUNCTION_ARGS)
{
	return accumulate_descent(fcinfo, CVM_TARGET_TEXT);
}

/* ---- merging ---- */

/* An aggregate that begins with NULL begins with its first state. */
Datum
cvm_fit_merge(PG_FUNCTION_ARGS)
{
	CvmFitObject *object;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (PG_ARGISNULL(0))
	{
		fcinfo->args[0] = fcinfo->args[1];
		object = cvm_fit_object_to_change(fcinfo);
	}
	else
	{
		object = cvm_fit_object_to_change(fcinfo);
		cvm_fit_object_merge(object, PG_GETARG_DATUM(1));
	}
	CVM_RETURN_FIT_OBJECT(object);
}
