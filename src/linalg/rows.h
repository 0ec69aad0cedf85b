/*
 * rows.h
 *		Matrices of rows: products, orthonormal bases and eigenvectors, through
 *		BLAS and LAPACK.  All are row-major and without gaps.
 */
#ifndef CVM_ROWS_H
#define CVM_ROWS_H

#include <stdbool.h>

/* product = x y' of x (rows x inner) and y (columns x inner). */
extern void cvm_multiply_rows_by_rows(int rows, int columns, int inner, const double *x,
									  const double *y, double *product);

/* product += x'y of x (inner x rows) and y (inner x columns). */
extern void cvm_add_rows_to_product(int rows, int columns, int inner, const double *x,
									const double *y, double *product);

/* gram += x'x of x (rows x width); the lower triangle only. */
extern void cvm_add_gram(int width, int rows, const double *x, double *gram);

/*
 * Makes the rows of a, count x length with count <= length, orthonormal
 * without leaving the space that they span.
 */
extern void cvm_orthonormalize(int count, int length, double *a);

/*
 * Eigenvalues, rising, and eigenvectors (rows, in place) of a symmetric matrix
 * of which the lower triangle is there.  false: not found.
 */
extern bool cvm_symmetric_eigen(int width, double *a, double *values);

#endif							/* CVM_ROWS_H */
