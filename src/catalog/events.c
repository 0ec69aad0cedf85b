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
	[CVM_EVENT_VERSION_NOT_COMPARED] = {"version_not_compared", true},
	[CVM_EVENT_VERSION_ROLLED_BACK] = {"version_rolled_back", true},
	[CVM_EVENT_DRIFT] = {"drift_detected", true},
	[CVM_EVENT_DECAY] = {"decay_detected", true},
	[CVM_EVENT_OWNER_DROPPED] = {"owner_dropped", true},
	[CVM_EVENT_SCHEDULED] = {"scheduled", false},
	[CVM_EVENT_UNSCHEDULED] = {"unscheduled", false},
	[CVM_EVENT_SCHEDULE_PAUSED] = {"schedule_paused", true},
	[CVM_EVENT_SCHEDULE_RESUMED] = {"schedule_resumed", false}
};

/* Writes the event down; returns its number. */
static int64
keep(CvmEventKind kind, const char *model, int run, int version, const char *detail)
{
	Oid			types[] = {TEXTOID, TEXTOID, BOOLOID, INT4OID, INT4OID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), CStringGetTextDatum(kinds[kind].name),
		BoolGetDatum(kinds[kind].alert), Int32GetDatum(run), Int32GetDatum(version),
	detail ? CStringGetTextDatum(detail) : (Datum) 0};
	bool		isnull;

	cvm_catalog_execute("INSERT INTO cvm.event_log (model, at, event, alert, run, version, detail)"
						" VALUES ($1, cvm.clock(), $2, $3, nullif($4, 0), nullif($5, 0), $6)"
						" RETURNING id",
						6, types, values, detail ? NULL : "     n", false);
	return DatumGetInt64(cvm_catalog_datum(0, 1, &isnull));
}

static void
append_names(StringInfo payload, const char *model, int run, int version, const char *detail)
{
	char		at[MAXDATELEN + 1];

	JsonEncodeDateTime(at, TimestampTzGetDatum(cvm_clock()->now()), TIMESTAMPTZOID, NULL);
	appendStringInfoString(payload, ", \"model\": ");
	escape_json(payload, model);
	appendStringInfo(payload, ", \"at\": \"%s\"", at);
	if (run > 0)
		appendStringInfo(payload, ", \"run\": %d", run);
	if (version > 0)
		appendStringInfo(payload, ", \"version\": %d", version);
	if (detail != NULL)
	{
		int			length = pg_mbcliplen(detail, strlen(detail), MOST_DETAIL);

		appendStringInfoString(payload, ", \"detail\": ");
		escape_json(payload, pnstrdup(detail, length));
	}
}

void
cvm_event(CvmEventKind kind, const char *model, int run, int version, const char *detail)
{
	int64		id = keep(kind, model, run, version, detail);
	StringInfoData payload;

	if (cvm_notify == CVM_NOTIFY_OFF)
		return;
	initStringInfo(&payload);
	appendStringInfo(&payload, "{\"id\": " INT64_FORMAT ", \"event\": \"%s\"", id,
					 kinds[kind].name);
	if (cvm_notify == CVM_NOTIFY_FULL)
		append_names(&payload, model, run, version, detail);
	appendStringInfoChar(&payload, '}');
	Async_Notify(CHANNEL, payload.data);
	pfree(payload.data);
}
