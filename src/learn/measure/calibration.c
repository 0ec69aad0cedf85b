/*
 * calibration.c
 *		From a classifier's scores to probabilities that mean what they say.
 *
 * Platt's problem is a logistic regression on one number, the log-odds, with
 * targets that are a little inside 0 and 1, so that its optimum is finite even
 * where scores tell the classes apart without error.  It is convex; Newton's
 * step is halved until it makes the loss less.
 */
#include "learn/measure/calibration.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "learn/family.h"
#include "learn/measure/ranking.h"

const char *const cvm_calibration_names[] = {"none", "platt", "isotonic", NULL};

/* ---- applying ---- */

/* Finite for certainty too. */
static double
log_odds(double probability)
{
	probability = fmin(fmax(probability, DBL_EPSILON), 1 - DBL_EPSILON);
	return log(probability) - log1p(-probability);
}

/* Between the points of a map, and level beyond the first and the last. */
static double
interpolate(const double *scores, const double *probabilities, int points, double score)
{
	int			low = 0;
	int			high = points - 1;

	if (!(score > scores[0]))
		return probabilities[0];
	if (score >= scores[high])
		return probabilities[high];
	while (high - low > 1)
	{
		int			middle = low + (high - low) / 2;

		if (scores[middle] <= score)
			low = middle;
		else
			high = middle;
	}
	return probabilities[low] + (probabilities[high] - probabilities[low]) *
		((score - scores[low]) / (scores[high] - scores[low]));
}

static void
map_row(const CvmCalibration *calibration, double *predictions)
{
	int			first = 0;

	for (int k = 0; k < calibration->maps; k++)
	{
		if (calibration->method == CVM_CALIBRATION_PLATT)
		{
			predictions[k] = cvm_sigmoid(calibration->slopes[k] * log_odds(predictions[k]) +
										 calibration->intercepts[k]);
			continue;
		}
		predictions[k] = interpolate(calibration->scores + first, calibration->probabilities + first,
									 calibration->map_points[k], predictions[k]);
		first += calibration->map_points[k];
	}
}

static void
normalize(int classes, double *predictions)
{
	double		sum = 0;

	for (int k = 0; k < classes; k++)
		sum += predictions[k];
	for (int k = 0; k < classes; k++)
		predictions[k] = sum > 0 ? predictions[k] / sum : 1.0 / classes;
}

void
cvm_calibrate(const CvmCalibration *calibration, int rows, double *predictions)
{
	for (int row = 0; row < rows; row++)
	{
		double	   *own = predictions + (size_t) row * calibration->maps;

		map_row(calibration, own);
		if (calibration->maps > 1)
			normalize(calibration->maps, own);
	}
}

/* ---- platt ---- */

#define MOST_STEPS 100
#define MOST_HALVINGS 40

/* Relative to the weight of the rows. */
#define GRADIENT_TOLERANCE 1e-13

typedef struct PlattProblem
{
	const CvmLabelledScores *labelled;
	const double *odds;			/* log-odds by row */
	double		positive_target;
	double		negative_target;
	double		weight;
} PlattProblem;

/* Derivatives of the loss at a map, by slope and intercept. */
typedef struct PlattPoint
{
	double		slope;
	double		intercept;
	double		loss;
	double		gradient[2];
	double		hessian[3];		/* slope slope, slope intercept, intercept intercept */
} PlattPoint;

static double
target_of(const PlattProblem *problem, size_t row)
{
	return problem->labelled->labels[row] == problem->labelled->positive ?
		problem->positive_target : problem->negative_target;
}

static void
evaluate(const PlattProblem *problem, PlattPoint *point)
{
	point->loss = 0;
	memset(point->gradient, 0, sizeof(point->gradient));
	memset(point->hessian, 0, sizeof(point->hessian));
	for (size_t row = 0; row < problem->labelled->count; row++)
	{
		double		odds = problem->odds[row];
		double		weight = problem->labelled->weights[row];
		double		target = target_of(problem, row);
		double		z = point->slope * odds + point->intercept;
		double		p = cvm_sigmoid(z);
		double		error = weight * (p - target);
		double		curvature = weight * p * (1 - p);

		if (row % 65536 == 0)
			cvm_check_interrupt();
		point->loss += weight * (log1p(exp(-fabs(z))) + fmax(z, 0) - target * z);
		point->gradient[0] += error * odds;
		point->gradient[1] += error;
		point->hessian[0] += curvature * odds * odds;
		point->hessian[1] += curvature * odds;
		point->hessian[2] += curvature;
	}
}

static double
gradient_size(const PlattPoint *point)
{
	return fabs(point->gradient[0]) + fabs(point->gradient[1]);
}

/* By the loss, and where that is the same to rounding by the gradient. */
static bool
is_better(const PlattPoint *next, const PlattPoint *point)
{
	return next->loss < point->loss ||
		(next->loss <= point->loss * (1 + 1e-12) && gradient_size(next) < gradient_size(point));
}

/* Newton's step from a point, halved as often as needed; false: there is no better point. */
static bool
improve(const PlattProblem *problem, PlattPoint *point)
{
	double		ridge = 1e-12 * problem->weight;
	double		a = point->hessian[0] + ridge;
	double		b = point->hessian[1];
	double		c = point->hessian[2] + ridge;
	double		determinant = a * c - b * b;
	double		step = 1;

	for (int halving = 0; halving < MOST_HALVINGS; halving++, step /= 2)
	{
		PlattPoint	next = *point;

		next.slope -= step * (c * point->gradient[0] - b * point->gradient[1]) / determinant;
		next.intercept -= step * (a * point->gradient[1] - b * point->gradient[0]) / determinant;
		evaluate(problem, &next);
		if (is_better(&next, point))
		{
			*point = next;
			return true;
		}
	}
	return false;
}

void
cvm_platt_fit(const CvmLabelledScores *labelled, double *slope, double *intercept)
{
	PlattProblem problem = {.labelled = labelled};
	double	   *odds = CVM_NEW(double, labelled->count);
	double		positives = 0;
	double		target_sum = 0;
	PlattPoint	point = {0};

	for (size_t row = 0; row < labelled->count; row++)
	{
		odds[row] = log_odds(labelled->scores[row]);
		problem.weight += labelled->weights[row];
		if (labelled->labels[row] == labelled->positive)
			positives += labelled->weights[row];
	}
	problem.odds = odds;
	problem.positive_target = (positives + 1) / (positives + 2);
	problem.negative_target = 1 / (problem.weight - positives + 2);
	point.intercept = log((positives + 1) / (problem.weight - positives + 1));
	evaluate(&problem, &point);
	for (int i = 0; i < MOST_STEPS; i++)
		if (gradient_size(&point) < GRADIENT_TOLERANCE * problem.weight ||
			!improve(&problem, &point))
			break;
	if (!(point.slope >= 0))
	{
		for (size_t row = 0; row < labelled->count; row++)
			target_sum += labelled->weights[row] * target_of(&problem, row);
		point.slope = 0;
		point.intercept = log_odds(target_sum / problem.weight);
	}
	*slope = point.slope;
	*intercept = point.intercept;
	cvm_release(odds);
}

/* ---- isotonic ---- */

/* Neighboring scores that have one probability. */
typedef struct Pool
{
	double		lowest;
	double		highest;
	double		positive;		/* weight */
	double		weight;
} Pool;

static double
share(const Pool *pool)
{
	return pool->positive / pool->weight;
}

/* Pools in the order of falling scores, whose shares fall too. */
static Pool *
pool_violators(CvmRanking *ranking, size_t *count)
{
	Pool	   *pools = CVM_NEW(Pool, ranking->count);
	size_t		last = 0;
	CvmRankingCursor cursor;
	CvmTies		ties;
	CvmTie		tie;

	cvm_ranking_ties(ranking, &cursor, &ties);
	while (ties.next(ties.state, &tie))
	{
		Pool	   *pool = &pools[last++];

		pool->lowest = pool->highest = tie.score;
		pool->positive = tie.positive;
		pool->weight = tie.positive + tie.negative;
		for (; last > 1 && share(pool) >= share(pool - 1); pool--, last--)
		{
			pool[-1].lowest = pool->lowest;
			pool[-1].positive += pool->positive;
			pool[-1].weight += pool->weight;
		}
	}
	*count = last;
	return pools;
}

int
cvm_isotonic_fit(const CvmLabelledScores *labelled, double **scores, double **probabilities)
{
	CvmRanking	ranking = {0};
	size_t		count;
	Pool	   *pools;
	int			points = 0;

	for (size_t row = 0; row < labelled->count; row++)
		cvm_ranking_add(&ranking, labelled->labels[row] == labelled->positive,
						labelled->scores[row], labelled->weights[row]);
	pools = pool_violators(&ranking, &count);
	cvm_release(ranking.rows);
	*scores = CVM_NEW(double, 2 * count);
	*probabilities = CVM_NEW(double, 2 * count);
	for (size_t i = count; i-- > 0;)
	{
		const double ends[] = {pools[i].lowest, pools[i].highest};

		for (int end = 0; end < (ends[0] < ends[1] ? 2 : 1); end++)
		{
			(*scores)[points] = ends[end];
			(*probabilities)[points++] = share(&pools[i]);
		}
	}
	cvm_release(pools);
	return points;
}
