/*
 * model_facts.c
 *		What a cvm.model says of itself: algorithm, classes, inputs, its fit.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "model/predictor.h"
#include "learn/measure/metrics.h"
#include "model/model_type.h"

PG_FUNCTION_INFO_V1(cvm_algorithm);
PG_FUNCTION_INFO_V1(cvm_task);
PG_FUNCTION_INFO_V1(cvm_primary_metric_of_model);
PG_FUNCTION_INFO_V1(cvm_threshold);
PG_FUNCTION_INFO_V1(cvm_calibration);
PG_FUNCTION_INFO_V1(cvm_classes);
PG_FUNCTION_INFO_V1(cvm_inputs);
PG_FUNCTION_INFO_V1(cvm_training_options);
PG_FUNCTION_INFO_V1(cvm_fit_information);

Datum
cvm_algorithm(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(CVM_GETARG_MODEL(0)->learner->name));
}

Datum
cvm_task(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(cvm_task_name(CVM_GETARG_MODEL(0)->task)));
}

Datum
cvm_primary_metric_of_model(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);
	CvmMeasure	scale = cvm_model_measure(model);
	bool		more_is_better;

	PG_RETURN_TEXT_P(cstring_to_text(cvm_primary_metric(&scale, &more_is_better)));
}

Datum
cvm_threshold(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);

	if (model->task != CVM_BINARY)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(cvm_model_threshold(model));
}

Datum
cvm_calibration(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);

	if (model->class_count == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(cvm_calibration_names[model->calibration == NULL ?
														   CVM_CALIBRATION_NONE :
														   model->calibration->method]));
}

Datum
cvm_classes(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);
	Datum	   *labels;

	if (model->class_count == 0)
		PG_RETURN_NULL();
	labels = palloc(model->class_count * sizeof(Datum));
	for (int i = 0; i < model->class_count; i++)
		labels[i] = CStringGetTextDatum(model->classes[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(labels, model->class_count, TEXTOID,
										  -1, false, TYPALIGN_INT));
}

Datum
cvm_inputs(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < model->encoder.input_count; i++)
	{
		const CvmInput *input = &model->encoder.inputs[i];
		Datum		values[] = {
			CStringGetTextDatum(input->name),
			CStringGetTextDatum(cvm_input_kind_name(input->kind)),
			Int32GetDatum(input->elements)
		};
		bool		nulls[] = {false, false, input->kind != CVM_INPUT_ARRAY};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
cvm_training_options(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(CVM_GETARG_MODEL(0)->options));
}

/* One row; values in the order of its OUT parameters in sql/parts/10_types.sql. */
Datum
cvm_fit_information(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);
	const CvmLinearPredictor *linear = cvm_model_linear(model);
	bool		converged = model->outcome == CVM_CONVERGED || model->outcome == CVM_SINGULAR;
	double		dispersion = linear ? linear->dispersion : 0;
	double		freedom = linear ? linear->residual_freedom : 0;
	TupleDesc	descriptor;
	Datum		values[] = {
		CStringGetTextDatum(model->learner->name),
		CStringGetTextDatum(cvm_task_name(model->task)),
		CStringGetTextDatum(model->target),
		CStringGetTextDatum(cvm_solver_name(model->solver)),
		CStringGetTextDatum(cvm_driver_name(model->driver)),
		CStringGetTextDatum(cvm_outcome_name(model->outcome)),
		BoolGetDatum(converged),
		Int32GetDatum(model->iterations),
		Int32GetDatum(model->rank),
		Int64GetDatum(model->rows),
		Int64GetDatum(model->rows_left_out),
		Int64GetDatum(model->validation_rows),
		Float8GetDatum(model->total_weight),
		Float8GetDatum(model->loss),
		Float8GetDatum(model->validation_loss),
		Float8GetDatum(model->gradient_norm),
		Float8GetDatum(dispersion),
		Float8GetDatum(freedom),
		Int64GetDatum(model->seed),
		CStringGetTextDatum(model->library_version)
	};
	bool		nulls[] = {
		false, false, model->target[0] == '\0', false, false, false, false, false,
		model->rank < 0, false, false, false, false, isnan(model->loss),
		isnan(model->validation_loss), isnan(model->gradient_norm),
		linear == NULL, freedom == 0, false, false
	};

	StaticAssertStmt(lengthof(values) == lengthof(nulls), "a null flag for each value");
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != lengthof(values))
		elog(ERROR, "unexpected result type of cvm.fit_information");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor),
													  values, nulls)));
}
