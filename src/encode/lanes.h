/*
 * lanes.h
 *		Two doubles side by side.
 *
 * GCC's and Clang's vector types, as wide as every x86-64 and arm64 has them:
 * the kernels here wait for memory more than they compute, and wider vectors
 * that the compiler has to take apart again are slower than none.
 */
#ifndef CVM_LANES_H
#define CVM_LANES_H

#include <stdint.h>
#include <string.h>

#define CVM_LANES 2

typedef double CvmLanes __attribute__((vector_size(CVM_LANES * sizeof(double))));
typedef int64_t CvmLaneMask __attribute__((vector_size(CVM_LANES * sizeof(double))));

#define CVM_LANES_OF(value) ((CvmLanes) {(value), (value)})

/* The first of two where mask is set, else the second. */
#define CVM_LANES_SELECT(mask, yes, no) \
	((CvmLanes) (((mask) & (CvmLaneMask) (yes)) | (~(mask) & (CvmLaneMask) (no))))

/* The first where mask is set, else zero. */
#define CVM_LANES_KEEP(mask, value) ((CvmLanes) ((mask) & (CvmLaneMask) (value)))

#endif							/* CVM_LANES_H */
