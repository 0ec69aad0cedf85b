/*
 * components.c
 *		cvm.components(model): the axes of a projection, as rows.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "encode/expand.h"
#include "model/learners/learner_components.h"
#include "model/model_type.h"

PG_FUNCTION_INFO_V1(cvm_components);

/* Columns of the result, in their order. */
enum
{
	COMPONENT, VARIANCE, SHARE, CUMULATIVE, FEATURE, LEVEL, LOADING, COLUMN_COUNT
};

static void
put_component(ReturnSetInfo *result, const CvmModel *model, int width, int axis,
			  double cumulative)
{
	const CvmProjection *projection = (const CvmProjection *) model->payload;
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT] = {false};

	values[COMPONENT] = Int32GetDatum(axis + 1);
	values[VARIANCE] = Float8GetDatum(projection->variances[axis]);
	values[SHARE] = Float8GetDatum(projection->variances[axis] / projection->total_variance);
	values[CUMULATIVE] = Float8GetDatum(cumulative / projection->total_variance);
	for (int place = 0; place < width; place++)
	{
		int			level;
		const CvmTerm *term = cvm_expansion_term(&model->encoder, place, &level);

		CHECK_FOR_INTERRUPTS();
		values[FEATURE] = CStringGetTextDatum(term->name);
		nulls[LEVEL] = level == -1;
		if (level != -1)
			values[LEVEL] = CStringGetTextDatum(level == CVM_MISSING_FLAG ? CVM_MISSING_LEVEL :
												term->levels[level]);
		values[LOADING] = Float8GetDatum(projection->loadings[(size_t) axis * width + place]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* cvm.components(model cvm.model) */
Datum
cvm_components(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);
	const CvmProjection *projection = (const CvmProjection *) model->payload;
	CvmExpansion *expansion;
	double		cumulative = 0;

	if (model->learner != &cvm_learner_pca && model->learner != &cvm_learner_discriminant)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a model of the algorithm \"%s\" has no components",
						model->learner->name),
				 errhint("Train one with algorithm => 'pca' or 'discriminant'.")));
	InitMaterializedSRF(fcinfo, 0);
	expansion = cvm_expansion_create(&model->encoder);
	for (int axis = 0; axis < projection->axes; axis++)
	{
		cumulative += projection->variances[axis];
		put_component((ReturnSetInfo *) fcinfo->resultinfo, model, expansion->width, axis,
					  cumulative);
	}
	return (Datum) 0;
}
