/*
 * mean_metrics.c
 *		Aggregates that are means of a loss: log_loss, brier, rmse, mae, mape,
 *		pinball_loss; and r2, which compares such a mean with the variance.
 *
 * The state is a float8[], so that it can be stored, shipped and merged like
 * any other value:
 *
 *	  1, 2	sum of the weights, and what it could not hold
 *	  3, 4	likewise the weighted sum of the losses
 *	  5, 6	r2 only: mean of the labels, weighted sum of squares about it
 *
 * The transition functions change it in place, as those of avg() do.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "base/compensated_sum.h"
#include "metrics/metric_arguments.h"

typedef struct MeanState
{
	CvmSum		weight;
	CvmSum		loss;
} MeanState;

typedef struct VarianceState
{
	MeanState	squares;		/* of the errors */
	double		mean;			/* of the labels */
	double		deviations;		/* weighted squares about it */
} VarianceState;

#define MEAN_LENGTH 4
#define VARIANCE_LENGTH 6

StaticAssertDecl(sizeof(MeanState) == MEAN_LENGTH * sizeof(float8), "a state is its numbers");
StaticAssertDecl(sizeof(VarianceState) == VARIANCE_LENGTH * sizeof(float8),
				 "a state is its numbers");

/* The numbers of a state, which may come from anywhere. */
static void *
numbers_of(ArrayType *array, int length)
{
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != length || ARR_HASNULL(array) ||
		ARR_ELEMTYPE(array) != FLOAT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the state of this aggregate is an array of %d numbers", length)));
	return ARR_DATA_PTR(array);
}

/* The state of a transition function, to be changed in place. */
static ArrayType *
state_of(FunctionCallInfo fcinfo)
{
	return AggCheckCallContext(fcinfo, NULL) ? PG_GETARG_ARRAYTYPE_P(0) :
		PG_GETARG_ARRAYTYPE_P_COPY(0);
}

static double
finite_argument(FunctionCallInfo fcinfo, int n)
{
	double		number = PG_GETARG_FLOAT8(n);

	if (unlikely(!isfinite(number)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a label or prediction is %g", number),
				 errhint("Leave out such rows in the query.")));
	return number;
}

static double
probability_argument(FunctionCallInfo fcinfo, int n)
{
	double		number = PG_GETARG_FLOAT8(n);

	if (unlikely(!(number >= 0 && number <= 1)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%g is no probability", number),
				 errhint("The second argument is the probability of the positive class.")));
	return number;
}

static Datum
add_loss(FunctionCallInfo fcinfo, double loss, int weight_argument)
{
	ArrayType  *array = state_of(fcinfo);
	MeanState  *state = numbers_of(array, MEAN_LENGTH);
	double		weight = cvm_metric_weight(fcinfo, weight_argument);

	cvm_sum_add(&state->weight, weight);
	cvm_sum_add(&state->loss, weight * loss);
	PG_RETURN_ARRAYTYPE_P(array);
}

/* ---- numbers ---- */

PG_FUNCTION_INFO_V1(cvm_mean_add_square);
Datum
cvm_mean_add_square(PG_FUNCTION_ARGS)
{
	double		error = finite_argument(fcinfo, 1) - finite_argument(fcinfo, 2);

	return add_loss(fcinfo, error * error, 3);
}

PG_FUNCTION_INFO_V1(cvm_mean_add_absolute);
Datum
cvm_mean_add_absolute(PG_FUNCTION_ARGS)
{
	return add_loss(fcinfo, fabs(finite_argument(fcinfo, 1) - finite_argument(fcinfo, 2)), 3);
}

/* A label of zero counts as the smallest number that it can be told from. */
PG_FUNCTION_INFO_V1(cvm_mean_add_percentage);
Datum
cvm_mean_add_percentage(PG_FUNCTION_ARGS)
{
	double		label = finite_argument(fcinfo, 1);
	double		error = fabs(label - finite_argument(fcinfo, 2));

	return add_loss(fcinfo, error / fmax(fabs(label), DBL_EPSILON), 3);
}

/* Koenker and Bassett (1978). */
PG_FUNCTION_INFO_V1(cvm_mean_add_pinball);
Datum
cvm_mean_add_pinball(PG_FUNCTION_ARGS)
{
	double		error = finite_argument(fcinfo, 1) - finite_argument(fcinfo, 2);
	double		quantile = PG_GETARG_FLOAT8(3);

	if (!(quantile >= 0 && quantile <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("quantile %g is not between 0 and 1", quantile)));
	return add_loss(fcinfo, error >= 0 ? quantile * error : (quantile - 1) * error, 4);
}

/* ---- probabilities ---- */

static Datum
add_brier(FunctionCallInfo fcinfo, bool label)
{
	double		error = probability_argument(fcinfo, 2) - label;

	return add_loss(fcinfo, error * error, 3);
}

PG_FUNCTION_INFO_V1(cvm_mean_add_brier_boolean);
Datum
cvm_mean_add_brier_boolean(PG_FUNCTION_ARGS)
{
	return add_brier(fcinfo, PG_GETARG_BOOL(1));
}

PG_FUNCTION_INFO_V1(cvm_mean_add_brier_number);
Datum
cvm_mean_add_brier_number(PG_FUNCTION_ARGS)
{
	return add_brier(fcinfo, cvm_metric_label(PG_GETARG_FLOAT8(1)));
}

/* Probabilities are kept 2^-52 away from 0 and 1. */
static Datum
add_log_loss(FunctionCallInfo fcinfo, bool label)
{
	double		probability = probability_argument(fcinfo, 2);

	probability = fmin(fmax(probability, DBL_EPSILON), 1 - DBL_EPSILON);
	return add_loss(fcinfo, label ? -log(probability) : -log1p(-probability), 3);
}

PG_FUNCTION_INFO_V1(cvm_mean_add_log_loss_boolean);
Datum
cvm_mean_add_log_loss_boolean(PG_FUNCTION_ARGS)
{
	return add_log_loss(fcinfo, PG_GETARG_BOOL(1));
}

PG_FUNCTION_INFO_V1(cvm_mean_add_log_loss_number);
Datum
cvm_mean_add_log_loss_number(PG_FUNCTION_ARGS)
{
	return add_log_loss(fcinfo, cvm_metric_label(PG_GETARG_FLOAT8(1)));
}

/* ---- combining and results ---- */

PG_FUNCTION_INFO_V1(cvm_mean_combine);
Datum
cvm_mean_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *array = state_of(fcinfo);
	MeanState  *state = numbers_of(array, MEAN_LENGTH);
	const MeanState *other = numbers_of(PG_GETARG_ARRAYTYPE_P(1), MEAN_LENGTH);

	cvm_sum_merge(&state->weight, &other->weight);
	cvm_sum_merge(&state->loss, &other->loss);
	PG_RETURN_ARRAYTYPE_P(array);
}

/* NaN of no rows. */
static double
mean_of(const MeanState *state)
{
	double		weight = cvm_sum_value(&state->weight);

	return weight > 0 ? cvm_sum_value(&state->loss) / weight : NAN;
}

PG_FUNCTION_INFO_V1(cvm_mean_result);
Datum
cvm_mean_result(PG_FUNCTION_ARGS)
{
	double		mean = mean_of(numbers_of(PG_GETARG_ARRAYTYPE_P(0), MEAN_LENGTH));

	if (isnan(mean))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(mean);
}

PG_FUNCTION_INFO_V1(cvm_mean_root_result);
Datum
cvm_mean_root_result(PG_FUNCTION_ARGS)
{
	double		mean = mean_of(numbers_of(PG_GETARG_ARRAYTYPE_P(0), MEAN_LENGTH));

	if (isnan(mean))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sqrt(mean));
}

/* ---- r2 ---- */

/* West (1979): weighted mean and squares about it in one pass. */
PG_FUNCTION_INFO_V1(cvm_variance_add);
Datum
cvm_variance_add(PG_FUNCTION_ARGS)
{
	ArrayType  *array = state_of(fcinfo);
	VarianceState *state = numbers_of(array, VARIANCE_LENGTH);
	double		label = finite_argument(fcinfo, 1);
	double		error = label - finite_argument(fcinfo, 2);
	double		weight = cvm_metric_weight(fcinfo, 3);
	double		shift = label - state->mean;

	if (weight == 0)
		PG_RETURN_ARRAYTYPE_P(array);
	cvm_sum_add(&state->squares.weight, weight);
	cvm_sum_add(&state->squares.loss, weight * error * error);
	state->mean += shift * weight / cvm_sum_value(&state->squares.weight);
	state->deviations += weight * shift * (label - state->mean);
	PG_RETURN_ARRAYTYPE_P(array);
}

/* Chan, Golub and LeVeque (1979): squares about a common mean. */
PG_FUNCTION_INFO_V1(cvm_variance_combine);
Datum
cvm_variance_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *array = state_of(fcinfo);
	VarianceState *state = numbers_of(array, VARIANCE_LENGTH);
	const VarianceState *other = numbers_of(PG_GETARG_ARRAYTYPE_P(1), VARIANCE_LENGTH);
	double		own = cvm_sum_value(&state->squares.weight);
	double		added = cvm_sum_value(&other->squares.weight);
	double		shift = other->mean - state->mean;

	if (added == 0)
		PG_RETURN_ARRAYTYPE_P(array);
	state->deviations += other->deviations + shift * shift * own * (added / (own + added));
	state->mean = own == 0 ? other->mean : state->mean + shift * (added / (own + added));
	cvm_sum_merge(&state->squares.weight, &other->squares.weight);
	cvm_sum_merge(&state->squares.loss, &other->squares.loss);
	PG_RETURN_ARRAYTYPE_P(array);
}

PG_FUNCTION_INFO_V1(cvm_variance_r2);
Datum
cvm_variance_r2(PG_FUNCTION_ARGS)
{
	const VarianceState *state = numbers_of(PG_GETARG_ARRAYTYPE_P(0), VARIANCE_LENGTH);

	if (!(state->deviations > 0))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(1 - cvm_sum_value(&state->squares.loss) / state->deviations);
}
