/*
 * settings.h
 *		The cvm.* settings (GUCs).
 */
#ifndef CVM_SETTINGS_H
#define CVM_SETTINGS_H

#include "postgres.h"

/* What of an event is sent on the channel cvm_events. */
typedef enum CvmNotify
{
	CVM_NOTIFY_OFF,
	CVM_NOTIFY_ID,
	CVM_NOTIFY_FULL
} CvmNotify;

extern int	cvm_train_memory;	/* kB; cvm.train_memory, default 256MB */
extern int	cvm_max_training_workers;	/* parallel workers of one training */
extern int	cvm_max_retrain_workers;	/* cvm.max_retrain_workers, default 2 */
extern int	cvm_max_retrain_workers_per_database;	/* 0: no limit of its own */
extern int	cvm_scheduler_interval; /* ms between looks; cvm.scheduler_interval */
extern char *cvm_retrain_window;	/* "22:00-06:00", or empty: always */
extern int	cvm_retrain_nice;	/* of a run that learns, 0 to 19 */
extern int	cvm_retrain_memory;	/* kB of one run; 0: no limit */
extern int	cvm_retrain_timeout;	/* ms for one run; 0: no limit */
extern int	cvm_pause_after_failures;	/* in a row; 0: never */
extern int	cvm_keep_versions;	/* of a model that the worker retrains; 0: all */
extern int	cvm_keep_runs;		/* the same for its runs and alerts */
extern int	cvm_log_retention;	/* days that predictions are kept; 0: for ever */
extern int	cvm_notify;			/* CvmNotify */
extern int	cvm_mock_clock;		/* seconds since 2000 UTC; -1: the real clock */
extern bool cvm_rewrite_predict;	/* cvm.rewrite_predict: planner rewrite, default on */

extern void cvm_define_settings(void);

/* Minutes of the day at which a window opens and closes; false: none is set. */
extern bool cvm_parse_window(const char *text, int *from, int *to);

#endif							/* CVM_SETTINGS_H */
