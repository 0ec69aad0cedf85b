/*
 * worker.h
 *		The background worker's entry point for the library's start.
 */
#ifndef CVM_WORKER_H
#define CVM_WORKER_H

/* Registers the launcher and its shared memory; only while the postmaster
 * loads shared_preload_libraries. */
extern void cvm_worker_init(void);

#endif							/* CVM_WORKER_H */
