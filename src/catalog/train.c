/*
 * train.c
 *		The main job: source -> frame -> fit -> model -> version.
 *
 * Everything is read and computed first and written at the end, under the
 * lock of the model's registry row: two trainings of one model run side by
 * side and get their version numbers one after the other.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "catalog/access.h"
#include "catalog/events.h"
#include "catalog/gate.h"
#include "catalog/progress.h"
#include "catalog/record.h"
#include "catalog/runs.h"
#include "catalog/train.h"
#include "frame/frame.h"
#include "model/model_type.h"
#include "pg/compat.h"
#include "pg/options_json.h"
#include "pg/report.h"

typedef struct MetricSet
{
	CvmMetric	metrics[CVM_MAX_METRICS];
	int			count;
} MetricSet;

/* NULL for "auto". */
static const CvmLearner *
learner_named(const char *algorithm)
{
	const CvmLearner *learner = cvm_learner_by_name(algorithm);
	char		known[512];

	if (learner != NULL || strcmp(algorithm, "auto") == 0)
		return learner;
	cvm_learner_list(known, sizeof(known));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("algorithm \"%s\" is not known", algorithm),
			 errhint("Algorithms are auto, %s.", known)));
}

/* ---- measuring ---- */

/*
 * A model by the frame's metrics, over rows that its own encoder has encoded.
 * Metrics count rows as they are: the factors of class_weight, which are in
 * the weights of training rows only, are taken out again.
 */
static void
measure(const CvmFrame *frame, const CvmModel *model, const CvmBlockSource *source,
		MetricSet *set)
{
	const double *factors = source == &frame->training ? frame->class_factors : NULL;
	CvmScoreSheet *sheet = cvm_score_sheet_create(frame->family,
												  cvm_measured_task(frame->task),
												  frame->class_count);
	double	   *predictions = palloc(sizeof(double) * CVM_BLOCK_ROWS * model->outputs);
	double		weights[CVM_BLOCK_ROWS];
	void	   *prepared = model->learner->prepare(model);

	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		CHECK_FOR_INTERRUPTS();
		model->learner->predict(prepared, block, predictions);
		cvm_measured_predictions(model, block->rows, predictions);
		for (int row = 0; row < block->rows; row++)
			weights[row] = factors == NULL ? block->weight[row] :
				block->weight[row] / factors[(int) block->target[row]];
		cvm_score_sheet_add_rows(sheet, block->rows, block->target, predictions, weights);
	}
	set->count = cvm_score_sheet_metrics(sheet, set->metrics);
	cvm_score_sheet_free(sheet);
	pfree(predictions);
}

static void
append_metrics(StringInfo json, const char *name, const MetricSet *set)
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

	model->learner = frame->learner;
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
learn(const CvmOptions *options, CvmFrame *frame, const CvmProgress *progress,
	  CvmModel *model, const char *name)
{
	CvmLesson	lesson = {
		.family = frame->family,
		.task = frame->task,
		.class_count = frame->class_count,
		.encoder = frame->encoder,
		.training = &frame->training,
		.validation = frame->validation.rows > 0 ? &frame->validation : NULL,
		.options = options,
		.progress = progress
	};
	CvmError	error = {0};

	if (options->warm_start)
	{
		const CvmModel *active = cvm_active_model_of(cvm_definition_find(name, false), false);

		if (cvm_same_question(active, frame) && active->learner == frame->learner &&
			active->family == frame->family)
			lesson.start = active;
	}
	cvm_report(frame->learner->fit(&lesson, model, &error), &error);
	cvm_report(cvm_model_check(model, &error), &error);
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
metrics_json(const CvmFrame *frame, const CvmModel *model, const MetricSet *training,
			 const MetricSet *validation)
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
	if (stored == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" was dropped while it was being trained",
						definition->model),
				 errhint("cvm.train makes it anew.")));
	if (!has_privs_of_role(GetUserId(), stored->owner))
		cvm_model_name_in_use(definition->model);
	definition->active_version = stored->active_version;
	definition->owner = stored->owner;
}

CvmTrainResult *
cvm_train(CvmDefinition *definition, int run)
{
	CvmTrainResult *result = palloc0(sizeof(CvmTrainResult));
	TimestampTz started = GetCurrentTimestamp();
	bool		replace = run == 0;
	CvmOptions	options;
	CvmFrameRequest request = {0};
	CvmTrainProgress progress;
	CvmFrame   *frame;
	CvmModel   *model;
	MetricSet	training;
	MetricSet	validation = {.count = 0};
	CvmDecision decision;
	CvmRunResult outcome;
	bool		promoted;

	cvm_options_for_train(&options);
	if (!replace)
		options.promote = CVM_PROMOTE_IF_NOT_WORSE; /* unless options say otherwise */
	cvm_options_apply_json(&options, definition->options);
	cvm_progress_begin(&progress, definition->model);
	cvm_progress_phase(&progress, "reading rows");

	request.source = definition->source;
	request.target = definition->target;
	request.features = (const char **) definition->features;
	request.feature_count = definition->feature_count;
	request.key = definition->key;
	request.weight = definition->weight;
	request.learner = learner_named(definition->algorithm);
	request.options = &options;
	frame = cvm_frame_build(&request);

	model = new_model(definition, &options, frame);
	learn(&options, frame, &progress.callback, model, definition->model);
	warn_of_outcome(definition->model, model);

	cvm_progress_phase(&progress, "measuring");
	measure(frame, model, &frame->training, &training);
	if (frame->validation.rows > 0)
		measure(frame, model, &frame->validation, &validation);

	cvm_progress_phase(&progress, "storing");
	definition->task = pstrdup(cvm_task_name(frame->task));
	lock_definition(definition, replace);
	decision = cvm_gate_decide(&options, frame, model, definition);
	promoted = strcmp(decision.status, "active") == 0;
	if (run == 0)
		run = cvm_run_create(definition->model, "train", CVM_RUN_SUCCEEDED, NULL, 1);

	result->seconds = (GetCurrentTimestamp() - started) / 1e6;
	result->status = decision.status;
	result->version = cvm_record_version(definition->model, model,
										 promoted ? "candidate" : decision.status,
										 decision.reason, definition->active_version, run,
										 result->seconds);
	cvm_record_metrics(definition->model, result->version, "training",
					   training.metrics, training.count);
	cvm_record_metrics(definition->model, result->version, "validation",
					   validation.metrics, validation.count);
	cvm_record_profile(definition->model, result->version, frame->profile,
					   frame->encoder);
	cvm_record_epochs(definition->model, run, progress.epochs, progress.count);
	outcome.version = result->version;
	outcome.training_rows = model->rows;
	outcome.validation_rows = model->validation_rows;
	outcome.rows_left_out = frame->rows_left_out;
	outcome.null_cells = frame->null_cells;
	outcome.iterations = model->iterations;
	outcome.outcome = cvm_outcome_name(model->outcome);
	outcome.reason = decision.reason;
	cvm_run_succeed(definition->model, run, &outcome);
	if (strcmp(decision.status, "rejected") == 0)
		cvm_event(CVM_EVENT_VERSION_REJECTED, definition->model, run, result->version,
				  decision.reason);
	if (promoted)
		cvm_version_activate(definition->model, result->version, decision.reason);

	result->algorithm = frame->learner->name;
	result->task = definition->task;
	result->training_rows = model->rows;
	result->validation_rows = model->validation_rows;
	result->reason = decision.reason;
	result->metrics = metrics_json(frame, model, &training, &validation);
	cvm_progress_end(&progress);
	cvm_frame_end(frame);
	return result;
}

static Jsonb *
merge_options(Jsonb *options, Jsonb *extra)
{
	if (extra == NULL || JB_ROOT_COUNT(extra) == 0)
		return options;
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(options),
											  JsonbPGetDatum(extra)));
}

CvmTrainResult *
cvm_retrain_by_definition(const char *name, int run, Jsonb *extra)
{
	CvmDefinition *definition = cvm_definition_find(name, false);
	CvmTrainResult *result;
	Oid			caller;
	int			security_context;
	int			nest_level;

	if (definition == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" does not exist", name)));
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(definition->owner)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the owner of model \"%s\" no longer exists", name),
				 errhint("A superuser can give it to another role with cvm.change_owner.")));
	definition->options = merge_options(definition->options, extra);

	GetUserIdAndSecContext(&caller, &security_context);
	SetUserIdAndSecContext(definition->owner, security_context
						   | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", definition->search_path, PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);

	result = cvm_train(definition, run);

	/* roll back what functions of the source may have SET: it is the owner's
	 * code in somebody else's session */
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(caller, security_context);
	return result;
}
