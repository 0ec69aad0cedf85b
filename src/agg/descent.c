/*
 * descent.c
 *		One exact step from a model: sums over all rows, then the step.
 *
 * The sums are taken at the model's own coefficients, so they add up over
 * parallel workers and shards.  A Newton step goes to the minimum of
 *
 *	  L + g'd + d'Hd / 2 + l1 |b + d| + l2/2 (b + d)^2
 *
 * which cvm_fit_objective finds as it does any objective: it copes with a
 * singular H and with l1.  Far from the optimum huber would overshoot; its
 * softened curvature (learn/linear/row_loss.h) never leads to a larger loss.  A
 * gradient step, for models too large for H, is b - rate g / n, then a proximal
 * step of the penalty.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agg/state_parts.h"
#include "base/memory.h"
#include "learn/linear/objective.h"
#include "learn/linear/solver.h"
#include "model/envelope.h"
#include "model/learner.h"

/* Parameters up to which "auto" takes a Newton step, and the most it can have. */
#define NEWTON_PARAMETERS 600
#define MOST_NEWTON_PARAMETERS 4096

#define HUBER_SOFTENING 1

const CvmModel *
cvm_descent_model(const CvmFitState *state)
{
	return state->descent->model;
}

int64_t
cvm_descent_rows(const CvmFitState *state)
{
	return state->descent->rows + state->pending.block.rows;
}

uint64_t
cvm_descent_fingerprint(const CvmFitState *state)
{
	return cvm_model_fingerprint(state->descent->bytes);
}

uint64_t
cvm_model_fingerprint(const uint8_t *bytes)
{
	uint64_t	fingerprint = 0;

	/* length and checksum of the envelope */
	for (int i = 8; i < CVM_ENVELOPE_SIZE; i++)
		fingerprint = fingerprint << 8 | bytes[i];
	return fingerprint;
}

/* ---- starting ---- */

/* How many elements the model's array has. */
static CvmStatus
count_elements(const CvmEncoder *encoder, int *columns, CvmError *error)
{
	if (encoder->input_count == 1 && encoder->inputs[0].kind == CVM_INPUT_ARRAY)
		*columns = encoder->inputs[0].elements;
	else
		*columns = encoder->input_count;
	for (int i = 0; i < encoder->input_count; i++)
	{
		CvmInputKind kind = encoder->inputs[i].kind;

		if (kind == CVM_INPUT_NUMBER || (kind == CVM_INPUT_ARRAY && encoder->input_count == 1))
			continue;
		cvm_fail(error, CVM_MISMATCH, "input \"%.200s\" of the model is not a number but a %s",
				 encoder->inputs[i].name, cvm_input_kind_name(kind));
		cvm_hint(error, "Only models of numbers can be improved by arrays.");
		return CVM_MISMATCH;
	}
	if (*columns == 0 || *columns > CVM_FIT_MAX_COLUMNS)
		return cvm_fail(error, CVM_LIMIT, "the model has %d inputs, and it must have from 1 to %d",
						*columns, CVM_FIT_MAX_COLUMNS);
	return CVM_OK;
}

static CvmEncodePlan *
plan_encoding(const CvmEncoder *encoder)
{
	CvmColumn  *columns = CVM_NEW_ZERO(CvmColumn, encoder->input_count);

	for (int i = 0; i < encoder->input_count; i++)
	{
		columns[i].name = encoder->inputs[i].name;
		columns[i].kind = encoder->inputs[i].kind;
		columns[i].elements = encoder->inputs[i].elements;
	}
	return cvm_encode_plan_create(cvm_profile_create(columns, encoder->input_count), encoder);
}

/* The number that a label stands for, NaN for none. */
static double
label_number(const char *label, CvmTargetKind kind)
{
	char	   *end;
	double		number;

	if (kind == CVM_TARGET_BOOLEAN)
		return strcmp(label, "true") == 0 ? 1 : strcmp(label, "false") == 0 ? 0 : NAN;
	number = strtod(label, &end);
	return *label == '\0' || *end != '\0' ? NAN : number;
}

/* Classes are the model's, whatever the rows hold. */
static void
take_labels(CvmFitState *state, const CvmModel *model)
{
	for (int i = 0; i < model->class_count; i++)
		if (state->target_kind == CVM_TARGET_TEXT)
			(void) cvm_class_add_text(&state->labels, model->classes[i],
									  strlen(model->classes[i]));
		else
			(void) cvm_class_add_number(&state->labels,
										label_number(model->classes[i], state->target_kind));
}

/* Whether the Hessian is summed, too. */
static CvmStatus
choose_step(const CvmOptions *options, int parameters, bool *newton, CvmError *error)
{
	*newton = options->solver == CVM_SOLVER_NEWTON ||
		(options->solver == CVM_SOLVER_AUTO && parameters <= NEWTON_PARAMETERS);
	if (!*newton || parameters <= MOST_NEWTON_PARAMETERS)
		return CVM_OK;
	cvm_fail(error, CVM_LIMIT, "a Newton step takes at most %d coefficients, and there are %d",
			 MOST_NEWTON_PARAMETERS, parameters);
	cvm_hint(error, "Use option \"solver\" with value \"sgd\" for a gradient step.");
	return CVM_LIMIT;
}

CvmStatus
cvm_descent_start(CvmFitState *state, const void *bytes, size_t length, CvmError *error)
{
	CvmDescent *descent = CVM_NEW_ZERO(CvmDescent, 1);
	CvmModel   *model;
	CvmStatus	status;
	int			parameters;

	descent->bytes = CVM_NEW(uint8_t, length);
	descent->length = length;
	memcpy(descent->bytes, bytes, length);
	status = cvm_model_decode(descent->bytes, length, &model, error);
	if (status != CVM_OK)
		return status;
	if (cvm_model_linear(model) == NULL)
		return cvm_fail(error, CVM_MISMATCH, "a model of algorithm \"%s\" cannot descend",
						model->learner->name);
	status = count_elements(&model->encoder, &state->columns, error);
	if (status != CVM_OK)
		return status;

	descent->model = model;
	descent->shape.family = model->family;
	descent->shape.outputs = model->outputs;
	descent->shape.dense_columns = model->encoder.dense_columns;
	descent->shape.slots = model->encoder.slots;
	descent->shape.delta = cvm_model_linear(model)->delta;
	parameters = CVM_PARAMETERS(&descent->shape);
	status = choose_step(&state->options, parameters, &descent->newton, error);
	if (status != CVM_OK)
		return status;
	descent->parameters = CVM_NEW(double, parameters);
	cvm_model_parameters(model, &model->encoder, descent->parameters);
	descent->plan = plan_encoding(&model->encoder);
	state->family = model->family;
	state->descent = descent;
	take_labels(state, model);
	return CVM_OK;
}

/* ---- summing ---- */

void
cvm_descent_clear(CvmDescent *descent)
{
	size_t		parameters = CVM_PARAMETERS(&descent->shape);

	descent->gradient = CVM_NEW_ZERO(double, parameters);
	if (descent->newton)
		descent->hessian = CVM_NEW_ZERO(double, parameters * parameters);
}

/* Numbers whose squares would overflow later are found by the sums. */
static CvmStatus
check_finite(const CvmFitState *state, CvmError *error)
{
	const CvmBlock *block = &state->pending.block;
	size_t		cells = (size_t) block->rows * state->columns;
	bool		infinite = false;

	for (size_t cell = 0; cell < cells; cell++)
		infinite |= fabs(block->dense[cell]) == INFINITY;
	for (size_t cell = 0; infinite && cell < cells; cell++)
		if (isinf(block->dense[cell]))
		{
			cvm_fail(error, CVM_OUT_OF_RANGE, "x%d is infinite in some row",
					 (int) (cell % state->columns) + 1);
			cvm_hint(error, "Replace such values in the source, for example by NULL.");
			return CVM_OUT_OF_RANGE;
		}
	return CVM_OK;
}

static void
balance(const CvmModel *model, CvmBlock *block)
{
	for (int row = 0; row < block->rows; row++)
	{
		double		share = model->class_shares[(int) block->target[row]];

		block->weight[row] = share > 0 ? 1 / (model->class_count * share) : 1;
	}
}

CvmStatus
cvm_descent_take(CvmFitState *state, CvmError *error)
{
	CvmDescent *descent = state->descent;
	const CvmBlock *batch = &state->pending.block;
	CvmStatus	status = check_finite(state, error);
	CvmHessian	hessian;
	CvmBlock	encoded;
	double	   *work;

	if (status != CVM_OK)
		return status;
	if (descent->gradient == NULL)
		cvm_descent_clear(descent);
	work = cvm_fit_state_scratch(state, batch->rows, descent->shape.dense_columns,
								 cvm_objective_work_size(&descent->shape), &encoded);
	cvm_hessian_whole(&hessian, &descent->shape, descent->hessian);
	cvm_encode_block(descent->plan, batch, &encoded);
	if (state->options.class_weight == CVM_CLASS_WEIGHT_BALANCED && descent->model->class_count > 0)
		balance(descent->model, &encoded);
	for (int row = 0; row < encoded.rows; row++)
		descent->weight += encoded.weight[row];
	descent->rows += encoded.rows;
	cvm_objective_add(&descent->shape, HUBER_SOFTENING, &encoded, descent->parameters, work,
					  &descent->loss, descent->gradient, descent->newton ? &hessian : NULL, NULL);
	return CVM_OK;
}

void
cvm_descent_merge(CvmFitState *state, const CvmFitState *other)
{
	CvmDescent *descent = state->descent;
	const CvmDescent *added = other->descent;
	size_t		parameters = CVM_PARAMETERS(&descent->shape);

	if (added->gradient == NULL)
		return;
	if (descent->gradient == NULL)
		cvm_descent_clear(descent);
	descent->rows += added->rows;
	descent->weight += added->weight;
	descent->loss += added->loss;
	for (size_t i = 0; i < parameters; i++)
		descent->gradient[i] += added->gradient[i];
	if (descent->newton)
		for (size_t i = 0; i < parameters * parameters; i++)
			descent->hessian[i] += added->hessian[i];
}

/* ---- the step ---- */

/* An element of the Hessian, of which only some triangles are filled (fit.h). */
static double
hessian_at(const CvmDescent *descent, size_t row, size_t column)
{
	size_t		stride = (size_t) descent->shape.slots + 1;
	size_t		leading = CVM_PARAMETERS(&descent->shape);
	size_t		output = row / stride;
	size_t		other = column / stride;
	size_t		slot = row % stride;
	size_t		other_slot = column % stride;
	size_t		upper = slot < other_slot ? slot : other_slot;
	size_t		right = slot < other_slot ? other_slot : slot;

	if (output < other)
		return descent->hessian[output * stride + upper + (other * stride + right) * leading];
	return descent->hessian[other * stride + upper + (output * stride + right) * leading];
}

/* The quadratic L + g'd + d'Hd / 2 about the model's parameters. */
static void
evaluate_quadratic(void *state, const double *parameters, double *loss,
				   double *gradient, double *hessian, double *diagonal)
{
	const CvmDescent *descent = state;
	size_t		count = CVM_PARAMETERS(&descent->shape);
	double		value = descent->loss;

	for (size_t row = 0; row < count; row++)
	{
		double		step = parameters[row] - descent->parameters[row];
		double		slope = 0;

		for (size_t column = 0; column < count; column++)
			slope += hessian_at(descent, row, column) *
				(parameters[column] - descent->parameters[column]);
		value += step * (descent->gradient[row] + slope / 2);
		if (gradient != NULL)
			gradient[row] = descent->gradient[row] + slope;
		if (diagonal != NULL)
			diagonal[row] = hessian_at(descent, row, row);
	}
	if (loss != NULL)
		*loss = value;
	if (hessian != NULL)
		memcpy(hessian, descent->hessian, count * count * sizeof(double));
}

static CvmStatus
newton_step(CvmFitState *state, CvmFit *fit, CvmError *error)
{
	CvmDescent *descent = state->descent;
	CvmOptions	options = state->options;
	CvmObjective objective = {
		.shape = &descent->shape,
		.total_weight = descent->weight,
		.rows = descent->rows,
		.evaluate = evaluate_quadratic,
		.state = descent
	};

	options.solver = options.l1 > 0 ? CVM_SOLVER_LBFGS : CVM_SOLVER_NEWTON;
	options.epochs = 0;
	return cvm_fit_objective(&objective, &options, descent->parameters, NULL, fit, error);
}

static void
gradient_step(CvmFitState *state, CvmFit *fit)
{
	const CvmDescent *descent = state->descent;
	const CvmOptions *options = &state->options;
	int			count = CVM_PARAMETERS(&descent->shape);
	int			stride = descent->shape.slots + 1;
	double		rate = options->learning_rate > 0 ? options->learning_rate :
		cvm_default_learning_rate(CVM_SOLVER_SGD);
	double		scale = rate / descent->weight;

	memset(fit, 0, sizeof(*fit));
	fit->parameters = CVM_NEW(double, count);
	for (int i = 0; i < count; i++)
	{
		bool		intercept = i % stride == stride - 1;
		double		slope = descent->gradient[i] +
			(intercept ? 0 : options->l2 * descent->parameters[i]);

		fit->parameters[i] = cvm_shrink(descent->parameters[i] - scale * slope,
										intercept ? 0 : scale * options->l1);
	}
	fit->solver = CVM_SOLVER_SGD;
}

/* Norm of the slope of the penalized mean objective where the step began. */
static double
slope_norm(const CvmFitState *state)
{
	const CvmDescent *descent = state->descent;
	CvmObjective objective = {.shape = &descent->shape};
	CvmProblem	problem = {
		.objective = &objective,
		.options = &state->options,
		.parameters = CVM_PARAMETERS(&descent->shape),
		.l1 = state->options.l1 / descent->weight,
		.l2 = state->options.l2 / descent->weight
	};
	double	   *slope = CVM_NEW(double, problem.parameters);
	double		square = 0;

	for (int i = 0; i < problem.parameters; i++)
		slope[i] = descent->gradient[i] / descent->weight +
			(cvm_problem_is_intercept(&problem, i) ? 0 : problem.l2 * descent->parameters[i]);
	cvm_problem_pseudo_gradient(&problem, descent->parameters, slope, slope);
	for (int i = 0; i < problem.parameters; i++)
		square += slope[i] * slope[i];
	cvm_release(slope);
	return sqrt(square);
}

CvmStatus
cvm_descent_finish(CvmFitState *state, CvmShape *shape, CvmFit *fit, CvmError *error)
{
	CvmDescent *descent = state->descent;
	CvmStatus	status = cvm_fit_state_consume(state, error);
	int			count = CVM_PARAMETERS(&descent->shape);

	if (status == CVM_OK && descent->newton)
		status = newton_step(state, fit, error);
	else if (status == CVM_OK)
		gradient_step(state, fit);
	if (status != CVM_OK)
		return status;

	*shape = descent->shape;
	fit->covariance = NULL;
	fit->loss = descent->loss / descent->weight;
	fit->dispersion = shape->family == CVM_LINEAR ? 2 * fit->loss : 1;
	fit->outcome = CVM_SINGLE_PASS;
	fit->iterations = 1;
	fit->rank = -1;
	fit->validation_loss = NAN;
	fit->gradient_norm = slope_norm(state);
	for (int i = 0; i < count; i++)
		if (!isfinite(fit->parameters[i]))
			fit->outcome = CVM_DIVERGED;
	return CVM_OK;
}
