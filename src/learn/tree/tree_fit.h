/*
 * tree_fit.h
 *		Learning trees: one, many at random, or one after another.
 *
 *	  decision_tree		one tree, whose leaves hold means or class shares
 *						(Breiman and others, 1984)
 *	  random_forest		many of these, each on a sample of the rows with a few
 *						columns for every split (Breiman, 2001)
 *	  boosted_trees		small trees, each of which corrects what those before
 *						it have left (Friedman, 2001)
 */
#ifndef CVM_TREE_FIT_H
#define CVM_TREE_FIT_H

#include "learn/linear/fit.h"
#include "learn/tree/forest.h"

typedef enum CvmTreeMethod
{
	CVM_DECISION_TREE,
	CVM_RANDOM_FOREST,
	CVM_BOOSTED_TREES
} CvmTreeMethod;

/* What boosted trees minimize; the names are those of option "objective". */
typedef enum CvmTreeObjective
{
	CVM_OBJECTIVE_AUTO,			/* by the task */
	CVM_OBJECTIVE_SQUARED,
	CVM_OBJECTIVE_LOGISTIC,
	CVM_OBJECTIVE_SOFTMAX,
	CVM_OBJECTIVE_POISSON,
	CVM_OBJECTIVE_QUANTILE
} CvmTreeObjective;

typedef struct CvmTreeTask
{
	CvmTreeMethod method;
	CvmTreeObjective objective; /* not AUTO */
	int			outputs;		/* classes for softmax, else 1 */
	const CvmExpansion *layout;
	const int8_t *directions;	/* by column: 1 rising, -1 falling, 0 any; or NULL */
	size_t		memory;			/* bytes that rows may take; 0: no limit */
	const CvmForest *start;		/* boosted: trees to go on from, for this layout, or NULL */
	const double *start_base;	/* and their base */
} CvmTreeTask;

typedef struct CvmTreeFit
{
	CvmForest	forest;
	double	   *base;			/* boosted: [output], what every row begins with */
	double		out_of_bag_error;	/* forest: share of wrong classes, or mean squared
									 * error; else NaN */
	CvmOutcome	outcome;
	int			rounds;			/* trees a class */
	double		loss;			/* mean training loss; NaN where not computed */
	double		validation_loss;	/* NaN without */
} CvmTreeFit;

extern CvmStatus cvm_tree_fit(const CvmTreeTask *task, CvmBlockSource *training,
							  CvmBlockSource *validation, const CvmOptions *options,
							  const CvmProgress *progress, CvmTreeFit *fit, CvmError *error);

#endif							/* CVM_TREE_FIT_H */
