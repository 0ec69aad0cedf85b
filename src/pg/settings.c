/*
 * settings.c
 *		The cvm.* settings (GUCs).
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "pg/settings.h"

int			cvm_train_memory = 256 * 1024;
int			cvm_max_training_workers = 2;
int			cvm_max_retrain_workers = 2;
int			cvm_max_retrain_workers_per_database = 0;
int			cvm_scheduler_interval = 60 * 1000;
char	   *cvm_retrain_window = NULL;
int			cvm_retrain_nice = 19;
int			cvm_retrain_memory = 0;
int			cvm_retrain_timeout = 0;
int			cvm_pause_after_failures = 10;
int			cvm_keep_versions = 100;
int			cvm_keep_runs = 1000;
int			cvm_log_retention = 400;
int			cvm_notify = CVM_NOTIFY_ID;
int			cvm_mock_clock = -1;
bool		cvm_rewrite_predict = true;

static const struct config_enum_entry notify_choices[] = {
	{"off", CVM_NOTIFY_OFF, false},
	{"id", CVM_NOTIFY_ID, false},
	{"full", CVM_NOTIFY_FULL, false},
	{NULL, 0, false}
};

bool
cvm_parse_window(const char *text, int *from, int *to)
{
	int			hours[2];
	int			minutes[2];
	int			length = 0;

	if (text == NULL ||
		sscanf(text, "%2d:%2d-%2d:%2d%n", &hours[0], &minutes[0], &hours[1], &minutes[1],
			   &length) != 4 || text[length] != '\0')
		return false;
	for (int i = 0; i < 2; i++)
		if (hours[i] < 0 || hours[i] > 24 || minutes[i] < 0 || minutes[i] > 59 ||
			hours[i] * 60 + minutes[i] > 24 * 60)
			return false;
	*from = hours[0] * 60 + minutes[0];
	*to = hours[1] * 60 + minutes[1];
	return *from < 24 * 60 && *from != *to;
}

static bool
check_window(char **value, void **extra, GucSource source)
{
	int			from;
	int			to;

	if (**value == '\0' || cvm_parse_window(*value, &from, &to))
		return true;
	GUC_check_errdetail("A window is written as in 22:00-06:00.");
	return false;
}

void
cvm_define_settings(void)
{
	DefineCustomIntVariable("cvm.train_memory",
							"Memory for the rows of one training; past it they go to a temporary file.",
							NULL,
							&cvm_train_memory,
							256 * 1024, 1024, INT_MAX,
							PGC_USERSET, GUC_UNIT_KB,
							NULL, NULL, NULL);

	DefineCustomIntVariable("cvm.max_training_workers",
							"Most parallel workers of one training.",
							"They are taken from max_parallel_workers and do not change the model; 0 for none.",
							&cvm_max_training_workers,
							2, 0, 64,
							PGC_USERSET, 0,
							NULL, NULL, NULL);

	DefineCustomIntVariable("cvm.max_retrain_workers",
							"Most retrainings at once in the cluster.",
							"Each takes one of max_worker_processes while it runs.",
							&cvm_max_retrain_workers,
							2, 0, 64,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);

	DefineCustomIntVariable("cvm.scheduler_interval",
							"Longest time between two looks for models that are due.",
							NULL,
							&cvm_scheduler_interval,
							60 * 1000, 100, 24 * 3600 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);

	DefineCustomIntVariable("cvm.max_retrain_workers_per_database",
							"Most retrainings at once in one database.",
							"0 leaves only the limit of the cluster.",
							&cvm_max_retrain_workers_per_database,
							0, 0, 64,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);

	DefineCustomStringVariable("cvm.retrain_window",
							   "Hours in which scheduled retrainings may start, as in 22:00-06:00.",
							   "By the server's TimeZone; empty for always.",
							   &cvm_retrain_window,
							   "",
							   PGC_SIGHUP, 0,
							   check_window, NULL, NULL);

	DefineCustomIntVariable("cvm.retrain_nice",
							"How far a retraining by the worker yields to others while it learns, as with nice.",
							"0 for not at all, and for parallel queries of the driver \"passes\".",
							&cvm_retrain_nice,
							19, 0, 19,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);

	DefineCustomIntVariable("cvm.retrain_memory",
							"Most memory that a retraining by the worker may have.",
							"What needs more fails; 0 for no limit. ALTER DATABASE ... SET for one database.",
							&cvm_retrain_memory,
							0, 0, INT_MAX,
							PGC_SUSET, GUC_UNIT_KB,
							NULL, NULL, NULL);

	DefineCustomIntVariable("cvm.retrain_timeout",
							"Longest time that a retraining by the worker may take.",
							"0 for no limit. ALTER DATABASE ... SET for one database.",
							&cvm_retrain_timeout,
							0, 0, INT_MAX,
							PGC_SUSET, GUC_UNIT_MS,
							NULL, NULL, NULL);

	DefineCustomIntVariable("cvm.pause_after_failures",
							"Failures in a row after which a schedule is paused.",
							"0 for never.",
							&cvm_pause_after_failures,
							10, 0, 1000,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);

	DefineCustomIntVariable("cvm.keep_versions",
							"Versions that are kept of a model that the worker retrains.",
							"The active one, challengers and the one before are kept anyway; 0 for all.",
							&cvm_keep_versions,
							100, 0, INT_MAX,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);

	DefineCustomIntVariable("cvm.keep_runs",
							"Runs and alerts that are kept of a model that the worker retrains.",
							"0 for all.",
							&cvm_keep_runs,
							1000, 0, INT_MAX,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);

	DefineCustomIntVariable("cvm.log_retention",
							"Days that logged predictions are kept, counted from the end of their month.",
							"0 for ever.",
							&cvm_log_retention,
							400, 0, 100000,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);

	DefineCustomEnumVariable("cvm.notify",
							 "What of each event is sent as a notification on the channel cvm_events: off, id, or full.",
							 "Whoever may connect to a database can listen there, so full tells everybody the names of models and their errors.",
							 &cvm_notify,
							 CVM_NOTIFY_ID, notify_choices,
							 PGC_SUSET, 0,
							 NULL, NULL, NULL);

	DefineCustomIntVariable("cvm.mock_clock",
							"Time that schedules go by, in seconds since 2000 UTC; for tests.",
							"-1 for the system's clock.",
							&cvm_mock_clock,
							-1, -1, INT_MAX,
							PGC_SIGHUP, GUC_NOT_IN_SAMPLE | GUC_NO_SHOW_ALL,
							NULL, NULL, NULL);

	DefineCustomBoolVariable("cvm.rewrite_predict",
							 "Lets the planner turn predict() of a whole row into a call on the columns that the model needs.",
							 "The result is the same; off is for comparison.",
							 &cvm_rewrite_predict,
							 true,
							 PGC_USERSET, 0,
							 NULL, NULL, NULL);

	MarkGUCPrefixReserved("cvm");
}
