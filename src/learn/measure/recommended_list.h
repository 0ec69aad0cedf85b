/*
 * recommended_list.h
 *		How good the first k of a ranked list of items are.
 *
 * Items of one score are in no order: every figure is its mean over all
 * orders of ties (McSherry and Najork, 2008).  A list without a relevant item
 * gets 0.
 */
#ifndef CVM_RECOMMENDED_LIST_H
#define CVM_RECOMMENDED_LIST_H

#include <stddef.h>

typedef struct CvmListItem
{
	double		score;
	double		relevance;		/* >= 0; 0 is not relevant */
} CvmListItem;

/* Sorts by falling score. */
extern void cvm_list_sort(CvmListItem *items, size_t count);

/*
 * Items sorted.  Normalized discounted cumulative gain (Jarvelin and
 * Kekalainen, 2002): relevance divided by log2(position + 1), against the
 * best order.  Reorders the items.
 */
extern double cvm_list_ndcg(CvmListItem *items, size_t count, size_t k);

/*
 * Average precision: mean over the relevant items, k of them at most, of the
 * precision at their places among the first k.
 */
extern double cvm_list_average_precision(const CvmListItem *items, size_t count, size_t k);

/* The chance that one of the first k is relevant. */
extern double cvm_list_hit_rate(const CvmListItem *items, size_t count, size_t k);

#endif							/* CVM_RECOMMENDED_LIST_H */
