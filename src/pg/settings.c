/*
 * settings.c
 *		The cvm.* settings (GUCs).
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "pg/settings.h"

int			cvm_train_memory = 256 * 1024;
int			cvm_max_retrain_workers = 2;
int			cvm_scheduler_interval = 10 * 1000;
bool		cvm_rewrite_predict = true;

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
							10 * 1000, 100, 24 * 3600 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS,
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
