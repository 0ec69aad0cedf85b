/*
 * lifecycle.c
 *		The life of a model after training: promote, roll back, drop, rename,
 *		grant, give away, hand out as a value.
 *
 * Every change takes the lock of the model's registry row first, is part of
 * the caller's transaction, and tells other sessions at commit.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "catalog/access.h"
#include "catalog/registry.h"
#include "pg/compat.h"
#include "score/model_cache.h"

static void
connect_spi(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

/*
 * Connects, and returns the definition that the first argument names, locked.
 * function: for the message where nothing can be changed.
 */
static CvmDefinition *
begin_change(FunctionCallInfo fcinfo, const char *function)
{
	PreventCommandDuringRecovery(function);
	PreventCommandIfReadOnly(function);
	connect_spi();
	return cvm_definition_require_owner(text_to_cstring(PG_GETARG_TEXT_PP(0)), true);
}

/* Part of the change: a fixed statement on the model, and one more parameter. */
static void
change(const CvmDefinition *definition, const char *statement, Oid type, Datum value)
{
	Oid			types[] = {TEXTOID, type};
	Datum		values[] = {CStringGetTextDatum(definition->model), value};

	cvm_catalog_execute(statement, 2, types, values, NULL, false);
	cvm_catalog_changed();
}

/* cvm.promote(model text, version integer) */
PG_FUNCTION_INFO_V1(cvm_promote);
Datum
cvm_promote(PG_FUNCTION_ARGS)
{
	CvmDefinition *definition = begin_change(fcinfo, "cvm.promote()");

	cvm_version_activate(definition->model, PG_GETARG_INT32(1), "promoted by hand");
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * cvm.rollback(model text) -> integer: back to the version that was active
 * before.
 */
PG_FUNCTION_INFO_V1(cvm_rollback);
Datum
cvm_rollback(PG_FUNCTION_ARGS)
{
	CvmDefinition *definition = begin_change(fcinfo, "cvm.rollback()");
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(definition->model),
	Int32GetDatum(definition->active_version)};
	int			version;

	cvm_catalog_execute("SELECT version FROM cvm.model_versions WHERE model = $1"
						" AND version <> $2 AND promoted_at IS NOT NULL AND status <> 'rejected'"
						" ORDER BY promoted_at DESC LIMIT 1",
						2, types, values, NULL, false);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no earlier active version", definition->model),
				 errhint("cvm.promote(model, version) makes any version the active one.")));
	version = cvm_catalog_integer(0, 1);
	cvm_version_roll_back(definition->model, definition->active_version, version, NULL);
	SPI_finish();
	PG_RETURN_INT32(version);
}

/* cvm.drop_model(model text) */
PG_FUNCTION_INFO_V1(cvm_drop_model);
Datum
cvm_drop_model(PG_FUNCTION_ARGS)
{
	CvmDefinition *definition = begin_change(fcinfo, "cvm.drop_model()");

	change(definition, "DELETE FROM cvm.model_registry WHERE model = $1 AND owner::oid = $2",
		   OIDOID, ObjectIdGetDatum(definition->owner));
	SPI_finish();
	PG_RETURN_VOID();
}

/* cvm.rename_model(model text, new_name text) */
PG_FUNCTION_INFO_V1(cvm_rename_model);
Datum
cvm_rename_model(PG_FUNCTION_ARGS)
{
	CvmDefinition *definition = begin_change(fcinfo, "cvm.rename_model()");
	char	   *new_name = text_to_cstring(PG_GETARG_TEXT_PP(1));

	cvm_check_model_name(new_name);
	if (cvm_definition_find(new_name, false) != NULL)
		cvm_model_name_in_use(new_name);
	change(definition, "UPDATE cvm.model_registry SET model = $2 WHERE model = $1",
		   TEXTOID, CStringGetTextDatum(new_name));
	SPI_finish();
	PG_RETURN_VOID();
}

/* A role's OID; "public" is InvalidOid. */
static Datum
grantee_oid(FunctionCallInfo fcinfo)
{
	const char *role = NameStr(*PG_GETARG_NAME(1));

	return ObjectIdGetDatum(strcmp(role, "public") == 0 ? InvalidOid :
							get_role_oid(role, false));
}

/* cvm.grant_model(model text, role name) */
PG_FUNCTION_INFO_V1(cvm_grant_model);
Datum
cvm_grant_model(PG_FUNCTION_ARGS)
{
	CvmDefinition *definition = begin_change(fcinfo, "cvm.grant_model()");

	change(definition, "INSERT INTO cvm.model_grants (model, grantee)"
		   " VALUES ($1, $2::regrole) ON CONFLICT DO NOTHING",
		   OIDOID, grantee_oid(fcinfo));
	SPI_finish();
	PG_RETURN_VOID();
}

/* cvm.revoke_model(model text, role name) */
PG_FUNCTION_INFO_V1(cvm_revoke_model);
Datum
cvm_revoke_model(PG_FUNCTION_ARGS)
{
	CvmDefinition *definition = begin_change(fcinfo, "cvm.revoke_model()");

	change(definition, "DELETE FROM cvm.model_grants WHERE model = $1 AND grantee = $2::regrole",
		   OIDOID, grantee_oid(fcinfo));
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * cvm.change_owner(model text, role name).  Retraining runs with the rights of
 * the owner, so a model is given away only to a role that the caller can
 * become, as with ALTER ... OWNER TO.
 */
PG_FUNCTION_INFO_V1(cvm_change_owner);
Datum
cvm_change_owner(PG_FUNCTION_ARGS)
{
	CvmDefinition *definition = begin_change(fcinfo, "cvm.change_owner()");
	char	   *name = NameStr(*PG_GETARG_NAME(1));
	Oid			role = get_role_oid(name, false);

	if (!cvm_can_become_role(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be member of role \"%s\"", name),
				 errhint("A superuser can give a model to any role.")));
	change(definition, "UPDATE cvm.model_registry SET owner = $2::regrole WHERE model = $1",
		   OIDOID, ObjectIdGetDatum(role));
	SPI_finish();
	PG_RETURN_VOID();
}

/* What a call of active_model or model_version gave, for the next row. */
typedef struct KeptValue
{
	char	   *model;
	int			version;
	Oid			user;
	uint64		generation;		/* of the model cache: nothing has changed since */
	struct varlena *fitted;
} KeptValue;

static KeptValue *
keep_value(FunctionCallInfo fcinfo, const char *model, const int *version)
{
	MemoryContext kept_context = fcinfo->flinfo->fn_mcxt;
	KeptValue  *kept = MemoryContextAllocZero(kept_context, sizeof(KeptValue));
	CvmDefinition *definition;
	MemoryContext spi;

	kept->model = MemoryContextStrdup(kept_context, model);
	kept->version = version != NULL ? *version : 0;
	kept->user = GetUserId();
	kept->generation = cvm_model_cache_generation();
	connect_spi();
	definition = cvm_definition_require_use(model);
	spi = MemoryContextSwitchTo(kept_context);
	kept->fitted = cvm_version_fitted(definition,
									  version != NULL ? *version : cvm_active_version(definition),
									  false);
	MemoryContextSwitchTo(spi);
	SPI_finish();
	return kept;
}

/* A version as a value; NULL: the active one.  Looked up once for all rows. */
static Datum
version_value(FunctionCallInfo fcinfo, const int *version)
{
	KeptValue  *kept = fcinfo->flinfo->fn_extra;
	char	   *model = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (kept == NULL || kept->generation != cvm_model_cache_generation() ||
		kept->user != GetUserId() || (version != NULL && kept->version != *version) ||
		strcmp(kept->model, model) != 0)
	{
		fcinfo->flinfo->fn_extra = NULL;
		if (kept != NULL)
		{
			pfree(kept->fitted);
			pfree(kept->model);
			pfree(kept);
		}
		kept = keep_value(fcinfo, model, version);
		fcinfo->flinfo->fn_extra = kept;
	}
	return PointerGetDatum(kept->fitted);
}

/* cvm.active_model(model text) -> cvm.model */
PG_FUNCTION_INFO_V1(cvm_active_model);
Datum
cvm_active_model(PG_FUNCTION_ARGS)
{
	return version_value(fcinfo, NULL);
}

/* cvm.model_version(model text, version integer) -> cvm.model */
PG_FUNCTION_INFO_V1(cvm_model_version);
Datum
cvm_model_version(PG_FUNCTION_ARGS)
{
	int			version = PG_GETARG_INT32(1);

	return version_value(fcinfo, &version);
}
