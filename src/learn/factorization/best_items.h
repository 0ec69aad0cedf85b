/*
 * best_items.h
 *		The items that suit users best, for many users at once.
 */
#ifndef CVM_BEST_ITEMS_H
#define CVM_BEST_ITEMS_H

#include <stdint.h>

/* Users that are worth taking at once, and the most that can be. */
#define CVM_LIST_USERS 128

/* What items are to everybody. */
typedef struct CvmItemVectors
{
	int			items;
	int			width;
	const double *factors;		/* items x width */
	const double *biases;		/* NULL: none */
	const double *scales;		/* products are multiplied by them; NULL: not */
} CvmItemVectors;

/* Whom a list is for. */
typedef struct CvmListUser
{
	const double *factors;
	double		base;			/* added to every score */
	const int32_t *excluded;	/* items, rising */
	int64_t		excluded_count;
} CvmListUser;

typedef struct CvmScoredItem
{
	double		score;
	int32_t		item;
} CvmScoredItem;

/*
 * The n items of the highest scores for each user, falling; of equal scores
 * the item of the lower number comes first.  found: how many each has got,
 * fewer than n where there are no more.  lists: users x n.
 */
extern void cvm_best_items(const CvmItemVectors *items, const CvmListUser *users, int user_count,
						   int n, CvmScoredItem *lists, int *found);

#endif							/* CVM_BEST_ITEMS_H */
