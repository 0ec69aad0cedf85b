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
 * predict the same; sums of gradients are scaled along.  The same move brings
 * two passes to one encoding, in which their weights are averaged by rows
 * (iterative parameter mixing; McDonald, Hall and Mann, 2010).
 *
 * The number of rows to come is not known: penalties are weighed against the
 * rows so far.
 */
#include <math.h>
#include <string.h>

#include "agg/state_parts.h"
#include "base/memory.h"
#include "base/random.h"
#include "learn/null_model.h"

/*
 * The first batch may have one class, or hardly any counts: less curvature
 * than this is not believed.
 */
#define LEAST_CURVATURE 0.05

/* A pass has diverged whose loss is so many times that of a mere intercept. */
#define DIVERGED_LOSS 10.0

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
	cvm_stepper_bind(&pass->stepper, cvm_single_pass_solver(&state->options),
					 CVM_PARAMETERS(&pass->shape), state->options.averaging, pass->memory);
}

/* ---- moving weights from one encoding to another ---- */

/* Weights that predict the same; columns that left are in the intercept. */
static void
move_weights(const CvmSinglePass *pass, const double *weights, const CvmEncoder *encoder,
			 double *moved)
{
	CvmModel	model = {.encoder = *pass->encoder};
	CvmFit		fit = {.parameters = (double *) weights};

	cvm_model_set_fit(&model, &pass->shape, &fit);
	cvm_model_parameters(&model, encoder, moved);
	cvm_release((double *) cvm_model_linear(&model)->coefficients);
	cvm_release(model.payload);
}

/*
 * Sums over gradients: a slope is as many times smaller as the column is
 * divided by more.
 */
static void
move_gradients(const CvmSinglePass *pass, const double *sums, const CvmEncoder *encoder,
			   double power, double *moved)
{
	const CvmEncoder *old = pass->encoder;

	for (int output = 0; output < pass->shape.outputs; output++)
	{
		const double *from = sums + (size_t) output * (old->slots + 1);
		double	   *to = moved + (size_t) output * (encoder->slots + 1);
		int			known = 0;

		to[encoder->slots] = from[old->slots];
		for (int i = 0; i < encoder->term_count; i++)
		{
			const CvmTerm *term = &encoder->terms[i];
			const CvmTerm *before;

			while (known < old->term_count && old->terms[known].part < term->part)
				known++;
			if (known == old->term_count || old->terms[known].part != term->part)
				continue;
			before = &old->terms[known];
			to[term->slot] = from[before->slot] * pow(before->scale / term->scale, power);
			if (term->flag_slot >= 0 && before->flag_slot >= 0)
				to[term->flag_slot] = from[before->flag_slot];
		}
	}
}

/* A stepper's memory in another encoding, and with more outputs. */
static double *
move_memory(const CvmFitState *state, const CvmSinglePass *pass, const CvmEncoder *encoder,
			int outputs, CvmStepper *moved)
{
	const CvmStepper *old = &pass->stepper;
	int			parameters = outputs * (encoder->slots + 1);
	double	   *memory = CVM_NEW_ZERO(double, cvm_stepper_size(old->solver, parameters,
															   state->options.averaging));

	cvm_stepper_bind(moved, old->solver, parameters, state->options.averaging, memory);
	moved->step[0] = old->step[0];
	moved->step[1] = old->step[1];
	move_weights(pass, old->weights, encoder, moved->weights);
	if (old->average != NULL)
		move_weights(pass, old->average, encoder, moved->average);
	if (old->first != NULL)
		move_gradients(pass, old->first, encoder, 1, moved->first);
	if (old->second != NULL)
		move_gradients(pass, old->second, encoder, 2, moved->second);
	return memory;
}

/* ---- the encoding ---- */

/* From the profile; without a usable column only the intercept is learned. */
static CvmEncoder *
learn_encoder(const CvmFitState *state)
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

/* Takes over an encoder and a stepper's memory that goes with it. */
static void
replace_encoding(CvmFitState *state, CvmEncoder *encoder, int outputs, double *memory)
{
	CvmSinglePass *pass = state->pass;

	if (pass->encoder != NULL)
	{
		cvm_encode_plan_release(pass->plan);
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

static int
output_count(const CvmFitState *state)
{
	return state->family == CVM_SOFTMAX ? state->labels.count : 1;
}

static void
renew_encoding(CvmFitState *state)
{
	CvmSinglePass *pass = state->pass;
	CvmEncoder *encoder = learn_encoder(state);
	int			outputs = output_count(state);
	CvmStepper	moved;
	double	   *memory;

	if (pass->encoder != NULL)
		memory = move_memory(state, pass, encoder, outputs, &moved);
	else
		memory = CVM_NEW_ZERO(double,
							  cvm_stepper_size(cvm_single_pass_solver(&state->options),
											   outputs * (encoder->slots + 1),
											   state->options.averaging));
	replace_encoding(state, encoder, outputs, memory);
}

/* ---- batches ---- */

/* Weight of a row of the class where classes count alike, by the rows so far. */
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

static void
encode(const CvmFitState *state, const CvmBlock *raw, CvmBlock *encoded)
{
	const CvmSinglePass *pass = state->pass;

	cvm_encode_block(pass->plan, raw, encoded);
	if (pass->center != 0 || pass->scale != 1)
		for (int row = 0; row < raw->rows; row++)
			encoded->target[row] = (raw->target[row] - pass->center) / pass->scale;
	if (state->options.class_weight == CVM_CLASS_WEIGHT_BALANCED &&
		cvm_fit_state_has_labels(state))
		balance(state, encoded);
}

/*
 * What the rows allow as a learning rate (see safe_rate in
 * learn/stochastic.c); at first also where to start from.
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

static CvmStatus
watch_batch(CvmFitState *state, CvmError *error)
{
	CvmSinglePass *pass = state->pass;
	const CvmBlock *batch = &state->pending.block;
	int			present;

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

/* One step; l1 is in the unit of the scaled target, as in learn/stochastic.c. */
static void
take_step(CvmFitState *state, CvmBlock *encoded, double *work, bool renewed, bool first)
{
	CvmSinglePass *pass = state->pass;
	const CvmBlock *batch = &state->pending.block;
	CvmOptions	options = state->options;
	double		loss;

	cvm_stepper_begin(&pass->stepper, work);
	for (int row = 0; row < batch->rows; row += CVM_BLOCK_ROWS)
	{
		CvmBlock	piece;

		cvm_block_rows(batch, row, CVM_BLOCK_ROWS, state->columns, 0, &piece);
		encode(state, &piece, encoded);
		if (renewed)
		{
			take_measure(state, encoded, first);
			pass->shape = cvm_single_pass_shape(state, pass->encoder, pass->shape.outputs);
			encode(state, &piece, encoded);
			renewed = first = false;
		}
		cvm_stepper_add(&pass->stepper, &pass->shape, encoded, work);
	}
	options.l1 /= pass->scale;
	loss = cvm_stepper_finish(&pass->stepper, &pass->shape, &options, learning_rate(state),
							  pass->profile->weight, work) * pass->scale * pass->scale;
	pass->loss += loss * batch->rows;
}

CvmStatus
cvm_single_pass_take(CvmFitState *state, CvmError *error)
{
	const CvmBlock *batch = &state->pending.block;
	bool		first;
	bool		renewed;
	CvmStatus	status;
	CvmBlock	encoded;
	double	   *work;

	if (state->pass == NULL)
		state->pass = cvm_single_pass_create(state);
	status = watch_batch(state, error);
	if (status != CVM_OK)
		return status;
	first = state->pass->encoder == NULL;
	renewed = needs_renewal(state);
	if (renewed)
		renew_encoding(state);
	work = cvm_fit_state_scratch(state, batch->rows, state->pass->shape.dense_columns,
								 cvm_stepper_work_size(&state->pass->shape), &encoded);
	take_step(state, &encoded, work, renewed, first);
	return CVM_OK;
}

/* ---- merging ---- */

/* From the unit of one pass's target to that of another's. */
static void
change_target_unit(const CvmSinglePass *from, const CvmSinglePass *to, int slots,
				   double *weights, int parameters)
{
	for (int i = 0; i < parameters; i++)
	{
		bool		intercept = i % (slots + 1) == slots;

		weights[i] = (weights[i] * from->scale + (intercept ? from->center - to->center : 0)) /
			to->scale;
	}
}

static void
negate(double *values, int count)
{
	for (int i = 0; values != NULL && i < count; i++)
		values[i] = -values[i];
}

/* Outputs in the order of the other state's classes; map may be NULL. */
static void
permute_outputs(double *values, int outputs, int stride, const int *map)
{
	double	   *copy;

	if (values == NULL || map == NULL)
		return;
	copy = CVM_NEW(double, (size_t) outputs * stride);
	memcpy(copy, values, (size_t) outputs * stride * sizeof(double));
	for (int k = 0; k < outputs; k++)
		memcpy(values + (size_t) map[k] * stride, copy + (size_t) k * stride,
			   stride * sizeof(double));
	cvm_release(copy);
}

/*
 * Brings a stepper to the codes of classes that map says: two classes that
 * change places change the sign of all weights.  map: of all outputs.
 */
static void
map_classes(CvmStepper *stepper, int outputs, int stride, const int *map)
{
	double	   *vectors[] = {stepper->weights, stepper->average, stepper->first};

	for (int i = 0; i < 3; i++)
		if (outputs > 1)
			permute_outputs(vectors[i], outputs, stride, map);
		else if (map != NULL && map[0] == 1)
			negate(vectors[i], stride);
	if (outputs > 1)
		permute_outputs(stepper->second, outputs, stride, map);
}

/* The map of met classes, and what is left over for the others. */
static int *
complete_map(const int *map, int known, int count)
{
	int		   *complete = CVM_NEW(int, count);
	int			next = known;

	for (int code = 0; code < known; code++)
		complete[code] = map[code];
	for (int target = 0; target < count && next < count; target++)
	{
		bool		taken = false;

		for (int code = 0; code < known; code++)
			taken |= map[code] == target;
		if (!taken)
			complete[next++] = target;
	}
	return complete;
}

static void
mix(double *values, const double *other, double share, int count)
{
	for (int i = 0; values != NULL && i < count; i++)
		values[i] += share * (other[i] - values[i]);
}

static void
mix_steppers(CvmStepper *stepper, const CvmStepper *other, double share)
{
	int			count = stepper->parameters;

	mix(stepper->weights, other->weights, share, count);
	mix(stepper->average, other->average, share, count);
	mix(stepper->first, other->first, share, count);
	/* adagrad sums its squares, adam averages them */
	if (stepper->solver == CVM_SOLVER_ADAGRAD)
		for (int i = 0; i < count; i++)
			stepper->second[i] += other->second[i];
	else
		mix(stepper->second, other->second, share, count);
	stepper->step[0] += other->step[0];
	stepper->step[1] += other->step[1];
}

void
cvm_single_pass_merge(CvmFitState *state, const CvmFitState *other, const int *map)
{
	CvmSinglePass *pass;
	const CvmSinglePass *added = other->pass;
	int			outputs = output_count(state);
	CvmEncoder *encoder;
	CvmStepper	stepper;
	CvmStepper	added_stepper;
	double	   *memory;
	double	   *added_memory;
	int		   *complete = NULL;
	double		share;
	int			stride;

	if (added == NULL || added->encoder == NULL)
		return;
	if (state->pass == NULL)
		state->pass = cvm_single_pass_create(state);
	pass = state->pass;
	share = added->profile->weight / (pass->profile->weight + added->profile->weight);
	if (pass->profile->rows == 0)
	{
		pass->center = added->center;
		pass->scale = added->scale;
		cvm_profile_set_salt(pass->profile, added->profile->salt);
	}
	cvm_profile_merge(pass->profile, added->profile);
	cvm_moments_merge(&pass->target, &added->target);
	pass->rate = fmin(pass->rate, added->rate);
	pass->loss += added->loss;

	encoder = learn_encoder(state);
	stride = encoder->slots + 1;
	added_memory = move_memory(other, added, encoder, outputs, &added_stepper);
	change_target_unit(added, pass, encoder->slots, added_stepper.weights,
					   added_stepper.parameters);
	if (added_stepper.average != NULL)
		change_target_unit(added, pass, encoder->slots, added_stepper.average,
						   added_stepper.parameters);
	if (map != NULL)
		complete = complete_map(map, other->labels.count,
								outputs > other->labels.count ? outputs : other->labels.count);
	map_classes(&added_stepper, outputs, stride, complete);
	cvm_release(complete);

	if (pass->encoder == NULL)
	{
		replace_encoding(state, encoder, outputs, added_memory);
		return;
	}
	memory = move_memory(state, pass, encoder, outputs, &stepper);
	mix_steppers(&stepper, &added_stepper, share);
	cvm_release(added_memory);
	replace_encoding(state, encoder, outputs, memory);
}

/* ---- the end ---- */

/* Coefficients of a softmax add up to zero over the classes. */
static void
center_outputs(double *parameters, int outputs, int stride)
{
	for (int i = 0; i < stride; i++)
	{
		double		mean = 0;

		for (int k = 0; k < outputs; k++)
			mean += parameters[(size_t) k * stride + i] / outputs;
		for (int k = 0; k < outputs; k++)
			parameters[(size_t) k * stride + i] -= mean;
	}
}

/* About the mean loss of an intercept alone; of classes the most that it can be. */
static double
null_loss(const CvmFitState *state)
{
	double		mean = cvm_moments_mean(&state->pass->target);
	double		deviation = cvm_moments_deviation(&state->pass->target);

	switch (state->family)
	{
		case CVM_LINEAR:
		case CVM_HUBER:
			return deviation * deviation / 2 + 1e-12 * mean * mean;
		case CVM_POISSON:
			return mean > 0 ? mean - mean * log(mean) : 1;
		default:
			return log(state->labels.count + 1);
	}
}

/* Infinite weights, or a loss that grew. */
static bool
has_diverged(const CvmFitState *state, const double *parameters, int count)
{
	double		loss = state->pass->loss / state->pass->profile->weight;
	double		without = null_loss(state);

	for (int i = 0; i < count; i++)
		if (!isfinite(parameters[i]))
			return true;
	return !(loss <= without + DIVERGED_LOSS * fabs(without));
}

CvmStatus
cvm_single_pass_finish(CvmFitState *state, const int *order, CvmLeftOutReport report,
					   void *report_state, CvmEncoder **encoder, CvmShape *shape,
					   CvmFit *fit, CvmError *error)
{
	CvmEncoderOptions options = {
		.max_categories = state->options.max_categories,
		.min_category_count = state->options.min_category_count,
		.standardize = state->options.standardize
	};
	CvmStatus	status = cvm_fit_state_consume(state, error);
	CvmSinglePass *pass = state->pass;
	int			outputs = output_count(state);
	CvmSinglePass raw = {.scale = 1};
	CvmStepper	stepper;
	double	   *parameters;
	int			stride;

	if (status == CVM_OK && pass == NULL)
		status = cvm_fail(error, CVM_NO_ROWS, "there are no rows to learn from");
	if (status == CVM_OK)
		status = cvm_encoder_learn(pass->profile, &options, report, report_state, encoder, error);
	if (status != CVM_OK)
		return status;
	stride = (*encoder)->slots + 1;
	(void) move_memory(state, pass, *encoder, outputs, &stepper);
	parameters = (double *) cvm_stepper_result(&stepper);
	change_target_unit(pass, &raw, (*encoder)->slots, parameters, stepper.parameters);
	if (outputs > 1)
	{
		int		   *place = CVM_NEW(int, outputs);

		for (int k = 0; k < outputs; k++)
			place[order[k]] = k;
		permute_outputs(parameters, outputs, stride, place);
		center_outputs(parameters, outputs, stride);
		cvm_release(place);
	}
	else if (cvm_fit_state_has_labels(state) && order[0] == 1)
		negate(parameters, stride);

	*shape = cvm_single_pass_shape(state, *encoder, outputs);
	shape->delta = state->family == CVM_HUBER ? state->options.delta : 0;
	memset(fit, 0, sizeof(*fit));
	fit->parameters = parameters;
	fit->solver = stepper.solver;
	fit->loss = pass->loss / pass->profile->weight;
	fit->outcome = has_diverged(state, parameters, stepper.parameters) ? CVM_DIVERGED :
		CVM_SINGLE_PASS;
	fit->dispersion = state->family == CVM_LINEAR ? 2 * fit->loss : 1;
	fit->iterations = 1;
	fit->rank = -1;
	fit->validation_loss = NAN;
	fit->gradient_norm = NAN;
	return CVM_OK;
}
