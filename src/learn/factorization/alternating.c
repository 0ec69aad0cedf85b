/*
 * alternating.c
 *		Alternating least squares, of ratings and of events.
 *
 * With the factors of one side fixed, each row of the other side is a ridge
 * regression of its own, of a handful of coefficients: the factors and, of
 * ratings, a bias, which is the coefficient of a column of ones.  Its normal
 * equations are summed up over the row's cells, a panel of gathered factors at
 * a time, and solved by Cholesky.
 *
 * Of events every pair that has not met is a cell too, of confidence 1.
 * Their normal matrix is the same for all rows, the Gram matrix of the other
 * side's factors, and a row adds what its own cells have beyond confidence 1
 * (Hu, Koren and Volinsky, 2008).
 *
 * The objective costs nothing: at its optimum z a regression with the normal
 * matrix A, the right-hand side b and the sum of squares c has the value
 * (c - b'z) / 2, penalty included.
 */
#include "learn/factorization/factors.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/dense.h"
#include "linalg/panel.h"

/* Cells that are gathered at a time. */
#define PANEL_ROWS 64

/* Rows of the other side that go into the Gram matrix at a time. */
#define GRAM_ROWS 512

#define RATING_SWEEPS 20
#define EVENT_SWEEPS 15

/* Where a matrix is singular: so much of its mean diagonal is added. */
#define LEAST_RIDGE 1e-10

/* One side being solved for, the other one fixed. */
typedef struct Side
{
	const CvmSparse *cells;		/* rows are those of the side */
	double	   *own;
	double	   *own_biases;
	const double *other;
	const double *other_biases;
} Side;

typedef struct Alternation
{
	const CvmOptions *options;
	bool		events;
	int			width;
	int			order;			/* width, and 1 for a bias */
	double		mean;
	int		   *positions;
	double	   *gram;			/* events: of the other side */
	double	   *panel;			/* PANEL_ROWS x order */
	double	   *weights;		/* of a panel's rows in the normal matrix */
	double	   *targets;		/* and on the right-hand side */
	double	   *matrix;			/* order x order, the upper triangle */
	double	   *solution;
	double	   *work;
} Alternation;

/* ---- one row ---- */

/* Gathers cells from "from" on; adds up c; returns how many. */
static int
gather(const Alternation *state, const Side *side, int64_t from, int64_t end,
	   double *squares)
{
	const CvmSparse *cells = side->cells;
	int			count = end - from < PANEL_ROWS ? (int) (end - from) : PANEL_ROWS;
	int			width = state->width;
	double	   *row = state->panel;

	for (int i = 0; i < count; i++, row += state->order)
	{
		int32_t		index = cells->indexes[from + i];
		double		value = cells->values[from + i];

		memcpy(row, side->other + (size_t) index * width, width * sizeof(double));
		if (state->events)
		{
			double		confidence = 1 + state->options->alpha * value;

			state->weights[i] = confidence - 1;
			state->targets[i] = confidence;
			*squares += confidence;
		}
		else
		{
			double		weight = cells->weights != NULL ? cells->weights[from + i] : 1;
			double		rest = value - state->mean - side->other_biases[index];

			if (state->order > width)
				row[width] = 1;
			state->weights[i] = weight;
			state->targets[i] = weight * rest;
			*squares += weight * rest * rest;
		}
	}
	return count;
}

static double
ridge_of(const Alternation *state, const CvmSparse *cells, int row)
{
	double		count = 0;

	if (state->options->l2_power == 0)
		return state->options->l2;
	if (cells->weights == NULL)
		count = (double) (cells->starts[row + 1] - cells->starts[row]);
	else
		for (int64_t i = cells->starts[row]; i < cells->starts[row + 1]; i++)
			count += cells->weights[i];
	return state->options->l2 * pow(count, state->options->l2_power);
}

/* Adds a ridge to the diagonal, so large that there is a solution. */
static void
add_ridge(const Alternation *state, double ridge)
{
	int			order = state->order;
	double		trace = 0;

	for (int k = 0; k < order; k++)
		trace += state->matrix[k * order + k];
	ridge = fmax(ridge, LEAST_RIDGE * trace / order);
	for (int k = 0; k < order; k++)
		state->matrix[k * order + k] += ridge > 0 ? ridge : 1;
}

/* The best factors of a row; returns what it adds to the objective. */
static double
solve_row(const Alternation *state, const Side *side, int row)
{
	const CvmSparse *cells = side->cells;
	int			order = state->order;
	int			width = state->width;
	double	   *solution = state->solution;
	double		squares = 0;
	double		explained = 0;
	double	   *own = side->own + (size_t) row * width;

	if (state->events)
		memcpy(state->matrix, state->gram, sizeof(double) * order * order);
	else
		memset(state->matrix, 0, sizeof(double) * order * order);
	memset(solution, 0, sizeof(double) * order);
	for (int64_t from = cells->starts[row]; from < cells->starts[row + 1]; from += PANEL_ROWS)
	{
		int			count;

		cvm_check_interrupt();
		count = gather(state, side, from, cells->starts[row + 1], &squares);

		cvm_panel_add_cross_product(count, order, state->panel, state->weights,
									state->positions, state->matrix, order, state->work);
		cvm_panel_add_transposed(count, order, state->panel, state->targets, solution);
	}
	add_ridge(state, ridge_of(state, cells, row));
	memcpy(state->work, solution, sizeof(double) * order);
	if (cvm_cholesky(order, state->matrix))
	{
		cvm_solve_transposed(order, state->matrix, order, solution);
		cvm_solve_upper(order, state->matrix, order, solution);
	}
	for (int k = 0; k < order; k++)
		explained += state->work[k] * solution[k];
	memcpy(own, solution, sizeof(double) * width);
	if (order > width)
		side->own_biases[row] = solution[width];
	return (squares - explained) / 2;
}

/* ---- sweeps ---- */

/* All rows of a side; returns the objective but for the other side's penalty. */
static double
solve_side(Alternation *state, const Side *side)
{
	double		objective = 0;

	if (state->events)
	{
		memset(state->gram, 0, sizeof(double) * state->width * state->width);
		for (int from = 0; from < side->cells->columns; from += GRAM_ROWS)
		{
			int			left = side->cells->columns - from;

			cvm_check_interrupt();
			cvm_add_outer_products(state->width, left < GRAM_ROWS ? left : GRAM_ROWS, 1,
								   side->other + (size_t) from * state->width, state->gram);
		}
	}
	for (int row = 0; row < side->cells->rows; row++)
	{
		cvm_check_interrupt();
		objective += solve_row(state, side, row);
	}
	return objective;
}

/* What a side's factors and biases are fined. */
static double
penalty(const Alternation *state, const Side *side)
{
	double		sum = 0;

	for (int row = 0; row < side->cells->rows; row++)
	{
		const double *own = side->own + (size_t) row * state->width;
		double		squares = side->own_biases[row] * side->own_biases[row];

		for (int k = 0; k < state->width; k++)
			squares += own[k] * own[k];
		sum += ridge_of(state, side->cells, row) * squares / 2;
	}
	return sum;
}

static double
total_weight(const CvmSparse *cells)
{
	double		sum = 0;

	if (cells->weights == NULL)
		return (double) cells->starts[cells->rows];
	for (int64_t i = 0; i < cells->starts[cells->rows]; i++)
		sum += cells->weights[i];
	return sum;
}

static double
mean_rating(const CvmSparse *cells)
{
	double		sum = 0;
	double		weight = 0;

	for (int64_t i = 0; i < cells->starts[cells->rows]; i++)
	{
		double		own = cells->weights != NULL ? cells->weights[i] : 1;

		weight += own;
		sum += own * cells->values[i];
	}
	return weight > 0 ? sum / weight : 0;
}

static void
alternate(const CvmInteractions *interactions, const CvmOptions *options, bool events,
		  const CvmProgress *progress, CvmFactors *factors, CvmFactorResult *result)
{
	Alternation state = {
		.options = options,.events = events,.width = factors->width,
		.order = factors->width + (events || !options->biases ? 0 : 1),.mean = factors->mean
	};
	Side		users = {&interactions->by_user, factors->user_factors, factors->user_biases,
	factors->item_factors, factors->item_biases};
	Side		items = {&interactions->by_item, factors->item_factors, factors->item_biases,
	factors->user_factors, factors->user_biases};
	int			sweeps = options->epochs > 0 ? options->epochs : events ? EVENT_SWEEPS : RATING_SWEEPS;
	double		weight = fmax(total_weight(&interactions->by_user), 1);
	double		last = INFINITY;
	size_t		order = state.order;
	size_t		work = cvm_panel_work_size(state.order);

	state.positions = CVM_NEW(int, order);
	for (int k = 0; k < state.order; k++)
		state.positions[k] = k;
	state.gram = CVM_NEW_ZERO(double, order * order);
	state.matrix = CVM_NEW(double, order * order);
	state.panel = CVM_NEW(double, PANEL_ROWS * order);
	state.weights = CVM_NEW(double, PANEL_ROWS);
	state.targets = CVM_NEW(double, PANEL_ROWS);
	state.solution = CVM_NEW(double, order);
	state.work = CVM_NEW(double, work > order ? work : order);

	result->outcome = CVM_EPOCH_LIMIT;
	result->epochs = 0;
	while (result->epochs < sweeps && result->outcome == CVM_EPOCH_LIMIT)
	{
		double		fine;
		double		objective;

		(void) solve_side(&state, &users);
		fine = penalty(&state, &users);
		objective = solve_side(&state, &items) + fine;
		result->epochs++;
		result->loss = (objective - fine - penalty(&state, &items)) / weight;
		if (progress != NULL)
			progress->report(progress->state, result->epochs, sweeps, result->loss,
								   NAN, NAN, NAN);
		if (last - objective <= options->tolerance * fabs(objective))
			result->outcome = CVM_CONVERGED;
		last = objective;
	}
	cvm_release(state.positions);
	cvm_release(state.gram);
	cvm_release(state.matrix);
	cvm_release(state.panel);
	cvm_release(state.weights);
	cvm_release(state.targets);
	cvm_release(state.solution);
	cvm_release(state.work);
}

void
cvm_factors_of_ratings(const CvmInteractions *interactions, const CvmOptions *options,
					   const CvmProgress *progress, CvmFactors *factors, CvmFactorResult *result)
{
	factors->mean = mean_rating(&interactions->by_user);
	alternate(interactions, options, false, progress, factors, result);
}

void
cvm_factors_of_events(const CvmInteractions *interactions, const CvmOptions *options,
					  const CvmProgress *progress, CvmFactors *factors, CvmFactorResult *result)
{
	alternate(interactions, options, true, progress, factors, result);
}
