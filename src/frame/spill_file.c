/*
 * spill_file.c
 *		A temporary file for rows that do not fit into memory.
 *
 * The server removes it with its last reference and counts it against
 * temp_file_limit.
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "utils/wait_event.h"

#include "frame/spill_file.h"

File
cvm_spill_open(ResourceOwner owner)
{
	ResourceOwner current = CurrentResourceOwner;
	File		file;

	PrepareTempTablespaces();
	if (owner == NULL)
		return OpenTemporaryFile(true);
	CurrentResourceOwner = owner;
	file = OpenTemporaryFile(false);
	CurrentResourceOwner = current;
	return file;
}

void
cvm_spill_write(File file, const void *bytes, Size size, off_t offset)
{
	int			written = FileWrite(file, (char *) bytes, size, offset,
									WAIT_EVENT_BUFFILE_WRITE);

	if (written != (int) size)
	{
		if (written >= 0)
			errno = ENOSPC;
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write rows to a temporary file: %m")));
	}
}

void
cvm_spill_read(File file, void *bytes, Size size, off_t offset)
{
	int			got = FileRead(file, bytes, size, offset, WAIT_EVENT_BUFFILE_READ);

	if (got < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read rows from a temporary file: %m")));
	if (got != (int) size)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("could not read rows from a temporary file: it ends early")));
}
