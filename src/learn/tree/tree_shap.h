/*
 * tree_shap.h
 *		What each column contributes to the prediction of a row by trees.
 */
#ifndef CVM_TREE_SHAP_H
#define CVM_TREE_SHAP_H

#include "learn/tree/forest.h"

/*
 * Path-dependent TreeSHAP (Lundberg and others, 2020): Shapley values of the
 * game in which a column that is not asked for sends the row both ways, by
 * the weights of the training rows.  Adds to
 *
 *	  base			[output]: what is predicted of nobody in particular
 *	  contributions	[column * outputs + output]
 *
 * whose sums are those of cvm_forest_walk.  row: of the block.
 */
typedef struct CvmTreeShap CvmTreeShap;

extern CvmTreeShap *cvm_tree_shap_create(const CvmForest *forest, const CvmExpansion *layout);
extern void cvm_tree_shap_release(CvmTreeShap *shap);
extern void cvm_tree_shap_row(const CvmTreeShap *shap, const CvmBlock *block, int row,
							  int outputs, double *base, double *contributions);

#endif							/* CVM_TREE_SHAP_H */
