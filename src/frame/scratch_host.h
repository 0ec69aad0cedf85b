/*
 * scratch_host.h
 *		Temporary files of the server as scratch files of the core.
 */
#ifndef CVM_SCRATCH_HOST_H
#define CVM_SCRATCH_HOST_H

extern void cvm_install_scratch_host(void);

#endif							/* CVM_SCRATCH_HOST_H */
