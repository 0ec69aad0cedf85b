/*
 * expand.h
 *		How the rows of an encoder become plain vectors (linalg/expansion.h).
 */
#ifndef CVM_EXPAND_H
#define CVM_EXPAND_H

#include "encode/encoder.h"
#include "linalg/expansion.h"

extern CvmExpansion *cvm_expansion_create(const CvmEncoder *encoder);
extern void cvm_expansion_release(CvmExpansion *expansion);

/*
 * What stands at a place of the vector: the term, and the level (-1: the
 * number itself; CVM_MISSING_FLAG: whether it was missing).
 */
#define CVM_MISSING_FLAG (-2)

extern const CvmTerm *cvm_expansion_term(const CvmEncoder *encoder, int place, int *level);

#endif							/* CVM_EXPAND_H */
