/*
 * options_json.c
 *		Training options from jsonb.
 *
 * Names, kinds and ranges come from the table in learn/options.c; this file
 * only walks the object and turns the core's complaints into errors.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "pg/compat.h"
#include "pg/options_json.h"
#include "pg/report.h"

static CvmStatus
set_names_from_array(CvmOptions *options, const CvmOptionSpec *spec,
					 JsonbContainer *container, CvmError *error)
{
	const char **names = palloc(sizeof(char *) * Max(JsonContainerSize(container), 1));
	int			count = 0;
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (value.type != jbvString)
			return cvm_fail(error, CVM_BAD_OPTION,
							"option \"%s\" must have texts as elements", spec->name);
		names[count++] = pnstrdup(value.val.string.val, value.val.string.len);
	}
	return cvm_option_set_names(options, spec, names, count, error);
}

/* Elements past the last possible one are only counted. */
static CvmStatus
set_from_array(CvmOptions *options, const CvmOptionSpec *spec,
			   JsonbContainer *container, CvmError *error)
{
	double		values[CVM_MOST_NUMBERS];
	int			count = 0;
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (value.type != jbvNumeric)
			return cvm_fail(error, CVM_BAD_OPTION,
							"option \"%s\" must have numbers as elements", spec->name);
		if (count < CVM_MOST_NUMBERS)
			values[count] = DatumGetFloat8(DirectFunctionCall1(numeric_float8,
															   NumericGetDatum(value.val.numeric)));
		count++;
	}
	return cvm_option_set_numbers(options, spec, values, count, error);
}

static CvmStatus
set_from_json(CvmOptions *options, const CvmOptionSpec *spec,
			  const JsonbValue *value, CvmError *error)
{
	switch (value->type)
	{
		case jbvNumeric:
			{
				Datum		number = DirectFunctionCall1(numeric_float8,
														 NumericGetDatum(value->val.numeric));

				return cvm_option_set_number(options, spec, DatumGetFloat8(number), error);
			}
		case jbvBool:
			return cvm_option_set_boolean(options, spec, value->val.boolean, error);
		case jbvString:
			return cvm_option_set_text(options, spec,
									   pnstrdup(value->val.string.val, value->val.string.len),
									   error);
		case jbvNull:
			return CVM_OK;		/* as if it were not there */
		case jbvBinary:
			if ((spec->kind == CVM_OPTION_INTEGERS || spec->kind == CVM_OPTION_NUMBERS) &&
				JsonContainerIsArray(value->val.binary.data))
				return set_from_array(options, spec, value->val.binary.data, error);
			if (spec->kind == CVM_OPTION_NAMES && JsonContainerIsArray(value->val.binary.data))
				return set_names_from_array(options, spec, value->val.binary.data, error);
			/* FALLTHROUGH */
		default:
			/* the setter says what the option takes */
			if (spec->kind >= CVM_OPTION_OBJECT)
				return cvm_option_set_number(options, spec, 0, error);
			cvm_fail(error, CVM_BAD_OPTION, "option \"%s\" must be a single value", spec->name);
			cvm_hint(error, "For example: '{\"%s\": %s}'.", spec->name,
					 spec->default_text != NULL && spec->kind <= CVM_OPTION_BOOLEAN ?
					 spec->default_text : "\"...\"");
			return CVM_BAD_OPTION;
	}
}

static void apply_object(CvmOptions *options, JsonbContainer *object, const char *group,
						 const char *algorithm, bool of_stage);

static void
unknown_option(const char *name, const char *algorithm)
{
	const char *nearest = cvm_option_nearest(name);
	char		own[512] = "";

	if (nearest == NULL && algorithm != NULL)
		cvm_option_list_for(algorithm, own, sizeof(own));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" is not known", name),
			 nearest != NULL ? errhint("Did you mean \"%s\"?", nearest) :
			 own[0] != '\0' ?
			 errhint("Algorithm \"%s\" has options %s; SELECT name, help FROM cvm.options() lists all options.",
					 algorithm, own) :
			 errhint("SELECT name, help FROM cvm.options() lists all options.")));
}

static void
stage_error_callback(void *argument)
{
	errcontext("stage %d of option \"pipeline\"", *(const int *) argument);
}

/* The algorithm of a stage, which its object has to name. */
static const char *
stage_algorithm(JsonbContainer *object)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(object, "algorithm", strlen("algorithm"), &value) == NULL ||
		value.type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a stage must have an \"algorithm\""),
				 errhint("For example: '{\"pipeline\": [{\"algorithm\": \"pca\", \"components\": 5}]}'.")));
	return pnstrdup(value.val.string.val, value.val.string.len);
}

static void
read_stage(CvmStage *stage, const JsonbValue *value)
{
	JsonbContainer *object = value->type == jbvBinary ? value->val.binary.data : NULL;
	Jsonb	   *json;

	if (object == NULL || !JsonContainerIsObject(object))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a stage must be an object")));
	json = JsonbValueToJsonb((JsonbValue *) value);
	stage->algorithm = stage_algorithm(object);
	stage->text = JsonbToCString(NULL, &json->root, VARSIZE(json));
	stage->options = palloc(sizeof(CvmOptions));
	cvm_options_for_train(stage->options);
	apply_object(stage->options, object, NULL, stage->algorithm, true);
}

static void
set_stages(CvmOptions *options, const CvmOptionSpec *spec, JsonbContainer *array)
{
	CvmStages	stages = {0, palloc0(sizeof(CvmStage) * Max(JsonContainerSize(array), 1))};
	JsonbIterator *iterator = JsonbIteratorInit(array);
	ErrorContextCallback callback;
	JsonbIteratorToken token;
	JsonbValue	value;
	CvmError	error = {0};
	int			number = 0;

	callback.callback = stage_error_callback;
	callback.arg = &number;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		number++;
		read_stage(&stages.stages[stages.count++], &value);
	}
	error_context_stack = callback.previous;
	cvm_report(cvm_option_set_stages(options, spec, &stages, &error), &error);
}

/*
 * Every key of an object; those of an inner one are options "group.key".
 * of_stage: it is a stage of a pipeline, and not all options are its own.
 */
static void
apply_object(CvmOptions *options, JsonbContainer *object, const char *group,
			 const char *algorithm, bool of_stage)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	value;

	token = JsonbIteratorNext(&iterator, &value, true);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		CvmError	error = {0};
		const CvmOptionSpec *spec;
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(value.val.string.val, value.val.string.len);
		if (group != NULL)
			name = psprintf("%s.%s", group, name);
		(void) JsonbIteratorNext(&iterator, &value, true);

		if (of_stage && strcmp(name, "algorithm") == 0)
			continue;
		spec = cvm_option_find(name);
		if (spec == NULL)
			unknown_option(name, algorithm);
		if (of_stage && !cvm_option_is_of_stages(spec))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" has no use in a stage", name),
					 errhint("Options of rows, columns and of the whole model stand beside \"pipeline\".")));
		if (spec->kind == CVM_OPTION_OBJECT && value.type == jbvBinary &&
			JsonContainerIsObject(value.val.binary.data))
			apply_object(options, value.val.binary.data, name, algorithm, of_stage);
		else if (spec->kind == CVM_OPTION_STAGES && value.type == jbvBinary &&
				 JsonContainerIsArray(value.val.binary.data))
			set_stages(options, spec, value.val.binary.data);
		else
			cvm_report(set_from_json(options, spec, &value, &error), &error);
	}
}

void
cvm_options_apply_json(CvmOptions *options, Jsonb *json, const char *algorithm)
{
	if (json == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options must be a JSON object"),
				 errhint("For example: '{\"l2\": 0.5, \"seed\": 42}'.")));
	apply_object(options, &json->root, NULL, algorithm, false);
}
