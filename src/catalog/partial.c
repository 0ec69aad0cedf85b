/*
 * partial.c
 *		Partial fits: what they go on from, and why there may be none.
 *
 * A partial fit keeps features, encoding and classes of its base, so that it
 * needs a source that still has all of them.  Columns that came since, and
 * levels that the base never met, wait for the next training on all rows.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "catalog/access.h"
#include "catalog/gate.h"
#include "catalog/partial.h"
#include "frame/column.h"
#include "frame/source.h"
#include "model/learner.h"
#include "pg/options_json.h"

/* The options that a version was trained with. */
static void
read_options(const CvmModel *model, CvmOptions *options)
{
	cvm_options_for_train(options);
	cvm_options_apply_json(options,
						   DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(model->options))),
						   model->learner->name);
}

/* Why the version keeps no knowledge. */
static char *
without_knowledge(const CvmModel *model, int version)
{
	CvmOptions	options;

	if (model->learner->partial_fit == NULL)
		return psprintf("algorithm \"%s\" cannot learn from new rows alone", model->learner->name);
	if (model->segments != NULL)
		return psprintf("version %d has segments, which learn from all rows", version);
	read_options(model, &options);
	return psprintf(options.incremental ? "version %d has too many columns to keep what a partial fit needs" :
					"version %d was trained without option \"incremental\"", version);
}

/* Whether an input may still be a feature. */
static bool
is_wanted(const CvmDefinition *definition, const CvmOptions *options, const char *name)
{
	bool		listed = definition->features == NULL;

	for (int i = 0; i < definition->feature_count; i++)
		listed |= strcmp(definition->features[i], name) == 0;
	for (char **excluded = options->exclude; excluded != NULL && *excluded != NULL; excluded++)
		listed &= strcmp(*excluded, name) != 0;
	return listed;
}

/* Whether the definition asks for another model than the version is. */
static bool
was_redefined(const CvmDefinition *definition, const CvmOptions *options, const CvmModel *model)
{
	const char *target = definition->target != NULL ? definition->target : "";

	/* a version that keeps knowledge has neither segments nor stages */
	if (options->segment_by != NULL || options->pipeline.count > 0 ||
		strcmp(target, model->target) != 0 ||
		(strcmp(definition->algorithm, "auto") != 0 &&
		 strcmp(definition->algorithm, model->learner->name) != 0))
		return true;
	for (int i = 0; i < model->encoder.input_count; i++)
		if (!is_wanted(definition, options, model->encoder.inputs[i].name))
			return true;
	return false;
}

char *
cvm_missing_feature(const CvmModel *model, const char *source)
{
	TupleDesc	columns = cvm_source_describe(cvm_source_from_item(source));

	for (int i = 0; i < model->encoder.input_count; i++)
	{
		const CvmInput *input = &model->encoder.inputs[i];
		CvmInputKind kind;
		bool		integral;
		int			at = 0;

		while (at < columns->natts &&
			   strcmp(NameStr(TupleDescAttr(columns, at)->attname), input->name) != 0)
			at++;
		if (at == columns->natts)
			return psprintf("column \"%s\" is gone", input->name);
		if (!cvm_column_kind(TupleDescAttr(columns, at)->atttypid, &kind, &integral) ||
			kind != input->kind)
			return psprintf("column \"%s\" has another type than before", input->name);
	}
	return NULL;
}

static char *
version_watermark(const CvmDefinition *definition, int version)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(definition->model), Int32GetDatum(version)};
	char	   *watermark;

	cvm_catalog_execute("SELECT watermark FROM cvm.model_versions WHERE model = $1 AND version = $2",
						2, types, values, NULL, true);
	watermark = SPI_processed == 0 ? NULL : cvm_catalog_text(0, 1);
	if (watermark != NULL)
		watermark = MemoryContextStrdup(context, watermark);
	MemoryContextSwitchTo(context);
	return watermark;
}

char *
cvm_partial_base(const CvmDefinition *definition, const CvmOptions *options,
				 const char *source, bool past_watermark, CvmPartialBase *base)
{
	int			version = definition->active_version;
	CvmOptions	trained_with;

	memset(base, 0, sizeof(*base));
	if (version == 0)
		return pstrdup("there is no active version");
	base->version = version;
	base->model = cvm_active_model_of(definition, false);
	if (base->model->knowledge == NULL)
		return without_knowledge(base->model, version);
	if (was_redefined(definition, options, base->model))
		return psprintf("the model was defined anew since version %d", version);
	read_options(base->model, &trained_with);
	base->watermark = trained_with.watermark;
	base->past = version_watermark(definition, version);
	if (past_watermark)
	{
		if (base->past == NULL)
			return psprintf("version %d has no watermark", version);
		if (options->watermark != NULL && strcmp(options->watermark, base->watermark) != 0)
			return psprintf("the watermark of version %d is that of column \"%s\"", version,
							base->watermark);
		if (options->validation_after != NULL)
			return pstrdup("option \"validation_after\" holds out the newest rows");
	}
	return cvm_missing_feature(base->model, source);
}

void
cvm_partial_add_rows(const CvmPartialBase *base, const CvmFrame *frame, double decay,
					 CvmModel *model)
{
	const CvmModel *earlier = base->model;
	double		weight = decay * earlier->total_weight;
	double		added = frame->training.total_weight;

	model->rows += earlier->rows;
	model->rows_left_out += earlier->rows_left_out;
	model->total_weight = weight + added;
	if (model->class_count > 0)
		model->class_shares = palloc(model->class_count * sizeof(double));
	for (int k = 0; k < model->class_count; k++)
		model->class_shares[k] = (weight * earlier->class_shares[k] +
								  added * frame->class_shares[k]) / (weight + added);
	model->knowledge = palloc0(sizeof(CvmKnowledge));
	model->knowledge->partial_fits = earlier->knowledge->partial_fits + 1;
	model->knowledge->effective_rows = decay * earlier->knowledge->effective_rows +
		frame->training.rows;
}
