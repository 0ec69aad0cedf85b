/*
 * drift_measure.c
 *		Measuring how far today's rows are from those of the active version.
 *
 * One scan counts rows in the bins of every term of the encoder but
 * identifiers (term_bins.h).
 * The model's own source is its owner's code: whoever asks, it is run with the
 * owner's rights.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/distribution.h"
#include "catalog/access.h"
#include "catalog/drift_measure.h"
#include "catalog/retraining.h"
#include "catalog/term_bins.h"
#include "frame/column.h"
#include "frame/frame.h"
#include "frame/row_receiver.h"
#include "frame/source.h"
#include "model/model_type.h"
#include "pg/options_json.h"

typedef struct InputColumn
{
	CvmColumnReader *reader;
	int			first_term;		/* its terms follow one another */
	int			term_count;
} InputColumn;

typedef struct Measurement
{
	const CvmModel *model;
	InputColumn *inputs;
	CvmTermBins *terms;
	double	   *elements;		/* of the longest array */
	int64		rows;
} Measurement;

/* ---- counting ---- */

static void
count_input(Measurement *measurement, int index, Datum value, bool isnull)
{
	InputColumn *input = &measurement->inputs[index];
	CvmTermBins *terms = &measurement->terms[input->first_term];
	int			month = 0;
	int			weekday = 0;
	int			length;
	const char *text;

	switch (measurement->model->encoder.inputs[index].kind)
	{
		case CVM_INPUT_CATEGORY:
			text = cvm_column_text(input->reader, value, isnull, &length);
			cvm_term_bins_count_level(terms, text, length);
			return;
		case CVM_INPUT_IDENTIFIER:
			return;
		case CVM_INPUT_TIME:
			{
				double		days = cvm_column_time(input->reader, value, isnull, &month, &weekday);

				for (int i = 0; i < input->term_count; i++)
				{
					if (terms[i].term->part == 0)
						cvm_term_bins_count_number(&terms[i], days);
					else
						cvm_term_bins_count_part(&terms[i], terms[i].term->part == 1 ? month : weekday);
				}
				return;
			}
		case CVM_INPUT_ARRAY:
			cvm_column_array(input->reader, value, isnull, measurement->elements);
			for (int i = 0; i < input->term_count; i++)
				cvm_term_bins_count_number(&terms[i], measurement->elements[terms[i].term->part]);
			return;
		default:
			cvm_term_bins_count_number(terms, cvm_column_number(input->reader, value, isnull));
	}
}

static void
receive_row(void *state, TupleTableSlot *slot)
{
	Measurement *measurement = state;

	for (int i = 0; i < measurement->model->encoder.input_count; i++)
		count_input(measurement, i, slot->tts_values[i], slot->tts_isnull[i]);
	measurement->rows++;
}

/* ---- bins ---- */

/* The deciles of a term in the version's profile, or NULL. */
static const double *
profile_quantiles(const char *feature)
{
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		value;
		Datum	   *elements;
		double	   *quantiles;
		int			count;

		if (strcmp(cvm_catalog_text(i, 1), feature) != 0)
			continue;
		value = cvm_catalog_datum(i, 2, &isnull);
		if (isnull)
			return NULL;
		deconstruct_array(DatumGetArrayTypeP(value), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
						  TYPALIGN_DOUBLE, &elements, NULL, &count);
		if (count != CVM_QUANTILES)
			return NULL;
		quantiles = palloc(sizeof(double) * count);
		for (int k = 0; k < count; k++)
			quantiles[k] = DatumGetFloat8(elements[k]);
		return quantiles;
	}
	return NULL;
}

static void
prepare_terms(Measurement *measurement, const char *name, int version)
{
	const CvmEncoder *encoder = &measurement->model->encoder;
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(name), Int32GetDatum(version)};

	cvm_catalog_execute("SELECT feature, quantiles FROM cvm.feature_profile"
						" WHERE model = $1 AND version = $2",
						2, types, values, NULL, true);
	measurement->terms = palloc0(sizeof(CvmTermBins) * Max(encoder->term_count, 1));
	for (int i = 0; i < encoder->term_count; i++)
	{
		InputColumn *input = &measurement->inputs[encoder->terms[i].input];

		if (input->term_count++ == 0)
			input->first_term = i;
		if (encoder->inputs[encoder->terms[i].input].kind == CVM_INPUT_IDENTIFIER)
			continue;
		cvm_term_bins_init(&measurement->terms[i], &encoder->terms[i],
						   profile_quantiles(encoder->terms[i].name));
	}
}

/* ---- the source ---- */

/* What is compared: a source, or the model's own past the rows of its profile. */
static char *
rows_to_compare(const CvmDefinition *definition, const CvmModel *model, const char *source)
{
	char	   *item = cvm_source_from_item(source != NULL ? source : definition->source);
	CvmOptions	options;
	char	   *watermark;
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(definition->model),
	Int32GetDatum(definition->active_version)};

	cvm_options_for_train(&options);
	cvm_options_apply_json(&options,
						   DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(model->options))),
						   model->learner->name);
	if (source != NULL || options.watermark == NULL)
		return item;
	cvm_catalog_execute("SELECT profile_watermark FROM cvm.model_versions WHERE model = $1 AND version = $2",
						2, types, values, NULL, true);
	watermark = SPI_processed > 0 ? cvm_catalog_text(0, 1) : NULL;
	if (watermark == NULL)
		return item;
	return psprintf("(SELECT * FROM %s AS source WHERE source.%s > %s)", item,
					quote_identifier(options.watermark), quote_literal_cstr(watermark));
}

static char *
prepare_inputs(Measurement *measurement, const char *item)
{
	const CvmEncoder *encoder = &measurement->model->encoder;
	TupleDesc	columns = cvm_source_describe(item);
	StringInfoData query;
	int			longest = 1;

	initStringInfo(&query);
	measurement->inputs = palloc0(sizeof(InputColumn) * Max(encoder->input_count, 1));
	for (int i = 0; i < encoder->input_count; i++)
	{
		const CvmInput *input = &encoder->inputs[i];
		int			column = cvm_source_column(columns, input->name, "feature");

		measurement->inputs[i].reader =
			cvm_column_reader_create(input->name, TupleDescAttr(columns, column)->atttypid,
									 input->kind, input->elements);
		longest = Max(longest, input->elements);
		appendStringInfo(&query, "%s source.%s", i == 0 ? "SELECT" : ",",
						 quote_identifier(input->name));
	}
	appendStringInfo(&query, " FROM %s AS source", item);
	measurement->elements = palloc(sizeof(double) * longest);
	return query.data;
}

/* ---- what was found ---- */

static Datum
number_or_null(double number, char *null)
{
	*null = isfinite(number) ? ' ' : 'n';
	return Float8GetDatum(number);
}

static double
record_term(const CvmDefinition *definition, const CvmTermBins *bins, int64 rows)
{
	bool		is_number = bins->term->kind == CVM_TERM_NUMBER;
	double		psi = cvm_drift_psi(bins->expected, bins->counts, bins->bins + 1);
	double		missing = bins->counts[bins->bins];
	double		ks = NAN;
	double		chi_squared = NAN;
	double		p_value = NAN;
	double		unseen = NAN;
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
	FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID};
	Datum		values[12];
	char		nulls[] = "            ";

	if (is_number && rows > missing)
	{
		ks = cvm_drift_ks(bins->expected, bins->counts, bins->bins);
		p_value = cvm_kolmogorov_tail(ks, rows - missing);
	}
	else if (!is_number)
	{
		int			freedom;

		chi_squared = cvm_drift_chi_squared(bins->expected, bins->counts, bins->bins + 1, &freedom);
		p_value = freedom > 0 ? cvm_chi_squared_tail(chi_squared, freedom) : NAN;
	}
	values[10] = values[11] = (Datum) 0;
	nulls[10] = nulls[11] = 'n';
	if (bins->term->kind == CVM_TERM_CATEGORY)
	{
		unseen = bins->counts[bins->bins - 1] / rows;
		values[10] = number_or_null(unseen, &nulls[10]);
		values[11] = number_or_null(bins->expected[bins->bins - 1], &nulls[11]);
	}
	values[0] = CStringGetTextDatum(definition->model);
	values[1] = Int32GetDatum(definition->active_version);
	values[2] = CStringGetTextDatum(bins->term->name);
	values[3] = Int64GetDatum(rows);
	values[4] = Float8GetDatum(psi);
	values[5] = number_or_null(ks, &nulls[5]);
	values[6] = number_or_null(chi_squared, &nulls[6]);
	values[7] = number_or_null(p_value, &nulls[7]);
	values[8] = Float8GetDatum(missing / rows);
	values[9] = Float8GetDatum(bins->expected[bins->bins]);
	cvm_catalog_execute("INSERT INTO cvm.drift_log AS d (model, version, day, feature, rows, psi, ks,"
						"  chi_squared, p_value, missing_share, trained_missing_share,"
						"  unseen_share, trained_unseen_share)"
						" VALUES ($1, $2, (cvm.clock() AT TIME ZONE 'UTC')::date, $3, $4, $5, $6,"
						"  $7, $8, $9, $10, $11, $12)"
						" ON CONFLICT (model, version, day, feature) DO UPDATE SET rows = excluded.rows,"
						" psi = excluded.psi, ks = excluded.ks, chi_squared = excluded.chi_squared,"
						" p_value = excluded.p_value, missing_share = excluded.missing_share,"
						" trained_missing_share = excluded.trained_missing_share,"
						" unseen_share = excluded.unseen_share,"
						" trained_unseen_share = excluded.trained_unseen_share",
						12, types, values, nulls, false);
	return psi;
}

static CvmDriftFinding
measure(const CvmDefinition *definition, const char *source)
{
	Measurement *measurement = palloc0(sizeof(Measurement));
	CvmDriftFinding finding = {0};
	int			version = cvm_active_version(definition);
	const CvmModel *model = cvm_model_unpack(cvm_version_fitted(definition, version, false));
	MemoryContext context = CurrentMemoryContext;
	char	   *query;

	measurement->model = model;
	query = prepare_inputs(measurement, rows_to_compare(definition, model, source));
	MemoryContextSwitchTo(context);
	prepare_terms(measurement, definition->model, version);

	cvm_scan_rows(query, receive_row, measurement);
	finding.rows = measurement->rows;
	for (int i = 0; i < model->encoder.term_count && measurement->rows > 0; i++)
	{
		double		psi;

		if (measurement->terms[i].counts == NULL)
			continue;
		psi = record_term(definition, &measurement->terms[i], measurement->rows);
		if (finding.feature == NULL || psi > finding.psi)
		{
			finding.psi = psi;
			finding.feature = model->encoder.terms[i].name;
		}
	}
	return finding;
}

CvmDriftFinding
cvm_measure_drift(const CvmDefinition *definition, const char *source)
{
	CvmOwnerScope scope;
	CvmDriftFinding finding;

	if (source != NULL)
		return measure(definition, source);
	scope = cvm_owner_begin(definition);
	finding = measure(definition, NULL);
	cvm_owner_end(scope);
	return finding;
}

/* cvm.measure_drift(model text, source text) -> rows, feature, psi */
PG_FUNCTION_INFO_V1(cvm_measure_drift_sql);
Datum
cvm_measure_drift_sql(PG_FUNCTION_ARGS)
{
	TupleDesc	columns;
	CvmDriftFinding finding;
	MemoryContext caller = CurrentMemoryContext;
	Datum		values[3];
	bool		nulls[3] = {false};

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("model must not be NULL")));
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "cvm.measure_drift must return a row");
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	finding = cvm_measure_drift(cvm_definition_require_owner(text_to_cstring(PG_GETARG_TEXT_PP(0)), false),
								PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	MemoryContextSwitchTo(caller);
	values[0] = Int64GetDatum(finding.rows);
	nulls[1] = nulls[2] = finding.feature == NULL;
	if (finding.feature != NULL)
	{
		values[1] = CStringGetTextDatum(finding.feature);
		values[2] = Float8GetDatum(finding.psi);
	}
	SPI_finish();
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
