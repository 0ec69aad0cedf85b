/*
 * dense.h
 *		Dense vectors and matrices: shims over BLAS and LAPACK.
 *
 * Matrices are column-major, a[row + column * leading]; of square ones the
 * leading dimension is the order unless it is given.  Of a symmetric or upper
 * triangular one only the upper triangle (row <= column) is read or written.
 */
#ifndef CVM_DENSE_H
#define CVM_DENSE_H

#include <stdbool.h>
#include <stddef.h>

/* x'y, the Euclidean norm of x, and y += factor x. */
extern double cvm_dot(size_t count, const double *x, const double *y);
extern double cvm_norm(size_t count, const double *x);
extern void cvm_add_scaled(size_t count, double factor, const double *x, double *y);

/* product = x A of x (rows x inner, row-major), product row-major. */
extern void cvm_multiply_rows(int rows, int columns, int inner, const double *x,
							  const double *a, int leading, double *product);

/* a = U'U in place; false: not positive definite. */
extern bool cvm_cholesky(int order, double *a);

/*
 * The same with pivoting, as long as the largest pivot left is above
 * tolerance: column i of U'U is column pivots[i] of a.  Returns the rank, the
 * number of rows of U.
 */
extern int	cvm_pivoted_cholesky(int order, double *a, double tolerance, int *pivots);

/* Solves U'x = b or U x = b in place of b, for the first "order" rows and
 * columns of U. */
extern void cvm_solve_transposed(int order, const double *u, int leading, double *b);
extern void cvm_solve_upper(int order, const double *u, int leading, double *b);

/* The inverse of U, in its place. */
extern void cvm_invert_upper(int order, double *u, int leading);

/* b = U b for b of order x columns, for the first "order" rows of U. */
extern void cvm_multiply_upper(int order, int columns, const double *u, int leading,
							   double *b, int leading_b);

/* y += factor A x, or A'x, for A of rows x columns. */
extern void cvm_add_product(int rows, int columns, double factor, const double *a,
							const double *x, double *y);
extern void cvm_add_transposed_product(int rows, int columns, double factor,
									   const double *a, const double *x, double *y);

/* c = A B for A of rows x inner, B of inner x columns. */
extern void cvm_multiply(int rows, int columns, int inner, const double *a,
						 const double *b, int leading_b, double *c);

/* s += factor U U' for U of order x columns. */
extern void cvm_add_outer_products(int order, int columns, double factor,
								   const double *u, double *s);

#endif							/* CVM_DENSE_H */
