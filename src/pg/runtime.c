/*
 * runtime.c
 *		The server as the host of the numeric core: palloc and interrupts.
 *
 * The core allocates in whatever memory context its caller made current, so
 * an error that leaves it by longjmp leaks nothing past that context.
 *
 * A run of the worker may have a limit of memory.  What is allocated is added up
 * and, whenever it has come to a megabyte, compared with what all contexts of
 * the process hold together, for much of it is given back again.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/pmsignal.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "pg/priority.h"
#include "pg/runtime.h"

#define UNCOUNTED (1024 * 1024)

static Size limit = 0;			/* bytes; 0: none */
static Size uncounted = 0;		/* allocated since the contexts were asked */

void
cvm_memory_limit(int kilobytes)
{
	limit = (Size) kilobytes * 1024;
	uncounted = UNCOUNTED;
}

int
cvm_memory_limit_now(void)
{
	return (int) (limit / 1024);
}

void
cvm_memory_expect(Size size)
{
	Size		held;

	if (limit == 0)
		return;
	if (size < UNCOUNTED - uncounted)
	{
		uncounted += size;
		return;
	}
	uncounted = 0;
	held = MemoryContextMemAllocated(TopMemoryContext, true);
	if (held <= limit && size <= limit - held)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("the training needs more memory than cvm.retrain_memory (%zu MB) allows",
					limit / (1024 * 1024)),
			 errdetail("It holds %zu MB and asks for %zu kB more.", held / (1024 * 1024),
					   size / 1024),
			 errhint("Raise cvm.retrain_memory, or lower cvm.train_memory: rows past it go to a file.")));
}

static void *
server_alloc(size_t size)
{
	cvm_memory_expect(size);
	return MemoryContextAllocHuge(CurrentMemoryContext, size);
}

static void *
server_resize(void *pointer, size_t size)
{
	cvm_memory_expect(size);
	return repalloc_huge(pointer, size);
}

static void
server_release(void *pointer)
{
	pfree(pointer);
}

/* A worker's training must not outlive the postmaster: a new one would wait. */
static void
server_check_interrupt(void)
{
	CHECK_FOR_INTERRUPTS();
	if (MyBackendType == B_BG_WORKER && !PostmasterIsAlive())
		proc_exit(1);
	cvm_priority_pace();
}

static const CvmRuntime server_runtime = {
	.alloc = server_alloc,
	.resize = server_resize,
	.release = server_release,
	.check_interrupt = server_check_interrupt
};

void
cvm_install_runtime(void)
{
	cvm_set_runtime(&server_runtime);
}
