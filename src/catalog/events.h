/*
 * events.h
 *		What happens to models, for those who watch.
 *
 * Each event is a row of cvm.event_log, which people read as cvm.events and, where
 * somebody should look at it, cvm.alerts; and a notification on the channel
 * cvm_events: {"id": 41, "event": "run_failed"}.  Whoever may connect can listen
 * there, so it is the view that says whose event it was, to those who may know.
 * With cvm.notify = full the notification says it itself: {..., "model": "churn",
 * "at": "2026-01-05T02:30:00+00:00", "run": 7, "version": 3, "detail": "..."};
 * run, version and detail only where there are any.
 */
#ifndef CVM_EVENTS_H
#define CVM_EVENTS_H

#include "postgres.h"

typedef enum CvmEventKind
{
	CVM_EVENT_RUN_QUEUED,
	CVM_EVENT_RUN_STARTED,
	CVM_EVENT_RUN_SUCCEEDED,
	CVM_EVENT_RUN_FAILED,		/* an alert */
	CVM_EVENT_RUN_SKIPPED,
	CVM_EVENT_RUN_CANCELLED,
	CVM_EVENT_VERSION_PROMOTED,
	CVM_EVENT_VERSION_REJECTED, /* an alert */
	CVM_EVENT_VERSION_NOT_COMPARED,	/* the active one does not fit the source: an alert */
	CVM_EVENT_VERSION_ROLLED_BACK,	/* by itself: an alert */
	CVM_EVENT_DRIFT,			/* past its threshold: an alert */
	CVM_EVENT_DECAY,			/* the same */
	CVM_EVENT_OWNER_DROPPED,	/* an alert */
	CVM_EVENT_SCHEDULED,
	CVM_EVENT_UNSCHEDULED,
	CVM_EVENT_SCHEDULE_PAUSED,	/* an alert */
	CVM_EVENT_SCHEDULE_RESUMED
} CvmEventKind;

/*
 * Part of the transaction: sent at commit, undone by a rollback.  run and
 * version: 0 for none; detail may be NULL.  SPI is connected.
 */
extern void cvm_event(CvmEventKind kind, const char *model, int run, int version,
					  const char *detail);

#endif							/* CVM_EVENTS_H */
