/*
 * memory.h
 *		Memory and interruption, as the host of the core provides them.
 *
 * Inside the server the host is src/pg/runtime.c: cvm_alloc allocates in the
 * current memory context (large sizes allowed) and never returns NULL, and
 * cvm_check_interrupt runs CHECK_FOR_INTERRUPTS; both may leave by longjmp,
 * so core code holds nothing but memory across them.  In test/unit and
 * test/fuzz the host is malloc.
 */
#ifndef CVM_MEMORY_H
#define CVM_MEMORY_H

#include <stddef.h>

typedef struct CvmRuntime
{
	void	   *(*alloc) (size_t size);
	void	   *(*resize) (void *pointer, size_t size);
	void		(*release) (void *pointer);
	void		(*check_interrupt) (void);
} CvmRuntime;

/* Replaces the malloc host; the pointer must stay valid. */
extern void cvm_set_runtime(const CvmRuntime *runtime);

/* count * size bytes, overflow-checked; _zero clears them. */
extern void *cvm_alloc(size_t count, size_t size);
extern void *cvm_alloc_zero(size_t count, size_t size);
extern void *cvm_resize(void *pointer, size_t count, size_t size);
extern void cvm_release(void *pointer);	/* NULL is allowed */
extern char *cvm_copy_string(const char *text);

extern void cvm_check_interrupt(void);

#define CVM_NEW(type, count)		((type *) cvm_alloc((count), sizeof(type)))
#define CVM_NEW_ZERO(type, count)	((type *) cvm_alloc_zero((count), sizeof(type)))

#endif							/* CVM_MEMORY_H */
