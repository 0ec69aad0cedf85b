/*
 * scratch_host.c
 *		Temporary files of the server as scratch files of the core.
 *
 * A file belongs to the current resource owner and is closed after an error
 * with it.  A retraining that learns outside a transaction has none: then it is
 * closed with the process.
 */
#include "postgres.h"

#include "base/scratch.h"
#include "frame/scratch_host.h"
#include "frame/spill_file.h"

static void *
open_file(void)
{
	File	   *file = palloc(sizeof(File));

	*file = cvm_spill_open(CurrentResourceOwner);
	return file;
}

static void
write_file(void *file, const void *bytes, size_t size, uint64_t offset)
{
	cvm_spill_write(*(File *) file, bytes, size, (off_t) offset);
}

static void
read_file(void *file, void *bytes, size_t size, uint64_t offset)
{
	cvm_spill_read(*(File *) file, bytes, size, (off_t) offset);
}

static void
close_file(void *file)
{
	FileClose(*(File *) file);
	pfree(file);
}

static const CvmScratchHost server_host = {open_file, write_file, read_file, close_file};

void
cvm_install_scratch_host(void)
{
	cvm_set_scratch_host(&server_host);
}
