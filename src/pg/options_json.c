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

#include "pg/options_json.h"
#include "pg/report.h"

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
		default:
			return cvm_fail(error, CVM_BAD_OPTION,
							"option \"%s\" must be a single value", spec->name);
	}
}

void
cvm_options_apply_json(CvmOptions *options, Jsonb *json)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (json == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options must be a JSON object"),
				 errhint("For example: '{\"l2\": 0.5, \"seed\": 42}'.")));

	iterator = JsonbIteratorInit(&json->root);
	token = JsonbIteratorNext(&iterator, &value, true);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		CvmError	error = {0};
		const CvmOptionSpec *spec;
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);

		spec = cvm_option_find(name);
		if (spec == NULL)
		{
			const char *nearest = cvm_option_nearest(name);

			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" is not known", name),
					 nearest ? errhint("Did you mean \"%s\"?", nearest)
					 : errhint("SELECT name, help FROM cvm.options() lists all options.")));
		}
		cvm_report(set_from_json(options, spec, &value, &error), &error);
	}
}
