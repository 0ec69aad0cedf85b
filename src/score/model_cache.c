/*
 * model_cache.c
 *		Names of models to decoded models, cached per backend.
 *
 * By name and version, of names that are current (name_cache.h).  A model in
 * use is pinned by a callback of the user's memory context and freed when the
 * last pin goes.  What was kept before the last change of anything is let go
 * at the next look-up; past a bound the models that were used longest ago are.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "model/model_type.h"
#include "score/catalog_scan.h"
#include "score/model_cache.h"

/* Memory for decoded models and their scorers that a backend keeps. */
#define MOST_CACHED ((Size) 64 * 1024 * 1024)

typedef struct LoadedModel
{
	MemoryContext context;		/* holds this struct too */
	CvmModel   *model;
	struct CachedScorer *scorers;
	struct CvmRecommending *recommending;
	uint64		used;			/* when: a count of look-ups */
	int			pins;
	bool		stale;			/* no longer in the hash table */
} LoadedModel;

typedef struct ModelKey
{
	char		name[CVM_NAME_SIZE];
	int			version;
} ModelKey;

typedef struct ModelEntry
{
	ModelKey	key;
	LoadedModel *loaded;
} ModelEntry;

static HTAB *models = NULL;
static uint64 kept_in;			/* generation of what is in there */
static uint64 lookups = 0;

static void
release(LoadedModel *loaded)
{
	if (loaded->stale && loaded->pins == 0)
		MemoryContextDelete(loaded->context);
}

/* Lets go what was kept in an earlier generation. */
static void
prepare_cache(void)
{
	HASHCTL		control = {.keysize = sizeof(ModelKey),.entrysize = sizeof(ModelEntry)};
	HASH_SEQ_STATUS scan;
	ModelEntry *entry;

	if (models == NULL)
	{
		control.hcxt = CacheMemoryContext;
		models = hash_create("cvm models", 32, &control,
							 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	if (kept_in == cvm_model_cache_generation())
		return;
	kept_in = cvm_model_cache_generation();
	hash_seq_init(&scan, models);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		entry->loaded->stale = true;
		release(entry->loaded);
		hash_search(models, &entry->key, HASH_REMOVE, NULL);
	}
}

static void
unpin(void *argument)
{
	LoadedModel *loaded = argument;

	loaded->pins--;
	release(loaded);
}

static LoadedModel *
load_model(const char *name, int version)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "cvm model",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	LoadedModel *loaded = palloc0(sizeof(LoadedModel));
	CvmCatalogScan scan;
	HeapTuple	tuple;
	bool		isnull;
	struct varlena *value = NULL;

	loaded->context = context;
	cvm_catalog_scan_open(&scan, "model_versions", name, version, GetActiveSnapshot());
	tuple = cvm_catalog_scan_next(&scan);
	if (HeapTupleIsValid(tuple))
		value = PG_DETOAST_DATUM_COPY(cvm_catalog_value(&scan, tuple, "fitted", &isnull));
	cvm_catalog_scan_close(&scan);
	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no version %d", name, version),
				 errhint("SELECT * FROM cvm.versions(%s) lists its versions.",
						 quote_literal_cstr(name))));
	loaded->model = cvm_model_unpack(value);
	MemoryContextSwitchTo(caller);
	return loaded;
}

/*
 * Drops the models that were used longest ago until the others fit into the
 * bound; the one that is being looked up stays.
 */
static void
make_room(const LoadedModel *wanted)
{
	for (;;)
	{
		HASH_SEQ_STATUS scan;
		ModelEntry *entry;
		ModelEntry *oldest = NULL;
		LoadedModel *dropped;
		Size		size = 0;

		hash_seq_init(&scan, models);
		while ((entry = hash_seq_search(&scan)) != NULL)
		{
			size += MemoryContextMemAllocated(entry->loaded->context, true);
			if (entry->loaded != wanted &&
				(oldest == NULL || entry->loaded->used < oldest->loaded->used))
				oldest = entry;
		}
		if (size <= MOST_CACHED || oldest == NULL)
			return;
		dropped = oldest->loaded;
		hash_search(models, &oldest->key, HASH_REMOVE, NULL);
		dropped->stale = true;
		release(dropped);
	}
}

/* read_at: the generation in which the name was found. */
static LoadedModel *
find_model(const char *name, int version, bool current, uint64 read_at)
{
	ModelKey	key;
	ModelEntry *entry;
	LoadedModel *loaded;

	memset(&key, 0, sizeof(key));
	strlcpy(key.name, name, CVM_NAME_SIZE);
	key.version = version;
	prepare_cache();
	entry = current && read_at == cvm_model_cache_generation() ?
		hash_search(models, &key, HASH_FIND, NULL) : NULL;
	if (entry != NULL)
	{
		entry->loaded->used = ++lookups;
		return entry->loaded;
	}

	loaded = load_model(name, version);
	loaded->stale = !current || read_at != cvm_model_cache_generation();
	if (!loaded->stale)
	{
		bool		found;

		entry = hash_search(models, &key, HASH_ENTER, &found);
		entry->loaded = loaded;
		loaded->used = ++lookups;
	}
	MemoryContextSetParent(loaded->context, CacheMemoryContext);
	if (!loaded->stale)
		make_room(loaded);
	return loaded;
}

void
cvm_model_lookup(const char *name, int version, MemoryContext pin, CvmModelHandle *handle)
{
	CvmNamedModel named;
	LoadedModel *loaded;
	MemoryContextCallback *callback;
	uint64		read_at;

	if (!cvm_name_find(name, &named))
		cvm_no_such_model(name);
	read_at = cvm_model_cache_generation();
	if (!cvm_name_caller_may_use(&named))
		cvm_no_such_model(name);
	if (version == 0)
		version = named.active_version;
	if (version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no active version", name),
				 errhint("cvm.promote(model, version) makes one active.")));

	callback = MemoryContextAlloc(pin, sizeof(MemoryContextCallback));
	handle->name = MemoryContextStrdup(pin, name);
	loaded = find_model(name, version, named.current, read_at);
	loaded->pins++;
	callback->func = unpin;
	callback->arg = loaded;
	MemoryContextRegisterResetCallback(pin, callback);

	handle->version = version;
	handle->model = loaded->model;
	handle->current = named.current && read_at == cvm_model_cache_generation();
	handle->context = loaded->context;
	handle->scorers = &loaded->scorers;
	handle->recommending = &loaded->recommending;
}
