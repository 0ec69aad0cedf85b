/*
 * train.c
 *		The main job: frame -> fit -> model -> version.
 *
 * Everything is read and computed first and written at the end, under the
 * lock of the model's registry row: two trainings of one model run side by
 * side and get their version numbers one after the other.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "catalog/access.h"
#include "catalog/events.h"
#include "catalog/gate.h"
#include "catalog/partial.h"
#include "catalog/progress.h"
#include "catalog/record.h"
#include "catalog/refine.h"
#include "catalog/runs.h"
#include "catalog/train_state.h"
#include "frame/frame.h"
#include "frame/source.h"
#include "model/assessment.h"
#include "model/learners/learner_pipeline.h"
#include "model/model_type.h"
#include "model/segments/segment_fit.h"
#include "pg/compat.h"
#include "pg/options_json.h"
#include "pg/report.h"
#include "pg/settings.h"

/* ---- measuring ---- */

/*
 * A model by the frame's metrics, over rows that its own encoder has encoded.
 * Metrics count rows as they are: the factors of class_weight, which are in
 * the weights of training rows only, are taken out again.  scores, which may be
 * NULL, gets the distribution of the predictions.
 */
static void
measure(const CvmFrame *frame, const CvmModel *model, const CvmBlockSource *source,
		CvmMetricSet *set, CvmScoreProfile *scores)
{
	bool		learned = source == &frame->training;
	const double *factors = learned ? frame->class_factors : NULL;
	CvmAssessment *assessment = cvm_assessment_create(model, learned);
	double		weights[CVM_BLOCK_ROWS];

	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);
		const double *predictions;

		CHECK_FOR_INTERRUPTS();
		for (int row = 0; row < block->rows && factors != NULL; row++)
			weights[row] = block->weight[row] / factors[(int) block->target[row]];
		predictions = cvm_assessment_add(assessment, block, factors != NULL ? weights : NULL);
		if (scores != NULL && predictions != NULL)
			cvm_score_profile_add(scores, model, block->rows, predictions);
	}
	set->count = cvm_assessment_metrics(assessment, set->metrics);
	cvm_assessment_free(assessment);
}

static void
append_metrics(StringInfo json, const char *name, const CvmMetricSet *set)
{
	const char *comma = "";

	appendStringInfo(json, "\"%s\": {", name);
	for (int i = 0; i < set->count; i++)
	{
		if (!isfinite(set->metrics[i].value))
			continue;
		appendStringInfo(json, "%s\"%s\": %s", comma, set->metrics[i].name,
						 float8out_internal(set->metrics[i].value));
		comma = ", ";
	}
	appendStringInfoChar(json, '}');
}

/* ---- the model ---- */

/* All but what the learner fills in. */
static CvmModel *
new_model(const CvmDefinition *definition, const CvmOptions *options, const CvmFrame *frame)
{
	CvmModel   *model = palloc0(sizeof(CvmModel));

	model->learner = options->pipeline.count > 0 ? &cvm_learner_pipeline : frame->learner;
	model->family = frame->family;
	model->task = frame->task;
	model->target = definition->target != NULL ? definition->target : "";
	model->class_count = frame->class_count;
	model->classes = (const char **) frame->classes;
	model->class_shares = frame->class_shares;
	model->outputs = cvm_prediction_size(frame->task, frame->class_count);
	model->encoder = *frame->encoder;
	model->options = JsonbToCString(NULL, &definition->options->root,
									VARSIZE(definition->options));
	model->driver = frame->driver;
	model->seed = options->seed;
	model->rows = frame->training.rows;
	model->rows_left_out = frame->rows_left_out;
	model->validation_rows = frame->validation.rows;
	model->total_weight = frame->training.total_weight;
	model->library_version = CVM_LIBRARY_VERSION;
	return model;
}

static void
warn_of_outcome(const char *name, const CvmModel *model)
{
	switch (model->outcome)
	{
		case CVM_SEPARATED:
			ereport(WARNING,
					(errmsg("the classes of model \"%s\" can be told apart without error, so its coefficients have no finite optimum",
							name),
					 errhint("Use a penalty (option \"l2\"), or look for a feature that gives the target away.")));
			break;
		case CVM_SINGULAR:
			ereport(WARNING,
					(errmsg("some features of model \"%s\" depend linearly on others", name),
					 errdetail("The coefficients are the smallest ones of all that fit equally well (minimum norm).")));
			break;
		case CVM_EPOCH_LIMIT:
			/* mini-batch solvers end so by nature */
			if (model->solver == CVM_SOLVER_NEWTON || model->solver == CVM_SOLVER_LBFGS)
				ereport(NOTICE,
						(errmsg("model \"%s\" had not converged after %d iterations",
								name, model->iterations),
						 errhint("Raise option \"epochs\" or \"tolerance\".")));
			break;
		case CVM_DIVERGED:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("training of model \"%s\" diverged: the loss grew instead of falling", name),
					 errhint("Lower option \"learning_rate\", or set \"clip\".")));
			break;
		default:
			break;
	}
}

static Jsonb *
metrics_json(const CvmFrame *frame, const CvmModel *model, const CvmMetricSet *training,
			 const CvmMetricSet *validation)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	append_metrics(&json, "training", training);
	if (frame->validation.rows > 0)
	{
		appendStringInfoString(&json, ", ");
		append_metrics(&json, "validation", validation);
	}
	appendStringInfo(&json,
					 ", \"fit\": {\"outcome\": \"%s\", \"converged\": %s, \"iterations\": %d,"
					 " \"solver\": \"%s\", \"driver\": \"%s\", \"rows_left_out\": " INT64_FORMAT
					 ", \"null_cells\": " INT64_FORMAT "}}",
					 cvm_outcome_name(model->outcome),
					 model->outcome == CVM_CONVERGED ? "true" : "false",
					 model->iterations, cvm_solver_name(model->solver),
					 cvm_driver_name(frame->driver), frame->rows_left_out, frame->null_cells);
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}

/* The registry row, locked; inserted for a new model, checked again for one
 * that another session made meanwhile. */
static void
lock_definition(CvmDefinition *definition, bool replace)
{
	CvmDefinition *stored;

	if (replace)
		cvm_definition_store(definition);
	stored = cvm_definition_find(definition->model, true);
	/* a name may have come to stand for another model meanwhile */
	if (stored == NULL ||
		(!replace && (stored->owner != definition->owner ||
					  stored->created_at != definition->created_at)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" was dropped or given away while it was being trained",
						definition->model),
				 errhint("cvm.train makes it anew, cvm.retrain trains what there is now.")));
	if (!has_privs_of_role(GetUserId(), stored->owner))
		cvm_model_name_in_use(definition->model);
	definition->active_version = stored->active_version;
	definition->owner = stored->owner;
}

/* ---- learning ---- */

const CvmDefinition *
cvm_training_definition(const CvmTraining *training)
{
	return training->definition;
}

bool
cvm_training_reads_again(const CvmTraining *training)
{
	return training->frame->driver == CVM_DRIVER_PASSES;
}

static void
learn_all_rows(const CvmTraining *training, const CvmLesson *lesson, CvmModel *model,
			   CvmError *error)
{
	const CvmLearner *learner = model->learner;

	if (training->options.incremental && learner->partial_fit != NULL &&
		training->options.segment_by == NULL)
	{
		model->knowledge = palloc0(sizeof(CvmKnowledge));
		model->knowledge->effective_rows = model->rows;
	}
	cvm_refine_check(lesson, training->definition->target);
	cvm_report(cvm_learn_model(lesson, model, error), error);
	cvm_refine(lesson, training->frame->class_factors, model);
}

/* Calibration and threshold stay: new rows alone are too few for them. */
static void
learn_new_rows(const CvmTraining *training, const CvmLesson *lesson, CvmModel *model,
			   CvmError *error)
{
	const CvmModel *base = training->base.model;

	cvm_partial_add_rows(&training->base, training->frame, training->options.decay, model);
	cvm_report(model->learner->partial_fit(lesson, model, error), error);
	model->calibration = base->calibration;
	model->profit = base->profit;
}

void
cvm_training_learn(CvmTraining *training)
{
	CvmFrame   *frame = training->frame;
	CvmModel   *model = new_model(training->definition, &training->options, frame);
	bool		held_out = frame->validation.rows > 0;
	CvmError	error = {0};
	CvmLesson	lesson = {
		.family = frame->family,
		.task = frame->task,
		.class_count = frame->class_count,
		.encoder = frame->encoder,
		.training = &frame->training,
		.validation = held_out ? &frame->validation : NULL,
		.options = &training->options,
		.final = frame->learner,
		.memory = (Size) cvm_train_memory * 1024,
		.progress = &training->progress.callback,
		.start = training->start
	};

	training->model = model;
	if (training->partial)
		learn_new_rows(training, &lesson, model, &error);
	else
		learn_all_rows(training, &lesson, model, &error);
	cvm_report(cvm_model_check(model, &error), &error);
	if (training->definition->model != NULL)
		warn_of_outcome(training->definition->model, model);

	cvm_progress_phase(&training->progress, "measuring");
	training->scores = cvm_score_profile_create(model, held_out ? "validation" : "training");
	measure(frame, model, &frame->training, &training->training,
			held_out ? NULL : training->scores);
	if (held_out)
		measure(frame, model, &frame->validation, &training->validation, training->scores);
	if (training->scores != NULL)
		cvm_score_profile_finish(training->scores);
}

static void
record(const CvmTraining *training, int version, int run, const CvmDecision *decision)
{
	const char *name = training->definition->model;
	const CvmFrame *frame = training->frame;
	const CvmModel *model = training->model;
	CvmRunResult outcome = {
		.version = version,
		.training_rows = frame->training.rows,
		.validation_rows = model->validation_rows,
		.rows_left_out = frame->rows_left_out,
		.null_cells = frame->null_cells,
		.iterations = model->iterations,
		.outcome = cvm_outcome_name(model->outcome),
		.reason = decision->reason,
		.partial = training->partial,
		.mode_reason = training->mode_reason
	};

	cvm_record_metrics(name, version, "training", training->training.metrics,
					   training->training.count);
	cvm_record_metrics(name, version, "validation", training->validation.metrics,
					   training->validation.count);
	if (training->partial)
		cvm_record_profile_of(name, version, training->base.version);
	else
		cvm_record_profile(name, version, frame->profile, frame->encoder);
	cvm_record_scores(name, version, training->scores);
	cvm_record_epochs(name, run, training->progress.epochs, training->progress.count);
	cvm_run_succeed(name, run, &outcome);
}

/*
 * What the active version has learned since a partial fit went on from it would
 * be lost by the promotion of that.
 */
static CvmDecision
decide(const CvmTraining *training)
{
	CvmDefinition *definition = training->definition;
	CvmDecision decision = {"candidate", NULL};

	if (!training->partial || training->base.version == definition->active_version)
		return cvm_gate_decide(&training->options, training->frame, training->compared,
							   training->model, definition);
	decision.reason = psprintf("goes on from version %d, and version %d has become the active one meanwhile",
							   training->base.version, definition->active_version);
	return decision;
}

CvmTrainResult *
cvm_training_store(CvmTraining *training, int run)
{
	CvmDefinition *definition = training->definition;
	CvmFrame   *frame = training->frame;
	CvmTrainResult *result = palloc0(sizeof(CvmTrainResult));
	CvmDecision decision;
	bool		promoted;

	cvm_progress_phase(&training->progress, "storing");
	definition->task = pstrdup(cvm_task_name(frame->task));
	lock_definition(definition, training->replace);
	decision = decide(training);
	promoted = strcmp(decision.status, "active") == 0;
	if (run == 0)
		run = cvm_run_create(definition->model, training->partial ? "partial_fit" : "train",
							 CVM_RUN_SUCCEEDED, NULL, 1);

	result->seconds = (GetCurrentTimestamp() - training->started) / 1e6;
	result->version = cvm_record_version(definition->model, training->model,
										 promoted ? "candidate" : decision.status,
										 decision.reason,
										 training->partial ? training->base.version :
										 definition->active_version, run,
										 training->watermark, result->seconds);
	record(training, result->version, run, &decision);
	if (strcmp(decision.status, "rejected") == 0)
		cvm_event(CVM_EVENT_VERSION_REJECTED, definition->model, run, result->version,
				  decision.reason);
	if (decision.alert)
		cvm_event(CVM_EVENT_VERSION_NOT_COMPARED, definition->model, run, result->version,
				  decision.reason);
	if (strcmp(decision.status, "challenger") == 0)
		cvm_version_replace_challengers(definition->model, result->version);
	if (promoted)
		cvm_version_activate(definition->model, result->version, decision.reason);

	result->algorithm = training->model->learner->name;
	result->task = definition->task;
	result->training_rows = frame->training.rows;
	result->validation_rows = training->model->validation_rows;
	result->status = decision.status;
	result->reason = decision.reason;
	result->metrics = metrics_json(frame, training->model, &training->training,
								   &training->validation);
	cvm_progress_end(&training->progress);
	if (training->compared != NULL)
		cvm_frame_end(training->compared);
	cvm_frame_end(frame);
	return result;
}

CvmTrainResult *
cvm_train(CvmDefinition *definition)
{
	CvmTraining *training = cvm_training_read(definition, true, false);

	cvm_training_learn(training);
	return cvm_training_store(training, 0);
}

int
cvm_training_measure(CvmDefinition *definition, const CvmFold *fold, CvmMetric *metrics,
					 const char **primary, bool *more_is_better)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "cvm trial",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	CvmTraining *training = cvm_training_begin(definition, false, CVM_PROMOTE_ALWAYS);
	CvmMeasure	scale;
	int			count;

	cvm_training_read_rows(training, false, fold);
	if (training->frame->validation.rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("no rows are held out to measure on"),
				 errhint("Take fewer folds, or a source of more rows.")));
	cvm_training_learn(training);
	count = training->validation.count;
	memcpy(metrics, training->validation.metrics, count * sizeof(CvmMetric));
	scale = cvm_model_measure(training->model);
	*primary = cvm_primary_metric(&scale, more_is_better);
	cvm_progress_end(&training->progress);
	cvm_frame_end(training->frame);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return count;
}
