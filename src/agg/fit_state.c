/*
 * fit_state.c
 *		States of fitting aggregates: rows as they come, and merging.
 *
 * Two states can be merged if they were made the same way.  Their classes need
 * not have come in the same order, and may differ: the codes of one are
 * mapped to those of the other.  A merge is as good as reading the rows one
 * after the other, but not the same bit for bit.
 */
#include "agg/fit_state.h"

#include <math.h>
#include <string.h>

#include "agg/fit_options.h"
#include "agg/state_parts.h"
#include "base/memory.h"
#include "model/learner.h"

#define FIRST_ROWS 32
#define FIRST_WAITING 64

/* Where the codes of blocks are that have none. */
int32_t		cvm_no_codes[1];

static const char *const method_names[CVM_FIT_METHOD_COUNT] = {"fit", "sgd", "descend"};

const char *
cvm_fit_method_name(CvmFitMethod method)
{
	return method_names[method];
}

bool
cvm_fit_method_from_name(const char *name, CvmFitMethod *method)
{
	for (int i = 0; i < CVM_FIT_METHOD_COUNT; i++)
		if (strcmp(name, method_names[i]) == 0)
		{
			*method = (CvmFitMethod) i;
			return true;
		}
	return false;
}

bool
cvm_fit_state_has_labels(const CvmFitState *state)
{
	return state->method != CVM_METHOD_DESCEND &&
		(state->family == CVM_LOGISTIC || state->family == CVM_SVM ||
		 state->family == CVM_SOFTMAX);
}

int
cvm_fit_state_most_classes(const CvmFitState *state)
{
	return state->family == CVM_SOFTMAX ? CVM_MOST_CLASSES : 2;
}

/* ---- rows ---- */

static CvmStatus
grow_or_consume(CvmFitState *state, CvmError *error)
{
	if (state->pending.capacity < state->pending.full)
	{
		cvm_fit_state_grow(state);
		return CVM_OK;
	}
	return cvm_fit_state_consume(state, error);
}

CvmFitState *
cvm_fit_state_create(CvmFitMethod method, CvmFamily family)
{
	CvmFitState *state = CVM_NEW_ZERO(CvmFitState, 1);

	state->method = method;
	state->family = family;
	state->make_room = grow_or_consume;
	state->pending.block.codes = cvm_no_codes;
	state->scratch = CVM_NEW_ZERO(CvmScratch, 1);
	cvm_options_for_aggregate(&state->options);
	return state;
}

void
cvm_fit_state_start(CvmFitState *state, CvmTargetKind target_kind,
					const CvmOptions *options, uint32_t given)
{
	state->started = true;
	state->target_kind = target_kind;
	state->options = *options;
	state->given = given;
	state->pending.full = state->method == CVM_METHOD_SGD ? options->batch_size : CVM_BLOCK_ROWS;
}

static int
grown_capacity(const CvmRowBuffer *buffer)
{
	int			capacity = buffer->capacity == 0 ? FIRST_ROWS : 2 * buffer->capacity;

	return capacity < buffer->full ? capacity : buffer->full;
}

size_t
cvm_fit_state_grown_size(const CvmFitState *state)
{
	return (size_t) grown_capacity(&state->pending) * (state->columns + 2) * sizeof(double);
}

void
cvm_fit_state_grow(CvmFitState *state)
{
	CvmRowBuffer *buffer = &state->pending;
	int			capacity = grown_capacity(buffer);

	buffer->block.dense = cvm_resize(buffer->block.dense, (size_t) capacity * state->columns,
									 sizeof(double));
	buffer->block.target = cvm_resize(buffer->block.target, capacity, sizeof(double));
	buffer->block.weight = cvm_resize(buffer->block.weight, capacity, sizeof(double));
	for (int row = buffer->capacity; row < capacity; row++)
		buffer->block.weight[row] = 1;
	buffer->capacity = capacity;
}

double *
cvm_fit_state_scratch(CvmFitState *state, int rows, int dense_columns, size_t work,
					  CvmBlock *encoded)
{
	CvmScratch *scratch = state->scratch;
	size_t		most = rows < CVM_BLOCK_ROWS ? rows : CVM_BLOCK_ROWS;
	size_t		dense = most * dense_columns;
	size_t		count = dense + 2 * most + work;

	if (scratch->count < count)
	{
		if (scratch->resize != NULL)
			scratch->memory = scratch->resize(scratch, count);
		else
		{
			cvm_release(scratch->memory);
			scratch->memory = CVM_NEW(double, count);
		}
		scratch->count = count;
	}
	memset(encoded, 0, sizeof(*encoded));
	encoded->codes = cvm_no_codes;
	encoded->dense = scratch->memory;
	encoded->target = encoded->dense + dense;
	encoded->weight = encoded->target + most;
	return encoded->weight + most;
}

CvmStatus
cvm_fit_state_consume(CvmFitState *state, CvmError *error)
{
	CvmStatus	status = CVM_OK;

	cvm_check_interrupt();
	if (state->pending.block.rows > 0)
		status = state->method == CVM_METHOD_SGD ?
			cvm_single_pass_take(state, error) : cvm_descent_take(state, error);
	state->pending.block.rows = 0;
	return status;
}

void
cvm_fit_state_wait(CvmFitState *state, double target)
{
	if (state->waiting_rows == state->waiting_capacity)
	{
		state->waiting_capacity = state->waiting_capacity == 0 ? FIRST_WAITING :
			2 * state->waiting_capacity;
		state->waiting = cvm_resize(state->waiting, state->waiting_capacity, sizeof(double));
	}
	state->waiting[state->waiting_rows++] = target;
}

/* Adds rows whose features are all missing; map as in cvm_fit_state_append. */
static CvmStatus
append_missing(CvmFitState *state, const double *targets, int64_t rows, const int *map,
			   CvmError *error)
{
	for (int64_t row = 0; row < rows; row++)
	{
		double		target = map == NULL ? targets[row] : map[(int) targets[row]];
		CvmStatus	status;
		double	   *x;

		if (state->columns == 0)
		{
			cvm_fit_state_wait(state, target);
			continue;
		}
		status = cvm_fit_state_reserve(state, error);
		if (status != CVM_OK)
			return status;
		x = cvm_fit_state_next(state);
		for (int i = 0; i < state->columns; i++)
			x[i] = NAN;
		cvm_fit_state_put(state, target);
	}
	return CVM_OK;
}

CvmStatus
cvm_fit_state_set_columns(CvmFitState *state, int columns, CvmError *error)
{
	double	   *waiting = state->waiting;
	int64_t		rows = state->waiting_rows;
	CvmStatus	status;

	if (columns == 0 || columns > CVM_FIT_MAX_COLUMNS)
		return cvm_fail(error, CVM_LIMIT, "x has %d elements, and it must have from 1 to %d",
						columns, CVM_FIT_MAX_COLUMNS);
	state->columns = columns;
	state->waiting = NULL;
	state->waiting_rows = 0;
	state->waiting_capacity = 0;
	status = append_missing(state, waiting, rows, NULL, error);
	cvm_release(waiting);
	return status;
}

CvmStatus
cvm_fit_state_append(CvmFitState *state, const CvmBlock *block, const int *map, CvmError *error)
{
	int			done = 0;

	while (done < block->rows)
	{
		CvmBlock   *pending = &state->pending.block;
		CvmStatus	status = cvm_fit_state_reserve(state, error);
		int			count = state->pending.capacity - pending->rows;

		if (status != CVM_OK)
			return status;
		if (count > block->rows - done)
			count = block->rows - done;
		memcpy(cvm_fit_state_next(state), block->dense + (size_t) done * state->columns,
			   (size_t) count * state->columns * sizeof(double));
		for (int row = 0; row < count; row++)
		{
			double		target = block->target[done + row];

			pending->target[pending->rows + row] = map == NULL ? target : map[(int) target];
		}
		pending->rows += count;
		done += count;
	}
	return CVM_OK;
}

/* ---- merging ---- */

static CvmStatus
check_same_kind(const CvmFitState *state, const CvmFitState *other, CvmError *error)
{
	if (state->method != other->method)
		return cvm_fail(error, CVM_MISMATCH, "cannot merge fit states of %s and %s",
						cvm_fit_method_name(state->method), cvm_fit_method_name(other->method));
	if (state->method == CVM_METHOD_DESCEND && !(state->started && other->started))
		return CVM_OK;
	if (state->family != other->family)
		return cvm_fail(error, CVM_MISMATCH, "cannot merge fit states of algorithms %s and %s",
						cvm_learner_of_family(state->family)->name,
						cvm_learner_of_family(other->family)->name);
	return CVM_OK;
}

static CvmStatus
check_same_way(const CvmFitState *state, const CvmFitState *other, CvmError *error)
{
	const char *difference;

	if (state->target_kind != other->target_kind)
		return cvm_fail(error, CVM_MISMATCH,
						"cannot merge fit states whose targets have different types");
	difference = cvm_fit_options_difference(&state->options, &other->options);
	if (difference != NULL)
		return cvm_fail(error, CVM_MISMATCH,
						"cannot merge fit states with different values of option \"%s\"",
						difference);
	if (state->columns > 0 && other->columns > 0 && state->columns != other->columns)
		return cvm_fail(error, CVM_MISMATCH,
						"cannot merge fit states whose arrays have %d and %d elements",
						state->columns, other->columns);
	if (state->method == CVM_METHOD_DESCEND &&
		cvm_descent_fingerprint(state) != cvm_descent_fingerprint(other))
		return cvm_fail(error, CVM_MISMATCH,
						"cannot merge fit states that descend from different models");
	return CVM_OK;
}

/* Takes in the classes of other; map: its codes to those of state, or NULL. */
static CvmStatus
merge_labels(CvmFitState *state, const CvmFitState *other, int **map, CvmError *error)
{
	*map = NULL;
	if (!cvm_fit_state_has_labels(state))
		return CVM_OK;
	*map = CVM_NEW(int, other->labels.count);
	for (int code = 0; code < other->labels.count; code++)
	{
		const char *text = other->labels.texts[code];
		double		value = other->labels.values[code];
		int			own = text != NULL ?
			cvm_class_of_text(&state->labels, text, strlen(text)) :
			cvm_class_of_number(&state->labels, value);

		if (own < 0 && state->labels.count == cvm_fit_state_most_classes(state))
			return cvm_fit_state_too_many_classes(state, error);
		if (own < 0)
			own = text != NULL ? cvm_class_add_text(&state->labels, text, strlen(text)) :
				cvm_class_add_number(&state->labels, value);
		state->labels.rows[own] += other->labels.rows[code];
		(*map)[code] = own;
	}
	return CVM_OK;
}

CvmStatus
cvm_fit_state_too_many_classes(const CvmFitState *state, CvmError *error)
{
	int			most = cvm_fit_state_most_classes(state);

	if (most > 2)
		return cvm_fail(error, CVM_LIMIT, "y has more than %d classes", most);
	cvm_fail(error, CVM_BAD_DATA, "algorithm \"%s\" needs a y of two classes, and there are more",
			 cvm_learner_of_family(state->family)->name);
	cvm_hint(error, "Use softmax for more than two classes%s.",
			 state->target_kind == CVM_TARGET_NUMBER ? ", or linear to predict a number" : "");
	return CVM_BAD_DATA;
}

static CvmStatus
merge_rows(CvmFitState *state, const CvmFitState *other, const int *map, CvmError *error)
{
	CvmBlock	block;
	CvmStatus	status;

	status = append_missing(state, other->waiting, other->waiting_rows, map, error);
	if (status == CVM_OK)
		status = cvm_fit_state_append(state, &other->pending.block, map, error);
	for (uint64_t i = 0; status == CVM_OK && cvm_fit_state_stored_block(other, i, &block); i++)
	{
		cvm_check_interrupt();
		status = cvm_fit_state_append(state, &block, map, error);
	}
	return status;
}

/* Takes over all parts of other but the rows that stand in its bytes. */
static void
adopt(CvmFitState *state, const CvmFitState *other)
{
	CvmFitState own = *state;

	*state = *other;
	state->make_room = own.make_room;
	state->keeper = own.keeper;
	state->scratch = own.scratch;
	state->stored = NULL;
	state->stored_rows = 0;
}

CvmStatus
cvm_fit_state_merge(CvmFitState *state, CvmFitState *other, CvmError *error)
{
	CvmFitState rows = *other;
	CvmStatus	status = check_same_kind(state, other, error);
	int		   *map = NULL;

	if (status != CVM_OK || !other->started)
		return status;
	if (!state->started)
	{
		adopt(state, other);
		rows.waiting_rows = 0;
		rows.pending.block.rows = 0;
		return merge_rows(state, &rows, NULL, error);
	}
	status = check_same_way(state, other, error);
	if (status == CVM_OK)
		status = merge_labels(state, other, &map, error);
	if (status == CVM_OK && state->columns == 0 && other->columns > 0)
		status = cvm_fit_state_set_columns(state, other->columns, error);
	if (status != CVM_OK)
		return status;
	state->rows_left_out += other->rows_left_out;
	state->given |= other->given;
	if (state->method == CVM_METHOD_SGD)
		cvm_single_pass_merge(state, other, map);
	else if (state->method == CVM_METHOD_DESCEND)
		cvm_descent_merge(state, other);
	status = merge_rows(state, &rows, map, error);
	cvm_release(map);
	return status;
}
