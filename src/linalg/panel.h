/*
 * panel.h
 *		Kernels over a panel: rows x columns numbers, row-major, contiguous.
 *
 * They allocate nothing and give the same bits on every processor.
 */
#ifndef CVM_PANEL_H
#define CVM_PANEL_H

#include <stddef.h>

/* y[row] = sum over columns of x[row, column] b[column]. */
extern void cvm_panel_multiply(int rows, int columns, const double *x,
							   const double *b, double *y);

/* g[column] += sum over rows of y[row] x[row, column]. */
extern void cvm_panel_add_transposed(int rows, int columns, const double *x,
									 const double *y, double *g);

/*
 * a[position i, position j] += sum over rows of h[row] x[row, i] x[row, j], for
 * i <= j.  a is column-major with a leading dimension, positions rise; h may
 * be negative.  work: cvm_panel_work_size(columns) doubles.
 */
extern size_t cvm_panel_work_size(int columns);
extern void cvm_panel_add_cross_product(int rows, int columns, const double *x,
										const double *h, const int *positions,
										double *a, size_t leading, double *work);

/* Sum of count numbers, in four interleaved parts. */
extern double cvm_sum(size_t count, const double *x);

#endif							/* CVM_PANEL_H */
