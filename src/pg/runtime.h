/*
 * runtime.h
 *		The server as the host of the numeric core.
 */
#ifndef CVM_RUNTIME_H
#define CVM_RUNTIME_H

#include "postgres.h"

/* Makes the core allocate by palloc and check for interrupts. */
extern void cvm_install_runtime(void);

/* From now on this process may have that much memory, in kB; 0: any. */
extern void cvm_memory_limit(int kilobytes);
extern int	cvm_memory_limit_now(void);

/* Before an allocation that may be large and is not cvm_alloc's: an error where
 * it would go past the limit. */
extern void cvm_memory_expect(Size size);

#endif							/* CVM_RUNTIME_H */
