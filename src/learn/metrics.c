/*
 * metrics.c
 *		How good a model is on labelled rows.
 *
 * Everything but the AUC is a weighted sum and is added up as rows come in,
 * a block of them plainly and the blocks with Neumaier's compensation (1974),
 * so that ten million small losses do not lose digits.  The AUC needs the rows
 * in order and is left to ranking.c.
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
	int			ranking_count;	/* binary: 1; multiclass: one a class */
	CvmRanking *rankings;

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
	{
		sheet->confusion = cvm_alloc_zero((size_t) classes * classes, sizeof(double));
		sheet->ranking_count = task == CVM_BINARY ? 1 : classes;
		sheet->rankings = CVM_NEW_ZERO(CvmRanking, sheet->ranking_count);
		for (int k = 0; k < sheet->ranking_count; k++)
			sheet->rankings[k].limit = CVM_SCORE_SHEET_ROWS / sheet->ranking_count;
	}
	return sheet;
}

void
cvm_score_sheet_free(CvmScoreSheet *sheet)
{
	cvm_release(sheet->confusion);
	for (int k = 0; k < sheet->ranking_count; k++)
		cvm_release(sheet->rankings[k].rows);
	cvm_release(sheet->rankings);
	cvm_release(sheet);
}

/*
 * Merges mean and sum of squares of a block's targets, whose weights add up to
 * "weight" (Chan, Golub and LeVeque, 1979).
 */
static void
add_targets(CvmScoreSheet *sheet, int rows, const double *targets, const double *weights,
			double weight)
{
	double		total = sheet->weight.sum + sheet->weight.lost;
	double		mean = 0;
	double		squares = 0;
	double		shift;

	for (int i = 0; i < rows; i++)
		mean += weights[i] / weight * targets[i];
	for (int i = 0; i < rows; i++)
		squares += weights[i] * (targets[i] - mean) * (targets[i] - mean);
	shift = mean - sheet->target_mean;
	sheet->target_mean += shift * (weight / total);
	sheet->target_squares += squares + shift * shift * (total - weight) * (weight / total);
}

static void
add_regression(CvmScoreSheet *sheet, int rows, const double *targets,
			   const double *predictions, const double *weights)
{
	double		squares = 0;
	double		absolute = 0;
	double		deviance = 0;

	for (int i = 0; i < rows; i++)
	{
		double		target = targets[i];
		double		prediction = predictions[i];
		double		weight = weights[i];
		double		error = target - prediction;

		if (!(weight > 0))
			continue;
		squares += weight * error * error;
		absolute += weight * fabs(error);
		if (sheet->family == CVM_POISSON)
			deviance += 2 * weight *
				((target > 0 ? target * log(target / prediction) : 0) - target + prediction);
	}
	add(&sheet->squares, squares);
	add(&sheet->absolute, absolute);
	add(&sheet->deviance, deviance);
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
add_binary(CvmScoreSheet *sheet, int rows, const double *labels,
		   const double *probabilities, const double *weights)
{
	double		log_loss = 0;
	double		squares = 0;

	for (int i = 0; i < rows; i++)
	{
		bool		positive = labels[i] == 1;
		double		probability = probabilities[i];
		double		error = probability - positive;

		if (!(weights[i] > 0))
			continue;
		sheet->confusion[positive * 2 + (probability > 0.5)] += weights[i];
		log_loss += weights[i] * surprise(positive ? probability : 1 - probability);
		squares += weights[i] * error * error;
		cvm_ranking_add(sheet->rankings, positive, probability, weights[i]);
	}
	add(&sheet->log_loss, log_loss);
	add(&sheet->squares, squares);
}

static void
add_multiclass(CvmScoreSheet *sheet, int rows, const double *labels,
			   const double *probabilities, const double *weights)
{
	double		log_loss = 0;

	for (int i = 0; i < rows; i++)
	{
		const double *own = probabilities + (size_t) i * sheet->classes;
		int			label = (int) labels[i];
		int			predicted = 0;

		if (!(weights[i] > 0))
			continue;
		for (int k = 0; k < sheet->classes; k++)
		{
			if (own[k] > own[predicted])
				predicted = k;
			cvm_ranking_add(&sheet->rankings[k], label == k, own[k], weights[i]);
		}
		sheet->confusion[(size_t) label * sheet->classes + predicted] += weights[i];
		log_loss += weights[i] * surprise(own[label]);
	}
	add(&sheet->log_loss, log_loss);
}

void
cvm_score_sheet_add_rows(CvmScoreSheet *sheet, int rows, const double *labels,
						 const double *predictions, const double *weights)
{
	double		weight = 0;

	for (int i = 0; i < rows; i++)
		weight += weights[i];
	if (!(weight > 0))
		return;
	add(&sheet->weight, weight);
	switch (sheet->task)
	{
		case CVM_REGRESSION:
			add_targets(sheet, rows, labels, weights, weight);
			add_regression(sheet, rows, labels, predictions, weights);
			break;
		case CVM_BINARY:
			add_binary(sheet, rows, labels, predictions, weights);
			break;
		case CVM_MULTICLASS:
			add_multiclass(sheet, rows, labels, predictions, weights);
			break;
	}
}

void
cvm_score_sheet_add(CvmScoreSheet *sheet, double label,
					const double *prediction, double weight)
{
	cvm_score_sheet_add_rows(sheet, 1, &label, prediction, &weight);
}

/* Hand and Till's one-against-rest AUC, averaged over the classes that have one. */
static double
mean_auc(CvmScoreSheet *sheet)
{
	double		sum = 0;
	int			count = 0;

	for (int k = 0; k < sheet->ranking_count; k++)
	{
		double		auc = cvm_ranking_auc(&sheet->rankings[k]);

		if (!isnan(auc))
		{
			sum += auc;
			count++;
		}
	}
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
		put(metrics, &count, "auc", mean_auc(sheet));
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
	return cvm_ranking_roc(sheet->rankings, points);
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
