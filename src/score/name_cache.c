/*
 * name_cache.c
 *		Names of models to owner, grantees and active version, cached per backend.
 *
 * The model that a statement sees is the one of its snapshot.  The cache is
 * emptied by a relation-cache invalidation of cvm.model_registry (sent by every
 * change, cvm_catalog_changed).  An entry is kept only if the latest committed
 * state agreed with the snapshot that it was read under ("current"), and used
 * only under snapshots that are not older than that one.  So a cursor or a
 * repeatable-read transaction with an old snapshot reads the catalog itself,
 * and leaves nothing behind for others.
 *
 * In parallel workers nothing is "current" (GetLatestSnapshot is not allowed
 * there): each loads what it needs once for its execution.
 *
 * Opening a table or asking for a role's memberships may process invalidations,
 * which empty the cache.  So nothing points into it across such a call, and
 * what was read while "generation" changed is not kept.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "score/catalog_scan.h"
#include "score/name_cache.h"

/* A name is read again when an invalidation came meanwhile; so often at most. */
#define MOST_READS 3

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
	char		name[CVM_NAME_SIZE];	/* hash key */
	CvmNamedModel model;		/* grantees in the cache's memory */
	SnapshotMark mark;
} NameEntry;

static MemoryContext cache_context = NULL;
static HTAB *names = NULL;
static Oid	registry_oid = InvalidOid;
static uint64 generation = 1;

/* ---- invalidation ---- */

static void
relation_changed(Datum argument, Oid relation)
{
	if (relation != InvalidOid && relation != registry_oid)
		return;
	generation++;
	registry_oid = InvalidOid;
	if (cache_context != NULL)
		MemoryContextDelete(cache_context);
	cache_context = NULL;
	names = NULL;
}

Oid
cvm_registry_relation(void)
{
	static bool registered = false;

	if (OidIsValid(registry_oid))
		return registry_oid;
	if (!registered)
	{
		CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
		registered = true;
	}
	return registry_oid = cvm_catalog_table("model_registry");
}

/* Changes are seen only of a relation that is known. */
uint64
cvm_model_cache_generation(void)
{
	(void) cvm_registry_relation();
	return generation;
}

static void
prepare_cache(void)
{
	HASHCTL		control = {.keysize = CVM_NAME_SIZE,.entrysize = sizeof(NameEntry)};

	if (cache_context != NULL)
		return;
	cache_context = AllocSetContextCreate(CacheMemoryContext, "cvm model names",
										  ALLOCSET_DEFAULT_SIZES);
	control.hcxt = cache_context;
	names = hash_create("cvm model names", 32, &control,
						HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

/* ---- reading the catalog ---- */

/* row: where the registry has it. */
static bool
read_under(Snapshot snapshot, const char *name, CvmNamedModel *model, ItemPointer row)
{
	CvmCatalogScan scan;
	HeapTuple	tuple;
	bool		isnull;

	memset(model, 0, sizeof(*model));
	cvm_catalog_scan_open(&scan, "model_registry", name, 0, snapshot);
	tuple = cvm_catalog_scan_next(&scan);
	if (!HeapTupleIsValid(tuple))
	{
		cvm_catalog_scan_close(&scan);
		return false;
	}
	*row = tuple->t_self;
	model->owner = DatumGetObjectId(cvm_catalog_value(&scan, tuple, "owner", &isnull));
	model->active_version = DatumGetInt32(cvm_catalog_value(&scan, tuple, "active_version", &isnull));
	if (isnull)
		model->active_version = 0;
	cvm_catalog_scan_close(&scan);

	cvm_catalog_scan_open(&scan, "model_grants", name, 0, snapshot);
	while (HeapTupleIsValid(tuple = cvm_catalog_scan_next(&scan)))
	{
		Size		size = sizeof(Oid) * (model->grantee_count + 1);

		model->grantees = model->grantees ? repalloc(model->grantees, size) : palloc(size);
		model->grantees[model->grantee_count++] =
			DatumGetObjectId(cvm_catalog_value(&scan, tuple, "grantee", &isnull));
	}
	cvm_catalog_scan_close(&scan);
	return true;
}

/* Whether the latest committed state has the same registry row and grants. */
static bool
is_latest(const char *name, const CvmNamedModel *model, ItemPointer row)
{
	CvmNamedModel latest;
	ItemPointerData latest_row;
	bool		same;

	if (IsInParallelMode() || IsParallelWorker())
		return false;
	PushActiveSnapshot(GetLatestSnapshot());
	same = read_under(GetActiveSnapshot(), name, &latest, &latest_row) &&
		ItemPointerEquals(&latest_row, row) && latest.grantee_count == model->grantee_count &&
		(model->grantee_count == 0 ||
		 memcmp(latest.grantees, model->grantees, sizeof(Oid) * model->grantee_count) == 0);
	PopActiveSnapshot();
	return same;
}

static bool
read_name(const char *name, Snapshot snapshot, CvmNamedModel *model)
{
	ItemPointerData row;

	if (!OidIsValid(cvm_registry_relation()) || !read_under(snapshot, name, model, &row))
		return false;
	model->current = is_latest(name, model, &row);
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
copy_grantees(MemoryContext context, const CvmNamedModel *model)
{
	Size		size = sizeof(Oid) * model->grantee_count;

	return size == 0 ? NULL : memcpy(MemoryContextAlloc(context, size), model->grantees, size);
}

static void
keep_name(const char *name, const CvmNamedModel *model, Snapshot snapshot)
{
	bool		found;
	NameEntry  *entry = hash_search(names, name, HASH_ENTER, &found);

	entry->model = *model;
	entry->mark = mark_of(snapshot);
	entry->model.grantees = copy_grantees(cache_context, model);
}

bool
cvm_name_find(const char *name, CvmNamedModel *model)
{
	Snapshot	snapshot = GetActiveSnapshot();
	uint64		before;
	NameEntry  *entry;

	if (strlen(name) >= CVM_NAME_SIZE)
		return false;
	prepare_cache();
	entry = hash_search(names, name, HASH_FIND, NULL);
	if (entry != NULL && not_older(snapshot, &entry->mark))
	{
		*model = entry->model;
		model->grantees = copy_grantees(CurrentMemoryContext, &entry->model);
		return true;
	}

	/* Invalidations that are due come with the first table that is opened. */
	for (int attempt = 0; attempt < MOST_READS; attempt++)
	{
		before = generation;
		if (!read_name(name, snapshot, model))
			return false;
		if (before == generation)
			break;
	}

	model->current = model->current && before == generation;
	prepare_cache();
	if (model->current)
		keep_name(name, model, snapshot);
	return true;
}

bool
cvm_name_caller_may_use(const CvmNamedModel *model)
{
	Oid			user = GetUserId();

	if (has_privs_of_role(user, model->owner))
		return true;
	for (int i = 0; i < model->grantee_count; i++)
		if (!OidIsValid(model->grantees[i]) || has_privs_of_role(user, model->grantees[i]))
			return true;
	return false;
}

bool
cvm_model_usable(const char *name, bool active)
{
	CvmNamedModel model;

	return cvm_name_find(name, &model) && (!active || model.active_version > 0) &&
		cvm_name_caller_may_use(&model);
}
