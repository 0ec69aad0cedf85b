/*
 * arena.h
 *		A host of the core that frees everything at once, as a memory context
 *		would, so that a sanitizer sees overruns but no leaks.
 */
#ifndef CVM_ARENA_H
#define CVM_ARENA_H

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* More than any value asks for: what a forged count must not get past. */
#define ARENA_LIMIT (64 * 1024 * 1024)

/* Precedes each piece of memory; pieces form a ring. */
typedef struct ArenaPiece
{
	struct ArenaPiece *previous;
	struct ArenaPiece *next;
	size_t		size;
	size_t		padding;		/* to a multiple of 16 bytes */
} ArenaPiece;

static ArenaPiece arena = {&arena, &arena, 0, 0};

static inline void *
arena_alloc(size_t size)
{
	ArenaPiece *piece;

	if (size > ARENA_LIMIT)
		abort();
	piece = malloc(sizeof(ArenaPiece) + size);
	if (piece == NULL)
		abort();
	piece->size = size;
	piece->previous = &arena;
	piece->next = arena.next;
	arena.next->previous = piece;
	arena.next = piece;
	return piece + 1;
}

static inline void
arena_release(void *pointer)
{
	ArenaPiece *piece = (ArenaPiece *) pointer - 1;

	piece->previous->next = piece->next;
	piece->next->previous = piece->previous;
	free(piece);
}

static inline void *
arena_resize(void *pointer, size_t size)
{
	size_t		old_size = ((ArenaPiece *) pointer - 1)->size;
	void	   *moved = arena_alloc(size);

	memcpy(moved, pointer, old_size < size ? old_size : size);
	arena_release(pointer);
	return moved;
}

static inline void
arena_check_interrupt(void)
{
}

static inline void
arena_reset(void)
{
	while (arena.next != &arena)
		arena_release(arena.next + 1);
}

static inline void
arena_install(void)
{
	static const CvmRuntime host = {
		.alloc = arena_alloc,.resize = arena_resize,.release = arena_release,
		.check_interrupt = arena_check_interrupt
	};

	cvm_set_runtime(&host);
}

#endif							/* CVM_ARENA_H */
