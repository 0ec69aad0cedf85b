/*
 * recommender.h
 *		Users, items and how they suit each other: what lists are made from.
 *
 * A view of what a learner has learned, whatever it was (factors.h).
 */
#ifndef CVM_RECOMMENDER_H
#define CVM_RECOMMENDER_H

#include "learn/factorization/best_items.h"
#include "learn/factorization/newcomers.h"

typedef struct CvmRecommender
{
	CvmPairLayout layout;		/* of blocks that the model's encoder has encoded */
	CvmItemVectors items;
	double		mean;			/* part of every score */
	const double *user_factors; /* users x width of the items */
	const double *user_biases;
	const int32_t *seen_starts; /* by user, and one past them; NULL: not kept */
	const int32_t *seen_items;	/* of each user, rising */
	int			user_inputs;	/* of the model, after the identifiers: of users */
	CvmAttributes *user_attributes;
	CvmAttributes *item_attributes;
	const double *user_newcomers;	/* weights (newcomers.h) */
	const double *item_newcomers;
} CvmRecommender;

/* A known user, with the items that were met if these are to be excluded. */
static inline CvmListUser
cvm_recommender_user(const CvmRecommender *recommender, int user, bool exclude_seen)
{
	CvmListUser known = {
		.factors = recommender->user_factors + (size_t) user * recommender->items.width,
		.base = recommender->mean + recommender->user_biases[user]
	};

	if (exclude_seen && recommender->seen_starts != NULL)
	{
		known.excluded = recommender->seen_items + recommender->seen_starts[user];
		known.excluded_count = recommender->seen_starts[user + 1] - recommender->seen_starts[user];
	}
	return known;
}

#endif							/* CVM_RECOMMENDER_H */
