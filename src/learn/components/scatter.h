/*
 * scatter.h
 *		Sums over rows as vectors: means, and squares about means.
 */
#ifndef CVM_SCATTER_H
#define CVM_SCATTER_H

#include <stdbool.h>

/*
 * Most columns for a matrix of all pairs of them: its eigenvectors are found
 * without a chance to stop.
 */
#define CVM_MOST_PAIRED_COLUMNS 512

/*
 * Rows in groups (classes, or all in one), as sums that those of parts of the
 * rows add up to.
 */
typedef struct CvmScatter
{
	int			groups;
	int			width;
	double	   *weights;		/* groups */
	double	   *means;			/* groups x width */
	double	   *squares;		/* width (width + 1) / 2: sums of products about the
								 * mean of the row's group; rows of the lower triangle */
} CvmScatter;

#define CVM_SCATTER_SQUARES(width) ((size_t) (width) * ((width) + 1) / 2)

extern void cvm_scatter_init(CvmScatter *scatter, int groups, int width);
extern void cvm_scatter_free(CvmScatter *scatter);

/* Between the lower triangle of a matrix, width x width, and squares. */
extern void cvm_scatter_pack(CvmScatter *scatter, const double *matrix);
extern void cvm_scatter_unpack(const CvmScatter *scatter, double factor, double *matrix);

/* Adds other rows, whose weight counts a factor (Chan, Golub and LeVeque, 1979). */
extern void cvm_scatter_merge(CvmScatter *scatter, const CvmScatter *other, double factor);

/*
 * Adds rows: weights[group] and sums[group x width].  group: by row, as a
 * number from 0; NULL: all rows are of group 0.
 */
extern void cvm_add_sums(int rows, int width, const double *vectors, const double *row_weights,
						 const double *group, double *weights, double *sums);

/* Sums to means, in place; a group without weight keeps zeros. */
extern void cvm_sums_to_means(int groups, int width, const double *weights, double *sums);

/* centered = vector - mean of the row's group, times the square root of weight. */
extern void cvm_center_rows(int rows, int width, const double *vectors, const double *row_weights,
							const double *group, const double *means, double *centered);

/*
 * Eigenvalues, falling, and eigenvectors (rows, in place) of a symmetric matrix,
 * width x width, of which the lower triangle is there.  Of each vector the
 * entry of the largest size is positive.  false: not found.
 */
extern bool cvm_principal_axes(int width, double *matrix, double *values);

#endif							/* CVM_SCATTER_H */
