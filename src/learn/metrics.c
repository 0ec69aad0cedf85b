/*
 * metrics.c
 *		How good a model is on labelled rows.
 *
 * Everything but the AUC is a weighted sum and is added up as rows come in,
 * with Neumaier's compensation (1974) so that ten million small losses do not
 * lose digits.  The AUC needs the rows in order and is left to ranking.c.
 */
#include "learn/metrics.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/ranking.h"

typedef struct CompensatedSum
{
	double		sum;
	double		lost;			/* low-order part that "sum" could not hold */
} CompensatedSum;

struct CvmScoreSheet
{
	CvmFamily	family;
	CvmTask		task;
	int			classes;
	CompensatedSum weight;

	/* classifiers */
	double	   *confusion;		/* classes x classes, row = actual */
	CompensatedSum log_loss;
	CompensatedSum squares;		/* brier; regression: squared errors */
	CvmRanking	ranking;		/* binary */

	/* multiclass, for the AUC: label, weight, probabilities of each row */
	double	   *rows;
	size_t		row_count;
	size_t		row_capacity;
	bool		rows_dropped;	/* too many: no AUC */

	/* regression */
	CompensatedSum absolute;
	CompensatedSum deviance;
	double		target_mean;
	double		target_squares; /* weighted, about the mean */
};

static void
add(CompensatedSum *total, double value)
{
	double		sum = total->sum + value;

	if (fabs(total->sum) >= fabs(value))
		total->lost += (total->sum - sum) + value;
	else
		total->lost += (value - sum) + total->sum;
	total->sum = sum;
}

/* An infinite sum has nothing to compensate (infinity - infinity is NaN). */
static double
mean(const CompensatedSum *total, const CompensatedSum *weight)
{
	double		sum = isfinite(total->sum) ? total->sum + total->lost : total->sum;

	return sum / (weight->sum + weight->lost);
}

CvmScoreSheet *
cvm_score_sheet_create(CvmFamily family, CvmTask task, int classes)
{
	CvmScoreSheet *sheet = CVM_NEW_ZERO(CvmScoreSheet, 1);

	sheet->family = family;
	sheet->task = task;
	sheet->classes = classes;
	if (task != CVM_REGRESSION)
		sheet->confusion = cvm_alloc_zero((size_t) classes * classes, sizeof(double));
	return sheet;
}

void
cvm_score_sheet_free(CvmScoreSheet *sheet)
{
	cvm_release(sheet->confusion);
	cvm_release(sheet->ranking.rows);
	cvm_release(sheet->rows);
	cvm_release(sheet);
}

static void
add_regression(CvmScoreSheet *sheet, double target, double prediction, double weight)
{
	double		error = target - prediction;
	double		shift = target - sheet->target_mean;

	add(&sheet->squares, weight * error * error);
	add(&sheet->absolute, weight * fabs(error));

	/* West (1979): weighted mean and sum of squares in one pass. */
	sheet->target_mean += shift * weight / (sheet->weight.sum + sheet->weight.lost);
	sheet->target_squares += weight * shift * (target - sheet->target_mean);

	if (sheet->family == CVM_POISSON)
	{
		double		ratio = target > 0 ? target * log(target / prediction) : 0;

		add(&sheet->deviance, 2 * weight * (ratio - target + prediction));
	}
}

static double
surprise(double probability)
{
	if (probability < DBL_EPSILON)
		probability = DBL_EPSILON;
	if (probability > 1 - DBL_EPSILON)
		probability = 1 - DBL_EPSILON;
	return -log(probability);
}

static void
add_binary(CvmScoreSheet *sheet, int label, double probability, double weight)
{
	double		error = probability - label;

	sheet->confusion[label * 2 + (probability > 0.5)] += weight;
	add(&sheet->log_loss, weight * surprise(label ? probability : 1 - probability));
	add(&sheet->squares, weight * error * error);
	cvm_ranking_add(&sheet->ranking, label == 1, probability, weight);
}

/* Keeps a multiclass row for the AUC, or drops all of them when too many. */
static void
keep_row(CvmScoreSheet *sheet, int label, const double *probabilities, double weight)
{
	size_t		width = (size_t) sheet->classes + 2;
	double	   *row;

	if (sheet->rows_dropped)
		return;
	if ((sheet->row_count + 1) * width > CVM_SCORE_SHEET_VALUES)
	{
		cvm_release(sheet->rows);
		sheet->rows = NULL;
		sheet->rows_dropped = true;
		return;
	}
	if (sheet->row_count == sheet->row_capacity)
	{
		sheet->row_capacity = sheet->row_capacity ? sheet->row_capacity + sheet->row_capacity / 2 : 64;
		if (sheet->rows == NULL)
			sheet->rows = cvm_alloc(sheet->row_capacity, width * sizeof(double));
		else
			sheet->rows = cvm_resize(sheet->rows, sheet->row_capacity, width * sizeof(double));
	}
	row = sheet->rows + width * sheet->row_count++;
	row[0] = label;
	row[1] = weight;
	memcpy(row + 2, probabilities, sizeof(double) * sheet->classes);
}

static void
add_multiclass(CvmScoreSheet *sheet, int label, const double *probabilities, double weight)
{
	int			predicted = 0;

	for (int k = 1; k < sheet->classes; k++)
		if (probabilities[k] > probabilities[predicted])
			predicted = k;
	sheet->confusion[(size_t) label * sheet->classes + predicted] += weight;
	add(&sheet->log_loss, weight * surprise(probabilities[label]));
	keep_row(sheet, label, probabilities, weight);
}

void
cvm_score_sheet_add(CvmScoreSheet *sheet, double label,
					const double *prediction, double weight)
{
	if (!(weight > 0))
		return;
	add(&sheet->weight, weight);
	switch (sheet->task)
	{
		case CVM_REGRESSION:
			add_regression(sheet, label, prediction[0], weight);
			break;
		case CVM_BINARY:
			add_binary(sheet, label == 1, prediction[0], weight);
			break;
		case CVM_MULTICLASS:
			add_multiclass(sheet, (int) label, prediction, weight);
			break;
	}
}

/* Hand and Till's one-against-rest AUC, averaged over the classes that have one. */
static double
multiclass_auc(CvmScoreSheet *sheet)
{
	size_t		width = (size_t) sheet->classes + 2;
	CvmRanking	ranking = {0};
	double		sum = 0;
	int			count = 0;

	if (sheet->rows_dropped)
		return NAN;
	for (int k = 0; k < sheet->classes; k++)
	{
		double		auc;

		ranking.count = 0;
		for (size_t i = 0; i < sheet->row_count; i++)
		{
			const double *row = sheet->rows + width * i;

			cvm_ranking_add(&ranking, (int) row[0] == k, row[2 + k], row[1]);
		}
		auc = cvm_ranking_auc(&ranking);
		if (!isnan(auc))
		{
			sum += auc;
			count++;
		}
	}
	cvm_release(ranking.rows);
	return count > 0 ? sum / count : NAN;
}

static double
ratio_or_zero(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

/* One class's precision, recall and f1; false if it was neither met nor predicted. */
static bool
class_scores(const CvmScoreSheet *sheet, int class, double scores[3])
{
	double		actual = 0;
	double		predicted = 0;
	double		hits = sheet->confusion[(size_t) class * sheet->classes + class];

	for (int k = 0; k < sheet->classes; k++)
	{
		actual += sheet->confusion[(size_t) class * sheet->classes + k];
		predicted += sheet->confusion[(size_t) k * sheet->classes + class];
	}
	scores[0] = ratio_or_zero(hits, predicted);
	scores[1] = ratio_or_zero(hits, actual);
	scores[2] = ratio_or_zero(2 * hits, actual + predicted);
	return actual + predicted > 0;
}

/* Of the positive class, or the mean over the classes. */
static void
precision_recall_f1(const CvmScoreSheet *sheet, double result[3])
{
	int			count = 0;

	if (sheet->task == CVM_BINARY)
	{
		class_scores(sheet, 1, result);
		return;
	}
	result[0] = result[1] = result[2] = 0;
	for (int k = 0; k < sheet->classes; k++)
	{
		double		scores[3];

		if (!class_scores(sheet, k, scores))
			continue;
		count++;
		for (int i = 0; i < 3; i++)
			result[i] += scores[i];
	}
	for (int i = 0; i < 3; i++)
		result[i] /= count;
}

static double
accuracy(const CvmScoreSheet *sheet)
{
	double		hits = 0;
	double		all = 0;

	for (int i = 0; i < sheet->classes; i++)
	{
		hits += sheet->confusion[(size_t) i * sheet->classes + i];
		for (int k = 0; k < sheet->classes; k++)
			all += sheet->confusion[(size_t) i * sheet->classes + k];
	}
	return hits / all;
}

static void
put(CvmMetric *metrics, int *count, const char *name, double value)
{
	metrics[*count].name = name;
	metrics[*count].value = value;
	(*count)++;
}

int
cvm_score_sheet_metrics(CvmScoreSheet *sheet, CvmMetric *metrics)
{
	int			count = 0;
	bool		empty = !(sheet->weight.sum > 0);

	if (sheet->task == CVM_REGRESSION)
	{
		double		mean_square = mean(&sheet->squares, &sheet->weight);
		double		variance = sheet->target_squares / (sheet->weight.sum + sheet->weight.lost);

		put(metrics, &count, "rmse", sqrt(mean_square));
		put(metrics, &count, "mae", mean(&sheet->absolute, &sheet->weight));
		put(metrics, &count, "r2", variance > 0 ? 1 - mean_square / variance : NAN);
		if (sheet->family == CVM_POISSON)
			put(metrics, &count, "deviance", mean(&sheet->deviance, &sheet->weight));
	}
	else
	{
		double		scores[3];

		precision_recall_f1(sheet, scores);
		put(metrics, &count, "accuracy", accuracy(sheet));
		if (!sheet->rows_dropped)
			put(metrics, &count, "auc", sheet->task == CVM_BINARY ?
				cvm_ranking_auc(&sheet->ranking) : multiclass_auc(sheet));
		put(metrics, &count, "log_loss", mean(&sheet->log_loss, &sheet->weight));
		if (sheet->task == CVM_BINARY)
			put(metrics, &count, "brier", mean(&sheet->squares, &sheet->weight));
		put(metrics, &count, "precision", empty ? NAN : scores[0]);
		put(metrics, &count, "recall", empty ? NAN : scores[1]);
		put(metrics, &count, "f1", empty ? NAN : scores[2]);
	}
	return count;
}

const double *
cvm_score_sheet_confusion(CvmScoreSheet *sheet)
{
	return sheet->confusion;
}

int
cvm_score_sheet_roc(CvmScoreSheet *sheet, CvmRocPoint **points)
{
	return cvm_ranking_roc(&sheet->ranking, points);
}

const char *
cvm_primary_metric(CvmFamily family, CvmTask task, bool *more_is_better)
{
	*more_is_better = task == CVM_BINARY;
	switch (task)
	{
		case CVM_BINARY:
			return "auc";
		case CVM_MULTICLASS:
			return "log_loss";
		case CVM_REGRESSION:
			break;
	}
	return family == CVM_POISSON ? "deviance" : "rmse";
}
