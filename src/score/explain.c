/*
 * explain.c
 *		cvm.explain(model, row): what each feature contributes to the score of
 *		one row, as rows.
 *
 * One row for the base, which is the score of nobody in particular, and one
 * for each term; for more than two classes, class by class.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "model/learner.h"
#include "score/predict.h"

/* Columns of the result. */
enum
{
	FEATURE, VALUE, CONTRIBUTION, CLASS, COLUMN_COUNT
};

static void
put_row(ReturnSetInfo *result, const char *feature, const char *value, double contribution,
		const char *class)
{
	Datum		values[COLUMN_COUNT] = {0};
	bool		nulls[COLUMN_COUNT] = {false, value == NULL, false, class == NULL};

	values[FEATURE] = CStringGetTextDatum(feature);
	if (value != NULL)
		values[VALUE] = CStringGetTextDatum(value);
	values[CONTRIBUTION] = Float8GetDatum(contribution);
	if (class != NULL)
		values[CLASS] = CStringGetTextDatum(class);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static Datum
explain(FunctionCallInfo fcinfo,
		CvmScorer *(*score_row) (FunctionCallInfo fcinfo, const CvmModel **model))
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const CvmModel *model;
	CvmScorer  *scorer = score_row(fcinfo, &model);
	double	   *base;
	double	   *contributions;

	InitMaterializedSRF(fcinfo, 0);
	if (scorer == NULL)
		return (Datum) 0;
	if (model->learner->explain == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("predictions of the algorithm \"%s\" cannot be taken apart exactly",
						model->learner->name),
				 errhint("cvm.feature_importance(model, source) tells which features matter to any model.")));
	base = palloc(sizeof(double) * model->outputs);
	contributions = palloc(sizeof(double) * model->outputs * Max(model->encoder.term_count, 1));
	cvm_scorer_explain(scorer, base, contributions);
	for (int k = 0; k < model->outputs; k++)
	{
		const char *class = model->outputs > 1 ? model->classes[k] : NULL;

		put_row(result, "(base)", NULL, base[k], class);
		for (int i = 0; i < model->encoder.term_count; i++)
			put_row(result, model->encoder.terms[i].name, cvm_scorer_term_text(scorer, i),
					contributions[i * model->outputs + k], class);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(cvm_explain_name);
Datum
cvm_explain_name(PG_FUNCTION_ARGS)
{
	return explain(fcinfo, cvm_score_name_row);
}

PG_FUNCTION_INFO_V1(cvm_explain_value);
Datum
cvm_explain_value(PG_FUNCTION_ARGS)
{
	return explain(fcinfo, cvm_score_value_row);
}
