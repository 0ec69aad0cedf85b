/*
 * activation.c
 *		What hidden layers do to their sums.
 *
 * A network spends more time on tanh of the C library than on its matrices,
 * so tanh is made of an exponential without branches, which compilers turn
 * into vector instructions:
 *
 *	  tanh x = 1 - 2 / (exp(2x) + 1),  exp y = 2^n exp(y - n log 2),
 *
 * n the integer nearest to y / log 2, and the last factor from its Taylor
 * series.  The error is absolute, not relative: what small sums lose does
 * not matter beside the biases of the next layer.
 */
#include "learn/network/activation.h"

#include <stdint.h>
#include <string.h>

#include "linalg/clones.h"

const char *const cvm_activation_names[] = {"relu", "tanh", NULL};

/* tanh(9.1) rounds to 1. */
#define TANH_LIMIT 9.1f

/* Adding it to a float of less than 2^22 leaves the nearest integer in the low bits. */
#define ROUNDER 12582912.0f

/* log 2 in two parts: products of the first with small integers are exact. */
#define LOG_2_HIGH 0.693359375f
#define LOG_2_LOW -2.12194440e-4f

static inline float
exponential(float y)
{
	float		shifted = y * 1.442695041f + ROUNDER;
	float		whole = shifted - ROUNDER;
	float		rest = y - whole * LOG_2_HIGH - whole * LOG_2_LOW;
	float		series = 1 + rest * (1 + rest * (0.5f + rest * (1 / 6.0f + rest *
															  (1 / 24.0f + rest * (1 / 120.0f + rest / 720)))));
	float		power;
	int32_t		bits;

	memcpy(&bits, &shifted, sizeof(bits));
	bits = (int32_t) ((uint32_t) bits << 23) + (127 << 23);
	memcpy(&power, &bits, sizeof(power));
	return series * power;
}

CVM_CLONES static void
activate_tanh(size_t count, float *z)
{
	for (size_t i = 0; i < count; i++)
	{
		float		x = z[i] < -TANH_LIMIT ? -TANH_LIMIT : z[i];

		x = x > TANH_LIMIT ? TANH_LIMIT : x;
		z[i] = 1 - 2 / (exponential(2 * x) + 1);
	}
}

/* NaN stays. */
CVM_CLONES static void
activate_relu(size_t count, float *z)
{
	for (size_t i = 0; i < count; i++)
		z[i] = z[i] < 0 ? 0 : z[i];
}

void
cvm_activate(int activation, size_t count, float *z)
{
	if (activation == CVM_TANH)
		activate_tanh(count, z);
	else
		activate_relu(count, z);
}

/*
 * With dropout a = m t, t the value before it: the derivative of m tanh z is
 * m (1 - t^2) = m - kept a^2.
 */
CVM_CLONES static void
backward_tanh(size_t count, const float *a, const float *mask, float kept, float *delta)
{
	if (mask == NULL)
		for (size_t i = 0; i < count; i++)
			delta[i] *= 1 - a[i] * a[i];
	else
		for (size_t i = 0; i < count; i++)
			delta[i] *= mask[i] - kept * a[i] * a[i];
}

CVM_CLONES static void
backward_relu(size_t count, const float *a, const float *mask, float *delta)
{
	for (size_t i = 0; i < count; i++)
		delta[i] = a[i] > 0 ? delta[i] : 0;
	for (size_t i = 0; i < count && mask != NULL; i++)
		delta[i] *= mask[i];
}

void
cvm_activation_backward(int activation, size_t count, const float *a,
						const float *mask, float kept, float *delta)
{
	if (activation == CVM_TANH)
		backward_tanh(count, a, mask, kept, delta);
	else
		backward_relu(count, a, mask, delta);
}
