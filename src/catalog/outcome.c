/*
 * outcome.c
 *		record_outcome(): what happened, beside what was predicted.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "catalog/access.h"
#include "catalog/registry.h"
#include "model/model_type.h"
#include "pg/clock.h"

/*
 * The outcome as a number: 0 or 1 for two classes, the position from 1 for more
 * (*is_position), the number itself where there are no classes.
 */
static double
read_outcome(const CvmDefinition *definition, const char *outcome, bool *is_position)
{
	const CvmModel *model = cvm_model_unpack(cvm_version_fitted(definition,
																   cvm_active_version(definition),
																   false));
	double		number;
	char	   *end;

	*is_position = model->class_count > 2;
	if (model->class_count == 0)
	{
		number = strtod(outcome, &end);
		if (end == outcome || *end != '\0' || !isfinite(number))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("outcome \"%s\" of model \"%s\" is no number", outcome, definition->model)));
		return number;
	}
	for (int k = 0; k < model->class_count; k++)
		if (strcmp(model->classes[k], outcome) == 0)
			return *is_position ? k + 1 : k;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("outcome \"%s\" is no class of model \"%s\"", outcome, definition->model),
			 errhint("SELECT cvm.classes(%s) lists them.", quote_literal_cstr(definition->model))));
}

/* How many predictions the outcome belongs to; SPI is connected. */
static int
record(const CvmDefinition *definition, const char *key, const char *outcome, TimestampTz at)
{
	bool		is_position;
	double		number = read_outcome(definition, outcome, &is_position);
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, FLOAT8OID, BOOLOID};
	Datum		values[] = {CStringGetTextDatum(definition->model), CStringGetTextDatum(key),
		CStringGetTextDatum(outcome), TimestampTzGetDatum(at), Float8GetDatum(number),
	BoolGetDatum(is_position)};

	cvm_catalog_execute("UPDATE cvm.prediction_log AS p SET outcome = $3, outcome_at = $4,"
						" actual = CASE WHEN $6 THEN probabilities[$5::integer] ELSE $5 END"
						" WHERE p.model = $1 AND p.key = $2 AND p.predicted_at <= $4"
						" AND NOT EXISTS (SELECT FROM cvm.prediction_log AS q"
						"  WHERE q.model = $1 AND q.key = $2 AND q.version = p.version"
						"  AND q.predicted_at > p.predicted_at AND q.predicted_at <= $4)",
						6, types, values, NULL, false);
	return (int) SPI_processed;
}

/* cvm.record_outcome(model text, key text, outcome text, at timestamptz) -> integer */
PG_FUNCTION_INFO_V1(cvm_record_outcome);
Datum
cvm_record_outcome(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"model", "key", "outcome"};
	CvmDefinition *definition;
	int			count;

	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be NULL", names[i])));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	definition = cvm_definition_require_owner(text_to_cstring(PG_GETARG_TEXT_PP(0)), false);
	count = record(definition, text_to_cstring(PG_GETARG_TEXT_PP(1)),
				   text_to_cstring(PG_GETARG_TEXT_PP(2)),
				   PG_ARGISNULL(3) ? cvm_clock()->now() : PG_GETARG_TIMESTAMPTZ(3));
	SPI_finish();
	PG_RETURN_INT32(count);
}

/* ---- by a trigger ---- */

static int
column_number(const TriggerData *trigger, int argument)
{
	const char *name = trigger->tg_trigger->tgargs[argument];
	int			number = SPI_fnumber(RelationGetDescr(trigger->tg_relation), name);

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column \"%s\" to record outcomes by",
						RelationGetRelationName(trigger->tg_relation), name)));
	return number;
}

/* NULL when the row says nothing new. */
static char *
new_outcome(const TriggerData *trigger, HeapTuple row)
{
	TupleDesc	columns = RelationGetDescr(trigger->tg_relation);
	int			column = column_number(trigger, 2);
	char	   *outcome = SPI_getvalue(row, columns, column);
	char	   *before;

	if (outcome == NULL || !TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		return outcome;
	before = SPI_getvalue(trigger->tg_trigtuple, columns, column);
	return before != NULL && strcmp(before, outcome) == 0 ? NULL : outcome;
}

static TimestampTz
outcome_time(const TriggerData *trigger, HeapTuple row)
{
	TupleDesc	columns = RelationGetDescr(trigger->tg_relation);
	bool		isnull;
	Datum		value;
	int			column;

	if (trigger->tg_trigger->tgnargs < 4)
		return cvm_clock()->now();
	column = column_number(trigger, 3);
	if (SPI_gettypeid(columns, column) != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("time column \"%s\" of outcomes is no timestamp with time zone",
						trigger->tg_trigger->tgargs[3])));
	value = SPI_getbinval(row, columns, column, &isnull);
	return isnull ? cvm_clock()->now() : DatumGetTimestampTz(value);
}

/* What a boolean column calls true is "t" as text, and "true" as a class. */
static const char *
class_text(const TriggerData *trigger, const char *outcome)
{
	if (SPI_gettypeid(RelationGetDescr(trigger->tg_relation), column_number(trigger, 2)) != BOOLOID)
		return outcome;
	return outcome[0] == 't' ? "true" : "false";
}

PG_FUNCTION_INFO_V1(cvm_record_outcome_trigger);
Datum
cvm_record_outcome_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	CvmDefinition *definition;
	HeapTuple	row;
	char	   *outcome;
	char	   *key;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_AFTER(trigger->tg_event) || TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("cvm.record_outcome_trigger must be called after INSERT or UPDATE, for each row")));
	if (trigger->tg_trigger->tgnargs < 3 || trigger->tg_trigger->tgnargs > 4)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cvm.record_outcome_trigger takes a model, a key column, an outcome column and maybe a time column")));
	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	outcome = new_outcome(trigger, row);
	key = SPI_getvalue(row, RelationGetDescr(trigger->tg_relation), column_number(trigger, 1));
	if (outcome != NULL && key != NULL)
	{
		/* Whoever writes to the table need not own the model; the table's owner must. */
		definition = cvm_definition_find(trigger->tg_trigger->tgargs[0], false);
		if (definition == NULL ||
			!has_privs_of_role(trigger->tg_relation->rd_rel->relowner, definition->owner))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("the owner of table \"%s\" owns no model \"%s\"",
							RelationGetRelationName(trigger->tg_relation),
							trigger->tg_trigger->tgargs[0])));
		(void) record(definition, key, class_text(trigger, outcome), outcome_time(trigger, row));
	}
	SPI_finish();
	return PointerGetDatum(NULL);
}
