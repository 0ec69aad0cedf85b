/*
 * grow_residents.h
 *		Subtrees over rows that are brought into memory; for grow_passes.c only.
 *
 * Where a tree may have any number of leaves it does not matter which is split
 * first.  So nodes of few rows wait until the large ones are split by passes;
 * then as many as fit into memory are read in one pass, and what grows below
 * each is grown in memory and put into its place.
 */
#ifndef CVM_GROW_RESIDENTS_H
#define CVM_GROW_RESIDENTS_H

#include "learn/tree/grow_state.h"

typedef struct CvmResidents CvmResidents;

/* NULL where order matters, so that there are none. */
extern CvmResidents *cvm_residents_create(CvmGrower *grower);
extern void cvm_residents_release(CvmResidents *residents);

/* Whether a node has few enough rows; then it waits. */
extern bool cvm_residents_take(CvmResidents *residents, int node);

/* Grows what is below all nodes that wait. */
extern void cvm_residents_grow(CvmResidents *residents);

#endif							/* CVM_GROW_RESIDENTS_H */
