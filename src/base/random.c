/*
 * random.c
 *		Seeded random numbers and hashes, the same on every platform.
 *
 * Nothing here depends on byte order or word size: bytes are gathered into
 * words by shifts, and all arithmetic is modulo 2^64.
 */
#include "base/random.h"

#include <math.h>

#define GOLDEN_GAMMA UINT64_C(0x9E3779B97F4A7C15)

/* The finalizer of splitmix64 (Steele, Lea and Flood, 2014). */
static uint64_t
mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
	return value ^ (value >> 31);
}

static uint64_t
rotate_left(uint64_t value, int count)
{
	return (value << count) | (value >> (64 - count));
}

void
cvm_random_seed(CvmRandom *random, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
	{
		seed += GOLDEN_GAMMA;
		random->state[i] = mix(seed);
	}
}

uint64_t
cvm_random_next(CvmRandom *random)
{
	uint64_t   *state = random->state;
	uint64_t	result = rotate_left(state[1] * 5, 7) * 9;
	uint64_t	shifted = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= shifted;
	state[3] = rotate_left(state[3], 45);
	return result;
}

/* The 53 high bits as a fraction. */
double
cvm_random_uniform(CvmRandom *random)
{
	return (double) (cvm_random_next(random) >> 11) * 0x1p-53;
}

/* The polar method (Marsaglia and Bray, 1964); the second deviate is dropped. */
double
cvm_random_normal(CvmRandom *random)
{
	double		x,
				y,
				square;

	do
	{
		x = 2 * cvm_random_uniform(random) - 1;
		y = 2 * cvm_random_uniform(random) - 1;
		square = x * x + y * y;
	} while (square >= 1 || square == 0);
	return x * sqrt(-2 * log(square) / square);
}

/*
 * Draws that would make some results more likely than others are drawn again.
 * Bounds of 32 bits, those of shuffles, do without a division as a rule:
 * the result is the high half of a product (Lemire, 2019).  A bound of 0
 * gives 0.
 */
uint64_t
cvm_random_below(CvmRandom *random, uint64_t bound)
{
	uint64_t	skipped;
	uint64_t	draw;

	if (bound <= UINT32_MAX)
	{
		uint64_t	product = (cvm_random_next(random) >> 32) * bound;

		if ((uint32_t) product < bound)
		{
			uint32_t	uneven = bound == 0 ? 0 : (uint32_t) -(uint32_t) bound % (uint32_t) bound;

			while ((uint32_t) product < uneven)
				product = (cvm_random_next(random) >> 32) * bound;
		}
		return product >> 32;
	}
	skipped = (UINT64_MAX - bound + 1) % bound; /* 2^64 modulo bound */
	do
		draw = cvm_random_next(random);
	while (draw < skipped);
	return draw % bound;
}

/* Fisher and Yates, from the end. */
void
cvm_random_shuffle(CvmRandom *random, int32_t *items, size_t count)
{
	for (size_t left = count; left > 1; left--)
	{
		size_t		other = (size_t) cvm_random_below(random, left);
		int32_t		item = items[left - 1];

		items[left - 1] = items[other];
		items[other] = item;
	}
}

uint64_t
cvm_hash64(uint64_t value, uint64_t seed)
{
	return mix(value + mix(seed + GOLDEN_GAMMA));
}

/* With a constant count a single instruction, where bytes are in this order. */
static inline uint64_t
little_endian(const uint8_t *byte, size_t count)
{
	uint64_t	word = 0;

	for (size_t i = 0; i < count; i++)
		word |= (uint64_t) byte[i] << (8 * i);
	return word;
}

/* Of one to seven bytes, some of them twice. */
static inline uint64_t
last_word(const uint8_t *byte, size_t length)
{
	if (length >= 4)
		return little_endian(byte, 4) | little_endian(byte + length - 4, 4) << (8 * (length - 4));
	return byte[0] | (uint64_t) byte[length / 2] << (8 * (length / 2)) |
		(uint64_t) byte[length - 1] << (8 * (length - 1));
}

uint64_t
cvm_hash_bytes(const void *bytes, size_t length, uint64_t seed)
{
	const uint8_t *byte = bytes;
	uint64_t	hash = cvm_hash64(length, seed);

	for (; length >= 8; byte += 8, length -= 8)
		hash = mix((hash ^ little_endian(byte, 8)) + GOLDEN_GAMMA);
	if (length > 0)
		hash = mix((hash ^ last_word(byte, length)) + GOLDEN_GAMMA);
	return hash;
}
