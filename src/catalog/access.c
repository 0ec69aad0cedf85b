/*
 * access.c
 *		SQL on cvm's own tables, with the rights of their owner.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog/access.h"

static Oid
registry_relation(void)
{
	return get_relname_relid("model_registry", get_namespace_oid("cvm", false));
}

static Oid
registry_owner(void)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(registry_relation()));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the catalog tables of cvm are missing"),
				 errhint("CREATE EXTENSION cvm makes them.")));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

int
cvm_catalog_execute(const char *statement, int argument_count, Oid *types,
					Datum *values, const char *nulls, bool read_only)
{
	Oid			owner = registry_owner();
	Oid			caller;
	int			security_context;
	int			nest_level;
	int			result;

	GetUserIdAndSecContext(&caller, &security_context);
	SetUserIdAndSecContext(owner, security_context | SECURITY_LOCAL_USERID_CHANGE
						   | SECURITY_NOFORCE_RLS);
	nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);

	result = SPI_execute_with_args(statement, argument_count, types, values, nulls,
								   read_only, 0);

	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(caller, security_context);
	if (result < 0)
		elog(ERROR, "catalog statement failed: %s", SPI_result_code_string(result));
	return result;
}

void
cvm_catalog_changed(void)
{
	CacheInvalidateRelcacheByRelid(registry_relation());
}

char *
cvm_catalog_text(int row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

Datum
cvm_catalog_datum(int row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

int
cvm_catalog_integer(int row, int column)
{
	bool		isnull;
	Datum		value = cvm_catalog_datum(row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}
