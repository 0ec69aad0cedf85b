/*
 * gemm.h
 *		Products of dense matrices in single precision: a shim over BLAS.
 */
#ifndef CVM_GEMM_H
#define CVM_GEMM_H

#include <stdbool.h>

/*
 * c = op(a) op(b) + beta c, all row-major and without gaps; c is rows x
 * columns, op(a) rows x inner, op(b) inner x columns, where op transposes if
 * the flag says so (a is then inner x rows, b columns x inner).  beta is 0
 * (c need not hold numbers) or 1.
 */
extern void cvm_gemm(bool transpose_a, bool transpose_b, int rows, int columns, int inner,
					 const float *a, const float *b, float beta, float *c);

#endif							/* CVM_GEMM_H */
