/*
 * interactions.h
 *		Who met what, and how it was: a sparse matrix of users and items.
 *
 * Both orders are kept, by user and by item.  A pair that occurs in several
 * rows is one cell: of ratings their weighted mean, with the sum of their
 * weights; of events their sum, each times its weight.
 */
#ifndef CVM_INTERACTIONS_H
#define CVM_INTERACTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linalg/block.h"

/* Cells in the order of rows, and of columns within a row. */
typedef struct CvmSparse
{
	int			rows;
	int			columns;
	int64_t    *starts;			/* rows + 1 */
	int32_t    *indexes;		/* of columns */
	double	   *values;
	double	   *weights;		/* NULL: 1 each */
} CvmSparse;

typedef struct CvmInteractions
{
	CvmSparse	by_user;
	CvmSparse	by_item;
	int64_t		cells;
} CvmInteractions;

/* What the target of a row is. */
typedef enum CvmCellKind
{
	CVM_CELL_RATING,
	CVM_CELL_AMOUNT,			/* how much of an event */
	CVM_CELL_EVENT				/* nothing: a row is one event */
} CvmCellKind;

/*
 * How a row of a block is read: the users' column of codes, the code of the
 * second user (the first one is CVM_SINK) and the number of users; items
 * likewise.  Codes past them are of unknown users or items.
 */
typedef struct CvmPairLayout
{
	int			user_column;
	int			item_column;
	int			coded_columns;
	int			slots;
	int			user_slot;
	int			item_slot;
	int			users;
	int			items;
} CvmPairLayout;

/* User and item of a row of a block, from 0; -1: unknown. */
extern void cvm_pair_of_row(const CvmPairLayout *layout, const CvmBlock *block, int row,
							int *user, int *item);

/* Bytes that reading so many rows takes, at most. */
extern size_t cvm_interactions_size(const CvmPairLayout *layout, uint64_t rows, CvmCellKind kind);

/*
 * Reads the source twice.  A cell with an amount of zero is none.  Rows of
 * unknown users or items do not count.
 */
extern void cvm_interactions_read(const CvmPairLayout *layout, CvmBlockSource *source,
								  CvmCellKind kind, CvmInteractions *interactions);
extern void cvm_interactions_free(CvmInteractions *interactions);

#endif							/* CVM_INTERACTIONS_H */
