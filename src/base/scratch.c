/*
 * scratch.c
 *		Files for what does not fit into memory.
 */
#include "base/scratch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

struct CvmScratch
{
	void	   *file;			/* of the host */
};

static uint64_t traffic;

/* ---- the host of the C library ---- */

static void *
checked(void *file, int good)
{
	if (!good)
	{
		fputs("cvm: a scratch file failed\n", stderr);
		abort();
	}
	return file;
}

static void *
library_open(void)
{
	FILE	   *file = tmpfile();

	return checked(file, file != NULL);
}

static void
library_write(void *file, const void *bytes, size_t size, uint64_t offset)
{
	checked(file, fseek(file, (long) offset, SEEK_SET) == 0 && fwrite(bytes, 1, size, file) == size);
}

static void
library_read(void *file, void *bytes, size_t size, uint64_t offset)
{
	checked(file, fseek(file, (long) offset, SEEK_SET) == 0 && fread(bytes, 1, size, file) == size);
}

static void
library_close(void *file)
{
	fclose(file);
}

static const CvmScratchHost library_host = {library_open, library_write, library_read, library_close};

static const CvmScratchHost *host = &library_host;

void
cvm_set_scratch_host(const CvmScratchHost *new_host)
{
	host = new_host;
}

/* ---- files ---- */

CvmScratch *
cvm_scratch_open(void)
{
	CvmScratch *scratch = CVM_NEW(CvmScratch, 1);

	scratch->file = host->open();
	return scratch;
}

static size_t
piece_of(size_t size)
{
	return size < CVM_SCRATCH_PIECE ? size : CVM_SCRATCH_PIECE;
}

void
cvm_scratch_write(CvmScratch *scratch, const void *bytes, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size; done += piece_of(size - done))
		host->write(scratch->file, (const char *) bytes + done, piece_of(size - done),
					offset + done);
	traffic += size;
}

void
cvm_scratch_read(CvmScratch *scratch, void *bytes, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size; done += piece_of(size - done))
		host->read(scratch->file, (char *) bytes + done, piece_of(size - done), offset + done);
	traffic += size;
}

void
cvm_scratch_close(CvmScratch *scratch)
{
	host->close(scratch->file);
	cvm_release(scratch);
}

uint64_t
cvm_scratch_traffic(void)
{
	return traffic;
}
