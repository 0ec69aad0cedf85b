/*
 * aggregate_options.c
 *		Options of the fitting aggregates: the vocabulary of train, less what
 *		does not fit.
 *
 * An aggregate sees an array of numbers and stores nothing, so options about
 * sources, categories and versions are refused rather than ignored.  One pass
 * does not know how many rows will come, and one step has no schedule.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/json.h"

#include "agg/aggregate_options.h"
#include "model/json_fields.h"
#include "pg/options_json.h"

/* Bits of the methods that an option is for. */
#define FIT		(1 << CVM_METHOD_FIT)
#define SGD		(1 << CVM_METHOD_SGD)
#define DESCEND	(1 << CVM_METHOD_DESCEND)

static const struct
{
	const char *name;
	int			methods;
}			uses[] =
{
	{"l2", FIT | SGD | DESCEND}, {"l1", FIT | SGD | DESCEND},
	{"solver", FIT | SGD | DESCEND}, {"learning_rate", FIT | SGD | DESCEND},
	{"class_weight", FIT | SGD | DESCEND}, {"seed", FIT | SGD | DESCEND},
	{"delta", FIT | SGD}, {"positive", FIT | SGD}, {"standardize", FIT | SGD},
	{"batch_size", FIT | SGD}, {"schedule", FIT | SGD}, {"warmup", FIT | SGD},
	{"averaging", FIT | SGD}, {"momentum", FIT | SGD}, {"clip", FIT | SGD},
	{"epochs", FIT}, {"tolerance", FIT}
};

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

static bool
has_use(CvmFitMethod method, const char *name)
{
	for (int i = 0; i < lengthof(uses); i++)
		if (strcmp(uses[i].name, name) == 0)
			return (uses[i].methods >> method & 1) != 0;
	return false;
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
cvm_aggregate_options(CvmFitMethod method, Jsonb *json, CvmOptions *options, uint64 *given)
{
	*given = 0;
	cvm_options_for_aggregate(options);
	if (json == NULL)
		return;
	cvm_options_apply_json(options, json);
	for (int i = 0; i < cvm_option_count; i++)
	{
		const char *name = cvm_option_specs[i].name;

		if (!names_option(json, name))
			continue;
		if (!has_use(method, name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" has no use in %s", name, method_title(method)),
					 errhint("Leave it out, or use cvm.train.")));
		*given |= UINT64CONST(1) << i;
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
	}
}

char *
cvm_aggregate_options_text(const CvmFitState *state)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < cvm_option_count; i++)
	{
		if ((state->given >> i & 1) == 0)
			continue;
		if (json.len > 1)
			appendStringInfoString(&json, ", ");
		escape_json(&json, cvm_option_specs[i].name);
		appendStringInfoString(&json, ": ");
		append_value(&json, &cvm_option_specs[i], &state->options);
	}
	appendStringInfoChar(&json, '}');
	return json.data;
}
