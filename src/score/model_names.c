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
#include "utils/varlena.h"

#include "score/catalog_scan.h"
#include "score/model_cache.h"

#define LONGEST_NAME 128

/* The usable name with the smallest edit distance, where it is near. */
static const char *
nearest_name(const char *name)
{
	int			length = strlen(name);
	int			best = Max(length / 3, 2) + 1;
	const char *nearest = NULL;
	CvmCatalogScan scan;
	HeapTuple	tuple;

	if (length > LONGEST_NAME || !OidIsValid(cvm_catalog_table("model_registry")))
		return NULL;
	cvm_catalog_scan_open(&scan, "model_registry", NULL, 0, GetActiveSnapshot());
	while (HeapTupleIsValid(tuple = cvm_catalog_scan_next(&scan)))
	{
		bool		isnull;
		char	   *candidate = TextDatumGetCString(cvm_catalog_value(&scan, tuple, "model",
																	   &isnull));
		int			distance = varstr_levenshtein_less_equal(name, length,
															 candidate, strlen(candidate),
															 1, 1, 1, best, true);

		if (distance < best && cvm_model_usable(candidate, false))
		{
			best = distance;
			nearest = candidate;
		}
	}
	cvm_catalog_scan_close(&scan);
	return nearest;
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
