/*
 * fit_state_fixture.h
 *		States of every method and algorithm over made-up rows.
 */
#ifndef CVM_FIT_STATE_FIXTURE_H
#define CVM_FIT_STATE_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agg/fit_state.h"
#include "base/memory.h"
#include "base/random.h"

/* Columns of made-up rows: x1 .. x3 vary, x3 is missing at times, x4 is constant. */
#define FIXTURE_COLUMNS 4

typedef struct FixtureRow
{
	double		x[FIXTURE_COLUMNS];
	double		y;				/* the number, or the class from 0 */
} FixtureRow;

/* Row number "index" of an endless table; the same for every caller. */
static inline FixtureRow
fixture_row(CvmFamily family, int index)
{
	static const double slopes[] = {1, -0.5, 0.25};
	FixtureRow	row;
	CvmRandom	random;
	double		eta = 0.3;

	cvm_random_seed(&random, 1000 * (family + 1) + index);
	for (int i = 0; i < 3; i++)
	{
		double		normal = cvm_random_normal(&random);

		row.x[i] = 10 * (i + 1) + (i + 1) * normal;
		eta += slopes[i] * normal;
	}
	row.x[3] = 7;
	switch (family)
	{
		case CVM_LINEAR:
		case CVM_HUBER:
			row.y = 100 + 20 * (eta + 0.5 * cvm_random_normal(&random));
			break;
		case CVM_POISSON:
			row.y = floor(exp(eta) + cvm_random_uniform(&random));
			break;
		case CVM_SOFTMAX:
			row.y = eta + cvm_random_normal(&random) < -0.5 ? 0 :
				eta + cvm_random_normal(&random) < 1 ? 1 : 2;
			break;
		default:
			row.y = cvm_random_uniform(&random) < 1 / (1 + exp(-eta));
			break;
	}
	if (cvm_random_uniform(&random) < 0.1)
		row.x[2] = NAN;
	return row;
}

static inline CvmTargetKind
fixture_kind(CvmFamily family)
{
	return family == CVM_SOFTMAX ? CVM_TARGET_TEXT : CVM_TARGET_NUMBER;
}

/* The label of a class, which do not come in their order. */
static inline double
fixture_code(CvmFitState *state, double y)
{
	static const char *const texts[] = {"red", "green", "blue"};
	int			code;

	if (state->target_kind == CVM_TARGET_TEXT)
	{
		const char *text = texts[(int) y];

		code = cvm_class_of_text(&state->labels, text, strlen(text));
		if (code < 0)
			code = cvm_class_add_text(&state->labels, text, strlen(text));
	}
	else
	{
		code = cvm_class_of_number(&state->labels, y);
		if (code < 0)
			code = cvm_class_add_number(&state->labels, y);
	}
	state->labels.rows[code]++;
	return code;
}

static inline CvmStatus
fixture_add(CvmFitState *state, const FixtureRow *row, CvmError *error)
{
	double		target = row->y;
	CvmStatus	status = CVM_OK;

	if (cvm_fit_state_has_labels(state))
		target = fixture_code(state, row->y);
	else if (state->family == CVM_SOFTMAX)
		target = 2 - row->y;	/* the model's classes are sorted */
	if (state->columns == 0)
		status = cvm_fit_state_set_columns(state, FIXTURE_COLUMNS, error);
	if (status == CVM_OK)
		status = cvm_fit_state_reserve(state, error);
	if (status != CVM_OK)
		return status;
	memcpy(cvm_fit_state_next(state), row->x, sizeof(row->x));
	cvm_fit_state_put(state, target);
	return CVM_OK;
}

/* A model to descend from: flat, over the fixture's columns. */
static inline void
fixture_model(CvmFamily family, CvmWriter *writer)
{
	static const char *numbers[] = {"0", "1"};
	static const char *texts[] = {"blue", "green", "red"};
	static double shares[] = {0.5, 0.3, 0.2};
	CvmFitState *state = cvm_fit_state_create(CVM_METHOD_SGD, family);
	int			order[] = {0, 1, 2};
	CvmOptions	options;
	CvmEncoder *encoder;
	CvmModel	model = {0};
	CvmShape	shape;
	CvmFit		fit;
	CvmError	error = {{0}};

	cvm_options_for_aggregate(&options);
	cvm_fit_state_start(state, fixture_kind(family), &options, 0);
	for (int i = 0; i < 600; i++)
	{
		FixtureRow	row = fixture_row(family, i);

		(void) fixture_add(state, &row, &error);
	}
	cvm_class_order(&state->labels, order);
	if (cvm_single_pass_finish(state, order, NULL, NULL, &encoder, &shape, &fit, &error) != CVM_OK)
		abort();
	model.encoder = *encoder;
	model.task = family == CVM_SOFTMAX ? CVM_MULTICLASS :
		family == CVM_LOGISTIC || family == CVM_SVM ? CVM_BINARY : CVM_REGRESSION;
	model.class_count = family == CVM_SOFTMAX ? 3 : model.task == CVM_BINARY ? 2 : 0;
	model.classes = family == CVM_SOFTMAX ? texts : numbers;
	model.class_shares = shares;
	model.rows = 600;
	model.total_weight = 600;
	model.target = "";
	model.options = "{}";
	model.library_version = CVM_LIBRARY_VERSION;
	cvm_model_set_fit(&model, &shape, &fit);
	if (cvm_model_check(&model, &error) != CVM_OK)
		abort();
	cvm_writer_init(writer, 0);
	cvm_model_encode(&model, writer);
}

/* A state that has begun, and has no rows. */
static inline CvmFitState *
fixture_begin(CvmFitMethod method, CvmFamily family, const CvmOptions *options, uint32_t given)
{
	CvmFitState *state = cvm_fit_state_create(method, family);
	CvmError	error = {{0}};
	CvmWriter	model;

	cvm_fit_state_start(state, fixture_kind(family), options, given);
	if (method != CVM_METHOD_DESCEND)
		return state;
	fixture_model(family, &model);
	if (cvm_descent_start(state, model.bytes, model.length, &error) != CVM_OK)
		abort();
	return state;
}

/* Rows from .. from + count - 1, after "from" was begun with default options. */
static inline CvmFitState *
fixture_state(CvmFitMethod method, CvmFamily family, int from, int count)
{
	CvmOptions	options;
	CvmFitState *state;
	CvmError	error = {{0}};

	cvm_options_for_aggregate(&options);
	state = fixture_begin(method, family, &options, 0);
	for (int i = from; i < from + count; i++)
	{
		FixtureRow	row = fixture_row(family, i);

		if (fixture_add(state, &row, &error) != CVM_OK)
			abort();
	}
	return state;
}

#endif							/* CVM_FIT_STATE_FIXTURE_H */
