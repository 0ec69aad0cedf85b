/*
 * runs.c
 *		Training runs: one row each, from request to result.
 *
 * Every change of a status goes through become(), which knows the diagram in
 * runs.h, and is an event (events.h).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/access.h"
#include "catalog/events.h"
#include "catalog/runs.h"

static const char *const status_names[] = {
	[CVM_RUN_QUEUED] = "queued",
	[CVM_RUN_RUNNING] = "running",
	[CVM_RUN_SUCCEEDED] = "succeeded",
	[CVM_RUN_FAILED] = "failed",
	[CVM_RUN_SKIPPED] = "skipped",
	[CVM_RUN_CANCELLED] = "cancelled"
};

static const CvmEventKind status_events[] = {
	[CVM_RUN_QUEUED] = CVM_EVENT_RUN_QUEUED,
	[CVM_RUN_RUNNING] = CVM_EVENT_RUN_STARTED,
	[CVM_RUN_SUCCEEDED] = CVM_EVENT_RUN_SUCCEEDED,
	[CVM_RUN_FAILED] = CVM_EVENT_RUN_FAILED,
	[CVM_RUN_SKIPPED] = CVM_EVENT_RUN_SKIPPED,
	[CVM_RUN_CANCELLED] = CVM_EVENT_RUN_CANCELLED
};

/* The statuses that may come before each, as an SQL list. */
static const char *const statuses_before[] = {
	[CVM_RUN_RUNNING] = "'queued'",
	[CVM_RUN_SUCCEEDED] = "'running', 'succeeded'",
	[CVM_RUN_FAILED] = "'queued', 'running'",
	[CVM_RUN_SKIPPED] = "'queued', 'running'",
	[CVM_RUN_CANCELLED] = "'queued', 'running'"
};

static Datum
text_or_null(const char *text, char *null)
{
	*null = text == NULL ? 'n' : ' ';
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

int
cvm_run_create(const char *model, const char *trigger, CvmRunStatus status,
			   const char *reason, int attempt)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT4OID};
	char		nulls[] = "      ";
	Datum		values[] = {CStringGetTextDatum(model), CStringGetTextDatum(trigger),
		CStringGetTextDatum(status_names[status]), text_or_null(reason, &nulls[3]),
	Int32GetDatum(attempt), Int32GetDatum(MyProcPid)};
	int			run;

	cvm_catalog_execute("WITH numbered AS ("
						" UPDATE cvm.model_registry AS r SET last_run = r.last_run + 1"
						" WHERE r.model = $1 AND ($3 NOT IN ('queued', 'running') OR NOT EXISTS ("
						"  SELECT FROM cvm.training_runs AS t WHERE t.model = $1"
						"  AND t.status IN ('queued', 'running')))"
						" RETURNING r.last_run)"
						" INSERT INTO cvm.training_runs (model, run, trigger, status, cause, reason,"
						" attempt, requested_at, started_at, finished_at, process_id)"
						" SELECT $1, last_run, $2, $3, CASE WHEN $3 IN ('queued', 'running') THEN $4 END,"
						" CASE WHEN $3 NOT IN ('queued', 'running') THEN $4 END, $5, cvm.clock(),"
						" CASE $3 WHEN 'running' THEN cvm.clock()"
						"  WHEN 'succeeded' THEN statement_timestamp() END,"
						" CASE $3 WHEN 'skipped' THEN cvm.clock() END,"
						" CASE WHEN $3 NOT IN ('queued', 'skipped') THEN $6 END"
						" FROM numbered RETURNING run",
						6, types, values, nulls, false);
	if (SPI_processed == 0)
		return 0;
	run = cvm_catalog_integer(0, 1);
	if (status != CVM_RUN_SUCCEEDED)	/* which has its figures yet to come */
		cvm_event(status_events[status], model, run, 0, reason);
	return run;
}

/* The parameters of the statement are model, run, and those of "assignments"
 * from $3 on. */
static bool
become(const char *model, int run, CvmRunStatus status, const char *assignments,
	   int count, Oid *types, Datum *values, const char *nulls)
{
	char	   *statement = psprintf("UPDATE cvm.training_runs SET status = '%s', %s"
									 " WHERE model = $1 AND run = $2 AND status IN (%s)",
									 status_names[status], assignments,
									 statuses_before[status]);

	types[0] = TEXTOID;
	types[1] = INT4OID;
	values[0] = CStringGetTextDatum(model);
	values[1] = Int32GetDatum(run);
	cvm_catalog_execute(statement, count, types, values, nulls, false);
	pfree(statement);
	return SPI_processed > 0;
}

bool
cvm_run_start(const char *model, int run)
{
	Oid			types[3] = {0, 0, INT4OID};
	Datum		values[3] = {0, 0, Int32GetDatum(MyProcPid)};

	if (!become(model, run, CVM_RUN_RUNNING,
				"reason = NULL, started_at = cvm.clock(), process_id = $3",
				3, types, values, NULL))
		return false;
	cvm_event(CVM_EVENT_RUN_STARTED, model, run, 0, NULL);
	return true;
}

void
cvm_run_succeed(const char *model, int run, const CvmRunResult *result)
{
	Oid			types[12] = {0, 0, INT4OID, INT8OID, INT8OID, INT8OID, INT8OID, INT4OID,
	TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	char		nulls[] = "            ";
	Datum		values[12] = {0, 0, Int32GetDatum(result->version),
		Int64GetDatum(result->training_rows), Int64GetDatum(result->validation_rows),
		Int64GetDatum(result->rows_left_out), Int64GetDatum(result->null_cells),
		Int32GetDatum(result->iterations), CStringGetTextDatum(result->outcome),
		text_or_null(result->reason, &nulls[9]),
		CStringGetTextDatum(result->partial ? "partial" : "full"),
	text_or_null(result->mode_reason, &nulls[11])};

	if (!become(model, run, CVM_RUN_SUCCEEDED,
				"finished_at = cvm.clock(), version = $3, training_rows = $4,"
				" validation_rows = $5, rows_left_out = $6, null_cells = $7,"
				" iterations = $8, outcome = $9, reason = $10, mode = $11, mode_reason = $12",
				12, types, values, nulls))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run %d of model \"%s\" was closed in the meantime", run, model)));
	cvm_event(CVM_EVENT_RUN_SUCCEEDED, model, run, result->version, result->reason);
}

bool
cvm_run_end(const char *model, int run, CvmRunStatus status,
			const char *reason, const char *error)
{
	Oid			types[4] = {0, 0, TEXTOID, TEXTOID};
	char		nulls[] = "    ";
	Datum		values[4] = {0, 0, text_or_null(reason, &nulls[2]), text_or_null(error, &nulls[3])};

	if (!become(model, run, status, "finished_at = cvm.clock(), reason = $3, error = $4",
				4, types, values, nulls))
		return false;
	cvm_event(status_events[status], model, run, 0, error != NULL ? error : reason);
	return true;
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

void
cvm_run_change_cause(const char *model, int run, const char *cause)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(run),
	CStringGetTextDatum(cause)};

	cvm_catalog_execute("UPDATE cvm.training_runs SET cause = $3 WHERE model = $1 AND run = $2",
						3, types, values, NULL, false);
}

const char *
cvm_run_status_name(CvmRunStatus status)
{
	return status_names[status];
}
