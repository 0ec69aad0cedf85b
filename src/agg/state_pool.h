/*
 * state_pool.h
 *		What the states of one running aggregate share: memory limit, temporary
 *		file, scratch.
 */
#ifndef CVM_STATE_POOL_H
#define CVM_STATE_POOL_H

#include "postgres.h"

#include "agg/fit_state.h"
#include "frame/block_store.h"
#include "storage/fd.h"

typedef struct CvmStatePool
{
	CvmScratch	scratch;		/* first: resize finds the pool */
	MemoryContext context;		/* of the aggregate; the pool ends with it */
	CvmStorage	storage;
	File		file;			/* -1: none */
	ResourceOwner owner;		/* of the file */
	off_t		file_end;
	MemoryContextCallback at_end;
	struct CvmStatePool *next;
} CvmStatePool;

/* The pool of an aggregate's context, made when there is none yet. */
extern CvmStatePool *cvm_state_pool(MemoryContext context);

/* Counts memory; false: there is not as much left, and it is not forced. */
extern bool cvm_state_pool_take(CvmStatePool *pool, Size size, bool forced);

/* Appends to the file; returns where. */
extern off_t cvm_state_pool_write(CvmStatePool *pool, const void *bytes, Size size);

#endif							/* CVM_STATE_POOL_H */
