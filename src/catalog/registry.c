/*
 * registry.c
 *		Models by name: definition, ownership, privileges.
 *
 * To a person who may not use a model it does not exist.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "catalog/access.h"
#include "catalog/events.h"
#include "catalog/registry.h"
#include "score/model_cache.h"

#define DEFINITION_COLUMNS \
	"model, owner::oid, algorithm, task, source, search_path, target, features, " \
	"key, weight, options, active_version, last_version, created_at"

void
cvm_check_model_name(const char *name)
{
	if (name[0] == '\0' || strlen(name) > CVM_MAX_MODEL_NAME)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("a model's name must have 1 to %d bytes", CVM_MAX_MODEL_NAME),
				 errhint("Choose a shorter name that is not empty.")));
}

void
cvm_model_name_in_use(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("model name \"%s\" is already in use", name),
			 errhint("Choose another name.")));
}

static char **
text_array(Datum value, int *count)
{
	Datum	   *elements;
	char	  **texts;

	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, NULL, count);
	texts = palloc(sizeof(char *) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
		texts[i] = TextDatumGetCString(elements[i]);
	return texts;
}

static CvmDefinition *
definition_from_result(void)
{
	CvmDefinition *definition = palloc0(sizeof(CvmDefinition));
	bool		isnull;
	Datum		value;

	definition->model = cvm_catalog_text(0, 1);
	definition->owner = DatumGetObjectId(cvm_catalog_datum(0, 2, &isnull));
	definition->algorithm = cvm_catalog_text(0, 3);
	definition->task = cvm_catalog_text(0, 4);
	definition->source = cvm_catalog_text(0, 5);
	definition->search_path = cvm_catalog_text(0, 6);
	definition->target = cvm_catalog_text(0, 7);
	value = cvm_catalog_datum(0, 8, &isnull);
	if (!isnull)
		definition->features = text_array(value, &definition->feature_count);
	definition->key = cvm_catalog_text(0, 9);
	definition->weight = cvm_catalog_text(0, 10);
	value = cvm_catalog_datum(0, 11, &isnull);
	definition->options = DatumGetJsonbPCopy(value);
	definition->active_version = cvm_catalog_integer(0, 12);
	definition->last_version = cvm_catalog_integer(0, 13);
	definition->created_at = DatumGetTimestampTz(cvm_catalog_datum(0, 14, &isnull));
	return definition;
}

CvmDefinition *
cvm_definition_find(const char *model, bool lock)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model)};

	cvm_catalog_execute(lock
						? "SELECT " DEFINITION_COLUMNS
						" FROM cvm.model_registry WHERE model = $1 FOR NO KEY UPDATE"
						: "SELECT " DEFINITION_COLUMNS
						" FROM cvm.model_registry WHERE model = $1",
						1, types, values, NULL, !lock);
	MemoryContextSwitchTo(context); /* SPI leaves its own */
	return SPI_processed == 0 ? NULL : definition_from_result();
}

bool
cvm_may_use(Oid role, Oid owner, const char *model)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model)};

	if (has_privs_of_role(role, owner))
		return true;
	cvm_catalog_execute("SELECT grantee::oid FROM cvm.model_grants WHERE model = $1",
						1, types, values, NULL, true);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Oid			grantee = DatumGetObjectId(cvm_catalog_datum(i, 1, &isnull));

		/* The role with OID zero is PUBLIC. */
		if (!OidIsValid(grantee) || has_privs_of_role(role, grantee))
			return true;
	}
	return false;
}

static void
check_use(const CvmDefinition *definition, const char *model)
{
	if (definition == NULL || !cvm_may_use(GetUserId(), definition->owner, model))
		cvm_no_such_model(model);
}

static void
check_owner(const CvmDefinition *definition, const char *model)
{
	check_use(definition, model);
	if (!has_privs_of_role(GetUserId(), definition->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of model \"%s\"", model),
				 errhint("Its owner is \"%s\".", GetUserNameFromId(definition->owner, true))));
}

CvmDefinition *
cvm_definition_require_use(const char *model)
{
	CvmDefinition *definition = cvm_definition_find(model, false);

	check_use(definition, model);
	return definition;
}

/*
 * Asks before the lock, which nobody else shall wait for, and again when it is
 * there: meanwhile the model may have got another owner, or its name another
 * model.
 */
CvmDefinition *
cvm_definition_require_owner(const char *model, bool lock)
{
	CvmDefinition *definition = cvm_definition_find(model, false);

	check_owner(definition, model);
	if (!lock)
		return definition;
	definition = cvm_definition_find(model, true);
	check_owner(definition, model);
	return definition;
}

void
cvm_definition_store(const CvmDefinition *definition)
{
	Oid			types[] = {TEXTOID, OIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
		TEXTOID, TEXTARRAYOID, TEXTOID, TEXTOID, JSONBOID};
	Datum		values[11];
	char		nulls[12] = "           ";

	values[0] = CStringGetTextDatum(definition->model);
	values[1] = ObjectIdGetDatum(definition->owner);
	values[2] = CStringGetTextDatum(definition->algorithm);
	values[3] = CStringGetTextDatum(definition->task);
	values[4] = CStringGetTextDatum(definition->source);
	values[5] = CStringGetTextDatum(definition->search_path);
	if (definition->target != NULL)
		values[6] = CStringGetTextDatum(definition->target);
	else
		nulls[6] = 'n';
	if (definition->features != NULL)
	{
		Datum	   *elements = palloc(sizeof(Datum) * Max(definition->feature_count, 1));

		for (int i = 0; i < definition->feature_count; i++)
			elements[i] = CStringGetTextDatum(definition->features[i]);
		values[7] = PointerGetDatum(construct_array(elements, definition->feature_count,
													TEXTOID, -1, false, TYPALIGN_INT));
	}
	else
		nulls[7] = 'n';
	if (definition->key != NULL)
		values[8] = CStringGetTextDatum(definition->key);
	else
		nulls[8] = 'n';
	if (definition->weight != NULL)
		values[9] = CStringGetTextDatum(definition->weight);
	else
		nulls[9] = 'n';
	values[10] = JsonbPGetDatum(definition->options);

	cvm_catalog_execute("INSERT INTO cvm.model_registry AS r (model, owner, algorithm, task,"
						" source, search_path, target, features, key, weight, options)"
						" VALUES ($1, $2::regrole, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
						" ON CONFLICT (model) DO UPDATE SET algorithm = excluded.algorithm,"
						" task = excluded.task, source = excluded.source,"
						" search_path = excluded.search_path, target = excluded.target,"
						" features = excluded.features, key = excluded.key,"
						" weight = excluded.weight, options = excluded.options,"
						" updated_at = now()",
						11, types, values, nulls, false);
}

static void
no_such_version(const char *model, int version)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" has no version %d", model, version),
			 errhint("SELECT * FROM cvm.versions(%s) lists its versions.",
					 quote_literal_cstr(model))));
}

int
cvm_active_version(const CvmDefinition *definition)
{
	if (definition->active_version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no active version", definition->model),
				 errhint("cvm.promote(model, version) makes one active.")));
	return definition->active_version;
}

struct varlena *
cvm_version_fitted(const CvmDefinition *definition, int version, bool latest)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(definition->model),
	Int32GetDatum(version)};
	struct varlena *fitted;
	bool		isnull;

	cvm_catalog_execute("SELECT fitted FROM cvm.model_versions WHERE model = $1 AND version = $2",
						2, types, values, NULL, !latest);
	if (SPI_processed == 0)
		no_such_version(definition->model, version);
	MemoryContextSwitchTo(context);
	fitted = PG_DETOAST_DATUM_COPY(cvm_catalog_datum(0, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	return fitted;
}

void
cvm_version_activate(const char *model, int version, const char *reason)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(version),
	reason ? CStringGetTextDatum(reason) : (Datum) 0};
	const char *nulls = reason ? NULL : "  n";

	cvm_catalog_execute("UPDATE cvm.model_versions SET status = 'retired'"
						" WHERE model = $1 AND status = 'active' AND version <> $2",
						2, types, values, NULL, false);
	cvm_catalog_execute("UPDATE cvm.model_versions SET status = 'active',"
						" promoted_at = cvm.clock(), reason = $3"
						" WHERE model = $1 AND version = $2",
						3, types, values, nulls, false);
	if (SPI_processed == 0)
		no_such_version(model, version);
	cvm_catalog_execute("UPDATE cvm.model_registry SET active_version = $2, updated_at = now()"
						" WHERE model = $1",
						2, types, values, NULL, false);
	cvm_catalog_changed();
	cvm_event(CVM_EVENT_VERSION_PROMOTED, model, 0, version, reason);
}

void
cvm_version_set_status(const char *model, int version, const char *status, const char *reason)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(version),
	CStringGetTextDatum(status), CStringGetTextDatum(reason)};

	cvm_catalog_execute("UPDATE cvm.model_versions SET status = $3, reason = $4"
						" WHERE model = $1 AND version = $2 AND status <> 'active'",
						4, types, values, NULL, false);
}

void
cvm_version_replace_challengers(const char *model, int version)
{
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(version)};

	cvm_catalog_execute("UPDATE cvm.model_versions SET status = 'candidate',"
						" reason = 'version ' || $2 || ' challenges in its place'"
						" WHERE model = $1 AND status = 'challenger' AND version <> $2",
						2, types, values, NULL, false);
}

void
cvm_version_roll_back(const char *model, int bad, int good, const char *reason)
{
	cvm_version_activate(model, good, psprintf("rolled back from version %d%s%s", bad,
											   reason ? ": " : "", reason ? reason : ""));
	cvm_version_set_status(model, bad, "rejected",
						   psprintf("rolled back to version %d%s%s", good,
									reason ? ": " : "", reason ? reason : ""));
}
