/*
 * learner_pipeline.c
 *		Stages that are one model: payload and predictions.
 *
 * Stages are whole models, nested in the payload, so that whatever an
 * algorithm keeps, checks and writes serves it here too.  A block passes
 * through them in turn: numbers of one stage are encoded for the next.
 */
#include "model/learners/learner_pipeline.h"

#include <math.h>

#include "base/memory.h"
#include "model/predictor.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

const CvmPipeline *
cvm_model_pipeline(const CvmModel *model)
{
	return model->learner == &cvm_learner_pipeline ? (const CvmPipeline *) model->payload : NULL;
}

static const CvmModel *
last_stage(const CvmModel *model)
{
	const CvmModelList *stages = &cvm_model_pipeline(model)->stages;

	return stages->models[stages->count - 1];
}

static CvmFamily
family_of(const CvmLearner *learner, CvmTask task, const CvmOptions *options)
{
	return task == CVM_BINARY ? CVM_LOGISTIC : task == CVM_MULTICLASS ? CVM_SOFTMAX : CVM_LINEAR;
}

/* ---- the payload ---- */

static void
describe_pipeline(CvmModel *model, CvmFields *fields)
{
	CvmPipeline *pipeline;

	if (fields->reading)
		model->payload = CVM_NEW_ZERO(CvmPipeline, 1);
	pipeline = (CvmPipeline *) model->payload;
	cvm_field_models(fields, "stages", model, true, &pipeline->stages);
	if (fields->reading && pipeline->stages.count > 0 &&
		pipeline->stages.models[pipeline->stages.count - 1] != NULL)
		model->family = pipeline->stages.models[pipeline->stages.count - 1]->family;
}

static const CvmModelList *
nested_models(const CvmModel *model)
{
	return &cvm_model_pipeline(model)->stages;
}

/* That a stage makes what the next one reads. */
static CvmStatus
check_link(const CvmModel *stage, const CvmModel *next, int number, CvmError *error)
{
	if (stage->learner->transform == NULL)
		return BAD("stage %d makes no numbers for the next one", number);
	if (next->encoder.input_count != 1 || next->encoder.inputs[0].kind != CVM_INPUT_ARRAY ||
		next->encoder.inputs[0].elements != stage->learner->transform_size(stage))
		return BAD("stage %d does not read the numbers of the one before", number + 1);
	return CVM_OK;
}

static CvmStatus
check_pipeline(const CvmModel *model, CvmError *error)
{
	const CvmModelList *stages = &cvm_model_pipeline(model)->stages;
	const CvmModel *last;

	if (stages->count < 2)
		return BAD("a pipeline has two stages or more");
	for (int i = 0; i < stages->count; i++)
	{
		CvmStatus	status = cvm_model_check(stages->models[i], error);

		if (status != CVM_OK)
			return status;
		if (i > 0 && (status = check_link(stages->models[i - 1], stages->models[i], i, error)) != CVM_OK)
			return status;
	}
	if (stages->models[0]->encoder.terms != model->encoder.terms ||
		stages->models[0]->encoder.slots != model->encoder.slots)
		return BAD("the first stage does not read the inputs of the pipeline");
	last = last_stage(model);
	if (last->task != model->task || last->class_count != model->class_count ||
		last->family != model->family)
		return BAD("the last stage does not answer the question of the pipeline");
	return CVM_OK;
}

/* ---- prediction ---- */

typedef struct Prepared
{
	int			count;
	CvmPredictor **predictors;	/* by stage */
	int		   *sizes;			/* numbers that a stage gives */
	double	  **values;			/* by stage: CVM_BLOCK_ROWS x size */
	CvmBlock  **blocks;			/* by stage: what it reads; NULL for the first */
	const CvmModelList *stages;
	int			projecting;		/* the last stage that has a transform */
} Prepared;

/* The last stage that gives numbers. */
static int
projecting_stage(const CvmModelList *stages)
{
	return stages->models[stages->count - 1]->learner->transform != NULL ?
		stages->count - 1 : stages->count - 2;
}

static void *
prepare_pipeline(const CvmModel *model)
{
	const CvmModelList *stages = &cvm_model_pipeline(model)->stages;
	Prepared   *prepared = CVM_NEW_ZERO(Prepared, 1);

	prepared->count = stages->count;
	prepared->stages = stages;
	prepared->projecting = projecting_stage(stages);
	prepared->predictors = CVM_NEW(CvmPredictor *, stages->count);
	prepared->sizes = CVM_NEW_ZERO(int, stages->count);
	prepared->values = CVM_NEW_ZERO(double *, stages->count);
	prepared->blocks = CVM_NEW_ZERO(CvmBlock *, stages->count);
	for (int i = 0; i < stages->count; i++)
	{
		const CvmModel *stage = stages->models[i];

		prepared->predictors[i] = cvm_predictor_create(stage);
		if (i > 0)
			prepared->blocks[i] = cvm_block_create(stage->encoder.dense_columns, 0);
		if (i + 1 == stages->count)
			continue;
		prepared->sizes[i] = stage->learner->transform_size(stage);
		prepared->values[i] = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * prepared->sizes[i]);
	}
	return prepared;
}

void
cvm_pipeline_encode(const CvmEncoder *encoder, int size, int rows, const double *values,
					double *dense)
{
	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];
		double		inverse = 1 / term->scale;

		for (int row = 0; row < rows; row++)
		{
			double		value = values[(size_t) row * size + term->part];
			double	   *own = dense + (size_t) row * encoder->dense_columns;

			own[term->slot] = ((isnan(value) ? term->fill : value) - term->center) * inverse;
			if (term->flag_slot >= 0)
				own[term->flag_slot] = isnan(value);
		}
	}
}

/* The block that a stage reads. */
static const CvmBlock *
block_of_stage(Prepared *prepared, const CvmBlock *block, int stage)
{
	for (int i = 0; i < stage; i++)
	{
		CvmBlock   *next = prepared->blocks[i + 1];

		cvm_predictor_transform(prepared->predictors[i], block, prepared->values[i]);
		cvm_pipeline_encode(&prepared->stages->models[i + 1]->encoder, prepared->sizes[i],
							block->rows, prepared->values[i], next->dense);
		next->rows = block->rows;
		block = next;
	}
	return block;
}

static void
predict_pipeline(void *state, const CvmBlock *block, double *predictions)
{
	Prepared   *prepared = (Prepared *) state;
	int			last = prepared->count - 1;

	cvm_predictor_predict(prepared->predictors[last], block_of_stage(prepared, block, last),
						  predictions);
}

static int
transform_size(const CvmModel *model)
{
	const CvmModelList *stages = &cvm_model_pipeline(model)->stages;
	const CvmModel *stage = stages->models[projecting_stage(stages)];

	return stage->learner->transform_size(stage);
}

static void
transform_pipeline(void *state, const CvmBlock *block, double *values)
{
	Prepared   *prepared = (Prepared *) state;

	cvm_predictor_transform(prepared->predictors[prepared->projecting],
							block_of_stage(prepared, block, prepared->projecting), values);
}

static double
quantile_of(const CvmModel *model)
{
	return cvm_model_measure(last_stage(model)).quantile;
}

#define ANY_TASK \
	(CVM_TASK_BIT(CVM_REGRESSION) | CVM_TASK_BIT(CVM_BINARY) | CVM_TASK_BIT(CVM_MULTICLASS) | \
	 CVM_TASK_BIT(CVM_SEGMENTATION) | CVM_TASK_BIT(CVM_PROJECTION))

const CvmLearner cvm_learner_pipeline = {
	.name = "pipeline",.number = CVM_ALGORITHM_PIPELINE,.tasks = ANY_TASK,
	.family = family_of,.fit = cvm_pipeline_fit,
	.describe = describe_pipeline,.check = check_pipeline,.nested = nested_models,
	.prepare = prepare_pipeline,.predict = predict_pipeline,
	.transform_size = transform_size,.transform = transform_pipeline,
	.quantile = quantile_of
};
