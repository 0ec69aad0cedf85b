/*
 * score_profile.c
 *		How a version's scores were distributed when it was measured.
 *
 * Of many rows a sample is kept: when it is full, every second one of those
 * whose lots came out so far is drawn, so that it depends on nothing but the
 * rows' order.  The hard part is that trees give the same score to many rows,
 * and today's may differ from it in its last digit: edges of bins lie between
 * two scores, never on one.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/float.h"

#include "base/distribution.h"
#include "base/random.h"
#include "catalog/score_profile.h"
#include "model/learner.h"
#include "model/predictor.h"

#define MOST_SCORES (1 << 16)
#define MOST_ROWS 1e18

CvmScoreProfile *
cvm_score_profile_create(const CvmModel *model, const char *data_set)
{
	CvmScoreProfile *profile;

	if (!cvm_task_has_target(model->task))
		return NULL;
	profile = palloc0(sizeof(CvmScoreProfile));
	profile->data_set = data_set;
	profile->class_count = model->class_count;
	profile->classes = model->classes;
	profile->class_rows = palloc0(sizeof(double) * Max(model->class_count, 1));
	profile->scores = palloc(sizeof(double) * MOST_SCORES);
	profile->lots = palloc(sizeof(uint64) * MOST_SCORES);
	return profile;
}

static void
keep_score(CvmScoreProfile *profile, double score)
{
	uint64		lot = cvm_hash64(profile->rows, 0);

	if ((lot & profile->lot_mask) != 0)
		return;
	if (profile->sampled == MOST_SCORES)
	{
		profile->lot_mask = 2 * profile->lot_mask + 1;
		profile->sampled = 0;
		for (int i = 0; i < MOST_SCORES; i++)
			if ((profile->lots[i] & profile->lot_mask) == 0)
			{
				profile->lots[profile->sampled] = profile->lots[i];
				profile->scores[profile->sampled++] = profile->scores[i];
			}
		if ((lot & profile->lot_mask) != 0 || profile->sampled == MOST_SCORES)
			return;
	}
	profile->lots[profile->sampled] = lot;
	profile->scores[profile->sampled++] = score;
}

void
cvm_score_profile_add(CvmScoreProfile *profile, const CvmModel *model, int rows,
					  const double *predictions)
{
	double		away = 0;		/* sum of differences from the mean so far */

	for (int row = 0; row < rows; row++)
	{
		const double *prediction = predictions + (size_t) row * model->outputs;
		double		score = prediction[0];

		if (model->class_count > 0)
		{
			int			class = cvm_model_class(model, prediction);

			profile->class_rows[class]++;
			if (model->class_count > 2)
				score = prediction[class];
		}
		keep_score(profile, score);
		profile->rows++;
		away += score - profile->mean;
	}
	if (rows > 0)
		profile->mean += away / profile->rows;
}

#define ST_SORT sort_scores
#define ST_ELEMENT_TYPE double
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

void
cvm_score_profile_finish(CvmScoreProfile *profile)
{
	sort_scores(profile->scores, profile->sampled);
	profile->edge_count = cvm_drift_bins_between(profile->scores, profile->sampled,
												 profile->edges, profile->bin_rows);
	for (int i = 0; i <= profile->edge_count; i++)
		profile->bin_rows[i] = rint(profile->bin_rows[i] * profile->sampled);
	pfree(profile->scores);
	pfree(profile->lots);
	profile->scores = NULL;
	profile->lots = NULL;
}

/* ---- the comparison ---- */

static double *
counts_of(ArrayType *array, const char *name, int *bins, double *rows)
{
	Datum	   *elements;
	bool	   *nulls;
	double	   *counts;

	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &elements, &nulls, bins);
	counts = palloc(sizeof(double) * Max(*bins, 1));
	*rows = 0;
	for (int i = 0; i < *bins; i++)
	{
		counts[i] = nulls[i] ? NAN : DatumGetFloat8(elements[i]);
		if (!(counts[i] >= 0 && counts[i] < MOST_ROWS))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" needs counts of rows, but element %d is %s", name, i + 1,
							nulls[i] ? "NULL" : float8out_internal(counts[i]))));
		*rows += counts[i];
	}
	return counts;
}

/* cvm.distribution_drift(expected float8[], counts float8[]) -> psi, ks, p_value */
PG_FUNCTION_INFO_V1(cvm_distribution_drift);
Datum
cvm_distribution_drift(PG_FUNCTION_ARGS)
{
	TupleDesc	columns;
	int			bins;
	int			counted;
	double		rows_before;
	double		rows;
	double	   *expected = counts_of(PG_GETARG_ARRAYTYPE_P(0), "expected", &bins, &rows_before);
	double	   *counts = counts_of(PG_GETARG_ARRAYTYPE_P(1), "counts", &counted, &rows);
	double		ks;
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, true};

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "cvm.distribution_drift must return a row");
	if (bins != counted)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("\"expected\" has %d bins and \"counts\" has %d", bins, counted)));
	if (rows_before > 0 && rows > 0)
	{
		memset(nulls, 0, sizeof(nulls));
		ks = cvm_drift_ks(expected, counts, bins);
		values[0] = Float8GetDatum(cvm_drift_psi(expected, counts, bins));
		values[1] = Float8GetDatum(ks);
		/* of two samples, both with their chance (Smirnov, 1939) */
		values[2] = Float8GetDatum(cvm_kolmogorov_tail(ks, rows_before / (rows_before + rows) * rows));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
