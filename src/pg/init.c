/*
 * init.c
 *		The library's entry point.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "frame/scratch_host.h"
#include "pg/runtime.h"
#include "pg/settings.h"
#include "pg/team_host.h"
#include "worker/worker.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	cvm_install_runtime();
	cvm_install_team_host();
	cvm_install_scratch_host();
	cvm_define_settings();

	if (process_shared_preload_libraries_in_progress)
		cvm_worker_init();
}
