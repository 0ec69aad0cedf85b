/*
 * runs.c
 *		Training runs: one row each, from request to result.
 *
 *	  queued ----> running ----> succeeded
 *		 |			  |--------> failed
 *		 |--> skipped |--------> cancelled
 *		 |--> cancelled, failed
 *
 * An unfinished run is unique for its model (training_runs_unfinished).  A
 * run of train() is written in one piece when it is over, as succeeded, and so
 * is in nobody's way.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/access.h"
#include "catalog/runs.h"

int
cvm_run_create(const char *model, const char *trigger, const char *status,
			   const char *reason, int attempt)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(model), CStringGetTextDatum(trigger),
		CStringGetTextDatum(status), reason ? CStringGetTextDatum(reason) : (Datum) 0,
	Int32GetDatum(attempt), Int32GetDatum(MyProcPid)};
	const char *nulls = reason ? NULL : "   n  ";

	cvm_catalog_execute("WITH numbered AS ("
						" UPDATE cvm.model_registry AS r SET last_run = r.last_run + 1"
						" WHERE r.model = $1 AND ($3 NOT IN ('queued', 'running') OR NOT EXISTS ("
						"  SELECT FROM cvm.training_runs AS t WHERE t.model = $1"
						"  AND t.status IN ('queued', 'running')))"
						" RETURNING r.last_run)"
						" INSERT INTO cvm.training_runs (model, run, trigger, status, reason,"
						" attempt, requested_at, started_at, finished_at, process_id)"
						" SELECT $1, last_run, $2, $3, $4, $5, cvm.clock(),"
						" CASE $3 WHEN 'running' THEN cvm.clock()"
						"  WHEN 'succeeded' THEN statement_timestamp() END,"
						" CASE $3 WHEN 'skipped' THEN cvm.clock() END,"
						" CASE WHEN $3 NOT IN ('queued', 'skipped') THEN $6 END"
						" FROM numbered RETURNING run",
						6, types, values, nulls, false);
	return SPI_processed == 0 ? 0 : cvm_catalog_integer(0, 1);
}

bool
cvm_run_start(const char *model, int run)
{
	Oid			types[] = {TEXTOID, INT4OID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(run),
	Int32GetDatum(MyProcPid)};

	cvm_catalog_execute("UPDATE cvm.training_runs SET status = 'running', reason = NULL,"
						" started_at = cvm.clock(), process_id = $3"
						" WHERE model = $1 AND run = $2 AND status = 'queued'",
						3, types, values, NULL, false);
	return SPI_processed == 1;
}

void
cvm_run_succeed(const char *model, int run, int version, int64 training_rows,
				int64 validation_rows, int64 rows_left_out, int64 null_cells,
				int iterations, const char *outcome, const char *reason)
{
	Oid			types[] = {TEXTOID, INT4OID, INT4OID, INT8OID, INT8OID, INT8OID, INT8OID,
		INT4OID, TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(run),
		Int32GetDatum(version), Int64GetDatum(training_rows), Int64GetDatum(validation_rows),
		Int64GetDatum(rows_left_out), Int64GetDatum(null_cells), Int32GetDatum(iterations),
		CStringGetTextDatum(outcome), reason ? CStringGetTextDatum(reason) : (Datum) 0};
	const char *nulls = reason ? NULL : "         n";

	cvm_catalog_execute("UPDATE cvm.training_runs SET status = 'succeeded',"
						" finished_at = cvm.clock(), version = $3, training_rows = $4,"
						" validation_rows = $5, rows_left_out = $6, null_cells = $7,"
						" iterations = $8, outcome = $9, reason = $10"
						" WHERE model = $1 AND run = $2 AND status IN ('running', 'succeeded')",
						10, types, values, nulls, false);
}

void
cvm_run_end(const char *model, int run, const char *status,
			const char *reason, const char *error)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(run),
		CStringGetTextDatum(status), reason ? CStringGetTextDatum(reason) : (Datum) 0,
	error ? CStringGetTextDatum(error) : (Datum) 0};
	char		nulls[] = "     ";

	if (reason == NULL)
		nulls[3] = 'n';
	if (error == NULL)
		nulls[4] = 'n';
	cvm_catalog_execute("UPDATE cvm.training_runs SET status = $3,"
						" finished_at = cvm.clock(), reason = $4, error = $5"
						" WHERE model = $1 AND run = $2 AND status IN ('queued', 'running')",
						5, types, values, nulls, false);
}

void
cvm_run_wait(const char *model, int run, const char *reason)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(run),
	CStringGetTextDatum(reason)};

	cvm_catalog_execute("UPDATE cvm.training_runs SET reason = $3"
						" WHERE model = $1 AND run = $2 AND status = 'queued'"
						" AND reason IS DISTINCT FROM $3",
						3, types, values, NULL, false);
}
