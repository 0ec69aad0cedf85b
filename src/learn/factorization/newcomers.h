/*
 * newcomers.h
 *		Factors of users and items that no row was of, from what describes them.
 *
 * A ridge regression of factors and bias on the attributes, in which every
 * known user (or item) counts once.  Without attributes it has a constant
 * only, and a newcomer is the average user.
 */
#ifndef CVM_NEWCOMERS_H
#define CVM_NEWCOMERS_H

#include "learn/factorization/factors.h"

/* The attributes of one side among the columns of a block. */
typedef struct CvmAttributes
{
	int			dense_count;
	int		   *dense;			/* columns */
	int			coded_count;
	int		   *coded;			/* columns */
	int		   *first_slots;	/* of level 1, by coded column */
	int		   *level_counts;
	int			dense_columns;	/* of the block */
	int			coded_columns;
	int			width;			/* a constant, numbers, all levels */
} CvmAttributes;

/* Width of the attributes: a larger system would take long to solve at a stretch. */
#define CVM_MOST_ATTRIBUTES 1536

/*
 * weights: attributes->width x (factors->width + 1), the bias last.  users:
 * whether it is they who are described, else the items.
 */
extern void cvm_newcomers_fit(const CvmAttributes *attributes, const CvmPairLayout *layout,
							  bool users, CvmBlockSource *source, const CvmFactors *factors,
							  double l2, double *weights);

/* Factors and bias of a row's user or item, as a newcomer: factor_width + 1 numbers. */
extern void cvm_newcomer(const CvmAttributes *attributes, const double *weights, int factor_width,
						 const CvmBlock *block, int row, double *factors);

#endif							/* CVM_NEWCOMERS_H */
