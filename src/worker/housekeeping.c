/*
 * housekeeping.c
 *		Old versions, runs and events of a model that is retrained for years;
 *		roles that are gone.
 *
 * DROP ROLE asks nobody who is no catalog of the server's.  The number of such
 * an owner would go into dumps, and where one is restored it may be another
 * role's; so it is taken off the model.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "catalog/access.h"
#include "catalog/events.h"
#include "pg/settings.h"
#include "worker/housekeeping.h"

static void
prune(const char *statement, const char *model, int keep)
{
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(keep)};

	if (keep > 0)
		cvm_catalog_execute(statement, 2, types, values, NULL, false);
}

void
cvm_prune(const char *model)
{
	prune("DELETE FROM cvm.model_versions AS v WHERE v.model = $1"
		  " AND v.version <= (SELECT last_version - $2 FROM cvm.model_registry WHERE model = $1)"
		  " AND v.status NOT IN ('active', 'challenger')"
		  " AND v.version NOT IN (SELECT p.version FROM cvm.model_versions AS p"
		  "  WHERE p.model = $1 AND p.promoted_at IS NOT NULL AND p.status = 'retired'"
		  "  ORDER BY p.promoted_at DESC LIMIT 1)",
		  model, cvm_keep_versions);
	prune("DELETE FROM cvm.training_runs WHERE model = $1 AND status NOT IN ('queued', 'running')"
		  " AND run <= (SELECT last_run - $2 FROM cvm.model_registry WHERE model = $1)",
		  model, cvm_keep_runs);
	/* alerts and other events by themselves: there are more of these */
	prune("DELETE FROM cvm.event_log AS e USING (SELECT alert, id FROM ("
		  "  SELECT alert, id, row_number() OVER (PARTITION BY alert ORDER BY id DESC) AS place"
		  "  FROM cvm.event_log WHERE model = $1) AS newest WHERE place = $2) AS oldest"
		  " WHERE e.model = $1 AND e.alert = oldest.alert AND e.id < oldest.id",
		  model, cvm_keep_runs);
}

void
cvm_forget_dropped_roles(void)
{
	List	   *models = NIL;
	ListCell   *cell;

	cvm_catalog_execute("DELETE FROM cvm.model_grants AS g WHERE g.grantee::oid <> 0"
						" AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = g.grantee)",
						0, NULL, NULL, NULL, false);
	cvm_catalog_execute("UPDATE cvm.model_registry AS m SET owner = '-' WHERE m.owner::oid <> 0"
						" AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = m.owner)"
						" RETURNING m.model",
						0, NULL, NULL, NULL, false);
	for (uint64 i = 0; i < SPI_processed; i++)
		models = lappend(models, cvm_catalog_text(i, 1));
	foreach(cell, models)
		cvm_event(CVM_EVENT_OWNER_DROPPED, lfirst(cell), 0, 0, "its owner was dropped");
}
