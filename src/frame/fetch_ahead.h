/*
 * fetch_ahead.h
 *		Asks for rows of a page before they are needed.
 *
 * Rows are stored from the end of a page to its beginning, so the row after
 * the next one lies before this one, at about twice the distance of its size.
 * To fetch it from memory takes longer than to use it, and a scan would only
 * ask for it when it gets there.  A wrong guess costs nothing but the fetch:
 * this reads nothing and cannot fail.
 */
#ifndef CVM_FETCH_AHEAD_H
#define CVM_FETCH_AHEAD_H

#include <stddef.h>

#define CVM_ROWS_AHEAD 2
#define CVM_LARGEST_ROW 2048		/* of larger ones few fit into a page */
#define CVM_CACHE_LINE 64

/* row: where this one begins (or a bit further); size: of a row, or a bit more. */
static inline void
cvm_fetch_ahead(const char *row, size_t size)
{
	const char *ahead = row - CVM_ROWS_AHEAD * size;

	if (size > CVM_LARGEST_ROW)
		return;
	for (size_t i = 0; i < size + CVM_CACHE_LINE; i += CVM_CACHE_LINE)
		__builtin_prefetch(ahead + i);
}

#endif							/* CVM_FETCH_AHEAD_H */
