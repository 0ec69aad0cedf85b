/*
 * pass_merge.c
 *		Passes that were made apart become one, and a pass becomes a fit.
 *
 * Both bring weights from one encoding to another, so that they predict the
 * same.  Weights of two passes are averaged by rows (iterative parameter
 * mixing; McDonald, Hall and Mann, 2010).
 */
#include <math.h>
#include <string.h>

#include "agg/state_parts.h"
#include "base/memory.h"

/* A pass has diverged whose loss is so many times that of a mere intercept. */
#define DIVERGED_LOSS 10.0

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

double *
cvm_single_pass_move(const CvmFitState *state, const CvmSinglePass *pass, const CvmEncoder *encoder,
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
	int			outputs = cvm_single_pass_outputs(state);
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
	pass->loss_rows += added->loss_rows;

	encoder = cvm_single_pass_learn(state);
	stride = encoder->slots + 1;
	added_memory = cvm_single_pass_move(other, added, encoder, outputs, &added_stepper);
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
		cvm_single_pass_replace(state, encoder, outputs, added_memory);
		return;
	}
	memory = cvm_single_pass_move(state, pass, encoder, outputs, &stepper);
	mix_steppers(&stepper, &added_stepper, share);
	cvm_release(added_memory);
	cvm_single_pass_replace(state, encoder, outputs, memory);
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
	double		loss = state->pass->loss / state->pass->loss_rows;
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
	int			outputs = cvm_single_pass_outputs(state);
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
	(void) cvm_single_pass_move(state, pass, *encoder, outputs, &stepper);
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
	fit->loss = pass->loss / pass->loss_rows;
	fit->outcome = has_diverged(state, parameters, stepper.parameters) ? CVM_DIVERGED :
		CVM_SINGLE_PASS;
	fit->dispersion = state->family == CVM_LINEAR ? 2 * fit->loss : 1;
	fit->iterations = 1;
	fit->rank = -1;
	fit->validation_loss = NAN;
	fit->gradient_norm = NAN;
	return CVM_OK;
}
