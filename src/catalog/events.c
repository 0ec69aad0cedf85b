/*
 * events.c
 *		What happens to models, for those who watch.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/async.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"

#include "catalog/access.h"
#include "catalog/events.h"
#include "pg/clock.h"
#include "pg/settings.h"

#define CHANNEL "cvm_events"

/* A payload has less than 8000 bytes, and JSON may write a byte as six. */
#define MOST_DETAIL 1000

static const struct
{
	const char *name;
	bool		alert;
}			kinds[] =
{
	[CVM_EVENT_RUN_QUEUED] = {"run_queued", false},
	[CVM_EVENT_RUN_STARTED] = {"run_started", false},
	[CVM_EVENT_RUN_SUCCEEDED] = {"run_succeeded", false},
	[CVM_EVENT_RUN_FAILED] = {"run_failed", true},
	[CVM_EVENT_RUN_SKIPPED] = {"run_skipped", false},
	[CVM_EVENT_RUN_CANCELLED] = {"run_cancelled", false},
	[CVM_EVENT_VERSION_PROMOTED] = {"version_promoted", false},
	[CVM_EVENT_VERSION_REJECTED] = {"version_rejected", true},
	[CVM_EVENT_VERSION_ROLLED_BACK] = {"version_rolled_back", true},
	[CVM_EVENT_DRIFT] = {"drift_detected", true},
	[CVM_EVENT_DECAY] = {"decay_detected", true},
	[CVM_EVENT_SCHEDULED] = {"scheduled", false},
	[CVM_EVENT_UNSCHEDULED] = {"unscheduled", false},
	[CVM_EVENT_SCHEDULE_PAUSED] = {"schedule_paused", true},
	[CVM_EVENT_SCHEDULE_RESUMED] = {"schedule_resumed", false}
};

static void
notify(CvmEventKind kind, const char *model, int run, int version, const char *detail)
{
	StringInfoData payload;
	char		at[MAXDATELEN + 1];

	JsonEncodeDateTime(at, TimestampTzGetDatum(cvm_clock()->now()), TIMESTAMPTZOID, NULL);
	initStringInfo(&payload);
	appendStringInfo(&payload, "{\"event\": \"%s\", \"model\": ", kinds[kind].name);
	escape_json(&payload, model);
	appendStringInfo(&payload, ", \"at\": \"%s\"", at);
	if (run > 0)
		appendStringInfo(&payload, ", \"run\": %d", run);
	if (version > 0)
		appendStringInfo(&payload, ", \"version\": %d", version);
	if (detail != NULL)
	{
		int			length = pg_mbcliplen(detail, strlen(detail), MOST_DETAIL);

		appendStringInfoString(&payload, ", \"detail\": ");
		escape_json(&payload, pnstrdup(detail, length));
	}
	appendStringInfoChar(&payload, '}');
	Async_Notify(CHANNEL, payload.data);
	pfree(payload.data);
}

static void
keep(CvmEventKind kind, const char *model, int run, int version, const char *detail)
{
	Oid			types[] = {TEXTOID, TEXTOID, INT4OID, INT4OID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), CStringGetTextDatum(kinds[kind].name),
		Int32GetDatum(run), Int32GetDatum(version),
	detail ? CStringGetTextDatum(detail) : (Datum) 0};

	cvm_catalog_execute("INSERT INTO cvm.alert_log (model, at, event, run, version, detail)"
						" VALUES ($1, cvm.clock(), $2, nullif($3, 0), nullif($4, 0), $5)",
						5, types, values, detail ? NULL : "    n", false);
}

void
cvm_event(CvmEventKind kind, const char *model, int run, int version, const char *detail)
{
	if (kinds[kind].alert)
		keep(kind, model, run, version, detail);
	if (cvm_notify)
		notify(kind, model, run, version, detail);
}
