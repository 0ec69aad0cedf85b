/*
 * model_names.c
 *		A name that no model has, and the name that may have been meant.
 *
 * To a role that may not use a model it does not exist: the message is the
 * same, and only names that the role may use are offered.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "base/nearest_name.h"
#include "score/catalog_scan.h"
#include "score/model_cache.h"

/* The nearest of the names that the current user may use. */
static const char *
nearest_name(const char *name)
{
	CvmNearest	nearest;
	CvmCatalogScan scan;
	HeapTuple	tuple;

	if (!OidIsValid(cvm_catalog_table("model_registry")))
		return NULL;
	cvm_nearest_begin(&nearest, name);
	cvm_catalog_scan_open(&scan, "model_registry", NULL, 0, GetActiveSnapshot());
	while (HeapTupleIsValid(tuple = cvm_catalog_scan_next(&scan)))
	{
		bool		isnull;
		char	   *candidate = TextDatumGetCString(cvm_catalog_value(&scan, tuple, "model",
																	   &isnull));
		CvmNearest	with = nearest;

		cvm_nearest_consider(&with, candidate);
		if (with.found == candidate && cvm_model_usable(candidate, false))
			nearest = with;
	}
	cvm_catalog_scan_close(&scan);
	return nearest.found;
}

void
cvm_no_such_model(const char *name)
{
	const char *nearest = nearest_name(name);

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" does not exist", name),
			 nearest ? errhint("Did you mean \"%s\"?", nearest)
			 : errhint("SELECT model FROM cvm.model_overview lists the models that you may use.")));
}
