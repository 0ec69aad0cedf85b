/*
 * gemm.c
 *		Products of dense matrices in single precision: a shim over BLAS.
 *
 * BLAS is column-major, where our row-major matrices are their transposes:
 * c' = op(b)' op(a)'.
 */
#include "linalg/gemm.h"

extern void sgemm_(const char *transpose_a, const char *transpose_b, const int *rows,
				   const int *columns, const int *inner, const float *alpha,
				   const float *a, const int *leading_a, const float *b,
				   const int *leading_b, const float *beta, float *c,
				   const int *leading_c);

void
cvm_gemm(bool transpose_a, bool transpose_b, int rows, int columns, int inner,
		 const float *a, const float *b, float beta, float *c)
{
	const float one = 1;
	int			leading_a = transpose_a ? rows : inner;
	int			leading_b = transpose_b ? inner : columns;

	if (rows == 0 || columns == 0)
		return;
	if (inner == 0)
	{
		/* BLAS wants leading dimensions of 1 at least */
		for (long i = 0; beta == 0 && i < (long) rows * columns; i++)
			c[i] = 0;
		return;
	}
	sgemm_(transpose_b ? "T" : "N", transpose_a ? "T" : "N", &columns, &rows, &inner,
		   &one, b, &leading_b, a, &leading_a, &beta, c, &columns);
}
