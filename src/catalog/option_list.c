/*
 * option_list.c
 *		cvm.options(): the vocabulary of training options as rows.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "learn/options.h"

static const char *const kind_names[] = {
	"number", "integer", "integer", "integers", "boolean", "text", "texts", "choice",
	"object", "stages", "numbers"
};

static Datum
choice_list(const CvmOptionSpec *spec)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; spec->choices[i] != NULL; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", spec->choices[i]);
	return CStringGetTextDatum(list.data);
}

PG_FUNCTION_INFO_V1(cvm_options);
Datum
cvm_options(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < cvm_option_count; i++)
	{
		const CvmOptionSpec *spec = &cvm_option_specs[i];
		bool		ranged = spec->kind <= CVM_OPTION_INTEGERS;
		Datum		values[7] = {0};
		bool		nulls[7] = {false};

		values[0] = CStringGetTextDatum(spec->name);
		values[1] = CStringGetTextDatum(kind_names[spec->kind]);
		nulls[2] = spec->default_text == NULL;
		if (!nulls[2])
			values[2] = CStringGetTextDatum(spec->default_text);
		nulls[3] = !ranged || !isfinite(spec->minimum);
		values[3] = Float8GetDatum(spec->minimum);
		nulls[4] = !ranged || !isfinite(spec->maximum);
		values[4] = Float8GetDatum(spec->maximum);
		nulls[5] = spec->choices == NULL;
		if (!nulls[5])
			values[5] = choice_list(spec);
		values[6] = CStringGetTextDatum(spec->help);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
