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
#include "utils/acl.h"
#include "utils/builtins.h"

#include "catalog/access.h"
#include "catalog/registry.h"

static char *
connect_with_name(FunctionCallInfo fcinfo)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	return name;
}

/* cvm.promote(model text, version integer) */
PG_FUNCTION_INFO_V1(cvm_promote);
Datum
cvm_promote(PG_FUNCTION_ARGS)
{
	char	   *name = connect_with_name(fcinfo);

	(void) cvm_definition_require_owner(name, true);
	cvm_version_activate(name, PG_GETARG_INT32(1), "promoted by hand");
	SPI_finish();
	PG_RETURN_VOID();
}

/* cvm.rollback(model text) -> integer: back to the version that was active before. */
PG_FUNCTION_INFO_V1(cvm_rollback);
Datum
cvm_rollback(PG_FUNCTION_ARGS)
{
	char	   *name = connect_with_name(fcinfo);
	CvmDefinition *definition = cvm_definition_require_owner(name, true);
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(name), Int32GetDatum(definition->active_version)};
	int			version;

	cvm_catalog_execute("SELECT version FROM cvm.model_versions WHERE model = $1"
						" AND version <> $2 AND promoted_at IS NOT NULL"
						" ORDER BY promoted_at DESC LIMIT 1",
						2, types, values, NULL, false);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no earlier active version", name),
				 errhint("cvm.promote(model, version) makes any version the active one.")));
	version = cvm_catalog_integer(0, 1);
	cvm_version_activate(name, version,
						 psprintf("rolled back from version %d", definition->active_version));
	SPI_finish();
	PG_RETURN_INT32(version);
}

/* cvm.drop_model(model text) */
PG_FUNCTION_INFO_V1(cvm_drop_model);
Datum
cvm_drop_model(PG_FUNCTION_ARGS)
{
	char	   *name = connect_with_name(fcinfo);
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(name)};

	(void) cvm_definition_require_owner(name, true);
	cvm_catalog_execute("DELETE FROM cvm.model_registry WHERE model = $1",
						1, types, values, NULL, false);
	cvm_catalog_changed();
	SPI_finish();
	PG_RETURN_VOID();
}

/* cvm.rename_model(model text, new_name text) */
PG_FUNCTION_INFO_V1(cvm_rename_model);
Datum
cvm_rename_model(PG_FUNCTION_ARGS)
{
	char	   *name = connect_with_name(fcinfo);
	char	   *new_name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(name), CStringGetTextDatum(new_name)};

	(void) cvm_definition_require_owner(name, true);
	if (cvm_definition_find(new_name, false) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("model name \"%s\" is already in use", new_name),
				 errhint("Choose another name.")));
	cvm_catalog_execute("UPDATE cvm.model_registry SET model = $2 WHERE model = $1",
						2, types, values, NULL, false);
	cvm_catalog_changed();
	SPI_finish();
	PG_RETURN_VOID();
}

/* A role's OID; "public" is InvalidOid. */
static Oid
grantee_oid(const char *role)
{
	return strcmp(role, "public") == 0 ? InvalidOid : get_role_oid(role, false);
}

static void
change_grant(FunctionCallInfo fcinfo, const char *statement)
{
	char	   *name = connect_with_name(fcinfo);
	char	   *role = NameStr(*PG_GETARG_NAME(1));
	Oid			types[] = {TEXTOID, OIDOID};
	Datum		values[] = {CStringGetTextDatum(name), ObjectIdGetDatum(grantee_oid(role))};

	(void) cvm_definition_require_owner(name, true);
	cvm_catalog_execute(statement, 2, types, values, NULL, false);
	cvm_catalog_changed();
	SPI_finish();
}

/* cvm.grant_model(model text, role name) */
PG_FUNCTION_INFO_V1(cvm_grant_model);
Datum
cvm_grant_model(PG_FUNCTION_ARGS)
{
	change_grant(fcinfo, "INSERT INTO cvm.model_grants (model, grantee)"
				 " VALUES ($1, $2::regrole) ON CONFLICT DO NOTHING");
	PG_RETURN_VOID();
}

/* cvm.revoke_model(model text, role name) */
PG_FUNCTION_INFO_V1(cvm_revoke_model);
Datum
cvm_revoke_model(PG_FUNCTION_ARGS)
{
	change_grant(fcinfo, "DELETE FROM cvm.model_grants"
				 " WHERE model = $1 AND grantee = $2::regrole");
	PG_RETURN_VOID();
}

/*
 * cvm.change_owner(model text, role name).  Retraining runs with the rights of
 * the owner, so a model is given away only to a role that the caller is a
 * member of, as with ALTER ... OWNER TO.
 */
PG_FUNCTION_INFO_V1(cvm_change_owner);
Datum
cvm_change_owner(PG_FUNCTION_ARGS)
{
	char	   *name = connect_with_name(fcinfo);
	Oid			role = get_role_oid(NameStr(*PG_GETARG_NAME(1)), false);
	Oid			types[] = {TEXTOID, OIDOID};
	Datum		values[] = {CStringGetTextDatum(name), ObjectIdGetDatum(role)};

	(void) cvm_definition_require_owner(name, true);
	if (!superuser() && !is_member_of_role(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be member of role \"%s\"", NameStr(*PG_GETARG_NAME(1)))));
	cvm_catalog_execute("UPDATE cvm.model_registry SET owner = $2::regrole WHERE model = $1",
						2, types, values, NULL, false);
	cvm_catalog_changed();
	SPI_finish();
	PG_RETURN_VOID();
}

/* A fitted version, in the caller's memory context; version 0 is the active one. */
static Datum
fitted_version(FunctionCallInfo fcinfo, int version)
{
	MemoryContext caller = CurrentMemoryContext;
	CvmDefinition *definition = cvm_definition_require_use(connect_with_name(fcinfo));
	MemoryContext spi = MemoryContextSwitchTo(caller);
	struct varlena *fitted = cvm_version_fitted(definition, version, false);

	MemoryContextSwitchTo(spi);
	SPI_finish();
	return PointerGetDatum(fitted);
}

/* cvm.active_model(model text) -> cvm.model */
PG_FUNCTION_INFO_V1(cvm_active_model);
Datum
cvm_active_model(PG_FUNCTION_ARGS)
{
	return fitted_version(fcinfo, 0);
}

/* cvm.model_version(model text, version integer) -> cvm.model */
PG_FUNCTION_INFO_V1(cvm_model_version);
Datum
cvm_model_version(PG_FUNCTION_ARGS)
{
	int			version = PG_GETARG_INT32(1);

	return fitted_version(fcinfo, version == 0 ? -1 : version);
}
