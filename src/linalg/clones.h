/*
 * clones.h
 *		Kernels compiled for several generations of processors.
 *
 * A function marked CVM_CLONES is compiled for AVX2 and for the baseline, and
 * the loader picks; with CVM_WIDE_CLONES for AVX-512 too, which pays in loops
 * over thousands of numbers with much arithmetic on each.  What it computes is the same on both, bit for bit: the
 * order of every sum is written down in the source, and products are not
 * contracted into fused multiply-adds (the build says -ffp-contract=off).
 */
#ifndef CVM_CLONES_H
#define CVM_CLONES_H

#if defined(__x86_64__) && defined(__GNUC__) && defined(__linux__)
#define CVM_HAVE_AVX2_CLONES 1
#endif

#if defined(CVM_HAVE_AVX2_CLONES) && !defined(__clang__)
#define CVM_CLONES __attribute__((target_clones("avx2", "default")))
#define CVM_WIDE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CVM_CLONES
#define CVM_WIDE_CLONES
#endif

#endif							/* CVM_CLONES_H */
