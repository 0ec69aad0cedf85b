/*
 * pipeline_fit.c
 *		Stages learn one after the other, each from what the one before makes of
 *		the rows.
 *
 * The numbers of a stage get an encoding of their own, learned from the
 * training rows as that of any column is.  They are kept where they fit into
 * the memory of the lesson, and made again in each pass where they do not.
 */
#include "model/learners/learner_pipeline.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/predictor.h"

/* ---- rows as a stage gives them ---- */

typedef struct StageRows
{
	CvmBlockSource *rows;		/* that the stage reads */
	CvmPredictor *stage;
	const CvmEncoder *encoder;	/* of the next stage */
	int			size;
	double	   *values;			/* CVM_BLOCK_ROWS x size */
	CvmBlock   *given[2];		/* taken in turn */
	int			turn;
} StageRows;

static void
make_block(StageRows *stage_rows, const CvmBlock *from, CvmBlock *to)
{
	cvm_predictor_transform(stage_rows->stage, from, stage_rows->values);
	cvm_pipeline_encode(stage_rows->encoder, stage_rows->size, from->rows, stage_rows->values,
						to->dense);
	memcpy(to->target, from->target, from->rows * sizeof(double));
	memcpy(to->weight, from->weight, from->rows * sizeof(double));
	to->rows = from->rows;
}

static const CvmBlock *
read_stage_rows(void *state, int index)
{
	StageRows  *stage_rows = state;
	CvmBlock   *block = stage_rows->given[stage_rows->turn];

	stage_rows->turn = 1 - stage_rows->turn;
	make_block(stage_rows, stage_rows->rows->read(stage_rows->rows->state, index), block);
	return block;
}

static CvmBlockSource *
open_stage_rows(CvmBlockSource *rows, const CvmModel *stage, const CvmEncoder *encoder)
{
	CvmBlockSource *source = CVM_NEW(CvmBlockSource, 1);
	StageRows  *stage_rows = CVM_NEW_ZERO(StageRows, 1);

	stage_rows->rows = rows;
	stage_rows->stage = cvm_predictor_create(stage);
	stage_rows->encoder = encoder;
	stage_rows->size = stage->learner->transform_size(stage);
	stage_rows->values = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * stage_rows->size);
	*source = *rows;
	source->dense_columns = encoder->dense_columns;
	source->coded_columns = 0;
	source->slots = encoder->slots;
	source->read = read_stage_rows;
	source->state = stage_rows;
	for (int i = 0; i < 2; i++)
		stage_rows->given[i] = cvm_block_create(encoder->dense_columns, 0);
	return source;
}

/* Makes the rows once and keeps them, if there is room. */
static void
keep_stage_rows(CvmBlockSource *source, size_t memory)
{
	StageRows  *stage_rows = source->state;
	size_t		row_size = ((size_t) source->dense_columns + 2) * sizeof(double);
	CvmBlock  **blocks;

	if (memory > 0 && source->rows > memory / row_size)
		return;
	blocks = CVM_NEW(CvmBlock *, source->blocks);
	for (int i = 0; i < source->blocks; i++)
	{
		cvm_check_interrupt();
		blocks[i] = cvm_block_create(source->dense_columns, 0);
		make_block(stage_rows, stage_rows->rows->read(stage_rows->rows->state, i), blocks[i]);
	}
	cvm_block_source_from_array(source, blocks, source->blocks, source->dense_columns, 0,
								source->slots);
}

/* Learns how the next stage sees the numbers. */
static CvmStatus
learn_encoder(CvmBlockSource *rows, const CvmModel *stage, const CvmEncoderOptions *options,
			  CvmEncoder **encoder, CvmError *error)
{
	int			size = stage->learner->transform_size(stage);
	CvmColumn	column = {.name = "components",.kind = CVM_INPUT_ARRAY,.elements = size};
	CvmProfile *profile = cvm_profile_create(&column, 1);
	CvmPredictor *predictor = cvm_predictor_create(stage);
	double	   *values = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * size);

	cvm_profile_skip_sample(profile);
	for (int i = 0; i < rows->blocks; i++)
	{
		const CvmBlock *block = rows->read(rows->state, i);
		CvmBlock	raw = *block;
		CvmStatus	status;

		cvm_check_interrupt();
		cvm_predictor_transform(predictor, block, values);
		raw.dense = values;
		raw.codes = NULL;
		status = cvm_profile_add_block(profile, &raw, error);
		if (status != CVM_OK)
			return status;
	}
	cvm_release(values);
	return cvm_encoder_learn(profile, options, NULL, NULL, encoder, error);
}

/* ---- stages ---- */

/* Puts the stage before the message. */
static CvmStatus
in_stage(int number, const char *algorithm, CvmStatus status, CvmError *error)
{
	char		message[sizeof(error->message)];

	if (status == CVM_OK || error == NULL)
		return status;
	memcpy(message, error->message, sizeof(message));
	snprintf(error->message, sizeof(error->message), "stage %d (%s): %.400s", number, algorithm,
			 message);
	return status;
}

/* The algorithm of a stage exists, and makes numbers. */
static CvmStatus
check_algorithm(const CvmStage *stage, CvmError *error)
{
	const CvmLearner *learner = cvm_learner_by_name(stage->algorithm);

	if (learner != NULL && learner->transform != NULL && !learner->keeps_missing &&
		learner->nested == NULL)
		return CVM_OK;
	if (learner == NULL)
		cvm_fail(error, CVM_BAD_OPTION, "the algorithm is not known");
	else
		cvm_fail(error, CVM_BAD_OPTION, "the algorithm makes no numbers for the next stage");
	cvm_hint(error, "Stages are of the algorithms pca, discriminant and kmeans; the last one is the algorithm of the model.");
	return CVM_BAD_OPTION;
}

CvmStatus
cvm_pipeline_check(const CvmStages *stages, const CvmLearner *final, CvmError *error)
{
	if (final == &cvm_learner_pipeline || (stages->count > 0 && final != NULL && final->nested != NULL))
	{
		cvm_fail(error, CVM_BAD_OPTION, "algorithm \"%s\" cannot be the last stage of a pipeline",
				 final->name);
		cvm_hint(error, "Give the algorithm that predicts, and the stages before it in option \"pipeline\".");
		return CVM_BAD_OPTION;
	}
	for (int i = 0; i < stages->count; i++)
	{
		CvmStatus	status = check_algorithm(&stages->stages[i], error);

		if (status != CVM_OK)
			return in_stage(i + 1, stages->stages[i].algorithm, status, error);
	}
	return CVM_OK;
}

/* The task of a stage that makes numbers: of the target where it needs one. */
static CvmStatus
stage_task(const CvmLearner *learner, const CvmLesson *lesson, CvmTask *task, CvmError *error)
{
	if (learner->tasks & CVM_TASK_BIT(CVM_PROJECTION))
		*task = CVM_PROJECTION;
	else if (learner->tasks & CVM_TASK_BIT(CVM_SEGMENTATION))
		*task = CVM_SEGMENTATION;
	else if (learner->tasks & CVM_TASK_BIT(lesson->task))
		*task = lesson->task;
	else
		return cvm_fail(error, CVM_BAD_OPTION, "the algorithm needs a target of classes");
	return CVM_OK;
}

/* All but what the learner fills in, from the model of the pipeline. */
static CvmModel *
new_stage(const CvmModel *model, const CvmLearner *learner, CvmFamily family, CvmTask task,
		  const CvmEncoder *encoder, const char *options)
{
	CvmModel   *stage = CVM_NEW(CvmModel, 1);

	*stage = *model;
	stage->learner = learner;
	stage->family = family;
	stage->task = task;
	stage->encoder = *encoder;
	stage->payload = NULL;
	stage->knowledge = NULL;
	stage->calibration = NULL;
	stage->profit = NULL;
	stage->options = options;
	if (!cvm_task_has_target(task))
		stage->target = "";
	if (!cvm_task_has_classes(task))
	{
		stage->class_count = 0;
		stage->classes = NULL;
		stage->class_shares = NULL;
	}
	stage->outputs = cvm_prediction_size(task, stage->class_count);
	return stage;
}

/* step: what the stage learns from, but for its own task and options. */
static CvmStatus
fit_stage(CvmLesson *step, const CvmLearner *learner, const CvmOptions *options,
		  const char *options_text, const CvmModel *model, CvmModel **stage, CvmError *error)
{
	step->options = options;
	step->family = learner->family(learner, step->task, options);
	if (!cvm_task_has_classes(step->task))
		step->class_count = 0;
	*stage = new_stage(model, learner, step->family, step->task, step->encoder, options_text);
	return learner->fit(step, *stage, error);
}

/* How the learner of this stage sees the numbers of the one before. */
static CvmEncoderOptions
encoding_of(const CvmLearner *learner, const CvmOptions *options)
{
	CvmEncoderOptions encoding = {
		.max_categories = options->max_categories,
		.min_category_count = options->min_category_count,
		.standardize = options->standardize,
		.keep_missing = learner->keeps_missing
	};

	return encoding;
}

/* Fits one stage and moves the lesson on to its numbers. */
static CvmStatus
pass_stage(CvmLesson *lesson, int index, const CvmModel *model, CvmModel **stage, CvmError *error)
{
	const CvmStages *stages = &lesson->options->pipeline;
	const CvmLearner *learner = cvm_learner_by_name(stages->stages[index].algorithm);
	bool		last = index + 1 == stages->count;
	const CvmLearner *next = last ? lesson->final : cvm_learner_by_name(stages->stages[index + 1].algorithm);
	CvmEncoderOptions encoding = encoding_of(next, last ? lesson->options :
											 stages->stages[index + 1].options);
	CvmOptions	options = *stages->stages[index].options;
	CvmLesson	step = *lesson;
	CvmEncoder *encoder;
	CvmStatus	status;

	options.seed = lesson->options->seed;
	step.start = NULL;
	step.progress = NULL;
	if ((status = stage_task(learner, lesson, &step.task, error)) != CVM_OK ||
		(status = fit_stage(&step, learner, &options, stages->stages[index].text, model, stage,
							error)) != CVM_OK ||
		(status = learn_encoder(lesson->training, *stage, &encoding, &encoder, error)) != CVM_OK)
		return status;
	lesson->training = open_stage_rows(lesson->training, *stage, encoder);
	keep_stage_rows(lesson->training, lesson->memory);
	if (lesson->validation != NULL)
		lesson->validation = open_stage_rows(lesson->validation, *stage, encoder);
	lesson->encoder = encoder;
	return CVM_OK;
}

CvmStatus
cvm_pipeline_fit(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	const CvmStages *stages = &lesson->options->pipeline;
	CvmPipeline *pipeline = CVM_NEW_ZERO(CvmPipeline, 1);
	CvmLesson	step = *lesson;
	const CvmModel *last;
	CvmStatus	status;

	if (lesson->options->warm_start)
	{
		cvm_fail(error, CVM_BAD_OPTION, "a pipeline cannot have option \"warm_start\"");
		cvm_hint(error, "Its first stages may come out otherwise, and the last one then means something else.");
		return CVM_BAD_OPTION;
	}
	pipeline->stages.models = CVM_NEW(CvmModel *, (size_t) stages->count + 1);
	for (int i = 0; i < stages->count; i++)
	{
		status = pass_stage(&step, i, model, &pipeline->stages.models[i], error);
		if (status != CVM_OK)
			return in_stage(i + 1, stages->stages[i].algorithm, status, error);
	}
	status = fit_stage(&step, lesson->final, lesson->options, model->options, model,
					   &pipeline->stages.models[stages->count], error);
	if (status != CVM_OK)
		return in_stage(stages->count + 1, lesson->final->name, status, error);
	pipeline->stages.count = stages->count + 1;

	last = pipeline->stages.models[stages->count];
	model->payload = pipeline;
	model->family = last->family;
	model->solver = last->solver;
	model->outcome = last->outcome;
	model->iterations = last->iterations;
	model->rank = last->rank;
	model->loss = last->loss;
	model->validation_loss = last->validation_loss;
	model->gradient_norm = last->gradient_norm;
	return CVM_OK;
}
