/*
 * train_function.c
 *		cvm.train(): from SQL arguments to a definition and back to a row.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "catalog/train.h"
#include "catalog/train_function.h"

static char *
optional_text(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

static char **
feature_names(ArrayType *array, int *count)
{
	Datum	   *elements;
	bool	   *nulls;
	char	  **names;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, count);
	if (*count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features must not be an empty list"),
				 errhint("Leave features out to use every column but target, key and weight.")));
	names = palloc(sizeof(char *) * *count);
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("features must not contain NULL"),
					 errhint("Take it out of the list.")));
		names[i] = TextDatumGetCString(elements[i]);
	}
	return names;
}

void
cvm_check_may_train(const char *model)
{
	CvmDefinition *stored = cvm_definition_find(model, false);

	if (stored == NULL || has_privs_of_role(GetUserId(), stored->owner))
		return;
	if (cvm_may_use(GetUserId(), stored->owner, model))
		(void) cvm_definition_require_owner(model, false);
	cvm_model_name_in_use(model);
}

Datum
cvm_train_result_datum(const char *model, const CvmTrainResult *result, TupleDesc columns)
{
	Datum		values[9];
	bool		nulls[9] = {false};
	Interval   *duration = palloc0(sizeof(Interval));

	duration->time = (TimeOffset) (result->seconds * USECS_PER_SEC);
	values[0] = CStringGetTextDatum(model);
	values[1] = Int32GetDatum(result->version);
	values[2] = CStringGetTextDatum(result->algorithm);
	values[3] = CStringGetTextDatum(result->task);
	values[4] = Int64GetDatum(result->training_rows);
	values[5] = Int64GetDatum(result->validation_rows);
	values[6] = JsonbPGetDatum(result->metrics);
	values[7] = CStringGetTextDatum(result->status);
	values[8] = IntervalPGetDatum(duration);
	return HeapTupleGetDatum(heap_form_tuple(columns, values, nulls));
}

void
cvm_definition_from_arguments(FunctionCallInfo fcinfo, int first, CvmDefinition *definition)
{
	memset(definition, 0, sizeof(*definition));
	if (PG_ARGISNULL(first))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("source must not be NULL"),
				 errhint("For example: source => 'customers', target => 'churned'.")));
	definition->owner = GetUserId();
	definition->source = optional_text(fcinfo, first);
	definition->target = optional_text(fcinfo, first + 1);
	definition->algorithm = PG_ARGISNULL(first + 2) ? pstrdup("auto")
		: optional_text(fcinfo, first + 2);
	if (!PG_ARGISNULL(first + 3))
		definition->features = feature_names(PG_GETARG_ARRAYTYPE_P(first + 3),
											 &definition->feature_count);
	definition->key = optional_text(fcinfo, first + 4);
	definition->weight = optional_text(fcinfo, first + 5);
	definition->options = PG_ARGISNULL(first + 6)
		? DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")))
		: PG_GETARG_JSONB_P(first + 6);
	definition->search_path = pstrdup(namespace_search_path);
}

char *
cvm_model_argument(FunctionCallInfo fcinfo)
{
	char	   *model;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("model must not be NULL"),
				 errhint("For example: cvm.train('churn', source => 'customers', target => 'churned').")));
	model = optional_text(fcinfo, 0);
	cvm_check_model_name(model);
	return model;
}

PG_FUNCTION_INFO_V1(cvm_train_sql);
Datum
cvm_train_sql(PG_FUNCTION_ARGS)
{
	CvmDefinition definition;
	CvmTrainResult *result;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext spi;
	TupleDesc	columns;
	Datum		row;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "cvm.train must return a row");
	PreventCommandDuringRecovery("cvm.train()");
	PreventCommandIfReadOnly("cvm.train()");

	cvm_definition_from_arguments(fcinfo, 1, &definition);
	definition.model = cvm_model_argument(fcinfo);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	cvm_check_may_train(definition.model);
	result = cvm_train(&definition);
	spi = MemoryContextSwitchTo(caller);
	row = cvm_train_result_datum(definition.model, result, columns);
	MemoryContextSwitchTo(spi);
	SPI_finish();
	PG_RETURN_DATUM(row);
}
