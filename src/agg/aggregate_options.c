/*
 * aggregate_options.c
 *		Options of the fitting aggregates, from and to JSON.
 *
 * The vocabulary is that of train, less what has no use (fit_options.h).
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/json.h"

#include "agg/aggregate_options.h"
#include "agg/fit_options.h"
#include "model/json_fields.h"
#include "pg/options_json.h"

static const char *
method_title(CvmFitMethod method)
{
	switch (method)
	{
		case CVM_METHOD_FIT:
			return "a fit_ aggregate";
		case CVM_METHOD_SGD:
			return "an sgd_ aggregate";
		case CVM_METHOD_DESCEND:
			return "cvm.descend";
	}
	return "an aggregate";
}

static void
check_solver(CvmFitMethod method, const CvmOptions *options)
{
	bool		stepper = options->solver >= CVM_SOLVER_SGD;

	if (options->solver == CVM_SOLVER_AUTO || method == CVM_METHOD_FIT)
		return;
	if (method == CVM_METHOD_SGD ? stepper :
		options->solver == CVM_SOLVER_NEWTON || options->solver == CVM_SOLVER_SGD)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"solver\" of %s cannot be \"%s\"",
					method_title(method), cvm_solver_name(options->solver)),
			 method == CVM_METHOD_SGD ?
			 errhint("Use sgd, momentum, adagrad or adam.") :
			 errhint("Use newton, or sgd for a gradient step.")));
}

/* Whether the object has a value, other than null, of that name. */
static bool
names_option(Jsonb *json, const char *name)
{
	JsonbValue	key = {.type = jbvString};
	JsonbValue *value;

	key.val.string.val = (char *) name;
	key.val.string.len = strlen(name);
	value = findJsonbValueFromContainer(&json->root, JB_FOBJECT, &key);
	return value != NULL && value->type != jbvNull;
}

void
cvm_aggregate_options(CvmFitMethod method, Jsonb *json, CvmOptions *options, uint32 *given)
{
	*given = 0;
	cvm_options_for_aggregate(options);
	if (json == NULL)
		return;
	cvm_options_apply_json(options, json, NULL);
	for (int i = 0; i < cvm_option_count; i++)
	{
		const char *name = cvm_option_specs[i].name;
		int			index = cvm_fit_option_find(method, name);

		if (!names_option(json, name))
			continue;
		if (index < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" has no use in %s", name, method_title(method)),
					 errhint("Leave it out, or use cvm.train.")));
		*given |= (uint32) 1 << index;
	}
	check_solver(method, options);
	if (method == CVM_METHOD_SGD && options->schedule == CVM_SCHEDULE_COSINE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"schedule\" of an sgd_ aggregate cannot be \"cosine\""),
				 errdetail("The number of steps to come is not known."),
				 errhint("Use inverse or constant.")));
}

static void
append_value(StringInfo json, const CvmOptionSpec *spec, const CvmOptions *options)
{
	const char *field = (const char *) options + spec->offset;

	switch (spec->kind)
	{
		case CVM_OPTION_NUMBER:
			cvm_json_write_double(json, *(const double *) field);
			break;
		case CVM_OPTION_INTEGER:
			appendStringInfo(json, "%d", *(const int *) field);
			break;
		case CVM_OPTION_INTEGER64:
			appendStringInfo(json, INT64_FORMAT, *(const int64_t *) field);
			break;
		case CVM_OPTION_BOOLEAN:
			appendStringInfoString(json, *(const bool *) field ? "true" : "false");
			break;
		case CVM_OPTION_TEXT:
			escape_json(json, *(char *const *) field);
			break;
		case CVM_OPTION_CHOICE:
			escape_json(json, spec->choices[*(const int *) field]);
			break;
		case CVM_OPTION_INTEGERS:
		case CVM_OPTION_NAMES:
		case CVM_OPTION_OBJECT:
		case CVM_OPTION_STAGES:
		case CVM_OPTION_NUMBERS:
			break;				/* none of ours */
	}
}

char *
cvm_aggregate_options_text(const CvmFitState *state)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < cvm_fit_option_count; i++)
	{
		if ((state->given >> i & 1) == 0)
			continue;
		if (json.len > 1)
			appendStringInfoString(&json, ", ");
		escape_json(&json, cvm_fit_option_spec(i)->name);
		appendStringInfoString(&json, ": ");
		append_value(&json, cvm_fit_option_spec(i), &state->options);
	}
	appendStringInfoChar(&json, '}');
	return json.data;
}
