/*
 * housekeeping.c
 *		Old versions, runs and alerts of a model that is retrained for years.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "catalog/access.h"
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
