/*
 * fresh_rows.c
 *		Rows that come into the tables that models are trained on.
 *
 * The hard part is to see inserts at next to no cost: a session looks only at
 * statements that insert, and those into other tables cost one look into a
 * hash table.  What is seen here only hastens a look; the counters decide.
 * So it does no harm that rolled-back subtransactions count, that rows which
 * come by replication are not seen, and that where the number of rows is not
 * known (a WITH query that inserts) it is taken for enough.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parsetree.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "pg/compat.h"
#include "worker/fresh_rows.h"
#include "worker/worker.h"

/* More tables than this are looked at every cvm.scheduler_interval only. */
#define MOST_WATCHED 4096

/* Tables that one transaction is watched on; past it the first ones count. */
#define MOST_TOUCHED 16

typedef struct WatchKey
{
	Oid			database;
	Oid			table;
} WatchKey;

typedef struct Watch
{
	WatchKey	key;
	int64		inserted;		/* since the last look */
	int64		wanted;
	bool		stale;			/* while a scheduler says what is watched */
} Watch;

typedef struct Touched
{
	WatchKey	key;
	int64		inserted;
} Touched;

static HTAB *watches = NULL;	/* under cvm_worker_shared->lock */

static Touched touched[MOST_TOUCHED];	/* by this transaction */
static int	touched_count = 0;

static ExecutorEnd_hook_type previous_executor_end = NULL;
static ProcessUtility_hook_type previous_utility_hook = NULL;

/* ---- tables and their counters ---- */

Oid
cvm_source_table(const char *source, const char *search_path)
{
	List	   *parts;
	List	   *names = NIL;
	ListCell   *part;
	int			nest_level;
	Oid			table;
	char		kind;

	/* as in frame/source.c: what is no name is a query */
	if (!SplitIdentifierString(pstrdup(source), '.', &parts) || parts == NIL ||
		list_length(parts) > 2 ||
		(strchr(source, '(') != NULL && strchr(source, '"') == NULL))
		return InvalidOid;
	foreach(part, parts)
		names = lappend(names, makeString(lfirst(part)));
	nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", search_path, PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	table = RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true);
	AtEOXact_GUC(true, nest_level);

	kind = OidIsValid(table) ? get_rel_relkind(table) : '\0';
	return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE ? table : InvalidOid;
}

static int64
counter(Oid table)
{
	return DatumGetInt64(DirectFunctionCall1(pg_stat_get_tuples_inserted,
											 ObjectIdGetDatum(table)));
}

int64
cvm_table_rows_inserted(Oid table)
{
	int64		rows = 0;
	ListCell   *part;

	if (!has_subclass(table))
		return counter(table);
	foreach(part, find_all_inheritors(table, NoLock, NULL))
		rows += counter(lfirst_oid(part));
	return rows;
}

/* cvm.rows_inserted(source text, search_path text) -> bigint */
PG_FUNCTION_INFO_V1(cvm_rows_inserted);
Datum
cvm_rows_inserted(PG_FUNCTION_ARGS)
{
	Oid			table = cvm_source_table(text_to_cstring(PG_GETARG_TEXT_PP(0)),
										 text_to_cstring(PG_GETARG_TEXT_PP(1)));

	if (!OidIsValid(table))
		PG_RETURN_NULL();
	PG_RETURN_INT64(cvm_table_rows_inserted(table));
}

/* ---- what a transaction inserts ---- */

static bool
watched(const WatchKey *key)
{
	bool		found;

	LWLockAcquire(cvm_worker_shared->lock, LW_SHARED);
	found = hash_search(watches, key, HASH_FIND, NULL) != NULL;
	LWLockRelease(cvm_worker_shared->lock);
	return found;
}

/* Notes rows of a table, if it is watched; rows < 0: as many as are wanted. */
static void
note(Oid table, int64 rows)
{
	WatchKey	key = {MyDatabaseId, table};
	int			at = 0;

	if (hash_get_num_entries(watches) == 0 || !watched(&key))
		return;
	while (at < touched_count && touched[at].key.table != table)
		at++;
	if (at == MOST_TOUCHED)
		return;
	if (at == touched_count)
	{
		touched[at].key = key;
		touched[at].inserted = 0;
		touched_count++;
	}
	if (rows < 0)
		touched[at].inserted = PG_INT64_MAX;
	else if (touched[at].inserted < PG_INT64_MAX - rows)
		touched[at].inserted += rows;
}

static void
at_transaction_end(XactEvent event, void *argument)
{
	bool		enough = false;

	if (touched_count == 0)
		return;
	if (event == XACT_EVENT_COMMIT)
	{
		LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
		for (int i = 0; i < touched_count; i++)
		{
			Watch	   *watch = hash_search(watches, &touched[i].key, HASH_FIND, NULL);

			if (watch == NULL)
				continue;
			if (touched[i].inserted >= watch->wanted - watch->inserted)
				enough = true;
			else
				watch->inserted += touched[i].inserted;
		}
		LWLockRelease(cvm_worker_shared->lock);
		/* The counters decide: this session's must not lag behind. */
		pgstat_force_next_flush();
		if (enough)
			cvm_ask(MyDatabaseId);
	}
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		touched_count = 0;
}

static void
executor_end(QueryDesc *query)
{
	const PlannedStmt *statement = query->plannedstmt;
	EState	   *estate = query->estate;

	/* An EXPLAIN inserts nothing, though its plan would. */
	if (statement->resultRelations != NIL && estate->es_finished)
	{
		bool		counted = query->operation == CMD_INSERT && !statement->hasModifyingCTE;
		ListCell   *cell;

		if (counted)
			note(rt_fetch(linitial_int(statement->resultRelations), statement->rtable)->relid,
				 estate->es_processed);
		else if (query->operation != CMD_UPDATE && query->operation != CMD_DELETE)
			foreach(cell, statement->resultRelations)
				note(rt_fetch(lfirst_int(cell), statement->rtable)->relid, -1);
	}
	if (previous_executor_end)
		previous_executor_end(query);
	else
		standard_ExecutorEnd(query);
}

static void
process_utility(PlannedStmt *statement, const char *text, bool read_only_tree,
				ProcessUtilityContext context, ParamListInfo parameters,
				QueryEnvironment *environment, DestReceiver *receiver,
				QueryCompletion *completion)
{
	/* asked before: of a ROLLBACK or the like nothing may be left afterwards */
	const CopyStmt *copy = IsA(statement->utilityStmt, CopyStmt) ?
		(const CopyStmt *) statement->utilityStmt : NULL;

	if (previous_utility_hook)
		previous_utility_hook(statement, text, read_only_tree, context, parameters,
							  environment, receiver, completion);
	else
		standard_ProcessUtility(statement, text, read_only_tree, context, parameters,
								environment, receiver, completion);

	if (copy != NULL && copy->is_from && copy->relation != NULL)
		note(RangeVarGetRelid(copy->relation, NoLock, true),
			 completion != NULL ? completion->nprocessed : -1);
}

/* ---- what is watched ---- */

void
cvm_fresh_rows_init(void)
{
	previous_executor_end = ExecutorEnd_hook;
	ExecutorEnd_hook = executor_end;
	previous_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	RegisterXactCallback(at_transaction_end, NULL);
}

Size
cvm_fresh_rows_size(void)
{
	return hash_estimate_size(MOST_WATCHED, sizeof(Watch));
}

void
cvm_fresh_rows_start(void)
{
	HASHCTL		control = {.keysize = sizeof(WatchKey), .entrysize = sizeof(Watch)};

	watches = ShmemInitHash("cvm watched tables", MOST_WATCHED, MOST_WATCHED, &control,
							HASH_ELEM | HASH_BLOBS);
}

void
cvm_watch_begin(void)
{
	HASH_SEQ_STATUS scan;
	Watch	   *watch;

	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	hash_seq_init(&scan, watches);
	while ((watch = hash_seq_search(&scan)) != NULL)
		watch->stale = watch->key.database == MyDatabaseId;
	LWLockRelease(cvm_worker_shared->lock);
}

void
cvm_watch_table(Oid table, int64 wanted)
{
	List	   *parts = list_make1_oid(table);
	ListCell   *part;

	if (has_subclass(table))
		parts = find_all_inheritors(table, NoLock, NULL);
	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	foreach(part, parts)
	{
		WatchKey	key = {MyDatabaseId, lfirst_oid(part)};
		bool		found = hash_search(watches, &key, HASH_FIND, NULL) != NULL;
		Watch	   *watch;

		if (!found && hash_get_num_entries(watches) >= MOST_WATCHED)
			break;
		watch = hash_search(watches, &key, HASH_ENTER_NULL, &found);
		if (watch == NULL)
			break;
		if (!found || watch->stale || watch->wanted > wanted)
			watch->wanted = wanted;
		watch->inserted = 0;
		watch->stale = false;
	}
	LWLockRelease(cvm_worker_shared->lock);
}

static void
remove_watches(Oid database, bool stale_only)
{
	HASH_SEQ_STATUS scan;
	Watch	   *watch;

	LWLockAcquire(cvm_worker_shared->lock, LW_EXCLUSIVE);
	hash_seq_init(&scan, watches);
	while ((watch = hash_seq_search(&scan)) != NULL)
		if (watch->key.database == database && (watch->stale || !stale_only))
			hash_search(watches, &watch->key, HASH_REMOVE, NULL);
	LWLockRelease(cvm_worker_shared->lock);
}

void
cvm_watch_end(void)
{
	remove_watches(MyDatabaseId, true);
}

void
cvm_watch_forget(Oid database)
{
	remove_watches(database, false);
}
