/*
 * tree_start.h
 *		Trees of one model as another encoder sees their columns: what boosting
 *		goes on from.
 */
#ifndef CVM_TREE_START_H
#define CVM_TREE_START_H

#include "model/learners/learner_tree.h"

/*
 * Fills in the forest, for columns of the encoder (layout: its expansion).
 * Columns and levels are found by their names; a level that the model does not
 * know goes where scoring would send it.  False: a column that the trees ask for
 * is not there, or is something else.
 */
extern bool cvm_tree_start(const CvmModel *start, const CvmEncoder *encoder,
						   const CvmExpansion *layout, CvmForest *forest);

#endif							/* CVM_TREE_START_H */
