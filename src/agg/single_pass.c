/*
 * single_pass.c
 *		One pass of mini-batch steps over rows that are seen once.
 *
 * The hard part is that features have to be standardized, missing ones filled
 * and flagged, before it is known what their means and deviations are, and
 * that a column may vary, or miss a value, for the first time at any row.  So
 * the encoding is learned from the rows seen so far and renewed when their
 * number has doubled, or at once when a column comes to life or shows its
 * first gap.  The weights are carried over to the new encoding such that they
 * predict the same; sums of gradients are scaled along (pass_merge.c).
 *
 * The number of rows to come is not known: penalties are weighed against the
 * rows so far.
 */
#include <math.h>
#include <string.h>

#include "agg/state_parts.h"
#include "base/memory.h"
#include "base/random.h"
#include "learn/linear/null_model.h"

/*
 * The first batch may have one class, or hardly any counts: less curvature
 * than this is not believed.
 */
#define LEAST_CURVATURE 0.05

/* Steps whose loss is computed: the first ones, then every MEASURED_STEPS-th. */
#define FIRST_MEASURED_STEPS 64
#define MEASURED_STEPS 16

/*
 * Moments of columns cost as much as a step.  When they have settled only
 * every WATCHED_STEPS-th batch is looked at, unless a value is missing or
 * infinite, which shows in the gradient.
 */
#define FIRST_WATCHED_ROWS 65536
#define WATCHED_STEPS 4

CvmSolver
cvm_single_pass_solver(const CvmOptions *options)
{
	return options->solver == CVM_SOLVER_AUTO ? CVM_SOLVER_SGD : (CvmSolver) options->solver;
}

CvmProfile *
cvm_array_profile(int columns)
{
	CvmColumn	x = {.name = "x",.kind = CVM_INPUT_ARRAY,.elements = columns,.nameless_array = true};
	CvmProfile *profile = cvm_profile_create(&x, 1);

	cvm_profile_skip_sample(profile);
	return profile;
}

CvmSinglePass *
cvm_single_pass_create(const CvmFitState *state)
{
	CvmSinglePass *pass = CVM_NEW_ZERO(CvmSinglePass, 1);

	pass->profile = cvm_array_profile(state->columns);
	pass->scale = 1;
	pass->rate = INFINITY;
	cvm_moments_init(&pass->target);
	return pass;
}

int64_t
cvm_single_pass_rows(const CvmFitState *state)
{
	return state->pass == NULL ? 0 : state->pass->profile->rows;
}

CvmShape
cvm_single_pass_shape(const CvmFitState *state, const CvmEncoder *encoder, int outputs)
{
	CvmShape	shape = {
		.family = state->family,
		.outputs = outputs,
		.dense_columns = encoder->dense_columns,
		.slots = encoder->slots,
		.delta = state->family == CVM_HUBER ? state->options.delta / state->pass->scale : 0
	};

	return shape;
}

void
cvm_single_pass_bind(CvmFitState *state)
{
	CvmSinglePass *pass = state->pass;

	pass->plan = cvm_encode_plan_create(pass->profile, pass->encoder);
	pass->inverses = cvm_pass_fold_create(pass->encoder);
	cvm_stepper_bind(&pass->stepper, cvm_single_pass_solver(&state->options),
					 CVM_PARAMETERS(&pass->shape), state->options.averaging, pass->memory);
}

/* ---- the encoding ---- */

CvmEncoder *
cvm_single_pass_learn(const CvmFitState *state)
{
	CvmEncoderOptions options = {
		.max_categories = state->options.max_categories,
		.min_category_count = state->options.min_category_count,
		.standardize = state->options.standardize
	};
	CvmEncoder *encoder;

	if (cvm_encoder_learn(state->pass->profile, &options, NULL, NULL, &encoder, NULL) == CVM_OK)
		return encoder;
	return CVM_NEW_ZERO(CvmEncoder, 1);
}

static void
count_columns(const CvmProfile *profile, int *varying, int *gaps)
{
	*varying = 0;
	*gaps = 0;
	for (int i = 0; i < profile->dense_columns; i++)
	{
		const CvmMoments *moments = &profile->moments[i];

		*varying += moments->minimum < moments->maximum;
		*gaps += moments->present < profile->rows;
	}
}

static bool
needs_renewal(const CvmFitState *state)
{
	const CvmSinglePass *pass = state->pass;
	int			varying;
	int			gaps;

	if (pass->encoder == NULL || pass->profile->rows >= 2 * pass->encoded_rows)
		return true;
	if (state->family == CVM_SOFTMAX && pass->shape.outputs < state->labels.count)
		return true;
	count_columns(pass->profile, &varying, &gaps);
	return varying != pass->varying || gaps != pass->gaps;
}

void
cvm_single_pass_replace(CvmFitState *state, CvmEncoder *encoder, int outputs, double *memory)
{
	CvmSinglePass *pass = state->pass;

	if (pass->encoder != NULL)
	{
		cvm_encode_plan_release(pass->plan);
		cvm_release(pass->inverses);
		cvm_encoder_release(pass->encoder);
		cvm_release(pass->memory);
	}
	pass->encoder = encoder;
	pass->encoded_rows = pass->profile->rows;
	count_columns(pass->profile, &pass->varying, &pass->gaps);
	pass->shape = cvm_single_pass_shape(state, encoder, outputs);
	pass->memory = memory;
	cvm_single_pass_bind(state);
}

int
cvm_single_pass_outputs(const CvmFitState *state)
{
	return state->family == CVM_SOFTMAX ? state->labels.count : 1;
}

static void
renew_encoding(CvmFitState *state)
{
	CvmSinglePass *pass = state->pass;
	CvmEncoder *encoder = cvm_single_pass_learn(state);
	int			outputs = cvm_single_pass_outputs(state);
	CvmStepper	moved;
	double	   *memory;

	if (pass->encoder != NULL)
		memory = cvm_single_pass_move(state, pass, encoder, outputs, &moved);
	else
		memory = CVM_NEW_ZERO(double,
							  cvm_stepper_size(cvm_single_pass_solver(&state->options),
											   outputs * (encoder->slots + 1),
											   state->options.averaging));
	cvm_single_pass_replace(state, encoder, outputs, memory);
}

/* ---- batches ---- */

typedef struct Batch
{
	bool		first;			/* of the pass */
	bool		renewed;		/* the encoding is new */
	bool		folded;			/* rows need not be encoded */
	bool		spoilt;			/* they had to */
	bool		measured;		/* the loss is computed */
	double	   *work;			/* of the stepper */
	double	   *fold_work;
} Batch;

/* Weights of rows where classes count alike, by the rows so far. */
static void
balance(const CvmFitState *state, CvmBlock *block)
{
	int64_t		rows = 0;

	for (int code = 0; code < state->labels.count; code++)
		rows += state->labels.rows[code];
	for (int row = 0; row < block->rows; row++)
		block->weight[row] = (double) rows /
			((double) state->labels.count * state->labels.rows[(int) block->target[row]]);
}

/*
 * Targets and weights of the learner, into the arrays of "encoded" unless
 * those of the rows will do; view: the rows with them.
 */
static void
prepare_targets(const CvmFitState *state, const CvmBlock *raw, const CvmBlock *encoded,
				CvmBlock *view)
{
	const CvmSinglePass *pass = state->pass;

	*view = *raw;
	if (pass->center != 0 || pass->scale != 1)
	{
		view->target = encoded->target;
		for (int row = 0; row < raw->rows; row++)
			view->target[row] = (raw->target[row] - pass->center) / pass->scale;
	}
	if (state->options.class_weight == CVM_CLASS_WEIGHT_BALANCED &&
		cvm_fit_state_has_labels(state))
	{
		view->weight = encoded->weight;
		balance(state, view);
	}
}

static void
encode(const CvmFitState *state, const CvmBlock *raw, CvmBlock *encoded)
{
	CvmBlock	view;

	prepare_targets(state, raw, encoded, &view);
	cvm_encode_block(state->pass->plan, &view, encoded);
}

/*
 * What the rows allow as a learning rate (see safe_rate in
 * learn/batches/stochastic.c); at first also where to start from.
 */
static void
take_measure(CvmFitState *state, CvmBlock *encoded, bool first)
{
	CvmSinglePass *pass = state->pass;
	CvmNullModel null_model;
	CvmBlockSource source;
	double		rate;

	cvm_block_source_from_array(&source, &encoded, 1, pass->shape.dense_columns, 0,
								pass->shape.slots);
	cvm_null_model(&pass->shape, &source, &null_model);
	rate = 1 / (fmax(null_model.curvature, LEAST_CURVATURE) * null_model.square_length);
	pass->rate = fmin(pass->rate, rate);
	if (first)
	{
		pass->center = null_model.center;
		pass->scale = null_model.scale;
		for (int k = 0; k < pass->shape.outputs; k++)
			pass->stepper.weights[(k + 1) * (pass->shape.slots + 1) - 1] =
				null_model.intercepts[k];
	}
	cvm_release(null_model.intercepts);
}

/* Whether every value of the rows that the profile saw last was there. */
static bool
is_complete(const CvmProfile *profile, int rows)
{
	for (int i = 0; i < profile->dense_columns; i++)
		if (profile->present[i] < rows)
			return false;
	return true;
}

static CvmStatus
watch_batch(CvmFitState *state, bool *complete, CvmError *error)
{
	CvmSinglePass *pass = state->pass;
	const CvmBlock *batch = &state->pending.block;
	int			present;

	*complete = true;
	if (pass->profile->rows == 0)
		cvm_profile_set_salt(pass->profile,
							 cvm_hash_bytes(batch->dense, state->columns * sizeof(double),
											cvm_hash_bytes(batch->target, sizeof(double), 0)));
	for (int row = 0; row < batch->rows; row += CVM_BLOCK_ROWS)
	{
		CvmBlock	piece;
		CvmStatus	status;

		cvm_block_rows(batch, row, CVM_BLOCK_ROWS, state->columns, 0, &piece);
		status = cvm_profile_add_block(pass->profile, &piece, error);
		if (status != CVM_OK)
			return status;
		*complete &= is_complete(pass->profile, piece.rows);
		if (!cvm_fit_state_has_labels(state))
			cvm_moments_add(&pass->target, 1, piece.target, piece.rows, NULL, &present);
	}
	return CVM_OK;
}

static double
learning_rate(const CvmFitState *state)
{
	const CvmSinglePass *pass = state->pass;
	CvmSolver	solver = pass->stepper.solver;
	CvmOptions	options = state->options;

	if (options.learning_rate == 0 && isfinite(pass->rate))
	{
		if (solver == CVM_SOLVER_SGD)
			options.learning_rate = pass->rate;
		else if (solver == CVM_SOLVER_MOMENTUM)
			options.learning_rate = pass->rate * (1 - options.momentum);
	}
	return cvm_learning_rate(&options, solver, pass->stepper.step[0], 0, 0);
}

/* The loss takes long to compute; it is only told of. */
static bool
is_measured(const CvmSinglePass *pass)
{
	double		steps = pass->stepper.step[0];

	return steps < FIRST_MEASURED_STEPS || fmod(steps, MEASURED_STEPS) == 0;
}

/* Adds a piece of the batch to the sums of the step. */
static void
add_rows(CvmFitState *state, const CvmBlock *rows, CvmBlock *encoded, Batch *batch)
{
	CvmSinglePass *pass = state->pass;
	CvmBlock	view;

	if (batch->folded)
	{
		prepare_targets(state, rows, encoded, &view);
		batch->spoilt |= !cvm_pass_fold(state, &view, batch->measured, batch->work,
										batch->fold_work);
		return;
	}
	encode(state, rows, encoded);
	if (batch->renewed)
	{
		take_measure(state, encoded, batch->first);
		pass->shape = cvm_single_pass_shape(state, pass->encoder, pass->shape.outputs);
		encode(state, rows, encoded);
		batch->renewed = batch->first = false;
	}
	cvm_stepper_add(&pass->stepper, &pass->shape, encoded, batch->work);
}

/* Sums over the batch, for a step. */
static void
add_batch(CvmFitState *state, CvmBlock *encoded, Batch *batch)
{
	const CvmBlock *rows = &state->pending.block;

	cvm_stepper_begin(&state->pass->stepper, batch->work);
	for (int row = 0; row < rows->rows; row += CVM_BLOCK_ROWS)
	{
		CvmBlock	piece;

		cvm_block_rows(rows, row, CVM_BLOCK_ROWS, state->columns, 0, &piece);
		add_rows(state, &piece, encoded, batch);
	}
}

/* One step; l1 is in the unit of the scaled target, as in learn/batches/stochastic.c. */
static void
take_step(CvmFitState *state, const Batch *batch)
{
	CvmSinglePass *pass = state->pass;
	int			rows = state->pending.block.rows;
	CvmOptions	options = state->options;
	double		loss;

	options.l1 /= pass->scale;
	loss = cvm_stepper_finish(&pass->stepper, &pass->shape, &options, learning_rate(state),
							  pass->profile->weight, batch->work);
	if (batch->measured)
	{
		pass->loss += loss * pass->scale * pass->scale * rows;
		pass->loss_rows += rows;
	}
}

static void
find_scratch(CvmFitState *state, CvmBlock *encoded, Batch *batch)
{
	size_t		work_size = cvm_stepper_work_size(&state->pass->shape);

	batch->work = cvm_fit_state_scratch(state, state->pending.block.rows,
										state->pass->shape.dense_columns,
										work_size + cvm_pass_fold_work(state), encoded);
	batch->fold_work = batch->work + work_size;
}

/* Takes a batch without looking at its columns; false: it has to be looked at. */
static bool
take_unwatched(CvmFitState *state)
{
	CvmSinglePass *pass = state->pass;
	int			rows = state->pending.block.rows;
	Batch		batch = {.folded = true};
	CvmBlock	encoded;

	if (pass == NULL || pass->inverses == NULL || pass->profile->rows < FIRST_WATCHED_ROWS ||
		pass->profile->rows + rows >= 2 * pass->encoded_rows ||
		fmod(pass->stepper.step[0], WATCHED_STEPS) == 0 ||
		pass->shape.outputs < cvm_single_pass_outputs(state))
		return false;
	batch.measured = is_measured(pass);
	find_scratch(state, &encoded, &batch);
	add_batch(state, &encoded, &batch);
	if (batch.spoilt)
		return false;
	cvm_profile_repeat(pass->profile, rows);
	cvm_moments_repeat(&pass->target, rows);
	take_step(state, &batch);
	return true;
}

CvmStatus
cvm_single_pass_take(CvmFitState *state, CvmError *error)
{
	Batch		batch = {0};
	CvmBlock	encoded;
	bool		complete;
	CvmStatus	status;

	if (take_unwatched(state))
		return CVM_OK;
	if (state->pass == NULL)
		state->pass = cvm_single_pass_create(state);
	status = watch_batch(state, &complete, error);
	if (status != CVM_OK)
		return status;
	batch.first = state->pass->encoder == NULL;
	batch.renewed = needs_renewal(state);
	if (batch.renewed)
		renew_encoding(state);
	batch.folded = complete && !batch.renewed && state->pass->inverses != NULL;
	batch.measured = !batch.folded || is_measured(state->pass);
	find_scratch(state, &encoded, &batch);
	add_batch(state, &encoded, &batch);
	take_step(state, &batch);
	return CVM_OK;
}
