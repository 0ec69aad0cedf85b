/*
 * watermark.c
 *		New rows of sources that have a column which grows with them.
 *
 * Counting runs the source, which may be any view, with its owner's rights.
 * So each count has two seconds, all of a look ten, and one that takes long
 * is repeated only after fifty times as long: a slow source delays nobody
 * but itself.  No more rows are counted than make the model due.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timeout.h"

#include "catalog/access.h"
#include "catalog/retraining.h"
#include "frame/frame.h"
#include "frame/source.h"
#include "pg/clock.h"
#include "worker/due.h"
#include "worker/transaction.h"
#include "worker/watermark.h"
#include "worker/worker.h"

#define COUNT_TIMEOUT 2000		/* ms */
#define LOOK_BUDGET 10000		/* ms */
#define REST_FACTOR 50

typedef struct Watermarked
{
	char	   *model;
	char	   *column;
	char	   *seen;			/* or NULL: every row is new */
	int64		wanted;
} Watermarked;

static char *
value_past(const CvmDefinition *definition, const char *column, const char *query_format,
		   const char *condition)
{
	CvmOwnerScope scope = cvm_owner_begin(definition);
	char	   *item = cvm_source_from_item(definition->source);
	char	   *name = psprintf("source.%s", quote_identifier(column));
	char	   *value;

	(void) cvm_source_column(cvm_source_describe(item), column, "watermark");
	value = cvm_source_value(psprintf(query_format, name, item,
									  condition == NULL ? "" : psprintf(" WHERE %s > %s", name, condition)));
	cvm_owner_end(scope);
	return value;
}

char *
cvm_watermark_now(const CvmDefinition *definition, const char *column)
{
	return value_past(definition, column, "SELECT max(%s)::text FROM %s AS source%s", NULL);
}

static int64
count_past(const Watermarked *schedule)
{
	CvmDefinition *definition = cvm_definition_find(schedule->model, false);
	char	   *format = psprintf("SELECT count(*) FROM (SELECT %%s FROM %%s AS source%%s LIMIT "
								  INT64_FORMAT ") AS fresh", schedule->wanted);
	char	   *count;

	if (definition == NULL)
		return 0;
	count = value_past(definition, schedule->column, format,
					   schedule->seen == NULL ? NULL : quote_literal_cstr(schedule->seen));
	return pg_strtoint64(count);
}

/*
 * Writes the count and when the next one may be; rows < 0: there is none.  A
 * count past what a run has moved on from meanwhile is worth nothing.
 */
static void
write_count(const Watermarked *schedule, int64 rows, double seconds)
{
	Oid			types[] = {TEXTOID, INT8OID, FLOAT8OID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(schedule->model), Int64GetDatum(rows),
		Float8GetDatum(seconds * REST_FACTOR),
	schedule->seen != NULL ? CStringGetTextDatum(schedule->seen) : (Datum) 0};

	cvm_catalog_execute("UPDATE cvm.schedules SET recount_at = cvm.clock() + make_interval(secs => $3),"
						" new_rows = CASE WHEN $2 >= 0 THEN $2 ELSE new_rows END"
						" WHERE model = $1 AND watermark_seen IS NOT DISTINCT FROM $4",
						4, types, values, schedule->seen != NULL ? NULL : "   n", false);
}

/* In a memory context that outlives SPI. */
static List *
list_schedules(MemoryContext context)
{
	List	   *schedules = NIL;

	cvm_catalog_execute("SELECT s.model, s.watermark, s.watermark_seen, s.min_new_rows"
						" FROM cvm.schedules AS s"
						" WHERE s.watermark IS NOT NULL AND s.min_new_rows IS NOT NULL"
						" AND s.paused_at IS NULL AND s.new_rows < s.min_new_rows"
						" AND coalesce(s.recount_at <= cvm.clock(), true)"
						" AND NOT EXISTS (SELECT FROM cvm.training_runs AS t WHERE t.model = s.model"
						"  AND t.status IN ('queued', 'running'))"
						" ORDER BY s.recount_at NULLS FIRST, s.model",
						0, NULL, NULL, NULL, false);
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Watermarked *schedule = palloc(sizeof(Watermarked));
		bool		isnull;

		schedule->model = cvm_catalog_text(i, 1);
		schedule->column = cvm_catalog_text(i, 2);
		schedule->seen = cvm_catalog_text(i, 3);
		schedule->wanted = DatumGetInt64(cvm_catalog_datum(i, 4, &isnull));
		schedules = lappend(schedules, schedule);
	}
	return schedules;
}

/* -1 where it was not to be had. */
static int64
count_guarded(const Watermarked *schedule, MemoryContext context)
{
	volatile int64 rows = -1;

	enable_timeout_after(STATEMENT_TIMEOUT, COUNT_TIMEOUT);
	PG_TRY();
	{
		cvm_begin();
		rows = count_past(schedule);
		cvm_commit();
	}
	PG_CATCH();
	{
		ErrorData  *failure = cvm_abort(context);

		ereport(DEBUG1,
				(errmsg_internal("new rows of model \"%s\" could not be counted: %s",
								 schedule->model, failure->message)));
	}
	PG_END_TRY();
	disable_timeout(STATEMENT_TIMEOUT, false);
	return rows;
}

bool
cvm_count_past_watermarks(void)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "cvm watermarks",
												  ALLOCSET_DEFAULT_SIZES);
	TimestampTz start = GetCurrentTimestamp();
	bool		enough = false;
	List	   *schedules;
	ListCell   *cell;

	cvm_begin();
	schedules = list_schedules(context);
	cvm_commit();
	foreach(cell, schedules)
	{
		Watermarked *schedule = lfirst(cell);
		TimestampTz counting = GetCurrentTimestamp();
		int64		rows;

		if (TimestampDifferenceExceeds(start, counting, LOOK_BUDGET))
			break;
		rows = count_guarded(schedule, context);
		cvm_begin();
		write_count(schedule, rows, (GetCurrentTimestamp() - counting) / 1e6);
		cvm_commit();
		enough = enough || rows >= schedule->wanted;
	}
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextDelete(context);
	return enough;
}

static void
count_here(void *argument)
{
	const Watermarked *schedule = argument;

	write_count(schedule, count_past(schedule), 0);
}

void
cvm_count_past_watermarks_here(void)
{
	ListCell   *cell;

	foreach(cell, list_schedules(CurrentMemoryContext))
	{
		Watermarked *schedule = lfirst(cell);
		CvmDefinition *definition = cvm_definition_find(schedule->model, false);

		if (definition != NULL && has_privs_of_role(GetUserId(), definition->owner))
			cvm_guarded(count_here, schedule, schedule->model);
	}
}
