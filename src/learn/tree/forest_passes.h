/*
 * forest_passes.h
 *		One tree or a forest over rows in a file: the same, bit for bit, as over
 *		rows in memory.
 */
#ifndef CVM_FOREST_PASSES_H
#define CVM_FOREST_PASSES_H

#include "learn/tree/tree_work.h"

/* Fills in forest, out-of-bag error and the number of trees. */
extern void cvm_forest_by_passes(CvmTreeWork *work, CvmTreeFit *fit);

#endif							/* CVM_FOREST_PASSES_H */
