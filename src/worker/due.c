/*
 * due.c
 *		Which models are due, and how often a failing one is tried again.
 *
 * By time: next_due moves on by whole periods from where it was, so runs do
 * not drift, and periods that were missed are not made up for.  By rows: the
 * table's insert counter against its value after the last run; a counter that
 * went back (statistics reset) starts a new count.  After the n-th failure in
 * a row a model waits 2^n minutes, at most a day.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/resowner.h"
#include "utils/varlena.h"

#include "catalog/access.h"
#include "catalog/runs.h"
#include "worker/due.h"
#include "worker/worker.h"

static Oid
source_table(const CvmDefinition *definition)
{
	const char *source = definition->source;
	int			nest_level;
	Oid			table;

	/* A query has blanks or parentheses; a name, even a quoted one, is rarely
	 * written with them, and then rows are not counted. */
	if (source[strcspn(source, " \t\n(;")] != '\0')
		return InvalidOid;
	nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", definition->search_path, PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	table = RangeVarGetRelid(makeRangeVarFromNameList(
#if PG_VERSION_NUM >= 160000
								 stringToQualifiedNameList(source, NULL)
#else
								 stringToQualifiedNameList(source)
#endif
								 ), NoLock, true);
	AtEOXact_GUC(true, nest_level);
	return table;
}

int64
cvm_rows_inserted(const CvmDefinition *definition)
{
	Oid			table = source_table(definition);
	char		kind = OidIsValid(table) ? get_rel_relkind(table) : '\0';
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(table)};
	bool		isnull;

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		return -1;
	cvm_catalog_execute("SELECT coalesce((SELECT sum(pg_stat_get_tuples_inserted(relid))"
						" FROM pg_partition_tree($1::regclass)),"
						" pg_stat_get_tuples_inserted($1))::bigint",
						1, types, values, NULL, true);
	return DatumGetInt64(cvm_catalog_datum(0, 1, &isnull));
}

static void
run_statement(const char *model, const char *statement)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model)};

	cvm_catalog_execute(statement, 1, types, values, NULL, false);
}

static void
set_rows_seen(const char *model, int64 rows)
{
	Oid			types[] = {TEXTOID, INT8OID};
	Datum		values[] = {CStringGetTextDatum(model), Int64GetDatum(rows)};

	cvm_catalog_execute("UPDATE cvm.schedules SET rows_seen = $2 WHERE model = $1",
						2, types, values, NULL, false);
}

/* ---- looking ---- */

void
cvm_close_leftovers(void)
{
	List	   *models = NIL;
	List	   *runs = NIL;
	ListCell   *model;
	ListCell   *run;

	cvm_catalog_execute("SELECT model, run FROM cvm.training_runs WHERE status = 'running'",
						0, NULL, NULL, NULL, false);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		models = lappend(models, cvm_catalog_text(i, 1));
		runs = lappend_int(runs, cvm_catalog_integer(i, 2));
	}
	forboth(model, models, run, runs)
	{
		if (cvm_run_has_process(lfirst(model), lfirst_int(run)))
			continue;
		cvm_run_end(lfirst(model), lfirst_int(run), "failed",
					"the process ended before the run did", NULL);
		/* Nothing to close: it ended well after our list was made. */
		if (SPI_processed > 0)
			cvm_schedule_failed(lfirst(model));
	}
}

typedef struct Candidate
{
	char	   *model;
	bool		by_time;
	int64		min_new_rows;	/* 0: not by rows */
	int64		rows_seen;		/* -1: not counted yet */
	int			failures;
} Candidate;

static void
queue_if_due(const Candidate *candidate)
{
	char	   *reason = NULL;

	if (candidate->by_time)
		reason = pstrdup(candidate->failures > 0 ? "tried again after a failure" : "due by time");
	else if (candidate->min_new_rows > 0)
	{
		CvmDefinition *definition = cvm_definition_find(candidate->model, false);
		int64		inserted = definition ? cvm_rows_inserted(definition) : -1;

		if (inserted < 0)
			return;
		if (candidate->rows_seen < 0 || inserted < candidate->rows_seen)
			set_rows_seen(candidate->model, inserted);
		else if (inserted - candidate->rows_seen >= candidate->min_new_rows)
			reason = psprintf(INT64_FORMAT " new rows", inserted - candidate->rows_seen);
	}
	if (reason == NULL)
		return;
	if (cvm_run_create(candidate->model, "schedule", "queued", reason,
					   candidate->failures + 1) == 0)
		return;					/* the last run has not ended */
	run_statement(candidate->model,
				  "UPDATE cvm.schedules SET retry_at = NULL, next_due = CASE"
				  " WHEN every IS NULL OR next_due > clock_timestamp() THEN next_due"
				  " ELSE (SELECT min(next_due + every * k) FROM ("
				  "   SELECT floor(extract(epoch FROM clock_timestamp() - next_due)"
				  "    / extract(epoch FROM every)) AS periods) AS late,"
				  /* months and days vary in length: look around the estimate */
				  "   generate_series(greatest(1, floor(periods *"
				  "    CASE WHEN every >= interval '28 days' THEN 0.95 ELSE 1 END) - 1)::bigint,"
				  "    (periods + 2)::bigint) AS k"
				  "  WHERE next_due + every * k > clock_timestamp()) END"
				  " WHERE model = $1");
}

/*
 * One model's trouble is not the others': a source that cannot be looked at,
 * or a row that a long training in a session has locked, is left for the
 * next look.
 */
static void
queue_guarded(const Candidate *candidate)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		queue_if_due(candidate);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *failure;

		MemoryContextSwitchTo(context);
		failure = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (failure->sqlerrcode == ERRCODE_QUERY_CANCELED)
			ReThrowError(failure);
		ereport(DEBUG1,
				(errmsg_internal("model \"%s\" could not be looked at: %s",
								 candidate->model, failure->message)));
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}

void
cvm_queue_due(void)
{
	Candidate  *candidates;
	uint64		count;

	cvm_catalog_execute("SELECT model,"
						" coalesce(retry_at <= clock_timestamp(),"
						"  next_due <= clock_timestamp(), false),"
						" CASE WHEN retry_at IS NULL THEN min_new_rows END, rows_seen, failures"
						" FROM cvm.schedules WHERE enabled ORDER BY next_due, model",
						0, NULL, NULL, NULL, false);
	count = SPI_processed;
	candidates = palloc(sizeof(Candidate) * Max(count, 1));
	for (uint64 i = 0; i < count; i++)
	{
		bool		isnull;
		Datum		value;

		candidates[i].model = cvm_catalog_text(i, 1);
		candidates[i].by_time = DatumGetBool(cvm_catalog_datum(i, 2, &isnull));
		value = cvm_catalog_datum(i, 3, &isnull);
		candidates[i].min_new_rows = isnull ? 0 : DatumGetInt64(value);
		value = cvm_catalog_datum(i, 4, &isnull);
		candidates[i].rows_seen = isnull ? -1 : DatumGetInt64(value);
		candidates[i].failures = cvm_catalog_integer(i, 5);
	}
	for (uint64 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		queue_guarded(&candidates[i]);
	}
}

List *
cvm_queued_models(List **runs)
{
	List	   *models = NIL;

	cvm_catalog_execute("SELECT model, run FROM cvm.training_runs WHERE status = 'queued'"
						" ORDER BY requested_at, model",
						0, NULL, NULL, NULL, false);
	*runs = NIL;
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		models = lappend(models, cvm_catalog_text(i, 1));
		*runs = lappend_int(*runs, cvm_catalog_integer(i, 2));
	}
	return models;
}

Jsonb *
cvm_schedule_options(const char *model)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model)};
	bool		isnull;

	cvm_catalog_execute("SELECT options FROM cvm.schedules WHERE model = $1",
						1, types, values, NULL, true);
	return SPI_processed == 0 ? NULL
		: DatumGetJsonbPCopy(cvm_catalog_datum(0, 1, &isnull));
}

void
cvm_schedule_succeeded(const char *model)
{
	CvmDefinition *definition = cvm_definition_find(model, false);
	int64		inserted = definition ? cvm_rows_inserted(definition) : -1;

	run_statement(model, "UPDATE cvm.schedules SET failures = 0, retry_at = NULL"
				  " WHERE model = $1");
	if (inserted >= 0)
		set_rows_seen(model, inserted);
}

void
cvm_schedule_failed(const char *model)
{
	run_statement(model, "UPDATE cvm.schedules SET failures = failures + 1,"
				  " retry_at = clock_timestamp()"
				  " + least(interval '1 minute' * 2 ^ least(failures + 1, 20), interval '1 day')"
				  " WHERE model = $1");
}
