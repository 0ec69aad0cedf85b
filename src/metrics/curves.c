/*
 * curves.c
 *		Curves and tables over labels and scores of any source: roc_curve,
 *		pr_curve, lift_curve, gains_curve, profit_curve, calibration_curve,
 *		confusion_matrix.
 *
 * The source is run once with the rights of the caller, read-only; of its
 * rows the label, the score and the weight are kept (rank_state.c).
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "frame/column.h"
#include "frame/frame.h"
#include "frame/row_receiver.h"
#include "frame/source.h"
#include "learn/measure/metrics.h"
#include "learn/measure/profit.h"
#include "metrics/class_state.h"
#include "metrics/metric_arguments.h"
#include "metrics/rank_state.h"

#define MOST_BINS 10000

/* ---- rows of a source ---- */

/* Columns: label or actual class, score or predicted class, maybe a weight. */
typedef struct CurveRows
{
	CvmColumnReader *label;		/* NULL: classes are counted */
	CvmColumnReader *score;
	CvmColumnReader *weight;	/* NULL: every row counts once */
	bool		probabilities;	/* scores have to be */
	CvmRankState *ranked;
	CvmClassState *classes;
} CurveRows;

static void
add_score(CurveRows *rows, TupleTableSlot *slot, double weight)
{
	double		label = cvm_column_number(rows->label, slot->tts_values[0], false);
	double		score = cvm_column_number(rows->score, slot->tts_values[1], false);

	if (rows->probabilities && !(score >= 0 && score <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%g in column \"%s\" is no probability", score, rows->score->name)));
	cvm_rank_add(rows->ranked, cvm_metric_label(label), score, weight);
}

static void
receive_row(void *state, TupleTableSlot *slot)
{
	CurveRows  *rows = state;
	double		weight = 1;

	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
		if (slot->tts_isnull[i])
			return;
	if (rows->weight != NULL)
		weight = cvm_column_number(rows->weight, slot->tts_values[2], false);
	if (rows->label != NULL)
		add_score(rows, slot, weight);
	else
		cvm_class_add(rows->classes, slot->tts_values[0], slot->tts_values[1], weight);
}

static char *
text_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/* A column by its name: adds it to the query and gives its type. */
static Oid
use_column(StringInfo query, TupleDesc columns, const char *name, const char *role)
{
	int			position = cvm_source_column(columns, name, role);

	appendStringInfo(query, "%ssource.%s", query->len > strlen("SELECT ") ? ", " : "",
					 quote_identifier(name));
	return TupleDescAttr(columns, position)->atttypid;
}

/*
 * Reads source, argument 0, with the columns of arguments 1 and 2 and, where
 * it is not NULL, that of the weight argument.  classes: the two columns are
 * classes, not label and score.
 */
static CurveRows *
read_source(FunctionCallInfo fcinfo, bool classes, bool probabilities, int weight_argument)
{
	CurveRows  *rows = palloc0(sizeof(CurveRows));
	char	   *item = cvm_source_from_item(text_argument(fcinfo, 0, "source"));
	TupleDesc	columns = cvm_source_describe(item);
	char	   *label = text_argument(fcinfo, 1, classes ? "actual" : "label");
	char	   *score = text_argument(fcinfo, 2, classes ? "predicted" : "score");
	StringInfoData query;
	Oid			label_type;
	Oid			score_type;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	label_type = use_column(&query, columns, label, classes ? "actual" : "label");
	score_type = use_column(&query, columns, score, classes ? "predicted" : "score");
	if (classes && label_type != score_type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("columns \"%s\" and \"%s\" have different types", label, score),
				 errhint("Cast one of them in the source.")));
	if (classes)
		rows->classes = cvm_class_create(label_type);
	else
	{
		rows->label = cvm_column_reader_create(label, label_type, CVM_INPUT_NUMBER, 0);
		rows->score = cvm_column_reader_create(score, score_type, CVM_INPUT_NUMBER, 0);
		rows->ranked = cvm_rank_create();
	}
	if (weight_argument > 0 && !PG_ARGISNULL(weight_argument))
	{
		char	   *weight = text_to_cstring(PG_GETARG_TEXT_PP(weight_argument));

		rows->weight = cvm_column_reader_create(weight,
												use_column(&query, columns, weight, "weight"),
												CVM_INPUT_NUMBER, 0);
	}
	appendStringInfo(&query, " FROM %s AS source", item);
	rows->probabilities = probabilities;

	cvm_scan_rows(query.data, receive_row, rows);
	return rows;
}

/* ---- results ---- */

static CurveRows *
begin(FunctionCallInfo fcinfo, bool classes, bool probabilities, int weight_argument)
{
	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	return read_source(fcinfo, classes, probabilities, weight_argument);
}

static Datum
end(CurveRows *rows)
{
	if (rows->ranked != NULL)
		cvm_rank_free(rows->ranked);
	SPI_finish();
	return (Datum) 0;
}

/* NaN is NULL. */
static void
put_numbers(FunctionCallInfo fcinfo, const double *numbers, int count)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[8];
	bool		nulls[8];

	Assert(count <= 8 && count == result->setDesc->natts);
	for (int i = 0; i < count; i++)
	{
		bool		is_integer = TupleDescAttr(result->setDesc, i)->atttypid == INT4OID;

		nulls[i] = isnan(numbers[i]);
		values[i] = is_integer ? Int32GetDatum((int) numbers[i]) : Float8GetDatum(numbers[i]);
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static int
bins_argument(FunctionCallInfo fcinfo, int n)
{
	int			bins = PG_ARGISNULL(n) ? 10 : PG_GETARG_INT32(n);

	if (bins < 1 || bins > MOST_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bins is %d and must be between 1 and %d", bins, MOST_BINS)));
	return bins;
}

static double
ratio(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

/* source, label, score, weight -> threshold, false_positive_rate, true_positive_rate */
PG_FUNCTION_INFO_V1(cvm_scores_roc_curve);
Datum
cvm_scores_roc_curve(PG_FUNCTION_ARGS)
{
	CurveRows  *rows = begin(fcinfo, false, false, 3);
	double		positives = 0;
	double		negatives = 0;
	double		point[3] = {INFINITY, 0, 0};
	CvmTies		ties;
	CvmTie		tie;

	cvm_rank_ties(rows->ranked, &ties);
	if (ties.positives + ties.negatives > 0)
		put_numbers(fcinfo, point, 3);
	while (ties.next(ties.state, &tie))
	{
		positives += tie.positive;
		negatives += tie.negative;
		point[0] = tie.score;
		point[1] = ratio(negatives, ties.negatives);
		point[2] = ratio(positives, ties.positives);
		put_numbers(fcinfo, point, 3);
	}
	return end(rows);
}

/* source, label, score, weight -> threshold, precision, recall */
PG_FUNCTION_INFO_V1(cvm_scores_pr_curve);
Datum
cvm_scores_pr_curve(PG_FUNCTION_ARGS)
{
	CurveRows  *rows = begin(fcinfo, false, false, 3);
	double		positives = 0;
	double		all = 0;
	double		point[3] = {INFINITY, 1, 0};
	CvmTies		ties;
	CvmTie		tie;

	cvm_rank_ties(rows->ranked, &ties);
	if (ties.positives + ties.negatives > 0)
		put_numbers(fcinfo, point, 3);
	while (ties.next(ties.state, &tie))
	{
		positives += tie.positive;
		all += tie.positive + tie.negative;
		point[0] = tie.score;
		point[1] = positives / all;
		point[2] = ratio(positives, ties.positives);
		put_numbers(fcinfo, point, 3);
	}
	return end(rows);
}

/* A number that is there and finite. */
static double
profit_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		value = PG_ARGISNULL(n) ? NAN : PG_GETARG_FLOAT8(n);

	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite number", name),
				 errhint("It is what such a row is worth; costs are negative.")));
	return value;
}

/*
 * source, label, score, true_positive, false_positive, true_negative,
 * false_negative, weight -> threshold, share_of_rows, profit
 */
PG_FUNCTION_INFO_V1(cvm_scores_profit_curve);
Datum
cvm_scores_profit_curve(PG_FUNCTION_ARGS)
{
	CvmProfit	profit = {
		.true_positive = profit_argument(fcinfo, 3, "true_positive"),
		.false_positive = profit_argument(fcinfo, 4, "false_positive"),
		.true_negative = profit_argument(fcinfo, 5, "true_negative"),
		.false_negative = profit_argument(fcinfo, 6, "false_negative")
	};
	CurveRows  *rows = begin(fcinfo, false, false, 7);
	double		positives = 0;
	double		negatives = 0;
	double		point[3] = {INFINITY, 0};
	CvmTies		ties;
	CvmTie		tie;

	cvm_rank_ties(rows->ranked, &ties);
	point[2] = cvm_profit_of(&profit, 0, 0, ties.positives, ties.negatives);
	if (ties.positives + ties.negatives > 0)
		put_numbers(fcinfo, point, 3);
	while (ties.next(ties.state, &tie))
	{
		positives += tie.positive;
		negatives += tie.negative;
		point[0] = tie.score;
		point[1] = (positives + negatives) / (ties.positives + ties.negatives);
		point[2] = cvm_profit_of(&profit, positives, negatives, ties.positives, ties.negatives);
		put_numbers(fcinfo, point, 3);
	}
	return end(rows);
}

static CvmScoreBin *
read_bins(CurveRows *rows, int count, CvmTies *ties)
{
	CvmScoreBin *bins = palloc0(sizeof(CvmScoreBin) * count);

	cvm_rank_ties(rows->ranked, ties);
	cvm_ties_bins(ties, count, bins);
	return bins;
}

/*
 * source, label, score, bins, weight ->
 * bin, lowest_score, rows, positives, lift, cumulative_lift
 */
PG_FUNCTION_INFO_V1(cvm_scores_lift_curve);
Datum
cvm_scores_lift_curve(PG_FUNCTION_ARGS)
{
	int			count = bins_argument(fcinfo, 3);
	CurveRows  *rows = begin(fcinfo, false, false, 4);
	CvmTies		ties;
	CvmScoreBin *bins = read_bins(rows, count, &ties);
	double		weight = ties.positives + ties.negatives;
	double		rate = ratio(ties.positives, weight);
	double		positives = 0;
	double		all = 0;

	for (int i = 0; i < count && weight > 0; i++)
	{
		double		own = bins[i].positive + bins[i].negative;
		double		point[6] = {i + 1, bins[i].lowest, own, bins[i].positive};

		positives += bins[i].positive;
		all += own;
		point[4] = ratio(ratio(bins[i].positive, own), rate);
		point[5] = ratio(ratio(positives, all), rate);
		put_numbers(fcinfo, point, 6);
	}
	return end(rows);
}

/* source, label, score, bins, weight -> share_of_rows, share_of_positives */
PG_FUNCTION_INFO_V1(cvm_scores_gains_curve);
Datum
cvm_scores_gains_curve(PG_FUNCTION_ARGS)
{
	int			count = bins_argument(fcinfo, 3);
	CurveRows  *rows = begin(fcinfo, false, false, 4);
	CvmTies		ties;
	CvmScoreBin *bins = read_bins(rows, count, &ties);
	double		weight = ties.positives + ties.negatives;
	double		point[2] = {0, 0};
	double		positives = 0;

	if (weight > 0)
		put_numbers(fcinfo, point, 2);
	for (int i = 0; i < count && weight > 0; i++)
	{
		positives += bins[i].positive;
		point[0] = (double) (i + 1) / count;
		point[1] = ratio(positives, ties.positives);
		put_numbers(fcinfo, point, 2);
	}
	return end(rows);
}

typedef struct CalibrationBin
{
	double		rows;
	double		positives;
	double		scores;			/* sum */
} CalibrationBin;

/* The bin whose upper edge is the first that is not below the score. */
static int
bin_of(double score, const double *edges, int bins)
{
	int			low = 0;
	int			high = bins - 1;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (edges[middle] < score)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
place_edges(CurveRows *rows, const char *strategy, int bins, double *edges)
{
	CvmTies		ties;

	if (strcmp(strategy, "uniform") == 0)
	{
		for (int i = 1; i < bins; i++)
			edges[i - 1] = (double) i / bins;
		return;
	}
	if (strcmp(strategy, "quantile") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("strategy \"%s\" is not known", strategy),
				 errhint("Strategies are uniform and quantile.")));
	cvm_rank_ties(rows->ranked, &ties);
	cvm_ties_quantiles(&ties, bins, edges);
}

/* source, label, score, bins, strategy -> bin, mean_score, positive_share, rows */
PG_FUNCTION_INFO_V1(cvm_scores_calibration_curve);
Datum
cvm_scores_calibration_curve(PG_FUNCTION_ARGS)
{
	int			count = bins_argument(fcinfo, 3);
	char	   *strategy = text_argument(fcinfo, 4, "strategy");
	CurveRows  *rows = begin(fcinfo, false, true, 0);
	CalibrationBin *bins = palloc0(sizeof(CalibrationBin) * count);
	double	   *edges = palloc(sizeof(double) * count);
	CvmTies		ties;
	CvmTie		tie;

	place_edges(rows, strategy, count, edges);
	cvm_rank_ties(rows->ranked, &ties);
	while (ties.next(ties.state, &tie))
	{
		CalibrationBin *bin = &bins[bin_of(tie.score, edges, count)];

		bin->rows += tie.positive + tie.negative;
		bin->positives += tie.positive;
		bin->scores += tie.score * (tie.positive + tie.negative);
	}
	for (int i = 0; i < count; i++)
	{
		double		point[4] = {i + 1, bins[i].scores / bins[i].rows,
		bins[i].positives / bins[i].rows, bins[i].rows};

		if (bins[i].rows > 0)
			put_numbers(fcinfo, point, 4);
	}
	return end(rows);
}

/* source, actual, predicted, weight -> actual, predicted, count */
PG_FUNCTION_INFO_V1(cvm_labels_confusion_matrix);
Datum
cvm_labels_confusion_matrix(PG_FUNCTION_ARGS)
{
	CurveRows  *rows = begin(fcinfo, true, false, 3);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	  **labels;
	double	   *counts;
	int			classes = cvm_class_matrix(rows->classes, &labels, &counts);

	for (int actual = 0; actual < classes; actual++)
		for (int predicted = 0; predicted < classes; predicted++)
		{
			Datum		values[] = {CStringGetTextDatum(labels[actual]),
				CStringGetTextDatum(labels[predicted]),
			Float8GetDatum(counts[(Size) actual * classes + predicted])};
			bool		nulls[3] = {false};

			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	return end(rows);
}
