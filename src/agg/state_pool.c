/*
 * state_pool.c
 *		What the states of one running aggregate share: memory limit, temporary
 *		file, scratch.
 *
 * States know of each other by the memory context of their aggregate, for
 * neither the call nor the plan can be relied upon to keep anything for them
 * (Citus calls transition functions with a new FmgrInfo for every row).  A
 * pool lives as long as that context.
 *
 * Its file is closed by the context's end; or, in an aborted query, by the
 * end of the resource owner, which comes first.  We learn of it in time to
 * forget the file, which an owner that is being released (from version 17 on)
 * does not let anybody else close.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "agg/state_pool.h"
#include "frame/spill_file.h"
#include "pg/settings.h"

static CvmStatePool *pools = NULL;
static bool watching_owners = false;

static void
owner_ends(ResourceReleasePhase phase, bool is_commit, bool is_top_level, void *argument)
{
	CvmStatePool *pool;

	if (phase != RESOURCE_RELEASE_BEFORE_LOCKS)
		return;
	for (pool = pools; pool != NULL; pool = pool->next)
		if (pool->owner == CurrentResourceOwner)
			pool->file = -1;
}

static void
pool_ends(void *argument)
{
	CvmStatePool *pool = argument;
	CvmStatePool **link = &pools;

	while (*link != pool)
		link = &(*link)->next;
	*link = pool->next;
	if (pool->file >= 0)
		FileClose(pool->file);
}

static double *
resize_scratch(CvmScratch *scratch, size_t count)
{
	CvmStatePool *pool = (CvmStatePool *) scratch;

	if (scratch->memory != NULL)
		pfree(scratch->memory);
	scratch->memory = NULL;
	scratch->count = 0;
	return MemoryContextAllocHuge(pool->context, mul_size(count, sizeof(double)));
}

CvmStatePool *
cvm_state_pool(MemoryContext context)
{
	CvmStatePool *pool;

	for (pool = pools; pool != NULL; pool = pool->next)
		if (pool->context == context)
			return pool;

	pool = MemoryContextAllocZero(context, sizeof(CvmStatePool));
	pool->scratch.resize = resize_scratch;
	pool->context = context;
	pool->storage.limit = (Size) cvm_train_memory * 1024;
	pool->file = -1;
	pool->at_end.func = pool_ends;
	pool->at_end.arg = pool;
	pool->next = pools;
	pools = pool;
	MemoryContextRegisterResetCallback(context, &pool->at_end);
	return pool;
}

bool
cvm_state_pool_take(CvmStatePool *pool, Size size, bool forced)
{
	if (!forced && pool->storage.used + size > pool->storage.limit)
		return false;
	pool->storage.used += size;
	return true;
}

off_t
cvm_state_pool_write(CvmStatePool *pool, const void *bytes, Size size)
{
	off_t		offset = pool->file_end;

	if (pool->file < 0)
	{
		if (!watching_owners)
			RegisterResourceReleaseCallback(owner_ends, NULL);
		watching_owners = true;
		pool->owner = CurrentResourceOwner;
		pool->file = cvm_spill_open(pool->owner);
	}
	cvm_spill_write(pool->file, bytes, size, offset);
	pool->file_end += size;
	return offset;
}
