/*
 * ensemble.c
 *		The members of an ensemble, by their names.
 *
 * A stack learns how much to trust each member from rows that none of them has
 * learned from.  Whether a member has learned from a row is decided by the
 * hash of the row's key with the member's seed (frame/split.c): those below
 * its share "validation" were held out.  So with one key and one seed, the rows
 * below the smallest share were held out by all.  The lower part of these stays
 * held out by the ensemble too, for its own metrics and its gate; the weights
 * are learned from the upper part, and no other rows are read at all.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "catalog/ensemble.h"
#include "catalog/partial.h"
#include "frame/source.h"
#include "model/learners/learner_ensemble.h"
#include "model/model_type.h"
#include "pg/options_json.h"
#include "pg/report.h"

/* How a member was trained. */
typedef struct Training
{
	const char *key;			/* or NULL */
	CvmOptions	options;
} Training;

pg_noreturn static void
refuse(const char *member, const char *problem, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("member \"%s\" of the ensemble %s", member, problem),
			 hint != NULL ? errhint("%s", hint) : 0));
}

static int
count_names(const CvmDefinition *definition, const CvmOptions *options)
{
	int			count = 0;

	while (options->models != NULL && options->models[count] != NULL)
		count++;
	if (count < 2 || count > CVM_MOST_NESTED_MODELS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an ensemble needs 2 to %d models", CVM_MOST_NESTED_MODELS),
				 errhint("Name them: options => '{\"models\": [\"churn_trees\", \"churn_logistic\"]}'.")));
	for (int i = 0; i < count; i++)
	{
		if (definition->model != NULL && strcmp(options->models[i], definition->model) == 0)
			refuse(options->models[i], "is the ensemble itself", "Give the ensemble a name of its own.");
		for (int j = 0; j < i; j++)
			if (strcmp(options->models[i], options->models[j]) == 0)
				refuse(options->models[i], "is named twice",
					   "Name it once, and let it count more with option \"weights\".");
	}
	return count;
}

/* ---- members ---- */

static void
check_question(const char *name, const CvmModel *member, const CvmModel *first, const char *first_name)
{
	if (!(cvm_learner_ensemble.tasks & CVM_TASK_BIT(member->task)))
		refuse(name, psprintf("is a %s model, which predicts no target", cvm_task_name(member->task)),
			   NULL);
	if (member->task != first->task)
		refuse(name, psprintf("is a %s model, and \"%s\" is a %s model", cvm_task_name(member->task),
							  first_name, cvm_task_name(first->task)),
			   "All members have to predict the same.");
	if (member->class_count != first->class_count)
		refuse(name, psprintf("has %d classes, and \"%s\" has %d", member->class_count, first_name,
							  first->class_count), "All members have to predict the same.");
	for (int k = 0; k < member->class_count; k++)
		if (strcmp(member->classes[k], first->classes[k]) != 0)
			refuse(name, psprintf("has the class \"%s\" where \"%s\" has \"%s\"", member->classes[k],
								  first_name, first->classes[k]),
				   "All members have to predict the same classes; option \"positive\" names the positive one.");
	if (cvm_model_nesting(member, CVM_MODEL_MAX_DEPTH) >= CVM_MODEL_MAX_DEPTH)
		refuse(name, "holds models within models already, and cannot be nested once more",
			   "Name the members of that ensemble instead of it.");
}

/* The active version of a model that the user may use, and how it was trained. */
static const CvmModel *
find_member(const char *name, Training *training)
{
	CvmDefinition *definition = cvm_definition_require_use(name);
	const CvmModel *model = cvm_model_unpack(cvm_version_fitted(definition,
																cvm_active_version(definition),
																false));
	Jsonb	   *options = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
															 CStringGetDatum(model->options)));

	training->key = definition->key;
	cvm_options_for_train(&training->options);
	cvm_options_apply_json(&training->options, options, definition->algorithm);
	return model;
}

/* ---- rows that no member has learned from ---- */

/* Why the rows that a member has not learned from are not known, or NULL. */
static const char *
unknown_rows(const CvmDefinition *definition, const CvmOptions *options, const CvmModel *member,
			 const Training *training)
{
	if (member->learner == &cvm_learner_ensemble)
		return "is an ensemble itself";
	if (training->key == NULL || strcmp(training->key, definition->key) != 0)
		return psprintf("was trained with %s", training->key == NULL ? "no key" :
						psprintf("the key \"%s\"", training->key));
	if (training->options.validation_after != NULL)
		return "has held rows out by time";
	if (training->options.validation == 0)
		return "has held no rows out";
	if (training->options.seed != options->seed)
		return psprintf("was trained with seed %lld", (long long) training->options.seed);
	return NULL;
}

/* Whether options say it, or the default is what it is. */
static bool
is_given(Jsonb *options, const char *name)
{
	JsonbValue	value;

	return getKeyJsonValueFromContainer(&options->root, name, strlen(name), &value) != NULL;
}

/* The share of the rows, from below, that all members have held out. */
static double
common_share(const CvmDefinition *definition, const CvmOptions *options,
			 const CvmMembers *members, const Training *trainings)
{
	double		share = 1;

	if (definition->key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an ensemble of method \"stack\" needs a key"),
				 errhint("Train it with the key of its members: it tells the rows that they have not learned from.")));
	for (int m = 0; m < members->list.count; m++)
	{
		const char *problem = unknown_rows(definition, options, members->list.models[m],
										   &trainings[m]);

		if (problem != NULL)
			refuse(members->names[m],
				   psprintf("%s, so that the rows that it has not learned from are not known", problem),
				   "Train all members and the ensemble with the same key and option \"seed\", or use method \"average\".");
		share = Min(share, trainings[m].options.validation);
	}
	return share;
}

/* Reads just the rows that no member has learned from. */
static void
restrict_rows(const CvmDefinition *definition, double share, CvmOptions *options,
			  CvmFrameRequest *request)
{
	if (options->validation_after != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an ensemble of method \"stack\" cannot hold out rows by time"),
				 errhint("Leave out option \"validation_after\", or use method \"average\".")));
	if (!is_given(definition->options, "validation"))
		options->validation = share / 2;
	if (options->validation >= share)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"validation\" is %g, and leaves no rows to learn from", options->validation),
				 errdetail("The members have held out a share of %g; what the ensemble does not hold out of it, it learns from.", share),
				 errhint("Leave the option out, or lower it.")));
	request->source = psprintf("SELECT source.* FROM %s AS source WHERE cvm.held_out(source.%s, %.17g, %lld)",
							   cvm_source_from_item(definition->source),
							   quote_identifier(definition->key), share, (long long) options->seed);
}

/* Members that may have learned from rows that the ensemble holds out. */
static void
warn_of_learned_rows(const CvmDefinition *definition, const CvmOptions *options,
					 const CvmMembers *members, const Training *trainings)
{
	for (int m = 0; m < members->list.count && options->validation > 0; m++)
		if (definition->key == NULL || options->validation_after != NULL ||
			unknown_rows(definition, options, members->list.models[m], &trainings[m]) != NULL ||
			trainings[m].options.validation < options->validation)
			ereport(NOTICE,
					(errmsg("member \"%s\" may have learned from rows that the ensemble holds out",
							members->names[m]),
					 errdetail("Metrics of held-out rows are honest where members and ensemble have the same key, option \"seed\" and \"validation\".")));
}

/* ---- the whole ---- */

void
cvm_ensemble_prepare(const CvmDefinition *definition, CvmOptions *options,
					 CvmFrameRequest *request)
{
	int			count = count_names(definition, options);
	CvmMembers *members = palloc0(sizeof(CvmMembers));
	Training   *trainings = palloc0(sizeof(Training) * count);
	CvmModel   *base = palloc0(sizeof(CvmModel));
	CvmError	error = {0};

	if (definition->features != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the features of an ensemble are those of its members"),
				 errhint("Leave features out.")));
	if (options->warm_start)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ensemble cannot have option \"warm_start\"")));
	if (options->method == CVM_ENSEMBLE_AVERAGE &&
		(options->calibration != CVM_CALIBRATION_NONE ||
		 options->profit.threshold == CVM_THRESHOLD_EMPIRICAL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an average of models has no rows to be calibrated with, because its members have learned from them"),
				 errhint("Calibrate the members, or use method \"stack\".")));
	members->list.models = palloc(sizeof(CvmModel *) * count);
	members->names = (const char *const *) options->models;
	for (int m = 0; m < count; m++)
	{
		members->list.models[m] = (CvmModel *) find_member(options->models[m], &trainings[m]);
		check_question(options->models[m], members->list.models[m], members->list.models[0],
					   options->models[0]);
		members->list.count++;
	}
	*base = *members->list.models[0];
	base->learner = &cvm_learner_ensemble;
	cvm_report(cvm_ensemble_encoder(members, &base->encoder, &error), &error);
	for (int m = 0; m < count; m++)
	{
		char	   *problem = cvm_missing_feature(members->list.models[m], definition->source);

		if (problem != NULL)
			refuse(options->models[m], psprintf("cannot score the source: %s", problem),
				   "The source of an ensemble needs the columns of all of its members.");
	}
	options->members = members;
	request->base = base;
	if (options->method == CVM_ENSEMBLE_STACK)
		restrict_rows(definition, common_share(definition, options, members, trainings), options,
					  request);
	else
		warn_of_learned_rows(definition, options, members, trainings);
}

void
cvm_ensemble_check_rows(const CvmFrame *frame)
{
	if (frame->misfit != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the members of the ensemble cannot score the source: %s", frame->misfit),
				 errhint("Train the members on rows like these first.")));
	if (frame->training.rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("the source has no rows to measure the ensemble on"),
				 errhint("A row counts if its target is not NULL and its weight is above zero.")));
}
