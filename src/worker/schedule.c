/*
 * schedule.c
 *		schedule(), unschedule(), retrain(), run_due() and worker_status().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "catalog/access.h"
#include "catalog/runs.h"
#include "pg/options_json.h"
#include "worker/due.h"
#include "worker/run.h"
#include "worker/worker.h"

static void
connect_spi(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

/* cvm.schedule(model text, every interval, min_new_rows bigint, options jsonb) */
PG_FUNCTION_INFO_V1(cvm_schedule);
Datum
cvm_schedule(PG_FUNCTION_ARGS)
{
	CvmDefinition *definition;
	CvmOptions	checked;
	char	   *name;
	int64		inserted = -1;
	Oid			types[] = {TEXTOID, INTERVALOID, INT8OID, JSONBOID, INT8OID};
	Datum		values[5];
	char		nulls[] = "     ";

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("model must not be NULL")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (PG_ARGISNULL(1) && PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a schedule for model \"%s\" needs every or min_new_rows", name),
				 errhint("For example: every => '1 day', min_new_rows => 500.")));
	if (!PG_ARGISNULL(2) && PG_GETARG_INT64(2) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_new_rows must be positive, not " INT64_FORMAT, PG_GETARG_INT64(2))));

	connect_spi();
	definition = cvm_definition_require_owner(name, true);
	if (!PG_ARGISNULL(3))
	{
		cvm_options_for_train(&checked);
		cvm_options_apply_json(&checked, PG_GETARG_JSONB_P(3));
	}
	if (!PG_ARGISNULL(2))
	{
		inserted = cvm_rows_inserted(definition);
		if (inserted < 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("new rows of model \"%s\" cannot be counted, because its source is not a table", name),
					 errhint("Use every => an interval, or train it on a table.")));
	}
	values[0] = CStringGetTextDatum(name);
	values[1] = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	values[2] = PG_ARGISNULL(2) ? (Datum) 0 : PG_GETARG_DATUM(2);
	values[3] = PG_ARGISNULL(3) ? (Datum) 0 : PG_GETARG_DATUM(3);
	values[4] = Int64GetDatum(inserted);
	for (int i = 1; i < 4; i++)
		if (PG_ARGISNULL(i))
			nulls[i] = 'n';
	if (inserted < 0)
		nulls[4] = 'n';
	cvm_catalog_execute("INSERT INTO cvm.schedules"
						" (model, every, min_new_rows, options, rows_seen, next_due)"
						" VALUES ($1, $2, $3, coalesce($4, '{}'), $5, clock_timestamp() + $2)"
						" ON CONFLICT (model) DO UPDATE SET every = excluded.every,"
						" min_new_rows = excluded.min_new_rows, options = excluded.options,"
						" rows_seen = excluded.rows_seen, next_due = excluded.next_due,"
						" enabled = true, failures = 0, retry_at = NULL",
						5, types, values, nulls, false);
	SPI_finish();
	if (!cvm_worker_present())
		ereport(NOTICE,
				(errmsg("no background worker is running, so nothing retrains by itself"),
				 errhint("Add cvm to shared_preload_libraries, or call cvm.run_due() from another scheduler.")));
	cvm_worker_wake_at_commit();
	PG_RETURN_VOID();
}

/* cvm.unschedule(model text) */
PG_FUNCTION_INFO_V1(cvm_unschedule);
Datum
cvm_unschedule(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(name)};

	connect_spi();
	(void) cvm_definition_require_owner(name, true);
	cvm_catalog_execute("DELETE FROM cvm.schedules WHERE model = $1",
						1, types, values, NULL, false);
	if (SPI_processed == 0)
		ereport(NOTICE, (errmsg("model \"%s\" has no schedule", name)));
	SPI_finish();
	PG_RETURN_VOID();
}

static void
run_in_the_way(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("model \"%s\" already has a run that is queued or running", name),
			 errhint("SELECT * FROM cvm.retraining_status shows it.")));
}

/* cvm.retrain(model text, wait boolean) -> run number */
PG_FUNCTION_INFO_V1(cvm_retrain);
Datum
cvm_retrain(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool		wait = PG_GETARG_BOOL(1);
	CvmTrainResult *result;
	char	   *error = NULL;
	int			run;

	if (!wait && !cvm_worker_present())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no background worker is running"),
				 errhint("Use cvm.retrain(model, wait => true), or add cvm to shared_preload_libraries.")));
	connect_spi();
	(void) cvm_definition_require_owner(name, true);
	run = cvm_run_create(name, "retrain", wait ? "running" : "queued", NULL, 1);
	if (run == 0)
		run_in_the_way(name);
	if (wait && !cvm_run_here(name, run, &result, &error))
		ereport(WARNING,
				(errmsg("retraining of model \"%s\" failed: %s", name, error)));
	SPI_finish();
	if (!wait)
		cvm_worker_wake_at_commit();
	PG_RETURN_INT32(run);
}

/* cvm.run_due() -> model, run, status, reason: runs here what is due and ours */
PG_FUNCTION_INFO_V1(cvm_run_due);
Datum
cvm_run_due(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *out = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *models;
	List	   *runs;
	ListCell   *model;
	ListCell   *run;

	InitMaterializedSRF(fcinfo, 0);
	connect_spi();
	cvm_close_leftovers();
	cvm_queue_due();
	models = cvm_queued_models(&runs);
	forboth(model, models, run, runs)
	{
		char	   *name = lfirst(model);
		CvmDefinition *definition = cvm_definition_find(name, false);
		CvmTrainResult *result = NULL;
		char	   *error = NULL;
		bool		succeeded;
		Datum		values[4];
		bool		nulls[4] = {false};

		if (definition == NULL || !has_privs_of_role(GetUserId(), definition->owner) ||
			!cvm_run_start(name, lfirst_int(run)))
			continue;
		succeeded = cvm_run_here(name, lfirst_int(run), &result, &error);
		values[0] = CStringGetTextDatum(name);
		values[1] = Int32GetDatum(lfirst_int(run));
		values[2] = CStringGetTextDatum(succeeded ? "succeeded" : "failed");
		nulls[3] = succeeded && result->reason == NULL;
		if (!nulls[3])
			values[3] = CStringGetTextDatum(succeeded ? result->reason : error);
		tuplestore_putvalues(out->setResult, out->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}

/* cvm.worker_status() -> launcher_pid, looks, runs_at_work */
PG_FUNCTION_INFO_V1(cvm_worker_status);
Datum
cvm_worker_status(PG_FUNCTION_ARGS)
{
	TupleDesc	columns;
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, true};
	int			at_work = 0;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "cvm.worker_status must return a row");
	if (cvm_worker_present())
	{
		LWLockAcquire(cvm_worker_shared->lock, LW_SHARED);
		for (int i = 0; i < CVM_MAX_RUNS; i++)
			if (OidIsValid(cvm_worker_shared->runs[i].database))
				at_work++;
		values[0] = Int32GetDatum(cvm_worker_shared->launcher_pid);
		values[1] = Int64GetDatum(cvm_worker_shared->looks);
		values[2] = Int32GetDatum(at_work);
		LWLockRelease(cvm_worker_shared->lock);
		memset(nulls, 0, sizeof(nulls));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
