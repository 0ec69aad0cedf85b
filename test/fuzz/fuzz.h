/*
 * fuzz.h
 *		What a fuzz target is: one entry that must not crash on any bytes, and
 *		seeds, valid values to start from.
 *
 * The entry is libFuzzer's; replay.c calls the same one without libFuzzer.
 */
#ifndef CVM_FUZZ_H
#define CVM_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/codec.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Writes seed number "index"; false when there are no more. */
extern bool fuzz_seed(int index, CvmWriter *writer);

/* Brings length and checksum of a forged value up to date, in place. */
extern void fuzz_seal(uint8_t *bytes, size_t length);

#endif							/* CVM_FUZZ_H */
