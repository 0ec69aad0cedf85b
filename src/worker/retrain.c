/*
 * retrain.c
 *		retrain(), run_due() and worker_status().
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "catalog/registry.h"
#include "catalog/runs.h"
#include "worker/due.h"
#include "worker/housekeeping.h"
#include "worker/run.h"
#include "worker/watermark.h"
#include "worker/worker.h"

static void
connect_spi(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
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
	const char *reason;
	int			run;

	if (!wait && !cvm_worker_present())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no background worker is running"),
				 errhint("Use cvm.retrain(model, wait => true), or add cvm to shared_preload_libraries.")));
	connect_spi();
	(void) cvm_definition_require_owner(name, true);
	run = cvm_run_create(name, "retrain", wait ? CVM_RUN_RUNNING : CVM_RUN_QUEUED, NULL, 1);
	if (run == 0)
		run_in_the_way(name);
	if (wait && cvm_run_here(name, run, &reason) == CVM_RUN_FAILED)
		ereport(WARNING,
				(errmsg("retraining of model \"%s\" failed: %s", name, reason)));
	SPI_finish();
	if (!wait)
		cvm_ask_at_commit();
	PG_RETURN_INT32(run);
}

/* cvm.run_due() -> model, run, status, reason: runs here what is due and ours */
PG_FUNCTION_INFO_V1(cvm_run_due);
Datum
cvm_run_due(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *out = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	connect_spi();
	cvm_forget_dropped_roles();
	cvm_close_leftovers();
	cvm_count_fresh_rows();
	cvm_count_past_watermarks_here();
	cvm_queue_due();
	foreach(cell, cvm_queued_runs())
	{
		CvmQueuedRun *queued = lfirst(cell);
		CvmDefinition *definition = cvm_definition_find(queued->model, false);
		const char *reason;
		CvmRunStatus status;
		Datum		values[4];
		bool		nulls[4] = {false};

		if (definition == NULL || !has_privs_of_role(GetUserId(), definition->owner) ||
			!cvm_run_start(queued->model, queued->run))
			continue;
		status = cvm_run_here(queued->model, queued->run, &reason);
		values[0] = CStringGetTextDatum(queued->model);
		values[1] = Int32GetDatum(queued->run);
		values[2] = CStringGetTextDatum(cvm_run_status_name(status));
		nulls[3] = reason == NULL;
		if (!nulls[3])
			values[3] = CStringGetTextDatum(reason);
		tuplestore_putvalues(out->setResult, out->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}

/* cvm.worker_status() -> launcher_pid, state, looks, looked_at, runs_at_work */
PG_FUNCTION_INFO_V1(cvm_worker_status);
Datum
cvm_worker_status(PG_FUNCTION_ARGS)
{
	TupleDesc	columns;
	Datum		values[5] = {0};
	bool		nulls[5] = {true, true, true, true, true};

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "cvm.worker_status must return a row");
	if (cvm_worker_present())
	{
		bool		asleep;

		LWLockAcquire(cvm_worker_shared->lock, LW_SHARED);
		asleep = cvm_worker_shared->launcher_state == CVM_LAUNCHER_ASLEEP &&
			cvm_worker_shared->asked_count == 0;
		values[0] = Int32GetDatum(cvm_worker_shared->launcher_pid);
		values[1] = CStringGetTextDatum(asleep ? "asleep" : "looking");
		values[2] = Int64GetDatum(cvm_worker_shared->looks);
		values[3] = TimestampTzGetDatum(cvm_worker_shared->looked_at);
		values[4] = Int32GetDatum(cvm_runs_at_work());
		LWLockRelease(cvm_worker_shared->lock);
		memset(nulls, 0, sizeof(nulls));
		nulls[3] = cvm_worker_shared->looks == 0;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
