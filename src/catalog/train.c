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
#include "catalog/progress.h"
#include "catalog/record.h"
#include "catalog/runs.h"
#include "catalog/train.h"
#include "frame/frame.h"
#include "model/model_type.h"
#include "pg/options_json.h"
#include "pg/report.h"

/* A candidate may be worse by this share of the active version's figure. */
#define PROMOTION_MARGIN 0.01

#define LIBRARY_VERSION "1.0"

typedef struct MetricSet
{
	CvmMetric	metrics[CVM_MAX_METRICS];
	int			count;
} MetricSet;

/* ---- measuring ---- */

/*
 * Metrics count rows as they are: the factors of class_weight, which are in
 * the weights of training rows only, are taken out again.
 */
static void
measure(const CvmFrame *frame, CvmBlockSource *source, const double *parameters,
		MetricSet *set)
{
	const double *factors = source == &frame->training ? frame->class_factors : NULL;
	const CvmShape *shape = &frame->shape;
	CvmScoreSheet *sheet = cvm_score_sheet_create(frame->family, frame->task,
												  frame->class_count);
	double	   *work = palloc(sizeof(double) * cvm_objective_work_size(shape));
	double	   *eta = palloc(sizeof(double) * CVM_BLOCK_ROWS * shape->outputs);

	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		CHECK_FOR_INTERRUPTS();
		cvm_predict_block(shape, block, parameters, work, eta);
		for (int row = 0; row < block->rows; row++)
		{
			double	   *at = eta + (size_t) row * shape->outputs;
			double		weight = block->weight[row];

			if (factors != NULL)
				weight /= factors[(int) block->target[row]];
			cvm_family_mean(frame->family, shape->outputs, at, at);
			cvm_score_sheet_add(sheet, block->target[row], at, weight);
		}
	}
	set->count = cvm_score_sheet_metrics(sheet, set->metrics);
	cvm_score_sheet_free(sheet);
	pfree(eta);
	pfree(work);
}

static double
metric_value(const MetricSet *set, const char *name)
{
	for (int i = 0; i < set->count; i++)
		if (strcmp(set->metrics[i].name, name) == 0)
			return set->metrics[i].value;
	return NAN;
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

static CvmModel *
build_model(const CvmDefinition *definition, const CvmOptions *options,
			const CvmFrame *frame, const CvmFit *fit)
{
	CvmModel   *model = palloc0(sizeof(CvmModel));

	model->task = frame->task;
	model->target = definition->target;
	model->class_count = frame->class_count;
	model->classes = (const char **) frame->classes;
	model->class_shares = frame->class_shares;
	model->encoder = *frame->encoder;
	model->options = JsonbToCString(NULL, &definition->options->root,
									VARSIZE(definition->options));
	model->driver = frame->driver;
	model->seed = options->seed;
	model->rows = frame->training.rows;
	model->rows_left_out = frame->rows_left_out;
	model->validation_rows = frame->validation.rows;
	model->total_weight = frame->training.total_weight;
	model->library_version = LIBRARY_VERSION;
	cvm_model_set_fit(model, &frame->shape, fit);
	return model;
}

/* The active version, or NULL where there is none. */
static const CvmModel *
active_model(const CvmDefinition *definition, bool latest)
{
	if (definition == NULL || definition->active_version == 0)
		return NULL;
	return cvm_model_unpack(cvm_version_fitted(definition, 0, latest));
}

/* Whether two fits answer the same question, so that one can start from or be
 * measured against the other. */
static bool
comparable(const CvmModel *model, const CvmFrame *frame)
{
	if (model == NULL || model->family != frame->family ||
		model->class_count != frame->class_count)
		return false;
	for (int i = 0; i < model->class_count; i++)
		if (strcmp(model->classes[i], frame->classes[i]) != 0)
			return false;
	return true;
}

/*
 * Why the candidate cannot be measured against the active version on the
 * held-out rows, or NULL.
 */
static char *
not_comparable(const CvmFrame *frame, const CvmModel *active, int active_number)
{
	if (!comparable(active, frame))
		return psprintf("not comparable with version %d: other classes or algorithm",
						active_number);
	for (int i = 0; i < active->encoder.input_count; i++)
		if (!cvm_frame_has_feature(frame, active->encoder.inputs[i].name))
			return psprintf("not comparable with version %d: it reads column \"%s\" too",
							active_number, active->encoder.inputs[i].name);
	if (frame->validation.rows == 0)
		return psprintf("no held-out rows to compare with version %d", active_number);
	return NULL;
}

/* Parameters to start from, or NULL where the active version does not fit. */
static double *
warm_start(const char *name, const CvmFrame *frame)
{
	const CvmModel *active = active_model(cvm_definition_find(name, false), false);
	double	   *start;

	if (!comparable(active, frame))
		return NULL;
	start = palloc(sizeof(double) * CVM_PARAMETERS(&frame->shape));
	cvm_model_parameters(active, frame->encoder, start);
	return start;
}

/* ---- the gate ---- */

/*
 * Whether the candidate becomes active; *reason says why not, or how well.
 * Under the lock of the registry row.
 */
static bool
passes_gate(const CvmOptions *options, const CvmFrame *frame, const MetricSet *candidate,
			const CvmDefinition *definition, char **reason)
{
	bool		more_is_better;
	const char *metric = cvm_primary_metric(frame->family, frame->task, &more_is_better);
	int			active_number = definition->active_version;
	const CvmModel *active;
	MetricSet	current;
	double	   *parameters;
	double		old_value;
	double		new_value;
	double		gain;

	*reason = NULL;
	if (options->promote == CVM_PROMOTE_NEVER)
	{
		*reason = pstrdup("option \"promote\" is \"never\"");
		return false;
	}
	if (active_number == 0)
	{
		*reason = pstrdup("first version");
		return true;
	}
	active = active_model(definition, true);
	*reason = not_comparable(frame, active, active_number);
	if (*reason != NULL)
		return true;

	parameters = palloc(sizeof(double) * CVM_PARAMETERS(&frame->shape));
	cvm_model_parameters(active, frame->encoder, parameters);
	measure(frame, (CvmBlockSource *) &frame->validation, parameters, &current);
	old_value = metric_value(&current, metric);
	new_value = metric_value(candidate, metric);
	if (isnan(old_value) || isnan(new_value))
	{
		*reason = psprintf("%s has no value on the held-out rows", metric);
		return true;
	}
	gain = more_is_better ? new_value - old_value : old_value - new_value;
	*reason = psprintf("%s %.4f against %.4f of version %d on the same held-out rows",
					   metric, new_value, old_value, active_number);
	if (options->promote == CVM_PROMOTE_ALWAYS)
		return true;
	if (options->promote == CVM_PROMOTE_IF_BETTER)
		return gain > 0;
	return gain >= -PROMOTION_MARGIN * fabs(old_value);
}

static void
warn_of_outcome(const char *name, const CvmFit *fit)
{
	switch (fit->outcome)
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
			if (fit->solver == CVM_SOLVER_NEWTON || fit->solver == CVM_SOLVER_LBFGS)
				ereport(NOTICE,
						(errmsg("model \"%s\" had not converged after %d iterations",
								name, fit->iterations),
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
metrics_json(const CvmFrame *frame, const CvmFit *fit, const MetricSet *training,
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
					 cvm_outcome_name(fit->outcome),
					 fit->outcome == CVM_CONVERGED ? "true" : "false",
					 fit->iterations, cvm_solver_name(fit->solver),
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
						definition->model)));
	if (!has_privs_of_role(GetUserId(), stored->owner))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("model name \"%s\" is already in use", definition->model),
				 errhint("Choose another name.")));
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
	CvmFit		fit;
	CvmError	error = {0};
	MetricSet	training;
	MetricSet	validation = {.count = 0};
	double	   *start = NULL;
	bool		promoted;
	char	   *reason;

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
	request.family = definition->algorithm;
	request.options = &options;
	frame = cvm_frame_build(&request);

	if (options.warm_start)
		start = warm_start(definition->model, frame);
	cvm_report(cvm_fit(&frame->shape, &frame->training,
					   frame->validation.rows > 0 ? &frame->validation : NULL,
					   &options, start, &progress.callback, &fit, &error), &error);
	warn_of_outcome(definition->model, &fit);

	cvm_progress_phase(&progress, "measuring");
	model = build_model(definition, &options, frame, &fit);
	cvm_report(cvm_model_check(model, &error), &error);
	measure(frame, &frame->training, fit.parameters, &training);
	if (frame->validation.rows > 0)
		measure(frame, &frame->validation, fit.parameters, &validation);

	cvm_progress_phase(&progress, "storing");
	definition->task = pstrdup(cvm_task_name(frame->task));
	lock_definition(definition, replace);
	promoted = passes_gate(&options, frame, &validation, definition, &reason);
	if (run == 0)
		run = cvm_run_create(definition->model, "train", "succeeded", NULL, 1);

	result->seconds = (GetCurrentTimestamp() - started) / 1e6;
	result->status = promoted ? "active"
		: options.promote == CVM_PROMOTE_NEVER ? "candidate" : "rejected";
	result->version = cvm_record_version(definition->model, model,
										 promoted ? "candidate" : result->status, reason,
										 definition->active_version, run, result->seconds);
	cvm_record_metrics(definition->model, result->version, "training",
					   training.metrics, training.count);
	cvm_record_metrics(definition->model, result->version, "validation",
					   validation.metrics, validation.count);
	cvm_record_profile(definition->model, result->version, frame->profile,
					   frame->encoder);
	cvm_record_epochs(definition->model, run, progress.epochs, progress.count);
	cvm_run_succeed(definition->model, run, result->version, model->rows,
					model->validation_rows, frame->rows_left_out, frame->null_cells,
					fit.iterations, cvm_outcome_name(fit.outcome), reason);
	if (promoted)
		cvm_version_activate(definition->model, result->version, reason);

	result->algorithm = cvm_family_name(frame->family);
	result->task = definition->task;
	result->training_rows = model->rows;
	result->validation_rows = model->validation_rows;
	result->reason = reason;
	result->metrics = metrics_json(frame, &fit, &training, &validation);
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
