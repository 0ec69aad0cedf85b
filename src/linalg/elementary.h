/*
 * elementary.h
 *		exp and log1p without branches, for loops that a compiler vectorizes.
 *
 * The C library's functions are called one number at a time, and which of its
 * variants runs depends on the processor.  These give the same bits
 * everywhere.
 *
 *	  exp		x = k log 2 + r, |r| <= log(2) / 2; log 2 in two parts so that r
 *				is exact to the last bit (Cody and Waite, 1980).  exp(r) is its
 *				Taylor sum of degree 13, truncated by less than 5e-18; k is
 *				added to the exponent.  Error below 1.01 ulp.  Below -708 the
 *				result is 0, above 709 infinity; NaN stays NaN.
 *
 *	  log1p		for x >= 0: 1 + x = 2^k m, m in [sqrt(1/2), sqrt(2)), and
 *				log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.1716, by its
 *				Taylor sum up to s^23, truncated by less than 2e-17 of the
 *				result.  Where x < sqrt(2) - 1 it is s = x / (x + 2), exact for
 *				the smallest x.  Error below 3 ulp.
 */
#ifndef CVM_ELEMENTARY_H
#define CVM_ELEMENTARY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* log 2: the first part has 11 zero bits at its end. */
#define CVM_LOG2_HIGH 0x1.62e42fefa3800p-1
#define CVM_LOG2_LOW 0x1.ef35793c76730p-45

static inline double
cvm_double_of_bits(uint64_t bits)
{
	double		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint64_t
cvm_bits_of_double(double value)
{
	uint64_t	bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static inline double
cvm_exp(double x)
{
	/* adding it rounds to an integer, which ends up in the low bits */
	const double rounder = 0x1.8p52;
	double		shifted = x * 0x1.71547652b82fep0 + rounder;
	double		k = shifted - rounder;
	double		r = (x - k * CVM_LOG2_HIGH) - k * CVM_LOG2_LOW;
	double		sum = 1.0 / 6227020800.0;

	sum = sum * r + 1.0 / 479001600.0;
	sum = sum * r + 1.0 / 39916800.0;
	sum = sum * r + 1.0 / 3628800.0;
	sum = sum * r + 1.0 / 362880.0;
	sum = sum * r + 1.0 / 40320.0;
	sum = sum * r + 1.0 / 5040.0;
	sum = sum * r + 1.0 / 720.0;
	sum = sum * r + 1.0 / 120.0;
	sum = sum * r + 1.0 / 24.0;
	sum = sum * r + 1.0 / 6.0;
	sum = sum * r + 0.5;
	sum = (sum * r * r + r) + 1.0;
	sum = cvm_double_of_bits(cvm_bits_of_double(sum) + (cvm_bits_of_double(shifted) << 52));
	sum = x < -708.0 ? 0.0 : sum;
	return x > 709.0 ? INFINITY : sum;
}

static inline double
cvm_log1p(double x)
{
	const uint64_t sqrt_half = UINT64_C(0x3fe6a09e667f3bcd);
	uint64_t	bits = cvm_bits_of_double(1.0 + x) - sqrt_half;
	/* the bits of 2^52 + k, less 2^52 */
	double		k = cvm_double_of_bits((bits >> 52) | UINT64_C(0x4330000000000000)) - 0x1p52;
	double		m = cvm_double_of_bits((bits & UINT64_C(0xfffffffffffff)) + sqrt_half);
	double		above = x < 0.41421356 ? x : m - 1.0;
	double		below = x < 0.41421356 ? x + 2.0 : m + 1.0;
	double		s = above / below;
	double		square = s * s;
	double		sum = 2.0 / 23.0;

	k = x < 0.41421356 ? 0.0 : k;
	sum = sum * square + 2.0 / 21.0;
	sum = sum * square + 2.0 / 19.0;
	sum = sum * square + 2.0 / 17.0;
	sum = sum * square + 2.0 / 15.0;
	sum = sum * square + 2.0 / 13.0;
	sum = sum * square + 2.0 / 11.0;
	sum = sum * square + 2.0 / 9.0;
	sum = sum * square + 2.0 / 7.0;
	sum = sum * square + 2.0 / 5.0;
	sum = sum * square + 2.0 / 3.0;
	return k * CVM_LOG2_HIGH + (2.0 * s + (sum * square * s + k * CVM_LOG2_LOW));
}

#endif							/* CVM_ELEMENTARY_H */
