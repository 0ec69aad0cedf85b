/*
 * dense.h
 *		Dense vectors and symmetric matrices: shims over BLAS and LAPACK.
 *
 * Matrices are column-major, a[row + column * order].  Of a symmetric one only
 * the upper triangle (row <= column) is read or written unless it says so.
 */
#ifndef CVM_DENSE_H
#define CVM_DENSE_H

#include <stdbool.h>
#include <stddef.h>

/* x'y, the Euclidean norm of x, and y += factor x. */
extern double cvm_dot(size_t count, const double *x, const double *y);
extern double cvm_norm(size_t count, const double *x);
extern void cvm_add_scaled(size_t count, double factor, const double *x, double *y);

/* a += x'x for x of rows x order, row-major; the leading dimension of a is given. */
extern void cvm_add_cross_product(int order, int rows, const double *x,
								  double *a, size_t leading);

/* product = x y' of x (rows x inner) and y (columns x inner), all row-major. */
extern void cvm_multiply_transposed(int rows, int columns, int inner, const double *x,
									const double *y, double *product);

/* a = U'U in place; false: not positive definite. */
extern bool cvm_cholesky(int order, double *a);

/* Solves U'U x = b in place of b; inverts it in place of U (upper triangle). */
extern void cvm_cholesky_solve(int order, const double *factor, double *b);
extern void cvm_cholesky_invert(int order, double *factor);

/* Eigenvalues, rising, and eigenvectors (columns of a) of a symmetric matrix. */
extern bool cvm_symmetric_eigen(int order, double *a, double *values);

#endif							/* CVM_DENSE_H */
