/*
 * factors.h
 *		Users and items as vectors of a few numbers each, whose product says how
 *		well they suit each other.
 *
 *	  score = mean + user bias + item bias + user factors . item factors
 *
 * A learner fills what it has: mean and user biases are of ratings only.
 *
 * Options that count: l2 (l2 / 2 times the squares of factors and biases, against
 * the summed loss) and l2_power (times this power of the weight of the ratings, or
 * of the number of the events, of each user and item), biases, alpha, seed, epochs,
 * tolerance (ends where the objective falls by a smaller share), learning_rate
 * with schedule and warmup (pairwise).
 */
#ifndef CVM_FACTORS_H
#define CVM_FACTORS_H

#include <stddef.h>
#include <stdint.h>

#include "learn/linear/fit.h"
#include "learn/factorization/interactions.h"

typedef enum CvmFactorization
{
	CVM_FACTORIZATION_AUTO, CVM_FACTORIZATION_ALS, CVM_FACTORIZATION_IMPLICIT,
	CVM_FACTORIZATION_BPR
} CvmFactorization;

extern const char *const cvm_factorization_names[];

typedef struct CvmFactors
{
	int			users;
	int			items;
	int			width;			/* factors of each */
	double		mean;
	double	   *user_factors;	/* users x width */
	double	   *item_factors;	/* items x width */
	double	   *user_biases;
	double	   *item_biases;
} CvmFactors;

typedef struct CvmFactorResult
{
	CvmOutcome	outcome;
	int			epochs;
	double		loss;			/* of a cell: half a mean squared error, or of pairs
								 * the mean logistic loss */
} CvmFactorResult;

/* Zero, with room. */
extern void cvm_factors_init(CvmFactors *factors, int users, int items, int width);
extern size_t cvm_factors_size(int users, int items, int width);

/* Random factors of users and items that are zero so far, small. */
extern void cvm_factors_start(CvmFactors *factors, uint64_t seed);

static inline double
cvm_factors_score(const CvmFactors *factors, int user, int item)
{
	const double *x = factors->user_factors + (size_t) user * factors->width;
	const double *y = factors->item_factors + (size_t) item * factors->width;
	double		sum = factors->mean + factors->user_biases[user] + factors->item_biases[item];

	for (int k = 0; k < factors->width; k++)
		sum += x[k] * y[k];
	return sum;
}

/*
 * Alternating least squares: with the items as they are, the best factors of
 * each user, and the other way around.
 *
 *	  ratings	sum of weight (rating - score)^2 / 2 (Zhou, Wilkinson, Schreiber
 *				and Pan, 2008); the mean is that of the ratings
 *	  events	sum over all pairs of (1 + alpha amount) (p - score)^2 / 2, where p
 *				is 1 for pairs that have met and 0 for others (Hu, Koren and
 *				Volinsky, 2008)
 *
 * Factors that are not zero are where it starts.
 */
extern void cvm_factors_of_ratings(const CvmInteractions *interactions, const CvmOptions *options,
								   const CvmProgress *progress, CvmFactors *factors,
								   CvmFactorResult *result);
extern void cvm_factors_of_events(const CvmInteractions *interactions, const CvmOptions *options,
								  const CvmProgress *progress, CvmFactors *factors,
								   CvmFactorResult *result);

/*
 * Stochastic gradient steps so that each user's items come before others, by
 * the logistic loss of the difference of two scores (Rendle, Freudenthaler,
 * Gantner and Schmidt-Thieme, 2009).  Amounts do not count.
 */
extern void cvm_factors_by_pairs(const CvmInteractions *interactions, const CvmOptions *options,
								 const CvmProgress *progress, CvmFactors *factors,
								   CvmFactorResult *result);

/*
 * For tests: one step of pairs, of a user, an item and another one, with the
 * shares of the penalty that fall to them; returns the loss before it.
 */
extern double cvm_pairwise_step(CvmFactors *factors, int user, int item, int other,
								double learning_rate, double user_l2, double item_l2,
								double other_l2);

#endif							/* CVM_FACTORS_H */
