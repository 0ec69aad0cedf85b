/*
 * class_metrics.c
 *		Aggregates over actual and predicted labels: accuracy,
 *		balanced_accuracy, f1, matthews.
 *
 * The figures themselves are in learn/measure/confusion.c.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"

#include "learn/measure/confusion.h"
#include "metrics/class_state.h"
#include "metrics/metric_arguments.h"

PG_FUNCTION_INFO_V1(cvm_class_add_row);
Datum
cvm_class_add_row(PG_FUNCTION_ARGS)
{
	CvmClassState *state = PG_ARGISNULL(0) ? NULL : (CvmClassState *) PG_GETARG_POINTER(0);

	if (!cvm_metric_has_null(fcinfo, 1))
	{
		if (state == NULL)
		{
			MemoryContext caller = MemoryContextSwitchTo(cvm_metric_context(fcinfo));

			state = cvm_class_create(get_fn_expr_argtype(fcinfo->flinfo, 1));
			MemoryContextSwitchTo(caller);
		}
		cvm_class_add(state, PG_GETARG_DATUM(1), PG_GETARG_DATUM(2),
					  cvm_metric_weight(fcinfo, 3));
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(cvm_class_combine);
Datum
cvm_class_combine(PG_FUNCTION_ARGS)
{
	CvmClassState *state = PG_ARGISNULL(0) ? NULL : (CvmClassState *) PG_GETARG_POINTER(0);
	MemoryContext caller;

	if (!PG_ARGISNULL(1))
	{
		caller = MemoryContextSwitchTo(cvm_metric_context(fcinfo));
		if (state == NULL)
			state = cvm_class_deserialize(cvm_class_serialize((CvmClassState *)
															  PG_GETARG_POINTER(1)));
		else
			cvm_class_merge(state, (CvmClassState *) PG_GETARG_POINTER(1));
		MemoryContextSwitchTo(caller);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(cvm_class_state_serialize);
Datum
cvm_class_state_serialize(PG_FUNCTION_ARGS)
{
	(void) cvm_metric_context(fcinfo);
	PG_RETURN_BYTEA_P(cvm_class_serialize((CvmClassState *) PG_GETARG_POINTER(0)));
}

PG_FUNCTION_INFO_V1(cvm_class_state_deserialize);
Datum
cvm_class_state_deserialize(PG_FUNCTION_ARGS)
{
	(void) cvm_metric_context(fcinfo);
	PG_RETURN_POINTER(cvm_class_deserialize(PG_GETARG_BYTEA_PP(0)));
}

/* ---- results ---- */

static double
f1(const double *counts, char **labels, int classes)
{
	int			positive = cvm_class_positive(labels, classes);
	CvmClassFigures figures;

	if (positive == classes)
		return 0;
	if (positive >= 0)
		(void) cvm_confusion_class(counts, classes, positive, &figures);
	else
		cvm_confusion_means(counts, classes, &figures);
	return figures.f1;
}

static double
accuracy(const double *counts, char **labels, int classes)
{
	return cvm_confusion_accuracy(counts, classes);
}

static double
balanced_accuracy(const double *counts, char **labels, int classes)
{
	return cvm_confusion_balanced_accuracy(counts, classes);
}

static double
matthews(const double *counts, char **labels, int classes)
{
	return cvm_confusion_matthews(counts, classes);
}

static Datum
result(FunctionCallInfo fcinfo,
	   double (*figure) (const double *counts, char **labels, int classes))
{
	char	  **labels;
	double	   *counts;
	int			classes;
	double		value;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	classes = cvm_class_matrix((CvmClassState *) PG_GETARG_POINTER(0), &labels, &counts);
	value = figure(counts, labels, classes);
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

#define CLASS_RESULT(figure) \
PG_FUNCTION_INFO_V1(cvm_class_##figure); \
Datum \
cvm_class_##figure(PG_FUNCTION_ARGS) \
{ \
	return result(fcinfo, figure); \
}

CLASS_RESULT(accuracy)
CLASS_RESULT(balanced_accuracy)
CLASS_RESULT(f1)
CLASS_RESULT(matthews)
