/*
 * memory.c
 *		Overflow-checked allocation through the host of the core.
 *
 * A failing allocation never returns: the server's host raises an error, the
 * malloc host of the unit tests aborts.
 */
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
checked(void *pointer)
{
	if (pointer == NULL)
	{
		fputs("cvm: out of memory\n", stderr);
		abort();
	}
	return pointer;
}

static void *
malloc_alloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

static void *
malloc_resize(void *pointer, size_t size)
{
	return checked(realloc(pointer, size ? size : 1));
}

static void
malloc_check_interrupt(void)
{
}

static const CvmRuntime malloc_runtime = {
	.alloc = malloc_alloc,
	.resize = malloc_resize,
	.release = free,
	.check_interrupt = malloc_check_interrupt
};

static const CvmRuntime *runtime = &malloc_runtime;

void
cvm_set_runtime(const CvmRuntime *new_runtime)
{
	runtime = new_runtime;
}

/* A product that overflows becomes a size that no host can provide. */
static size_t
product(size_t count, size_t size)
{
	size_t		bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return SIZE_MAX / 2;
	return bytes;
}

void *
cvm_alloc(size_t count, size_t size)
{
	return runtime->alloc(product(count, size));
}

void *
cvm_alloc_zero(size_t count, size_t size)
{
	void	   *pointer = cvm_alloc(count, size);

	memset(pointer, 0, count * size);
	return pointer;
}

void *
cvm_resize(void *pointer, size_t count, size_t size)
{
	if (pointer == NULL)
		return cvm_alloc(count, size);
	return runtime->resize(pointer, product(count, size));
}

void
cvm_release(void *pointer)
{
	if (pointer != NULL)
		runtime->release(pointer);
}

char *
cvm_copy_string(const char *text)
{
	size_t		size = strlen(text) + 1;
	char	   *copy = cvm_alloc(size, 1);

	memcpy(copy, text, size);
	return copy;
}

void
cvm_check_interrupt(void)
{
	runtime->check_interrupt();
}
