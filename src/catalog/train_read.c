/*
 * train_read.c
 *		The first part of a training: the rows that are learned from.
 *
 * All of them, or of a partial fit the new ones.  How far they go, the
 * watermark, is read under the snapshot that the rows were read under: what is
 * not in the rows is past it, but for rows whose column says that they are
 * older (doc/operations.md).
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "catalog/ensemble.h"
#include "catalog/gate.h"
#include "catalog/train_state.h"
#include "frame/source.h"
#include "model/learners/learner_ensemble.h"
#include "model/learners/learner_pipeline.h"
#include "model/segments/segment_fit.h"
#include "pg/options_json.h"
#include "pg/report.h"

/* NULL for "auto". */
static const CvmLearner *
learner_named(const char *algorithm)
{
	const CvmLearner *learner = cvm_learner_by_name(algorithm);
	const char *nearest;
	char		known[512];

	if (learner != NULL || strcmp(algorithm, "auto") == 0)
		return learner;
	nearest = cvm_learner_nearest(algorithm);
	cvm_learner_list(known, sizeof(known));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("algorithm \"%s\" is not known", algorithm),
			 errdetail("Algorithms are auto, %s.", known),
			 nearest ? errhint("Did you mean \"%s\"?", nearest) : 0));
}

/* What the rows that are learned from go up to, in their own snapshot. */
static char *
read_watermark(const CvmTraining *training)
{
	const char *column = training->options.watermark;
	char	   *item;

	if (column == NULL)
		return NULL;
	item = cvm_source_from_item(training->definition->source);
	(void) cvm_source_column(cvm_source_describe(item), column, "watermark");
	return cvm_source_value(psprintf("SELECT max(source.%s)::text FROM %s AS source",
									 quote_identifier(column), item));
}

/* The active version, if one like it is being trained. */
static const CvmModel *
find_start(const CvmTraining *training)
{
	const CvmFrame *frame = training->frame;
	const CvmModel *active;

	if (!training->options.warm_start)
		return NULL;
	active = cvm_active_model_of(cvm_definition_find(training->definition->model, false), false);
	if (cvm_same_question(active, frame) && active->learner == frame->learner &&
		active->family == frame->family)
		return active;
	return NULL;
}

CvmTraining *
cvm_training_begin(CvmDefinition *definition, bool replace, CvmPromote promote)
{
	CvmTraining *training = palloc0(sizeof(CvmTraining));

	training->definition = definition;
	training->replace = replace;
	training->started = GetCurrentTimestamp();
	cvm_options_for_train(&training->options);
	training->options.promote = promote;	/* unless options say otherwise */
	cvm_options_apply_json(&training->options, definition->options, definition->algorithm);
	cvm_progress_begin(&training->progress,
					   definition->model != NULL ? definition->model : "(not stored)");
	cvm_progress_phase(&training->progress, "reading rows");
	return training;
}

void
cvm_training_read_rows(CvmTraining *training, bool outlives_transaction, const CvmFold *fold)
{
	const CvmDefinition *definition = training->definition;
	CvmFrameRequest request = {
		.source = definition->source,
		.target = definition->target,
		.features = (const char **) definition->features,
		.feature_count = definition->feature_count,
		.key = definition->key,
		.weight = definition->weight,
		.options = &training->options,
		.outlives_transaction = outlives_transaction,
		.fold = fold
	};
	CvmError	error = {0};

	if (training->partial)
	{
		request.base = training->base.model;
		request.learner = training->base.model->learner;
		request.watermark = training->base.watermark;
		request.past = training->base.past;
	}
	else
	{
		request.learner = learner_named(definition->algorithm);
		cvm_report(cvm_pipeline_check(&training->options.pipeline, request.learner, &error), &error);
	}
	if (request.learner != NULL)
		cvm_report(cvm_segments_check_options(request.learner, &training->options, &error),
				   &error);
	if (request.learner == &cvm_learner_ensemble)
		cvm_ensemble_prepare(definition, &training->options, &request);
	training->frame = cvm_frame_build(&request);
	if (request.learner == &cvm_learner_ensemble)
		cvm_ensemble_check_rows(training->frame);
}

/*
 * The active version may read columns that are no features any more.  As long as
 * the source has them, the held-out rows are read once more for the gate.
 */
static void
read_compared_rows(CvmTraining *training, bool outlives_transaction)
{
	const CvmDefinition *definition = training->definition;
	const CvmModel *active;
	CvmFrameRequest request = {
		.source = definition->source,
		.target = definition->target,
		.key = definition->key,
		.weight = definition->weight,
		.options = &training->options,
		.outlives_transaction = outlives_transaction,
		.held_out_only = true
	};

	if (training->frame->validation.rows == 0 || cvm_task_judging(training->frame->task) == CVM_BY_DISTANCE)
		return;
	active = cvm_active_model_of(cvm_definition_find(definition->model, false), false);
	if (!cvm_same_question(active, training->frame) ||
		cvm_unread_input(active, training->frame) == NULL ||
		cvm_missing_feature(active, definition->source) != NULL)
		return;
	request.base = active;
	request.learner = active->learner;
	training->compared = cvm_frame_build(&request);
}

CvmTraining *
cvm_training_read(CvmDefinition *definition, bool replace, bool outlives_transaction)
{
	CvmTraining *training = cvm_training_begin(definition, replace,
								  replace ? CVM_PROMOTE_ALWAYS : CVM_PROMOTE_IF_NOT_WORSE);

	cvm_training_read_rows(training, outlives_transaction, NULL);
	training->watermark = read_watermark(training);
	training->start = find_start(training);
	read_compared_rows(training, outlives_transaction);
	return training;
}

/* What a version that goes on from the base has to remember as its options. */
static void
add_partial_options(CvmDefinition *definition, const CvmPartialBase *base)
{
	StringInfoData json;
	Datum		options;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"incremental\": true");
	if (base->watermark != NULL)
	{
		appendStringInfoString(&json, ", \"watermark\": ");
		escape_json(&json, base->watermark);
	}
	appendStringInfoChar(&json, '}');
	options = DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
	definition->options = DatumGetJsonbP(DirectFunctionCall2(jsonb_concat,
															 JsonbPGetDatum(definition->options),
															 options));
}

CvmTraining *
cvm_training_read_partial(CvmDefinition *definition, const char *source, CvmPromote promote,
						  bool outlives_transaction, char **obstacle)
{
	CvmTraining *training = cvm_training_begin(definition, false, promote);
	CvmPartialBase *base = &training->base;

	*obstacle = cvm_partial_base(definition, &training->options,
								 source != NULL ? source : definition->source, source == NULL, base);
	if (*obstacle == NULL)
	{
		training->partial = true;
		training->options.incremental = true;
		if (training->options.driver == CVM_DRIVER_PASSES)
			training->options.driver = CVM_DRIVER_AUTO;
		add_partial_options(definition, base);
		if (source != NULL)
		{
			training->watermark = base->past;
			base->past = NULL;
			definition->source = pstrdup(source);
		}
		cvm_training_read_rows(training, outlives_transaction, NULL);
		*obstacle = training->frame->misfit != NULL ? pstrdup(training->frame->misfit) : NULL;
	}
	if (*obstacle != NULL)
	{
		cvm_training_abandon(training);
		return NULL;
	}
	if (source == NULL)
	{
		training->options.watermark = base->watermark;
		training->watermark = read_watermark(training);
		training->mode_reason = psprintf("rows past %s %s of version %d", base->watermark,
										 base->past, base->version);
	}
	else
		training->mode_reason = psprintf("given rows on top of version %d", base->version);
	training->start = base->model;
	return training;
}

bool
cvm_training_has_rows(const CvmTraining *training)
{
	return training->frame->training.rows > 0;
}

const char *
cvm_training_watermark(const CvmTraining *training)
{
	return training->watermark;
}

void
cvm_training_abandon(CvmTraining *training)
{
	cvm_progress_end(&training->progress);
	if (training->frame != NULL)
		cvm_frame_end(training->frame);
}

void
cvm_training_explain_mode(CvmTraining *training, const char *reason)
{
	training->mode_reason = reason;
}
