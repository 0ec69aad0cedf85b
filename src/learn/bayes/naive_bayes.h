/*
 * naive_bayes.h
 *		Naive Bayes: classes told apart by columns that are taken to be
 *		independent within a class (Maron, 1961).
 *
 * A number is normal within a class, with a mean and a variance of its own; an
 * indicator is 1 with some probability; a category has a probability for each
 * level.  Probabilities of levels are (weight of the level + smoothing) /
 * (weight of the class + smoothing * levels) (Laplace); an indicator is a
 * category of two levels.  Each variance is raised by a share of the variance
 * of its column over all classes, so that a column that is constant within a
 * class does not decide everything.
 *
 * A number that is missing (NaN) says nothing: it is left out of the sums of
 * training, and of the product of a prediction.
 */
#ifndef CVM_NAIVE_BAYES_H
#define CVM_NAIVE_BAYES_H

#include "linalg/expansion.h"

/*
 * What is learned.  Levels of one class stand column by column, the reference
 * level first in each.
 */
typedef struct CvmNaiveBayes
{
	const double *priors;		/* classes: shares of the training weight */
	const double *means;		/* classes x dense_columns; of an indicator the
								 * probability of 1 */
	const double *variances;	/* classes x dense_columns; NaN for indicators */
	const double *level_probabilities;	/* classes x level_total */
} CvmNaiveBayes;

/* A number within a class. */
typedef struct CvmBayesMoments
{
	double		weight;			/* of the values that are there */
	double		mean;
	double		squares;		/* sum of weighted squared deviations */
} CvmBayesMoments;

/* The sums that a fit is made of: those of parts of the rows add up to those of all. */
typedef struct CvmBayesSums
{
	int			classes;
	double	   *class_weights;	/* classes */
	CvmBayesMoments *moments;	/* classes x dense_columns */
	double	   *level_weights;	/* classes x level_total */
} CvmBayesSums;

extern void cvm_bayes_sums_init(CvmBayesSums *sums, const CvmExpansion *columns, int classes);
extern void cvm_bayes_sums_free(CvmBayesSums *sums);

/* What the rows so far count, a factor. */
extern void cvm_bayes_sums_decay(CvmBayesSums *sums, const CvmExpansion *columns, double factor);

/* One pass over the blocks; targets are class indexes. */
extern void cvm_bayes_sums_add(CvmBayesSums *sums, const CvmExpansion *columns,
							   CvmBlockSource *rows);

/*
 * The sums as probabilities; total_weight: of all rows.  Options as below.
 * Arrays are allocated with cvm_alloc.
 */
extern void cvm_naive_bayes_settle(const CvmBayesSums *sums, const CvmExpansion *columns,
								   double total_weight, double smoothing,
								   double variance_smoothing, CvmNaiveBayes *learned);

/*
 * One pass over the blocks; targets are class indexes.  smoothing > 0;
 * variance_smoothing: the share of a column's variance, >= 0.  A class
 * without a value of a number takes over the number's mean and variance over
 * all classes.  Arrays are allocated with cvm_alloc.
 */
extern void cvm_naive_bayes_fit(const CvmExpansion *columns, int classes,
								CvmBlockSource *rows, double smoothing, double variance_smoothing,
								CvmNaiveBayes *learned);

/*
 * Scores of blocks: prepare once, then any number of blocks.  scores: rows x
 * classes, row-major, logarithms of probabilities up to a constant of the row.
 */
typedef struct CvmBayesScorer CvmBayesScorer;

extern CvmBayesScorer *cvm_bayes_scorer_create(const CvmExpansion *columns, int classes,
											   const CvmNaiveBayes *learned);
extern void cvm_bayes_scorer_block(const CvmBayesScorer *scorer, const CvmBlock *block,
								   double *scores);

#endif							/* CVM_NAIVE_BAYES_H */
