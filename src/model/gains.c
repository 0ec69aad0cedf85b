/*
 * gains.c
 *		cvm.feature_importance(model): what features have gained in training.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "model/learner.h"
#include "model/model_type.h"
#include "model/segments/segment_set.h"

/* model -> feature, importance, gain, splits */
PG_FUNCTION_INFO_V1(cvm_feature_gains);
Datum
cvm_feature_gains(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			count = model->encoder.term_count;
	double	   *gains = palloc(sizeof(double) * Max(count, 1));
	int64	   *splits = palloc(sizeof(int64) * Max(count, 1));
	double		total = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (model->learner->importance == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a model of the algorithm \"%s\" does not know what its features have gained",
						model->learner->name),
				 errhint("cvm.feature_importance(model, source) finds it out on the rows of a source.")));
	cvm_model_importance(model, gains, splits);
	for (int i = 0; i < count; i++)
		total += gains[i];
	for (int i = 0; i < count; i++)
	{
		Datum		values[] = {
			CStringGetTextDatum(model->encoder.terms[i].name),
			Float8GetDatum(total > 0 ? gains[i] / total : 0),
			Float8GetDatum(gains[i]),
			Int64GetDatum(splits[i])
		};
		bool		nulls[] = {false, false, false, cvm_model_linear(model) != NULL};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
