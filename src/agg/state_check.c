/*
 * state_check.c
 *		The one validator of states, wherever they come from.
 *
 * After it, targets may be used as indexes of classes, sums over rows as
 * sums, and the encoding as one of the array x.  Weights of a stepper may be
 * anything: a pass that diverged says so at its end.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "agg/state_parts.h"
#include "base/memory.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.fit_state: " __VA_ARGS__)

/* Counts of rows are exact as doubles, and sums of two are in range. */
#define MOST_ROWS ((int64_t) 1 << 53)

static bool
is_count(int64_t count)
{
	return count >= 0 && count <= MOST_ROWS;
}

static bool
is_measure(double value)
{
	return isfinite(value) && value >= 0;
}

bool
cvm_fit_state_learns_from(const CvmFitState *state, CvmTargetKind kind)
{
	bool		descends = state->method == CVM_METHOD_DESCEND;

	switch (state->family)
	{
		case CVM_SOFTMAX:
			return kind == CVM_TARGET_INTEGER || kind == CVM_TARGET_TEXT ||
				(descends && kind <= CVM_TARGET_BOOLEAN);
		case CVM_LOGISTIC:
		case CVM_SVM:
			return kind <= CVM_TARGET_BOOLEAN || (descends && kind == CVM_TARGET_TEXT);
		default:
			return kind == CVM_TARGET_NUMBER;
	}
}

static CvmStatus
check_labels(const CvmFitState *state, CvmError *error)
{
	const CvmClassLabels *labels = &state->labels;

	if (state->method == CVM_METHOD_DESCEND)
		return CVM_OK;
	for (int code = 0; code < labels->count; code++)
	{
		if (labels->rows[code] < 1 || !is_count(labels->rows[code]))
			return BAD("class %d has a wrong number of rows", code + 1);
		if (state->target_kind == CVM_TARGET_TEXT)
			continue;
		if (!isfinite(labels->values[code]) ||
			(state->target_kind == CVM_TARGET_BOOLEAN && labels->values[code] != 0 &&
			 labels->values[code] != 1))
			return BAD("class %d cannot be", code + 1);
	}
	return CVM_OK;
}

static CvmStatus
check_targets(const CvmFitState *state, const double *targets, int64_t count, CvmError *error)
{
	bool		classes = state->family == CVM_SOFTMAX || state->family == CVM_LOGISTIC ||
		state->family == CVM_SVM;

	for (int64_t row = 0; row < count; row++)
	{
		double		target = targets[row];

		if (classes ? !(target >= 0 && target < state->labels.count && target == floor(target)) :
			!isfinite(target) || (state->family == CVM_POISSON && target < 0))
			return BAD("a row has a target that cannot be");
	}
	return CVM_OK;
}

static CvmStatus
check_rows(const CvmFitState *state, CvmError *error)
{
	CvmBlock	block;
	CvmStatus	status = check_targets(state, state->waiting, state->waiting_rows, error);

	if (status == CVM_OK)
		status = check_targets(state, state->pending.block.target, state->pending.block.rows,
							   error);
	for (uint64_t i = 0; status == CVM_OK && cvm_fit_state_stored_block(state, i, &block); i++)
	{
		cvm_check_interrupt();
		status = check_targets(state, block.target, block.rows, error);
	}
	return status;
}

CvmStatus
cvm_fit_state_check_encoder(const CvmFitState *state, const CvmEncoder *encoder, CvmError *error)
{
	CvmStatus	status = cvm_encoder_check(encoder, error);

	if (status != CVM_OK)
		return status;
	if (encoder->input_count > 1 ||
		(encoder->input_count == 1 &&
		 (encoder->inputs[0].kind != CVM_INPUT_ARRAY ||
		  encoder->inputs[0].elements != state->columns ||
		  strcmp(encoder->inputs[0].name, "x") != 0)))
		return BAD("its encoding is not that of an array");
	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];
		char		name[16];

		snprintf(name, sizeof(name), "x%d", term->part + 1);
		if (term->kind != CVM_TERM_NUMBER || strcmp(term->name, name) != 0)
			return BAD("its encoding has a wrong term");
	}
	return CVM_OK;
}

static CvmStatus
check_moments(const CvmMoments *moments, int64_t rows, CvmError *error)
{
	if (moments->present < 0 || moments->present > rows || !is_measure(moments->weight) ||
		!is_measure(moments->square) || !is_measure(moments->unit) || moments->unit == 0)
		return BAD("the moments of a column cannot be");
	if (moments->present > 0 &&
		(!(moments->weight > 0) || !isfinite(moments->minimum) || !isfinite(moments->maximum) ||
		 moments->minimum > moments->maximum || !isfinite(cvm_moments_mean(moments)) ||
		 !isfinite(cvm_moments_deviation(moments))))
		return BAD("the moments of a column cannot be");
	return CVM_OK;
}

static CvmStatus
check_pass(const CvmFitState *state, CvmError *error)
{
	const CvmSinglePass *pass = state->pass;
	const CvmProfile *profile;

	if (pass == NULL)
		return CVM_OK;
	profile = pass->profile;
	if (profile->rows < 1 || !is_count(profile->rows) ||
		!is_measure(profile->weight) || profile->weight == 0)
		return BAD("its steps have no rows");
	for (int i = 0; i < profile->dense_columns; i++)
	{
		CvmStatus	status = check_moments(&profile->moments[i], profile->rows, error);

		if (status != CVM_OK)
			return status;
	}
	if (check_moments(&pass->target, profile->rows, error) != CVM_OK)
		return CVM_BAD_FORMAT;
	if (!is_count(pass->encoded_rows) || pass->varying > state->columns ||
		pass->gaps > state->columns)
		return BAD("its encoding was learned from nothing");
	if (!isfinite(pass->center) || !is_measure(pass->scale) || pass->scale == 0 ||
		!(pass->rate > 0) || !(pass->loss_rows > 0))
		return BAD("its target, rate or loss cannot be");
	if (!is_measure(pass->stepper.step[0]) || !is_measure(pass->stepper.step[1]))
		return BAD("its number of steps cannot be");
	return CVM_OK;
}

static CvmStatus
check_descent(const CvmFitState *state, CvmError *error)
{
	const CvmDescent *descent = state->descent;

	if (descent == NULL || !is_count(descent->rows) || !is_measure(descent->weight) ||
		(descent->rows > 0) != (descent->weight > 0))
		return BAD("its sums have no rows");
	return CVM_OK;
}

CvmStatus
cvm_fit_state_check(const CvmFitState *state, CvmError *error)
{
	CvmStatus	status;

	if (!state->started)
		return CVM_OK;
	if (!cvm_fit_state_learns_from(state, state->target_kind))
		return BAD("its targets do not fit its algorithm");
	if (!is_count(state->rows_left_out))
		return BAD("the number of rows left out cannot be");
	if ((status = check_labels(state, error)) != CVM_OK)
		return status;
	if (state->method == CVM_METHOD_SGD && (status = check_pass(state, error)) != CVM_OK)
		return status;
	if (state->method == CVM_METHOD_DESCEND && (status = check_descent(state, error)) != CVM_OK)
		return status;
	return check_rows(state, error);
}
