/*
 * catalog_scan.h
 *		Reading cvm's tables without SPI: for scoring, at a few microseconds.
 */
#ifndef CVM_CATALOG_SCAN_H
#define CVM_CATALOG_SCAN_H

#include "postgres.h"
#include "access/genam.h"
#include "access/htup.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

typedef struct CvmCatalogScan
{
	Relation	relation;
	SysScanDesc scan;
} CvmCatalogScan;

/* OID of a table in the schema cvm; InvalidOid: the extension is not there. */
extern Oid	cvm_catalog_table(const char *table);

/*
 * Opens a scan under a snapshot over the rows of one model, through the
 * table's primary key (model, version); version 0: all of them.  name NULL:
 * over the whole table.  No privileges are checked.
 */
extern void cvm_catalog_scan_open(CvmCatalogScan *scan, const char *table, const char *name,
								  int version, Snapshot snapshot);

/* The next row, valid until the call after it; NULL at the end. */
extern HeapTuple cvm_catalog_scan_next(CvmCatalogScan *scan);
extern Datum cvm_catalog_value(CvmCatalogScan *scan, HeapTuple tuple, const char *column,
							   bool *isnull);
extern void cvm_catalog_scan_close(CvmCatalogScan *scan);

#endif							/* CVM_CATALOG_SCAN_H */
