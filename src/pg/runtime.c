/*
 * runtime.c
 *		The server as the host of the numeric core: palloc and interrupts.
 *
 * The core allocates in whatever memory context its caller made current, so
 * an error that leaves it by longjmp leaks nothing past that context.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/pmsignal.h"

#include "base/memory.h"
#include "pg/runtime.h"

static void *
server_alloc(size_t size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, size);
}

static void *
server_resize(void *pointer, size_t size)
{
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
