/*
 * learner_tree.h
 *		Trees in the table of learners.
 */
#ifndef CVM_LEARNER_TREE_H
#define CVM_LEARNER_TREE_H

#include "learn/tree/tree_fit.h"
#include "model/learner.h"

#define CVM_ALGORITHM_DECISION_TREE 20
#define CVM_ALGORITHM_RANDOM_FOREST 21
#define CVM_ALGORITHM_BOOSTED_TREES 22

/* The payload. */
typedef struct CvmTreePayload
{
	CvmTreeObjective objective;
	double		quantile;		/* of that objective; else 0 */
	const double *base;			/* boosted_trees: [output]; else NULL */
	double		out_of_bag_error;	/* random_forest; else NaN */
	CvmForest	forest;
} CvmTreePayload;

extern const CvmLearner cvm_learner_decision_tree;
extern const CvmLearner cvm_learner_random_forest;
extern const CvmLearner cvm_learner_boosted_trees;

/* The payload of a model of trees; NULL for other algorithms. */
extern const CvmTreePayload *cvm_model_trees(const CvmModel *model);

#endif							/* CVM_LEARNER_TREE_H */
