/*
 * random.h
 *		Seeded random numbers and hashes, the same on every platform.
 *
 * The generator is xoshiro256** (Blackman and Vigna, 2018) seeded by
 * splitmix64; cvm_hash64 is the splitmix64 finalizer.
 */
#ifndef CVM_RANDOM_H
#define CVM_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct CvmRandom
{
	uint64_t	state[4];
} CvmRandom;

extern void cvm_random_seed(CvmRandom *random, uint64_t seed);
extern uint64_t cvm_random_next(CvmRandom *random);
extern double cvm_random_uniform(CvmRandom *random);	/* in [0, 1) */
extern double cvm_random_normal(CvmRandom *random);
extern uint64_t cvm_random_below(CvmRandom *random, uint64_t bound);	/* unbiased */
extern void cvm_random_shuffle(CvmRandom *random, int32_t *items, size_t count);

extern uint64_t cvm_hash64(uint64_t value, uint64_t seed);
extern uint64_t cvm_hash_bytes(const void *bytes, size_t length, uint64_t seed);

#endif							/* CVM_RANDOM_H */
