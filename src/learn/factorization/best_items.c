/*
 * best_items.c
 *		The items that suit users best, for many users at once.
 *
 * Scores of a chunk of users and a chunk of items are one product of matrices.
 * Most of them are below the worst of the n that a user's heap holds so far, and
 * are passed over eight at a time.
 */
#include "learn/factorization/best_items.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/clones.h"
#include "linalg/rows.h"

#define CHUNK_ITEMS 512
#define STEP 8

/* ---- a heap with the worst item at its root ---- */

static inline bool
is_worse(const CvmScoredItem *left, const CvmScoredItem *right)
{
	return left->score < right->score ||
		(left->score == right->score && left->item > right->item);
}

static void
sift_down(CvmScoredItem *heap, int count, int at)
{
	CvmScoredItem moved = heap[at];

	for (;;)
	{
		int			child = 2 * at + 1;

		if (child >= count)
			break;
		if (child + 1 < count && is_worse(&heap[child + 1], &heap[child]))
			child++;
		if (!is_worse(&heap[child], &moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static void
sift_up(CvmScoredItem *heap, int at)
{
	CvmScoredItem moved = heap[at];

	while (at > 0 && is_worse(&moved, &heap[(at - 1) / 2]))
	{
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = moved;
}

static void
offer(CvmScoredItem *heap, int *count, int n, double score, int32_t item)
{
	CvmScoredItem offered = {score, item};

	if (*count < n)
	{
		heap[*count] = offered;
		sift_up(heap, (*count)++);
	}
	else if (is_worse(&heap[0], &offered))
	{
		heap[0] = offered;
		sift_down(heap, n, 0);
	}
}

static int
by_falling_score(const void *a, const void *b)
{
	return is_worse((const CvmScoredItem *) a, (const CvmScoredItem *) b) ? 1 : -1;
}

/* ---- scores ---- */

CVM_CLONES static void
add_biases(int count, const double *restrict biases, double base, double *restrict scores)
{
	for (int i = 0; i < count; i++)
		scores[i] += biases[i] + base;
}

CVM_CLONES static void
multiply(int count, const double *restrict scales, double *restrict scores)
{
	for (int i = 0; i < count; i++)
		scores[i] *= scales[i];
}

/* From "from" on, the first step of scores that holds one above the bound. */
CVM_CLONES static int
next_above(const double *scores, int from, int whole, double bound)
{
	for (; from < whole; from += STEP)
	{
		double		largest = scores[from];

		for (int i = 1; i < STEP; i++)
			largest = scores[from + i] > largest ? scores[from + i] : largest;
		if (largest > bound)
			break;
	}
	return from;
}

static void
offer_chunk(const double *scores, int first, int count, int n, CvmScoredItem *heap, int *found)
{
	int			whole = count - count % STEP;
	int			at = 0;

	while (at < count)
	{
		int			end;

		if (*found == n)
			at = next_above(scores, at, whole, heap[0].score);
		end = at + STEP < count ? at + STEP : count;
		for (; at < end; at++)
			if (scores[at] > -INFINITY)
				offer(heap, found, n, scores[at], first + at);
	}
}

void
cvm_best_items(const CvmItemVectors *items, const CvmListUser *users, int user_count, int n,
			   CvmScoredItem *lists, int *found)
{
	int			width = items->width;
	double	   *vectors = CVM_NEW(double, (size_t) user_count * width);
	double	   *scores = CVM_NEW(double, (size_t) user_count * CHUNK_ITEMS);
	int64_t    *passed = CVM_NEW_ZERO(int64_t, user_count);

	for (int u = 0; u < user_count; u++)
	{
		memcpy(vectors + (size_t) u * width, users[u].factors, sizeof(double) * width);
		found[u] = 0;
	}
	for (int first = 0; first < items->items; first += CHUNK_ITEMS)
	{
		int			count = items->items - first < CHUNK_ITEMS ? items->items - first : CHUNK_ITEMS;

		cvm_check_interrupt();
		cvm_multiply_rows_by_rows(user_count, count, width, vectors,
								  items->factors + (size_t) first * width, scores);
		for (int u = 0; u < user_count; u++)
		{
			double	   *own = scores + (size_t) u * count;

			if (items->scales != NULL)
				multiply(count, items->scales + first, own);
			if (items->biases != NULL)
				add_biases(count, items->biases + first, users[u].base, own);
			for (; passed[u] < users[u].excluded_count &&
				 users[u].excluded[passed[u]] < first + count; passed[u]++)
				own[users[u].excluded[passed[u]] - first] = -INFINITY;
			offer_chunk(own, first, count, n, lists + (size_t) u * n, &found[u]);
		}
	}
	for (int u = 0; u < user_count; u++)
		qsort(lists + (size_t) u * n, found[u], sizeof(CvmScoredItem), by_falling_score);
	cvm_release(vectors);
	cvm_release(scores);
	cvm_release(passed);
}
