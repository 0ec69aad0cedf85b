/*
 * pairwise.c
 *		Factors by stochastic gradient steps on pairs of items.
 *
 * A step takes a cell of the matrix at random, and an item that its user has
 * not met, which should come after the cell's item.  An epoch is as many steps
 * as there are cells.  The penalty of a vector, l2 / 2 times its squares against
 * the losses of an epoch, is shared out among the steps in which it is
 * expected to occur: of a user one for each cell, of an item one for each of
 * its cells and one more for each time that it is drawn as the other item.
 */
#include "learn/factorization/factors.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/batches/stepper.h"

#define EPOCHS 100
#define LEARNING_RATE 0.1

/* Draws of another item, for users who have met nearly all. */
#define MOST_DRAWS 32

/* Steps between looks for an interrupt. */
#define BURST 4096

double
cvm_pairwise_step(CvmFactors *factors, int user, int item, int other, double learning_rate,
				  double user_l2, double item_l2, double other_l2)
{
	int			width = factors->width;
	double	   *x = factors->user_factors + (size_t) user * width;
	double	   *y = factors->item_factors + (size_t) item * width;
	double	   *z = factors->item_factors + (size_t) other * width;
	double	   *y_bias = &factors->item_biases[item];
	double	   *z_bias = &factors->item_biases[other];
	double		difference = *y_bias - *z_bias;
	double		slope;

	for (int k = 0; k < width; k++)
		difference += x[k] * (y[k] - z[k]);
	slope = cvm_sigmoid(-difference);
	for (int k = 0; k < width; k++)
	{
		double		own = x[k];

		x[k] += learning_rate * (slope * (y[k] - z[k]) - user_l2 * own);
		y[k] += learning_rate * (slope * own - item_l2 * y[k]);
		z[k] += learning_rate * (-slope * own - other_l2 * z[k]);
	}
	*y_bias += learning_rate * (slope - item_l2 * *y_bias);
	*z_bias += learning_rate * (-slope - other_l2 * *z_bias);
	return difference > 0 ? log1p(exp(-difference)) : log1p(exp(difference)) - difference;
}

/* Whether a user has met an item. */
static bool
has_met(const CvmSparse *users, int user, int item)
{
	int64_t		low = users->starts[user];
	int64_t		high = users->starts[user + 1];

	while (low < high)
	{
		int64_t		middle = low + (high - low) / 2;

		if (users->indexes[middle] < item)
			low = middle + 1;
		else
			high = middle;
	}
	return low < users->starts[user + 1] && users->indexes[low] == item;
}

/* An item that the user has not met, or -1. */
static int
draw_other(const CvmSparse *users, int user, CvmRandom *random)
{
	for (int draw = 0; draw < MOST_DRAWS; draw++)
	{
		int			item = (int) cvm_random_below(random, users->columns);

		if (!has_met(users, user, item))
			return item;
	}
	return -1;
}

/* The share of the penalty that a step's vector bears. */
static double
share(const CvmOptions *options, double steps)
{
	return steps > 0 ? options->l2 * pow(steps, options->l2_power - 1) : options->l2;
}

static int32_t *
users_of_cells(const CvmSparse *users)
{
	int32_t    *of_cell = CVM_NEW(int32_t, users->starts[users->rows]);

	for (int user = 0; user < users->rows; user++)
		for (int64_t i = users->starts[user]; i < users->starts[user + 1]; i++)
			of_cell[i] = user;
	return of_cell;
}

static double *
item_shares(const CvmOptions *options, const CvmSparse *items)
{
	double	   *shares = CVM_NEW(double, items->rows);
	double		drawn = (double) items->starts[items->rows] / items->rows;

	for (int item = 0; item < items->rows; item++)
		shares[item] = share(options, items->starts[item + 1] - items->starts[item] + drawn);
	return shares;
}

void
cvm_factors_by_pairs(const CvmInteractions *interactions, const CvmOptions *options,
					 const CvmProgress *progress, CvmFactors *factors, CvmFactorResult *result)
{
	const CvmSparse *users = &interactions->by_user;
	int32_t    *user_of = users_of_cells(users);
	double	   *shares = item_shares(options, &interactions->by_item);
	int			epochs = options->epochs > 0 ? options->epochs : EPOCHS;
	CvmOptions	pace = *options;
	CvmRandom	random;

	cvm_random_seed(&random, options->seed + 1);
	if (pace.learning_rate == 0)
		pace.learning_rate = LEARNING_RATE;
	result->outcome = CVM_EPOCH_LIMIT;
	for (int epoch = 0; epoch < epochs; epoch++)
	{
		double		rate = cvm_learning_rate(&pace, CVM_SOLVER_SGD, epoch, 1, epochs);
		double		loss = 0;
		int64_t		steps = 0;

		for (int64_t draw = 0; draw < interactions->cells; draw++)
		{
			int64_t		cell = (int64_t) cvm_random_below(&random, interactions->cells);
			int			user = user_of[cell];
			int			item = users->indexes[cell];
			int			other = draw_other(users, user, &random);

			if (draw % BURST == 0)
				cvm_check_interrupt();
			if (other < 0)
				continue;
			loss += cvm_pairwise_step(factors, user, item, other, rate,
									  share(options, users->starts[user + 1] - users->starts[user]),
									  shares[item], shares[other]);
			steps++;
		}
		result->epochs = epoch + 1;
		result->loss = steps > 0 ? loss / steps : 0;
		if (progress != NULL)
			progress->report(progress->state, epoch + 1, epochs, result->loss,
								   NAN, rate, NAN);
		if (!isfinite(result->loss))
		{
			result->outcome = CVM_DIVERGED;
			break;
		}
	}
	cvm_release(user_of);
	cvm_release(shares);
}
