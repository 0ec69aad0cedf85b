/*
 * tree_loss.h
 *		What boosted trees minimize: losses of rows, their derivatives, and the
 *		best value of a leaf.
 *
 * Scores are output-major: scores[k * rows + row].
 */
#ifndef CVM_TREE_LOSS_H
#define CVM_TREE_LOSS_H

#include "learn/tree/tree_fit.h"

typedef struct CvmTreeLoss
{
	CvmTreeObjective objective;
	int			outputs;
	double		quantile;
	double		l2;
} CvmTreeLoss;

/* The best constant scores: [output]. */
extern void cvm_tree_loss_base(const CvmTreeLoss *loss, size_t rows, const double *target,
							   const double *weight, double *base);

/* The same in steps, but for quantile: sums over the targets, then the scores. */
typedef struct CvmTargetSums
{
	double		total;			/* weight */
	double		sum;			/* weighted targets */
	double	   *classes;		/* softmax: [output]: weight */
} CvmTargetSums;

extern void cvm_tree_loss_add_targets(const CvmTreeLoss *loss, size_t rows, const double *target,
									  const double *weight, CvmTargetSums *sums);
extern void cvm_tree_loss_base_of(const CvmTreeLoss *loss, const CvmTargetSums *sums,
								  double *base);

/*
 * First and second derivatives by the scores, output-major, weighted; the
 * return value is the weighted sum of losses.  g and h may be NULL.  The arrays
 * begin at the first of "count" rows, "all" is the distance between outputs.
 */
extern double cvm_tree_loss_rows(const CvmTreeLoss *loss, size_t all, size_t count,
								 const double *scores, const double *target,
								 const double *weight, float *g, float *h);

/*
 * The value for a leaf of the rows with these numbers, for one output, within
 * bounds: a Newton step, or for quantile the quantile of what is left.
 * *total: the weight of the rows.
 */
extern double cvm_tree_loss_leaf(const CvmTreeLoss *loss, const int32_t *numbers, size_t count,
								 const float *g, const float *h, const double *scores,
								 const double *target, const double *weight,
								 double lower, double upper, double *total);

/* The same from sums of derivatives; not for quantile. */
extern double cvm_tree_loss_value(const CvmTreeLoss *loss, double gradient, double curvature,
								  double lower, double upper);

#endif							/* CVM_TREE_LOSS_H */
