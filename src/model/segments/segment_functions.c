/*
 * segment_functions.c
 *		cvm.segments(model) and cvm.segment_model(model, segment): the segments of
 *		a model, as rows and as models of their own.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "model/model_type.h"
#include "model/segments/segment_set.h"

/* Columns of cvm.segments, in their order. */
enum
{
	SEGMENT, ROWS, VALIDATION_ROWS, LOSS, VALIDATION_LOSS, COMMON_VALIDATION_LOSS, GAIN, SHRINKAGE,
	COLUMN_COUNT
};

static void
put_double(Datum *values, bool *nulls, int column, double value)
{
	nulls[column] = isnan(value);
	values[column] = Float8GetDatum(value);
}

/* A model without segments gives no rows, so that a view can read all models. */
PG_FUNCTION_INFO_V1(cvm_segments);
Datum
cvm_segments(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; model->segments != NULL && i < model->segments->count; i++)
	{
		const CvmSegment *segment = &model->segments->segments[i];
		Datum		values[COLUMN_COUNT];
		bool		nulls[COLUMN_COUNT] = {false};

		CHECK_FOR_INTERRUPTS();
		values[SEGMENT] = CStringGetTextDatum(
											  model->encoder.terms[model->segments->term].levels[segment->level]);
		values[ROWS] = Int64GetDatum(segment->rows);
		values[VALIDATION_ROWS] = Int64GetDatum(segment->validation_rows);
		put_double(values, nulls, LOSS, segment->loss);
		put_double(values, nulls, VALIDATION_LOSS, segment->validation_loss);
		put_double(values, nulls, COMMON_VALIDATION_LOSS, segment->common_validation_loss);
		put_double(values, nulls, GAIN,
				   segment->common_validation_loss - segment->validation_loss);
		put_double(values, nulls, SHRINKAGE, model->segments->shrinkage);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Its own parameters, or the common ones where the value is no segment. */
PG_FUNCTION_INFO_V1(cvm_segment_model_sql);
Datum
cvm_segment_model_sql(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	const CvmTerm *term;
	CvmModel	own;

	if (model->segments == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the model has no segments"),
				 errhint("Train it with option \"segment_by\".")));
	term = &model->encoder.terms[model->segments->term];
	for (int i = 0; i < model->segments->count; i++)
		if (strcmp(term->levels[model->segments->segments[i].level], name) == 0)
		{
			own = cvm_segment_model(model, i);
			own.validation_rows = model->segments->segments[i].validation_rows;
			own.validation_loss = NAN;	/* in another unit */
			own.options = NULL;
			CVM_RETURN_MODEL(&own);
		}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("\"%s\" is no segment of the model", name),
			 errhint("cvm.segments(model) lists the values of column \"%s\" that are; rows of others get the common parameters.",
					 term->name)));
}
