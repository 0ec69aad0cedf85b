/*
 * spill_file.h
 *		A temporary file for rows that do not fit into memory.
 */
#ifndef CVM_SPILL_FILE_H
#define CVM_SPILL_FILE_H

#include "postgres.h"
#include "storage/fd.h"
#include "utils/resowner.h"

/* In one of temp_tablespaces; owner: who closes it after an error, or NULL:
 * nobody but cvm_block_store_free and the end of the process. */
extern File cvm_spill_open(ResourceOwner owner);

/* All of it, or an error.  size: at most INT_MAX. */
extern void cvm_spill_write(File file, const void *bytes, Size size, off_t offset);
extern void cvm_spill_read(File file, void *bytes, Size size, off_t offset);

#endif							/* CVM_SPILL_FILE_H */
