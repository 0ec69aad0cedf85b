/*
 * catalog_scan.c
 *		Reading cvm's tables without SPI.
 *
 * The tables are ordinary ones, read as the server reads its own catalogs.
 * Columns are found by name: an update of the extension may add some.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "score/catalog_scan.h"

Oid
cvm_catalog_table(const char *table)
{
	Oid			namespace = get_namespace_oid("cvm", true);

	return OidIsValid(namespace) ? get_relname_relid(table, namespace) : InvalidOid;
}

void
cvm_catalog_scan_open(CvmCatalogScan *scan, const char *table, const char *name,
					  int version, Snapshot snapshot)
{
	ScanKeyData keys[2];
	int			count = 0;

	scan->relation = table_open(cvm_catalog_table(table), AccessShareLock);
	list_free(RelationGetIndexList(scan->relation));	/* sets rd_pkindex */
	if (name != NULL)
		ScanKeyEntryInitialize(&keys[count++], 0,
							   get_attnum(RelationGetRelid(scan->relation), "model"),
							   BTEqualStrategyNumber, InvalidOid, DEFAULT_COLLATION_OID,
							   F_TEXTEQ, CStringGetTextDatum(name));
	if (version > 0)
		ScanKeyInit(&keys[count++], get_attnum(RelationGetRelid(scan->relation), "version"),
					BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(version));
	scan->scan = systable_beginscan(scan->relation, scan->relation->rd_pkindex, count > 0,
									snapshot, count, keys);
}

HeapTuple
cvm_catalog_scan_next(CvmCatalogScan *scan)
{
	return systable_getnext(scan->scan);
}

Datum
cvm_catalog_value(CvmCatalogScan *scan, HeapTuple tuple, const char *column, bool *isnull)
{
	return heap_getattr(tuple, get_attnum(RelationGetRelid(scan->relation), column),
						RelationGetDescr(scan->relation), isnull);
}

void
cvm_catalog_scan_close(CvmCatalogScan *scan)
{
	systable_endscan(scan->scan);
	table_close(scan->relation, AccessShareLock);
}
