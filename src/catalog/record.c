/*
 * record.c
 *		Writing down what a training gave: version, metrics, profile, log.
 *
 * Each table gets one statement with arrays as parameters, however many rows.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/access.h"
#include "catalog/record.h"
#include "model/model_type.h"

static Datum
array_of(Datum *elements, bool *nulls, int count, Oid type)
{
	int16		length;
	bool		by_value;
	char		alignment;
	int			dimensions[] = {count};
	int			lower_bounds[] = {1};

	get_typlenbyvalalign(type, &length, &by_value, &alignment);
	return PointerGetDatum(construct_md_array(elements, nulls, 1, dimensions, lower_bounds,
											  type, length, by_value, alignment));
}

/* NaN becomes NULL. */
static void
put_double(Datum *elements, bool *nulls, int at, double value)
{
	nulls[at] = isnan(value);
	elements[at] = Float8GetDatum(value);
}

int
cvm_record_version(const char *name, const CvmModel *model, const char *status,
				   const char *reason, int parent, int run,
				   const char *watermark, double seconds)
{
	Oid			model_type;
	Oid			types[] = {TEXTOID, InvalidOid, TEXTOID, TEXTOID, INT4OID, INT4OID,
		INT8OID, INT8OID, INT8OID, TEXTOID, OIDOID, FLOAT8OID, TEXTOID, TEXTOID, INT4OID,
	FLOAT8OID};
	Datum		values[16];
	char		nulls[] = "                ";
	const CvmKnowledge *knowledge = model->knowledge;
	int			partial_fits = knowledge != NULL ? knowledge->partial_fits : 0;

	/* The parameter's type: that of the column. */
	cvm_catalog_execute("SELECT 'cvm.model'::regtype::oid", 0, NULL, NULL, NULL, true);
	{
		bool		isnull;

		model_type = DatumGetObjectId(cvm_catalog_datum(0, 1, &isnull));
	}
	types[1] = model_type;

	values[0] = CStringGetTextDatum(name);
	values[1] = PointerGetDatum(cvm_model_pack(model));
	values[2] = CStringGetTextDatum(status);
	if (reason != NULL)
		values[3] = CStringGetTextDatum(reason);
	else
		nulls[3] = 'n';
	values[4] = Int32GetDatum(parent);
	if (parent == 0)
		nulls[4] = 'n';
	values[5] = Int32GetDatum(run);
	values[6] = Int64GetDatum(model->rows);
	values[7] = Int64GetDatum(model->validation_rows);
	values[8] = Int64GetDatum(model->seed);
	values[9] = CStringGetTextDatum(model->library_version);
	values[10] = ObjectIdGetDatum(GetUserId());
	values[11] = Float8GetDatum(seconds);
	if (watermark != NULL)
		values[12] = CStringGetTextDatum(watermark);
	else
		nulls[12] = 'n';
	values[13] = CStringGetTextDatum(partial_fits > 0 ? "partial" : "full");
	values[14] = Int32GetDatum(partial_fits);
	values[15] = Float8GetDatum(knowledge != NULL ? knowledge->effective_rows : model->rows);

	cvm_catalog_execute("WITH numbered AS ("
						" UPDATE cvm.model_registry AS r SET last_version = r.last_version + 1,"
						" updated_at = now() WHERE r.model = $1 RETURNING r.last_version)"
						" INSERT INTO cvm.model_versions (model, version, fitted, status, reason,"
						" parent, run, training_rows, validation_rows, seed, library_version,"
						" created_by, duration, watermark, mode, partial_fits, effective_rows, profile_watermark)"
						" SELECT $1, last_version, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
						" $11::regrole, make_interval(secs => $12), $13, $14, $15, $16,"
						" CASE WHEN $14 = 'full' THEN $13 ELSE (SELECT p.profile_watermark"
						"  FROM cvm.model_versions AS p WHERE p.model = $1 AND p.version = $5) END"
						" FROM numbered RETURNING version",
						16, types, values, nulls, false);
	return cvm_catalog_integer(0, 1);
}

void
cvm_record_metrics(const char *name, int version, const char *data_set,
				   const CvmMetric *metrics, int count)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID, TEXTARRAYOID, FLOAT8ARRAYOID};
	Datum		values[5];
	Datum		names[CVM_MAX_METRICS];
	Datum		figures[CVM_MAX_METRICS];
	bool		nulls[CVM_MAX_METRICS] = {false};
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		if (isnan(metrics[i].value))
			continue;
		names[kept] = CStringGetTextDatum(metrics[i].name);
		figures[kept++] = Float8GetDatum(metrics[i].value);
	}
	values[0] = CStringGetTextDatum(name);
	values[1] = Int32GetDatum(version);
	values[2] = CStringGetTextDatum(data_set);
	values[3] = array_of(names, nulls, kept, TEXTOID);
	values[4] = array_of(figures, nulls, kept, FLOAT8OID);
	cvm_catalog_execute("INSERT INTO cvm.model_metrics (model, version, data_set, metric, value)"
						" SELECT $1, $2, $3, m, v FROM unnest($4, $5) AS u (m, v)",
						5, types, values, NULL, false);
}

static void
record_term(const char *name, int version, const CvmProfile *profile,
			const CvmEncoder *encoder, int index)
{
	static const char *const kinds[] = {"number", "indicator", "category"};
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID, TEXTOID, FLOAT8OID, FLOAT8OID,
		FLOAT8OID, TEXTARRAYOID, FLOAT8ARRAYOID, FLOAT8ARRAYOID};
	const CvmTerm *term = &encoder->terms[index];
	bool	   *none = palloc0(sizeof(bool) * Max(CVM_QUANTILES, term->level_count));
	double		quantiles[CVM_QUANTILES];
	Datum		figures[CVM_QUANTILES];
	Datum		values[10];
	char		nulls[] = "          ";

	values[0] = CStringGetTextDatum(name);
	values[1] = Int32GetDatum(version);
	values[2] = CStringGetTextDatum(term->name);
	values[3] = CStringGetTextDatum(kinds[term->kind]);
	values[4] = Float8GetDatum(term->missing_share);
	if (cvm_profile_quantiles(profile, encoder, index, quantiles))
	{
		for (int i = 0; i < CVM_QUANTILES; i++)
			figures[i] = Float8GetDatum(quantiles[i]);
		values[9] = array_of(figures, none, CVM_QUANTILES, FLOAT8OID);
	}
	else
		nulls[9] = 'n';
	if (term->kind == CVM_TERM_CATEGORY)
	{
		Datum	   *levels = palloc(sizeof(Datum) * term->level_count);
		Datum	   *shares = palloc(sizeof(Datum) * term->level_count);

		for (int i = 0; i < term->level_count; i++)
		{
			levels[i] = CStringGetTextDatum(term->levels[i]);
			shares[i] = Float8GetDatum(term->level_shares[i]);
		}
		nulls[5] = nulls[6] = 'n';
		values[7] = array_of(levels, none, term->level_count, TEXTOID);
		values[8] = array_of(shares, none, term->level_count, FLOAT8OID);
	}
	else
	{
		values[5] = Float8GetDatum(term->mean);
		values[6] = Float8GetDatum(term->deviation);
		nulls[7] = nulls[8] = 'n';
	}
	cvm_catalog_execute("INSERT INTO cvm.feature_profile (model, version, feature, kind,"
						" missing_share, mean, deviation, categories, category_shares, quantiles)"
						" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
						" ON CONFLICT DO NOTHING",
						10, types, values, nulls, false);
}

void
cvm_record_profile(const char *name, int version, const CvmProfile *profile,
				   const CvmEncoder *encoder)
{
	for (int i = 0; i < encoder->term_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		/* of whom rows are is no distribution that could drift */
		if (encoder->inputs[encoder->terms[i].input].kind == CVM_INPUT_IDENTIFIER)
			continue;
		record_term(name, version, profile, encoder, i);
	}
}

static Datum
number_array(const double *numbers, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));
	bool	   *none = palloc0(Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = Float8GetDatum(numbers[i]);
	return array_of(elements, none, count, FLOAT8OID);
}

void
cvm_record_scores(const char *name, int version, const CvmScoreProfile *profile)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID, INT8OID, FLOAT8OID, FLOAT8ARRAYOID,
		FLOAT8ARRAYOID, TEXTARRAYOID, FLOAT8ARRAYOID};
	Datum		values[9] = {0};
	char		nulls[] = "         ";
	Datum	   *classes;
	bool	   *none;

	if (profile == NULL || profile->rows == 0)
		return;
	classes = palloc(sizeof(Datum) * Max(profile->class_count, 1));
	none = palloc0(Max(profile->class_count, 1));
	for (int k = 0; k < profile->class_count; k++)
		classes[k] = CStringGetTextDatum(profile->classes[k]);
	values[0] = CStringGetTextDatum(name);
	values[1] = Int32GetDatum(version);
	values[2] = CStringGetTextDatum(profile->data_set);
	values[3] = Int64GetDatum(profile->rows);
	values[4] = Float8GetDatum(profile->mean);
	values[5] = number_array(profile->edges, profile->edge_count);
	values[6] = number_array(profile->bin_rows, profile->edge_count + 1);
	if (profile->class_count > 0)
	{
		values[7] = array_of(classes, none, profile->class_count, TEXTOID);
		values[8] = number_array(profile->class_rows, profile->class_count);
	}
	else
		nulls[7] = nulls[8] = 'n';
	cvm_catalog_execute("INSERT INTO cvm.score_profile (model, version, data_set, rows, mean,"
						" edges, bin_rows, classes, class_rows)"
						" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
						9, types, values, nulls, false);
}

void
cvm_record_profile_of(const char *name, int version, int other)
{
	Oid			types[] = {TEXTOID, INT4OID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(name), Int32GetDatum(version),
	Int32GetDatum(other)};

	cvm_catalog_execute("INSERT INTO cvm.feature_profile (model, version, feature, kind,"
						" missing_share, mean, deviation, categories, category_shares, quantiles)"
						" SELECT model, $2, feature, kind, missing_share, mean, deviation,"
						" categories, category_shares, quantiles"
						" FROM cvm.feature_profile WHERE model = $1 AND version = $3",
						3, types, values, NULL, false);
}

void
cvm_record_epochs(const char *name, int run, const CvmEpoch *epochs, int count)
{
	Oid			types[] = {TEXTOID, INT4OID, INT4ARRAYOID, FLOAT8ARRAYOID,
		FLOAT8ARRAYOID, FLOAT8ARRAYOID, FLOAT8ARRAYOID};
	Datum		values[7];
	Datum	   *columns[5];
	bool	   *nulls[5];

	for (int c = 0; c < 5; c++)
	{
		columns[c] = palloc(sizeof(Datum) * Max(count, 1));
		nulls[c] = palloc0(sizeof(bool) * Max(count, 1));
	}
	for (int i = 0; i < count; i++)
	{
		columns[0][i] = Int32GetDatum(epochs[i].epoch);
		put_double(columns[1], nulls[1], i, epochs[i].training_loss);
		put_double(columns[2], nulls[2], i, epochs[i].validation_loss);
		put_double(columns[3], nulls[3], i, epochs[i].learning_rate);
		put_double(columns[4], nulls[4], i, epochs[i].gradient_norm);
	}
	values[0] = CStringGetTextDatum(name);
	values[1] = Int32GetDatum(run);
	values[2] = array_of(columns[0], nulls[0], count, INT4OID);
	for (int c = 1; c < 5; c++)
		values[2 + c] = array_of(columns[c], nulls[c], count, FLOAT8OID);
	cvm_catalog_execute("INSERT INTO cvm.training_log (model, run, epoch, training_loss,"
						" validation_loss, learning_rate, gradient_norm)"
						" SELECT $1, $2, u.* FROM unnest($3, $4, $5, $6, $7) AS u"
						" ON CONFLICT DO NOTHING",
						7, types, values, NULL, false);
}
