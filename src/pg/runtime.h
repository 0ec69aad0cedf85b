/*
 * runtime.h
 *		The server as the host of the numeric core.
 */
#ifndef CVM_RUNTIME_H
#define CVM_RUNTIME_H

/* Makes the core allocate by palloc and check for interrupts. */
extern void cvm_install_runtime(void);

#endif							/* CVM_RUNTIME_H */
