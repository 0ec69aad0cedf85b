/*
 * score_source.c
 *		cvm.score(): every row of a source, logged where that is asked for.
 *
 * The source is run once with the rights of the caller, read-only, some
 * thousand rows at a time; each row passes through a scorer of the active
 * version and, where predictions are logged, of those that are scored in its
 * shadow.  What is logged is written between the reads.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "catalog/prediction_log.h"
#include "frame/column.h"
#include "frame/frame.h"
#include "frame/row_receiver.h"
#include "frame/source.h"
#include "model/model_type.h"
#include "model/predictor.h"
#include "pg/clock.h"
#include "score/scorer.h"

#define CHUNK_ROWS 4096

typedef struct ScoredVersion
{
	const CvmModel *model;
	CvmScorer  *scorer;
	CvmLogChunk chunk;
} ScoredVersion;

typedef struct Scoring
{
	ReturnSetInfo *result;
	ScoredVersion *versions;	/* the active one first */
	int			version_count;
	CvmColumnReader *key;		/* NULL: the model has none */
	MemoryContext chunk_context;
	int			rows;			/* in the chunk */
	StringInfoData query;
	TupleDesc	columns;
	List	   *features;		/* names of the query's columns after the key */
} Scoring;

/* ---- rows ---- */

static void
keep(ScoredVersion *version, int row, char *key, const double *output)
{
	const CvmModel *model = version->model;
	CvmLogChunk *chunk = &version->chunk;

	chunk->keys[row] = key;
	chunk->scores[row] = output[0];
	chunk->classes[row] = NULL;
	if (model->class_count > 0)
	{
		int			class = cvm_model_class(model, output);

		chunk->classes[row] = model->classes[class];
		if (model->class_count > 2)
		{
			chunk->scores[row] = output[class];
			memcpy(chunk->probabilities + (size_t) row * model->class_count, output,
				   sizeof(double) * model->class_count);
		}
	}
	chunk->rows = row + 1;
}

static Datum
probability_array(const double *probabilities, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * count);

	for (int k = 0; k < count; k++)
		elements[k] = Float8GetDatum(probabilities[k]);
	return PointerGetDatum(construct_array(elements, count, FLOAT8OID, sizeof(float8),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static void
give(const Scoring *scoring, int row)
{
	const ScoredVersion *active = &scoring->versions[0];
	const CvmLogChunk *chunk = &active->chunk;
	int			classes = active->model->class_count;
	Datum		values[4];
	bool		nulls[4] = {false};

	nulls[0] = chunk->keys[row] == NULL;
	if (!nulls[0])
		values[0] = CStringGetTextDatum(chunk->keys[row]);
	values[1] = Float8GetDatum(chunk->scores[row]);
	nulls[2] = chunk->classes[row] == NULL;
	if (!nulls[2])
		values[2] = CStringGetTextDatum(chunk->classes[row]);
	nulls[3] = classes <= 2;
	if (!nulls[3])
		values[3] = probability_array(chunk->probabilities + (size_t) row * classes, classes);
	tuplestore_putvalues(scoring->result->setResult, scoring->result->setDesc, values, nulls);
}

static void
receive_row(void *state, TupleTableSlot *slot)
{
	Scoring    *scoring = state;
	char	   *key = NULL;

	if (scoring->key != NULL)
	{
		int			length;
		const char *text = cvm_column_text(scoring->key, slot->tts_values[0],
										   slot->tts_isnull[0], &length);

		if (text != NULL)
			key = MemoryContextStrdup(scoring->chunk_context, pnstrdup(text, length));
	}
	for (int v = 0; v < scoring->version_count; v++)
		keep(&scoring->versions[v], scoring->rows, key,
			 cvm_scorer_row(scoring->versions[v].scorer, slot->tts_values, slot->tts_isnull));
	give(scoring, scoring->rows);
	scoring->rows++;
}

/* ---- before the rows ---- */

/* The position of a feature in the query's rows, which it joins if it is new. */
static int
feature_position(Scoring *scoring, const char *name)
{
	int			position = 1;
	ListCell   *cell;

	foreach(cell, scoring->features)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return position;
		position++;
	}
	appendStringInfo(&scoring->query, ", source.%s", quote_identifier(name));
	scoring->features = lappend(scoring->features, pstrdup(name));
	return position;
}

static void
add_version(Scoring *scoring, const CvmDefinition *definition, int number, bool shadow)
{
	ScoredVersion *version = &scoring->versions[scoring->version_count++];
	const CvmModel *model = cvm_model_unpack(cvm_version_fitted(definition, number, false));
	int			inputs = model->encoder.input_count;
	Oid		   *types = palloc(sizeof(Oid) * Max(inputs, 1));
	int		   *positions = palloc(sizeof(int) * Max(inputs, 1));
	CvmLogChunk *chunk = &version->chunk;

	for (int i = 0; i < inputs; i++)
	{
		const char *name = model->encoder.inputs[i].name;
		int			column = cvm_source_column(scoring->columns, name, "feature");

		types[i] = TupleDescAttr(scoring->columns, column)->atttypid;
		positions[i] = feature_position(scoring, name);
	}
	version->model = model;
	version->scorer = cvm_scorer_create(model, positions, types);
	chunk->version = number;
	chunk->shadow = shadow;
	chunk->class_count = model->class_count;
	chunk->keys = palloc(sizeof(char *) * CHUNK_ROWS);
	chunk->scores = palloc(sizeof(double) * CHUNK_ROWS);
	chunk->classes = palloc(sizeof(char *) * CHUNK_ROWS);
	if (model->class_count > 2)
		chunk->probabilities = palloc(sizeof(double) * CHUNK_ROWS * model->class_count);
}

static void
add_key(Scoring *scoring, const CvmDefinition *definition, bool log_predictions)
{
	Oid			type = TEXTOID;

	if (definition->key == NULL && log_predictions)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("predictions of model \"%s\" cannot be logged, because it has no key",
						definition->model),
				 errhint("Train it with key => the column that outcomes will be recorded by.")));
	if (definition->key == NULL)
	{
		appendStringInfoString(&scoring->query, "SELECT NULL::text");
		return;
	}
	(void) cvm_source_column(scoring->columns, definition->key, "key");
	appendStringInfo(&scoring->query, "SELECT source.%s::text", quote_identifier(definition->key));
	scoring->key = cvm_column_reader_create(definition->key, type, CVM_INPUT_CATEGORY, 0);
}

static Scoring *
prepare(ReturnSetInfo *result, const CvmDefinition *definition, const char *item,
		bool log_predictions)
{
	Scoring    *scoring = palloc0(sizeof(Scoring));
	List	   *shadows = log_predictions ? cvm_shadow_versions(definition) : NIL;
	ListCell   *cell;

	scoring->result = result;
	scoring->columns = cvm_source_describe(item);
	scoring->versions = palloc0(sizeof(ScoredVersion) * (1 + list_length(shadows)));
	initStringInfo(&scoring->query);
	add_key(scoring, definition, log_predictions);
	add_version(scoring, definition, cvm_active_version(definition), false);
	foreach(cell, shadows)
		add_version(scoring, definition, lfirst_int(cell), true);
	if (!cvm_task_has_target(scoring->versions[0].model->task))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" predicts nothing that could be observed", definition->model),
				 errhint("cvm.predict and cvm.transform score rows with it.")));
	appendStringInfo(&scoring->query, " FROM %s AS source", item);

	scoring->chunk_context = AllocSetContextCreate(CurrentMemoryContext, "cvm scored rows",
												   ALLOCSET_DEFAULT_SIZES);
	return scoring;
}

/* cvm.score(model text, source text, log_predictions boolean) -> key, score, class, probabilities */
PG_FUNCTION_INFO_V1(cvm_score);
Datum
cvm_score(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(1));
	bool		log_predictions = PG_GETARG_BOOL(2);
	TimestampTz now = cvm_clock()->now();
	MemoryContext context;
	CvmDefinition *definition;
	Scoring    *scoring;
	CvmScan    *scan;
	DestReceiver *receiver;
	bool		more = true;

	if (log_predictions)
	{
		PreventCommandDuringRecovery("cvm.score() with log_predictions");
		PreventCommandIfReadOnly("cvm.score() with log_predictions");
	}
	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	context = CurrentMemoryContext;
	definition = cvm_definition_require_use(name);
	scoring = prepare((ReturnSetInfo *) fcinfo->resultinfo, definition,
					  cvm_source_from_item(source), log_predictions);
	if (log_predictions)
		cvm_log_make_partition(now);

	MemoryContextSwitchTo(context);
	receiver = cvm_row_receiver_create(receive_row, scoring);
	scan = cvm_scan_open(scoring->query.data);
	while (more)
	{
		scoring->rows = 0;
		more = cvm_scan_run(scan, CHUNK_ROWS, receiver);
		for (int v = 0; v < scoring->version_count && log_predictions && scoring->rows > 0; v++)
		{
			MemoryContextSwitchTo(scoring->chunk_context);
			cvm_log_predictions(name, now, &scoring->versions[v].chunk);
		}
		MemoryContextSwitchTo(context);
		MemoryContextReset(scoring->chunk_context);
	}
	cvm_scan_close(scan);
	SPI_finish();
	return (Datum) 0;
}
