/*
 * prediction_log.c
 *		What was predicted and what happened.
 *
 * A partition holds a month, in UTC.  It is made as a table of its own and
 * then attached, which keeps out neither readers nor writers of the log.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/access.h"
#include "catalog/prediction_log.h"
#include "pg/clock.h"
#include "pg/settings.h"

/* ---- partitions ---- */

static void
month_of(TimestampTz at, int *year, int *month)
{
	struct pg_tm tm;
	fsec_t		fraction;

	/* without a zone: the calendar of UTC */
	if (timestamp2tm(at, NULL, &tm, &fraction, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	*year = tm.tm_year;
	*month = tm.tm_mon;
}

static void
execute(const char *statement)
{
	cvm_catalog_execute(statement, 0, NULL, NULL, NULL, false);
}

void
cvm_log_make_partition(TimestampTz at)
{
	int			year;
	int			month;
	char	   *name;
	Oid			schema = get_namespace_oid("cvm", false);

	month_of(at, &year, &month);
	name = psprintf("prediction_log_%04d_%02d", year, month);
	if (OidIsValid(get_relname_relid(name, schema)))
		return;
	execute("LOCK TABLE ONLY cvm.prediction_log IN SHARE UPDATE EXCLUSIVE MODE");
	if (OidIsValid(get_relname_relid(name, schema)))
		return;					/* somebody else was first */
	execute(psprintf("CREATE TABLE cvm.%s (LIKE cvm.prediction_log)", name));
	/* no key: so that it can be published */
	execute(psprintf("ALTER TABLE cvm.%s REPLICA IDENTITY FULL", name));
	execute(psprintf("CREATE INDEX ON cvm.%s (model, key, predicted_at)", name));
	execute(psprintf("CREATE INDEX ON cvm.%s (model, predicted_at) WHERE outcome IS NOT NULL", name));
	execute(psprintf("ALTER TABLE cvm.prediction_log ATTACH PARTITION cvm.%s"
					 " FOR VALUES FROM ('%04d-%02d-01 00:00+00') TO ('%04d-%02d-01 00:00+00')",
					 name, year, month, month == 12 ? year + 1 : year, month % 12 + 1));
}

void
cvm_log_drop_old_partitions(void)
{
	Oid			types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(cvm_log_retention)};
	List	   *names = NIL;
	ListCell   *cell;

	if (cvm_log_retention == 0)
		return;
	cvm_catalog_execute("SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
						" WHERE i.inhparent = 'cvm.prediction_log'::regclass"
						" AND to_date(substring(c.relname, '\\d{4}_\\d\\d$'), 'YYYY_MM') + interval '1 month'"
						"  < cvm.clock() AT TIME ZONE 'UTC' - make_interval(days => $1)",
						1, types, values, NULL, true);
	for (uint64 i = 0; i < SPI_processed; i++)
		names = lappend(names, cvm_catalog_text(i, 1));
	foreach(cell, names)
		execute(psprintf("DROP TABLE cvm.%s", quote_identifier(lfirst(cell))));
}

/* ---- predictions ---- */

static Datum
text_array(const char **texts, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));
	bool	   *nulls = palloc0(Max(count, 1));
	int			dimensions[] = {count};
	int			bounds[] = {1};

	for (int i = 0; i < count; i++)
	{
		nulls[i] = texts == NULL || texts[i] == NULL;
		elements[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(texts[i]);
	}
	return PointerGetDatum(construct_md_array(elements, nulls, 1, dimensions, bounds,
											  TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
number_array(const double *numbers, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = Float8GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(elements, count, FLOAT8OID, sizeof(float8),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

void
cvm_log_predictions(const char *model, TimestampTz at, const CvmLogChunk *chunk)
{
	int			width = chunk->probabilities == NULL ? 0 : chunk->class_count;
	Oid			types[] = {TEXTOID, INT4OID, TIMESTAMPTZOID, BOOLOID, TEXTARRAYOID,
	FLOAT8ARRAYOID, TEXTARRAYOID, FLOAT8ARRAYOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(chunk->version),
		TimestampTzGetDatum(at), BoolGetDatum(chunk->shadow),
		text_array((const char **) chunk->keys, chunk->rows),
		number_array(chunk->scores, chunk->rows),
		text_array(chunk->classes, chunk->rows),
		number_array(chunk->probabilities, chunk->rows * width),
	Int32GetDatum(width)};

	cvm_catalog_execute("INSERT INTO cvm.prediction_log (model, version, predicted_at, shadow,"
						" key, score, class, probabilities)"
						" SELECT $1, $2, $3, $4, key, score, class,"
						"  CASE WHEN $9 > 0 THEN ($8)[(n - 1) * $9 + 1 : n * $9] END"
						" FROM unnest($5, $6, $7) WITH ORDINALITY AS u (key, score, class, n)"
						" WHERE key IS NOT NULL",
						9, types, values, NULL, false);
}

List *
cvm_shadow_versions(const CvmDefinition *definition)
{
	List	   *versions = NIL;
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(definition->model)};

	cvm_catalog_execute("SELECT version FROM cvm.model_versions"
						" WHERE model = $1 AND status = 'challenger'"
						" UNION SELECT a.parent FROM cvm.schedules AS s"
						" JOIN cvm.model_versions AS a ON a.model = s.model AND a.status = 'active'"
						" JOIN cvm.model_versions AS p ON p.model = a.model AND p.version = a.parent"
						" WHERE s.model = $1 AND a.promoted_at + s.probation > cvm.clock()"
						" ORDER BY 1",
						1, types, values, NULL, true);
	for (uint64 i = 0; i < SPI_processed; i++)
		versions = lappend_int(versions, cvm_catalog_integer(i, 1));
	return versions;
}
