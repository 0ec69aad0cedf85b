/*
 * lanes.h
 *		Four doubles side by side, for the kernels of src/encode.
 *
 * GCC's and Clang's vector types: one instruction where the machine has it,
 * two or four where not, and the same results everywhere.
 */
#ifndef CVM_LANES_H
#define CVM_LANES_H

#include <stdint.h>
#include <string.h>

#define CVM_LANES 4

typedef double CvmLanes __attribute__((vector_size(CVM_LANES * sizeof(double))));
typedef int64_t CvmLaneMask __attribute__((vector_size(CVM_LANES * sizeof(double))));

#define CVM_LANES_OF(value) ((CvmLanes) {(value), (value), (value), (value)})

/* The first of two where mask is set, else the second; a macro, for vectors
 * cannot be passed without an ABI note on every machine. */
#define CVM_LANES_SELECT(mask, yes, no) \
	((CvmLanes) (((mask) & (CvmLaneMask) (yes)) | (~(mask) & (CvmLaneMask) (no))))

/* The first where mask is set, else zero. */
#define CVM_LANES_KEEP(mask, value) ((CvmLanes) ((mask) & (CvmLaneMask) (value)))

#endif							/* CVM_LANES_H */
