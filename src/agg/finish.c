/*
 * finish.c
 *		Final functions of the fitting aggregates: from a state to a model.
 *
 * A state may be asked for its model more than once (as a window aggregate is,
 * for every frame) and goes on afterwards, so nothing here changes it: rows of
 * fit are encoded as they are read, which costs a pass no more than storing
 * them encoded would; sgd and descend end on a copy.
 *
 * Where there is nothing to learn from, as in a group with one class, the
 * result is NULL and a NOTICE says why: one such group should not cost the
 * models of all others.  Window frames, which often begin so, are silent.
 */
#include "postgres.h"

#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "agg/aggregate_options.h"
#include "agg/encoded_rows.h"
#include "agg/fit_object.h"
#include "frame/left_out.h"
#include "model/learner.h"
#include "model/model_type.h"
#include "pg/report.h"

PG_FUNCTION_INFO_V1(cvm_fit_model);
PG_FUNCTION_INFO_V1(cvm_fit_partial);

typedef struct Finish
{
	CvmFitObject *object;
	CvmFitState *state;			/* its state */
	bool		silent;			/* no NOTICE */
	int		   *order;			/* codes by class */
	CvmModel   *model;
} Finish;

/* ---- classes ---- */

static char *
class_label(const CvmFitState *state, int code)
{
	double		value = state->labels.values[code];
	char		buffer[DOUBLE_SHORTEST_DECIMAL_LEN];

	switch (state->target_kind)
	{
		case CVM_TARGET_TEXT:
			return state->labels.texts[code];
		case CVM_TARGET_BOOLEAN:
			return value != 0 ? "true" : "false";
		case CVM_TARGET_INTEGER:
			return psprintf("%.0f", value);
		case CVM_TARGET_NUMBER:
			break;
	}
	double_to_shortest_decimal_buf(value, buffer);
	return pstrdup(buffer);
}

static bool
is_label(const CvmFitState *state, int code, const char *label)
{
	bool		truth;

	if (state->target_kind == CVM_TARGET_BOOLEAN && parse_bool(label, &truth))
		return truth == (state->labels.values[code] != 0);
	return strcmp(class_label(state, code), label) == 0;
}

/* Makes the class of option "positive" the last of two. */
static void
apply_positive(const CvmFitState *state, int *order)
{
	const char *positive = state->options.positive;

	if (state->family == CVM_SOFTMAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"positive\" needs an algorithm of two classes"),
				 errhint("Leave the option out.")));
	if (is_label(state, order[0], positive))
	{
		int			negative = order[1];

		order[1] = order[0];
		order[0] = negative;
	}
	else if (!is_label(state, order[1], positive))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"positive\" names \"%s\", which is no class of y", positive),
				 errhint("The classes are \"%s\" and \"%s\".", class_label(state, order[0]),
						 class_label(state, order[1]))));
}

static void
set_classes(Finish *finish)
{
	const CvmFitState *state = finish->state;
	CvmModel   *model = finish->model;
	int			count = state->labels.count;
	double		rows = 0;

	finish->order = palloc(count * sizeof(int));
	cvm_class_order(&state->labels, finish->order);
	if (state->options.positive != NULL)
		apply_positive(state, finish->order);
	model->class_count = count;
	model->classes = palloc(count * sizeof(char *));
	model->class_shares = palloc(count * sizeof(double));
	for (int code = 0; code < count; code++)
		rows += state->labels.rows[code];
	for (int k = 0; k < count; k++)
	{
		model->classes[k] = class_label(state, finish->order[k]);
		model->class_shares[k] = state->labels.rows[finish->order[k]] / rows;
	}
}

/* ---- the three methods ---- */

static CvmStatus
finish_fit(Finish *finish, CvmError *error)
{
	const CvmOptions *options = &finish->state->options;
	CvmModel   *model = finish->model;
	CvmEncoderOptions encoding = {
		.max_categories = options->max_categories,
		.min_category_count = options->min_category_count,
		.standardize = options->standardize
	};
	CvmProfile *profile = cvm_encoded_rows_profile(finish->object);
	CvmEncoder *encoder;
	CvmBlockSource source;
	CvmLesson	lesson = {0};
	CvmStatus	status;

	status = cvm_encoder_learn(profile, &encoding, finish->silent ? NULL : cvm_report_left_out,
							   NULL, &encoder, error);
	if (status != CVM_OK)
		return status;
	model->encoder = *encoder;
	cvm_encoded_rows_open(finish->object, model, finish->order, profile, &source);

	model->driver = finish->object->store != NULL && cvm_row_store_spilled(finish->object->store) ?
		CVM_DRIVER_SPILL : CVM_DRIVER_MEMORY;
	lesson.family = model->family;
	lesson.task = model->task;
	lesson.class_count = model->class_count;
	lesson.encoder = encoder;
	lesson.training = &source;
	lesson.options = options;
	return model->learner->fit(&lesson, model, error);
}

static CvmStatus
finish_pass(Finish *finish, CvmError *error)
{
	CvmModel   *model = finish->model;
	CvmEncoder *encoder;
	CvmShape	shape;
	CvmFit		fit;
	CvmStatus	status;

	model->driver = CVM_DRIVER_PASSES;
	status = cvm_single_pass_finish(cvm_fit_state_copy(finish->state), finish->order,
									finish->silent ? NULL : cvm_report_left_out, NULL,
									&encoder, &shape, &fit, error);
	if (status != CVM_OK)
		return status;
	model->encoder = *encoder;
	cvm_model_set_fit(model, &shape, &fit);
	return CVM_OK;
}

/* Classes and encoding stay those of the model. */
static CvmStatus
finish_descent(Finish *finish, CvmError *error)
{
	CvmFitState *copy = cvm_fit_state_copy(finish->state);
	const CvmModel *start = cvm_descent_model(copy);
	CvmModel   *model = finish->model;
	CvmShape	shape;
	CvmFit		fit;
	CvmStatus	status = cvm_descent_finish(copy, &shape, &fit, error);

	if (status != CVM_OK)
		return status;
	model->driver = CVM_DRIVER_PASSES;
	model->target = start->target;
	model->task = start->task;
	model->class_count = start->class_count;
	model->classes = start->classes;
	model->class_shares = start->class_shares;
	model->encoder = start->encoder;
	cvm_model_set_fit(model, &shape, &fit);
	return CVM_OK;
}

/* ---- the model ---- */

/* Why there is nothing to learn from; NULL: there is. */
static const char *
no_lesson(const Finish *finish)
{
	const CvmFitState *state = finish->state;

	if (state->columns == 0)
		return "x is NULL in every row";
	if (cvm_fit_state_has_labels(state) && state->labels.count == 1)
		return psprintf("y is \"%s\" in every row, so there is nothing to tell apart",
						class_label(state, 0));
	return NULL;
}

static void
notice_nothing(const Finish *finish, const char *why)
{
	if (!finish->silent)
		ereport(NOTICE,
				(errmsg("no model is fitted: %s", why)));
}

static CvmTask
task_of(CvmFamily family)
{
	switch (family)
	{
		case CVM_LOGISTIC:
		case CVM_SVM:
			return CVM_BINARY;
		case CVM_SOFTMAX:
			return CVM_MULTICLASS;
		default:
			return CVM_REGRESSION;
	}
}

static void
check_outcome(const Finish *finish)
{
	switch (finish->model->outcome)
	{
		case CVM_DIVERGED:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("fitting diverged: the loss grew instead of falling"),
					 errhint("Lower option \"learning_rate\", or set \"clip\".")));
			break;
		case CVM_SEPARATED:
			if (!finish->silent)
				ereport(WARNING,
						(errmsg("the classes can be told apart without error, so the coefficients have no finite optimum"),
						 errhint("Use a penalty (option \"l2\"), or look for a feature that gives y away.")));
			break;
		case CVM_SINGULAR:
			if (!finish->silent)
				ereport(WARNING,
						(errmsg("some features depend linearly on others"),
						 errdetail("The coefficients are the smallest ones of all that fit equally well (minimum norm).")));
			break;
		case CVM_EPOCH_LIMIT:
			if (!finish->silent)
				ereport(NOTICE,
						(errmsg("the fit had not converged after %d epochs",
								finish->model->iterations),
						 errhint("Raise option \"epochs\" or \"tolerance\".")));
			break;
		default:
			break;
	}
}

/* The model of a state that has rows, or NULL. */
static struct varlena *
fit_model(Finish *finish)
{
	const CvmFitState *state = finish->state;
	const char *why = no_lesson(finish);
	CvmModel	model = {0};
	CvmStatus	status;
	CvmError	error = {{0}};

	if (why != NULL)
	{
		notice_nothing(finish, why);
		return NULL;
	}
	finish->model = &model;
	model.learner = cvm_learner_of_family(state->family);
	model.family = state->family;
	model.task = task_of(state->family);
	model.rows = cvm_fit_object_rows(finish->object);
	model.rows_left_out = state->rows_left_out;
	model.total_weight = model.rows;
	model.seed = state->options.seed;
	model.options = cvm_aggregate_options_text(state);
	if (cvm_fit_state_has_labels(state))
		set_classes(finish);
	model.outputs = cvm_prediction_size(model.task, model.class_count);
	switch (state->method)
	{
		case CVM_METHOD_FIT:
			status = finish_fit(finish, &error);
			break;
		case CVM_METHOD_SGD:
			status = finish_pass(finish, &error);
			break;
		default:
			status = finish_descent(finish, &error);
			break;
	}
	if (status == CVM_NO_FEATURES)
	{
		notice_nothing(finish, "every feature is constant or missing");
		return NULL;
	}
	cvm_report(status, &error);
	check_outcome(finish);
	return cvm_model_pack(&model);
}

/*
 * What fitting needs beside the state is gone afterwards, whoever calls.  The
 * model is small.
 */
Datum
cvm_fit_model(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext work;
	Finish		finish = {0};
	struct varlena *value;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	work = AllocSetContextCreate(caller, "cvm fit", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(work);
	finish.object = cvm_fit_object_to_read(PG_GETARG_DATUM(0));
	finish.state = finish.object->state;
	finish.silent = AggCheckCallContext(fcinfo, NULL) == AGG_CONTEXT_WINDOW;
	value = cvm_fit_object_rows(finish.object) == 0 ? NULL : fit_model(&finish);
	MemoryContextSwitchTo(caller);
	if (value != NULL)
		value = (struct varlena *) DatumGetPointer(datumCopy(PointerGetDatum(value), false, -1));
	MemoryContextDelete(work);
	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(value);
}

/* A state to keep: of sgd without the rows that wait for their step. */
Datum
cvm_fit_partial(PG_FUNCTION_ARGS)
{
	CvmFitObject *object;
	CvmFitState *copy;
	CvmError	error = {{0}};
	CvmWriter	writer;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	object = cvm_fit_object_to_read(PG_GETARG_DATUM(0));
	if (object->state->method == CVM_METHOD_FIT)
		PG_RETURN_DATUM(datumCopy(EOHPGetRODatum(&object->header), false, -1));
	copy = cvm_fit_state_copy(object->state);
	if (copy->started)
		cvm_report(cvm_fit_state_consume(copy, &error), &error);
	cvm_writer_init(&writer, 1024);
	cvm_fit_state_encode(copy, &writer);
	PG_RETURN_POINTER(cvm_fit_state_flat(writer.bytes, writer.length));
}
