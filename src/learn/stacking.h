/*
 * stacking.h
 *		How much each of several models should count: stacked generalization
 *		(Wolpert, 1992; Breiman, 1996).
 *
 * From predictions for rows that none of the models has learned from:
 *
 *	  numbers	y = bias + sum_m weight_m prediction_m, by least squares
 *	  classes	P(k) proportional to exp(bias_k + sum_m weight_m log p_mk), by
 *				maximum likelihood; of two classes the logistic regression of
 *				the members' log-odds
 *
 * Weights are not negative.  The penalty l2/2 sum_m (weight_m - 1/M)^2, against
 * the summed loss (of numbers in units of the target's variance), pulls them
 * to the plain average, which few rows leave as it is.
 */
#ifndef CVM_STACKING_H
#define CVM_STACKING_H

#include <stddef.h>

typedef struct CvmStackRows
{
	size_t		count;
	int			members;
	int			classes;		/* 0: numbers */
	const double *predictions;	/* count x members x classes (or 1): probabilities or numbers */
	const double *targets;		/* numbers or classes */
	const double *weights;
} CvmStackRows;

typedef struct CvmStack
{
	double	   *weights;		/* members */
	double	   *biases;			/* classes, or 1 */
	double		loss;			/* mean, without the penalty */
	int			iterations;
} CvmStack;

/* weights and biases have room; they are overwritten. */
extern void cvm_stack_fit(const CvmStackRows *rows, double l2, CvmStack *stack);

/* One row: predictions members x classes (or 1); result classes (or 1). */
extern void cvm_stack_predict(int members, int classes, const double *weights,
							  const double *biases, const double *predictions, double *result);

#endif							/* CVM_STACKING_H */
