/*
 * random.c
 *		Seeded random numbers and hashes, the same on every platform.
 */
#include "base/random.h"

#include <math.h>
#include <string.h>

/* splitmix64 (Steele, Lea and Flood, 2014): the finalizer. */
static uint64_t
mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

static uint64_t
rotate(uint64_t value, int bits)
{
	return (value << bits) | (value >> (64 - bits));
}

void
cvm_random_seed(CvmRandom *random, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
	{
		seed += UINT64_C(0x9e3779b97f4a7c15);
		random->state[i] = mix(seed);
	}
}

/* xoshiro256** (Blackman and Vigna, 2018). */
uint64_t
cvm_random_next(CvmRandom *random)
{
	uint64_t   *s = random->state;
	uint64_t	result = rotate(s[1] * 5, 7) * 9;
	uint64_t	shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate(s[3], 45);
	return result;
}

double
cvm_random_uniform(CvmRandom *random)
{
	return (double) (cvm_random_next(random) >> 11) * 0x1.0p-53;
}

/* Box and Muller (1958), one of the pair. */
double
cvm_random_normal(CvmRandom *random)
{
	double		u = 1.0 - cvm_random_uniform(random);	/* in (0, 1] */
	double		v = cvm_random_uniform(random);

	return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

/* Rejects the top of the range that would favor small results. */
uint64_t
cvm_random_below(CvmRandom *random, uint64_t bound)
{
	uint64_t	rejected = (UINT64_MAX - bound + 1) % bound;
	uint64_t	value;

	do
		value = cvm_random_next(random);
	while (value < rejected);
	return value % bound;
}

/* Fisher and Yates, as in Durstenfeld (1964). */
void
cvm_random_shuffle(CvmRandom *random, int32_t *items, size_t count)
{
	for (size_t i = count; i > 1; i--)
	{
		size_t		j = cvm_random_below(random, i);
		int32_t		item = items[i - 1];

		items[i - 1] = items[j];
		items[j] = item;
	}
}

uint64_t
cvm_hash64(uint64_t value, uint64_t seed)
{
	return mix(value + UINT64_C(0x9e3779b97f4a7c15) * (seed + 1));
}

uint64_t
cvm_hash_bytes(const void *bytes, size_t length, uint64_t seed)
{
	const unsigned char *at = bytes;
	uint64_t	hash = cvm_hash64(length, seed);

	while (length > 0)
	{
		size_t		take = length < 8 ? length : 8;
		uint64_t	word = 0;

		memcpy(&word, at, take);
		hash = mix(hash ^ (word + UINT64_C(0x9e3779b97f4a7c15)));
		at += take;
		length -= take;
	}
	return hash;
}
