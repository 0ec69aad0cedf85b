/*
 * scratch.h
 *		Files for what does not fit into memory.
 *
 * A scratch file is gone when it is closed, or with the error that leaves the
 * core.  Bytes are read as they were written; errors of reading and writing
 * are the host's, as with memory.
 */
#ifndef CVM_SCRATCH_H
#define CVM_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

typedef struct CvmScratch CvmScratch;

extern CvmScratch *cvm_scratch_open(void);
extern void cvm_scratch_write(CvmScratch *scratch, const void *bytes, size_t size, uint64_t offset);
extern void cvm_scratch_read(CvmScratch *scratch, void *bytes, size_t size, uint64_t offset);
extern void cvm_scratch_close(CvmScratch *scratch);

/* Bytes that were written and read by all files; for tests. */
extern uint64_t cvm_scratch_traffic(void);

/* How the host has files; sizes are at most CVM_SCRATCH_PIECE. */
#define CVM_SCRATCH_PIECE ((size_t) 1 << 30)

typedef struct CvmScratchHost
{
	void	   *(*open) (void);
	void		(*write) (void *file, const void *bytes, size_t size, uint64_t offset);
	void		(*read) (void *file, void *bytes, size_t size, uint64_t offset);
	void		(*close) (void *file);
} CvmScratchHost;

/* Replaces the host of the C library, which aborts where it fails. */
extern void cvm_set_scratch_host(const CvmScratchHost *host);

#endif							/* CVM_SCRATCH_H */
