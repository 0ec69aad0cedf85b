/*
 * model_cache.c
 *		Names of models to decoded models, cached per backend.
 *
 * The model that a statement sees is the one of its snapshot.  Two caches,
 * both emptied by a relation-cache invalidation of cvm.model_registry (sent
 * by every change, cvm_catalog_changed):
 *
 *	  names		name -> owner, grantees, active version.  An entry is kept only
 *				if the latest committed state agreed with the snapshot that it
 *				was read under ("current"), and used only under snapshots that
 *				are not older than that one.  So a cursor or a repeatable-read
 *				transaction with an old snapshot reads the catalog itself, and
 *				leaves nothing behind for others.
 *	  models	(name, version) -> decoded model, only of current names.  A model
 *				in use is pinned by a callback of the user's memory context and
 *				freed when the last pin goes.  Past a bound the models that were
 *				used longest ago are dropped.
 *
 * In parallel workers nothing is "current" (GetLatestSnapshot is not allowed
 * there): each loads what it needs once for its execution.
 *
 * Opening a table or asking for a role's memberships may process invalidations,
 * which empty both caches.  So nothing points into them across such a call, and
 * what was read while "generation" changed is not kept.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "model/model_type.h"
#include "score/catalog_scan.h"
#include "score/model_cache.h"

/* Memory for decoded models and their scorers that a backend keeps. */
#define MOST_CACHED ((Size) 64 * 1024 * 1024)

/* A name is read again when an invalidation came meanwhile; so often at most. */
#define MOST_READS 3

#define NAME_SIZE 132			/* the catalog's limit of 128 bytes, and a NUL */

/* Where in the order of snapshots one stands. */
typedef struct SnapshotMark
{
	TransactionId xmax;
	TransactionId xmin;
	uint32		in_progress;	/* transactions */
	CommandId	command;
} SnapshotMark;

typedef struct NameEntry
{
	char		name[NAME_SIZE];	/* hash key */
	Oid			owner;
	int			active_version;
	Oid		   *grantees;		/* in the cache's memory if cached, else the caller's */
	int			grantee_count;
	bool		current;
	SnapshotMark mark;
} NameEntry;

typedef struct LoadedModel
{
	MemoryContext context;		/* holds this struct too */
	CvmModel   *model;
	struct CachedScorer *scorers;
	uint64		used;			/* when: a count of look-ups */
	int			pins;
	bool		stale;			/* no longer in the hash table */
} LoadedModel;

typedef struct ModelKey
{
	char		name[NAME_SIZE];
	int			version;
} ModelKey;

typedef struct ModelEntry
{
	ModelKey	key;
	LoadedModel *loaded;
} ModelEntry;

static MemoryContext cache_context = NULL;
static HTAB *names = NULL;
static HTAB *models = NULL;
static Oid	registry_oid = InvalidOid;
static uint64 generation = 1;
static uint64 lookups = 0;

/* ---- invalidation ---- */

static void
release(LoadedModel *loaded)
{
	if (loaded->stale && loaded->pins == 0)
		MemoryContextDelete(loaded->context);
}

static void
forget_everything(void)
{
	HASH_SEQ_STATUS scan;
	ModelEntry *entry;

	generation++;
	registry_oid = InvalidOid;
	if (cache_context == NULL)
		return;
	hash_seq_init(&scan, models);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		entry->loaded->stale = true;
		release(entry->loaded);
	}
	MemoryContextDelete(cache_context);
	cache_context = NULL;
	names = models = NULL;
}

static void
relation_changed(Datum argument, Oid relation)
{
	if (relation == InvalidOid || relation == registry_oid)
		forget_everything();
}

uint64
cvm_model_cache_generation(void)
{
	return generation;
}

static void
prepare_caches(void)
{
	static bool registered = false;
	HASHCTL		control = {0};

	if (!registered)
	{
		CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
		registered = true;
	}
	if (cache_context != NULL)
		return;
	cache_context = AllocSetContextCreate(CacheMemoryContext, "cvm model cache",
										  ALLOCSET_DEFAULT_SIZES);
	control.keysize = NAME_SIZE;
	control.entrysize = sizeof(NameEntry);
	control.hcxt = cache_context;
	names = hash_create("cvm model names", 32, &control,
						HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	control.keysize = sizeof(ModelKey);
	control.entrysize = sizeof(ModelEntry);
	models = hash_create("cvm models", 32, &control,
						 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* ---- reading the catalog ---- */

Oid
cvm_registry_relation(void)
{
	if (!OidIsValid(registry_oid))
		registry_oid = cvm_catalog_table("model_registry");
	return registry_oid;
}

/* Whether the latest committed state has the same registry row. */
static bool
is_latest(const char *name, ItemPointer row)
{
	CvmCatalogScan scan;
	HeapTuple	tuple;
	bool		same;

	if (IsInParallelMode() || IsParallelWorker())
		return false;
	PushActiveSnapshot(GetLatestSnapshot());
	cvm_catalog_scan_open(&scan, "model_registry", name, 0, GetActiveSnapshot());
	tuple = cvm_catalog_scan_next(&scan);
	same = HeapTupleIsValid(tuple) && ItemPointerEquals(&tuple->t_self, row);
	cvm_catalog_scan_close(&scan);
	PopActiveSnapshot();
	return same;
}

static bool
read_name(const char *name, Snapshot snapshot, NameEntry *entry)
{
	CvmCatalogScan scan;
	HeapTuple	tuple;
	bool		isnull;
	ItemPointerData row;

	if (!OidIsValid(cvm_registry_relation()))
		return false;
	cvm_catalog_scan_open(&scan, "model_registry", name, 0, snapshot);
	tuple = cvm_catalog_scan_next(&scan);
	if (!HeapTupleIsValid(tuple))
	{
		cvm_catalog_scan_close(&scan);
		return false;
	}
	strlcpy(entry->name, name, NAME_SIZE);
	row = tuple->t_self;
	entry->owner = DatumGetObjectId(cvm_catalog_value(&scan, tuple, "owner", &isnull));
	entry->active_version = DatumGetInt32(cvm_catalog_value(&scan, tuple, "active_version", &isnull));
	if (isnull)
		entry->active_version = 0;
	cvm_catalog_scan_close(&scan);

	entry->grantees = NULL;
	entry->grantee_count = 0;
	cvm_catalog_scan_open(&scan, "model_grants", name, 0, snapshot);
	while (HeapTupleIsValid(tuple = cvm_catalog_scan_next(&scan)))
	{
		Size		size = sizeof(Oid) * (entry->grantee_count + 1);

		entry->grantees = entry->grantees ? repalloc(entry->grantees, size) : palloc(size);
		entry->grantees[entry->grantee_count++] =
			DatumGetObjectId(cvm_catalog_value(&scan, tuple, "grantee", &isnull));
	}
	cvm_catalog_scan_close(&scan);
	entry->current = is_latest(name, &row);
	return true;
}

/* ---- names ---- */

/*
 * Subtransactions do not count: they become visible with their parents, and
 * where there are many a snapshot does not list them all.  On a standby nobody
 * knows which is which, and all are listed as subtransactions.
 */
static uint32
in_progress(Snapshot snapshot)
{
	return snapshot->takenDuringRecovery ? snapshot->subxcnt : snapshot->xcnt;
}

static SnapshotMark
mark_of(Snapshot snapshot)
{
	SnapshotMark mark = {snapshot->xmax, snapshot->xmin, in_progress(snapshot),
	snapshot->curcid};

	return mark;
}

/* Snapshots are ordered: a later one has seen all that an earlier one has. */
static bool
not_older(Snapshot snapshot, const SnapshotMark *mark)
{
	if (snapshot->xmax != mark->xmax)
		return TransactionIdFollows(snapshot->xmax, mark->xmax);
	if (snapshot->xmin != mark->xmin)
		return TransactionIdFollows(snapshot->xmin, mark->xmin);
	if (in_progress(snapshot) != mark->in_progress)
		return in_progress(snapshot) < mark->in_progress;
	return snapshot->curcid >= mark->command;
}

static Oid *
copy_grantees(MemoryContext context, const NameEntry *entry)
{
	Size		size = sizeof(Oid) * entry->grantee_count;

	return size == 0 ? NULL : memcpy(MemoryContextAlloc(context, size), entry->grantees, size);
}

static void
keep_name(const NameEntry *read)
{
	bool		found;
	NameEntry  *entry = hash_search(names, read->name, HASH_ENTER, &found);

	*entry = *read;
	entry->grantees = copy_grantees(cache_context, read);
}

static bool
find_name(const char *name, NameEntry *result)
{
	Snapshot	snapshot = GetActiveSnapshot();
	uint64		before;
	NameEntry  *entry;

	if (strlen(name) >= NAME_SIZE)
		return false;
	prepare_caches();
	entry = hash_search(names, name, HASH_FIND, NULL);
	if (entry != NULL && not_older(snapshot, &entry->mark))
	{
		*result = *entry;
		result->grantees = copy_grantees(CurrentMemoryContext, entry);
		return true;
	}

	/* Invalidations that are due come with the first table that is opened. */
	for (int attempt = 0; attempt < MOST_READS; attempt++)
	{
		before = generation;
		memset(result, 0, sizeof(*result));
		if (!read_name(name, snapshot, result))
			return false;
		if (before == generation)
			break;
	}

	result->current = result->current && before == generation;
	result->mark = mark_of(snapshot);
	prepare_caches();
	if (result->current)
		keep_name(result);
	return true;
}

static bool
caller_may_use(const NameEntry *entry)
{
	Oid			user = GetUserId();

	if (has_privs_of_role(user, entry->owner))
		return true;
	for (int i = 0; i < entry->grantee_count; i++)
		if (!OidIsValid(entry->grantees[i]) || has_privs_of_role(user, entry->grantees[i]))
			return true;
	return false;
}

/* ---- models ---- */

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
	strlcpy(key.name, name, NAME_SIZE);
	key.version = version;
	prepare_caches();
	entry = current && read_at == generation ? hash_search(models, &key, HASH_FIND, NULL) : NULL;
	if (entry != NULL)
	{
		entry->loaded->used = ++lookups;
		return entry->loaded;
	}

	loaded = load_model(name, version);
	loaded->stale = !current || read_at != generation;
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
	NameEntry	entry;
	LoadedModel *loaded;
	MemoryContextCallback *callback;
	uint64		read_at;

	if (!find_name(name, &entry))
		cvm_no_such_model(name);
	read_at = generation;
	if (!caller_may_use(&entry))
		cvm_no_such_model(name);
	if (version == 0)
		version = entry.active_version;
	if (version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no active version", name),
				 errhint("cvm.promote(model, version) makes one active.")));

	callback = MemoryContextAlloc(pin, sizeof(MemoryContextCallback));
	handle->name = MemoryContextStrdup(pin, name);
	loaded = find_model(name, version, entry.current, read_at);
	loaded->pins++;
	callback->func = unpin;
	callback->arg = loaded;
	MemoryContextRegisterResetCallback(pin, callback);

	handle->version = version;
	handle->model = loaded->model;
	handle->current = entry.current && read_at == generation;
	handle->context = loaded->context;
	handle->scorers = &loaded->scorers;
}

bool
cvm_model_usable(const char *name, bool active)
{
	NameEntry	entry;

	return find_name(name, &entry) && (!active || entry.active_version > 0) &&
		caller_may_use(&entry);
}
