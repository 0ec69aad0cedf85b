/*
 * forest_compare.h
 *		Whether two fits of trees are the same, bit by bit.
 */
#ifndef CVM_FOREST_COMPARE_H
#define CVM_FOREST_COMPARE_H

#include <string.h>

#include "learn/tree/tree_fit.h"

static inline bool
same_numbers(const double *a, const double *b, size_t count)
{
	return memcmp(a, b, count * sizeof(double)) == 0;
}

static inline bool
same_integers(const int32_t *a, const int32_t *b, size_t count)
{
	return memcmp(a, b, count * sizeof(int32_t)) == 0;
}

static inline bool
same_forest(const CvmForest *a, const CvmForest *b)
{
	return a->tree_count == b->tree_count && a->node_count == b->node_count &&
		a->leaf_count == b->leaf_count && a->word_count == b->word_count &&
		same_integers(a->columns, b->columns, a->node_count) &&
		same_integers(a->children, b->children, a->node_count) &&
		same_integers(a->missing_left, b->missing_left, a->node_count) &&
		same_integers(a->words, b->words, a->word_count) &&
		same_numbers(a->thresholds, b->thresholds, a->node_count) &&
		same_numbers(a->gains, b->gains, a->node_count) &&
		same_numbers(a->covers, b->covers, a->node_count) &&
		same_numbers(a->leaves, b->leaves, (size_t) a->leaf_count * a->leaf_size);
}

static inline bool
same_fit(const CvmTreeFit *a, const CvmTreeFit *b)
{
	return same_forest(&a->forest, &b->forest) && a->outcome == b->outcome &&
		a->rounds == b->rounds && same_numbers(&a->loss, &b->loss, 1) &&
		same_numbers(&a->validation_loss, &b->validation_loss, 1) &&
		same_numbers(&a->out_of_bag_error, &b->out_of_bag_error, 1);
}

#endif							/* CVM_FOREST_COMPARE_H */
