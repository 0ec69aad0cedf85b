/*
 * metric_arguments.c
 *		What the transition functions of metric aggregates have in common.
 */
#include "postgres.h"

#include <math.h>

#include "metrics/metric_arguments.h"

MemoryContext
cvm_metric_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("function %u was called outside an aggregate",
						fcinfo->flinfo->fn_oid)));
	return context;
}

bool
cvm_metric_label(double number)
{
	if (number != 0 && number != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label %g is neither 0 nor 1", number),
				 errhint("Say which label is the positive one: label = 'yes'.")));
	return number == 1;
}

double
cvm_metric_weight(FunctionCallInfo fcinfo, int n)
{
	double		weight;

	if (PG_NARGS() <= n)
		return 1;
	weight = PG_GETARG_FLOAT8(n);
	if (!(weight >= 0) || isinf(weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight %g is not a finite number of at least 0", weight)));
	return weight;
}

bool
cvm_metric_has_null(FunctionCallInfo fcinfo, int first)
{
	for (int i = first; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			return true;
	return false;
}

void
cvm_metric_require_same(double first, double now, const char *name)
{
	if (first != now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is %g in one row and %g in another", name, first, now),
				 errhint("It has to be a constant.")));
}
