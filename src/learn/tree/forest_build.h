/*
 * forest_build.h
 *		From grown trees, in bins, to a forest, in thresholds and levels.
 */
#ifndef CVM_FOREST_BUILD_H
#define CVM_FOREST_BUILD_H

#include "learn/tree/forest.h"
#include "learn/tree/grow.h"

typedef struct CvmForestBuilder CvmForestBuilder;

extern CvmForestBuilder *cvm_forest_builder_create(const CvmBins *bins, int leaf_size);

/*
 * Adds a tree.  values: leaf_size numbers a node, of which those of leaves are
 * kept; weights: of the rows of each node, leaves only (those of inner nodes
 * are added up).
 */
extern void cvm_forest_builder_add(CvmForestBuilder *builder, const CvmGrownTree *tree,
								   const double *values, const double *weights);

/* The first "trees" trees; the builder is gone, its arrays are the forest's. */
/* Begins with the trees of a forest of the same layout. */
extern void cvm_forest_builder_copy(CvmForestBuilder *builder, const CvmForest *forest);

extern void cvm_forest_builder_finish(CvmForestBuilder *builder, int trees, CvmForest *forest);

#endif							/* CVM_FOREST_BUILD_H */
