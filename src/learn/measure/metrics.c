/*
 * metrics.c
 *		How good a model is on labelled rows.
 *
 * Everything but the AUC is a weighted sum and is added up as rows come in,
 * a block of them plainly and the blocks with Neumaier's compensation (1974),
 * so that ten million small losses do not lose digits.  The AUC needs the rows
 * in order and is left to ranking.c.
 */
#include "learn/measure/metrics.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/compensated_sum.h"
#include "base/memory.h"
#include "learn/measure/confusion.h"
#include "learn/measure/ranking.h"

struct CvmScoreSheet
{
	CvmMeasure	measure;
	int			classes;
	CvmSum		weight;

	/* classifiers */
	double	   *confusion;		/* classes x classes, row = actual */
	CvmSum		log_loss;
	CvmSum		squares;		/* brier; regression: squared errors */
	int			ranking_count;	/* binary: 1; multiclass: one a class */
	CvmRanking *rankings;

	/* regression */
	CvmSum		absolute;
	CvmSum		deviance;
	CvmSum		pinball;
	double		target_mean;
	double		target_squares; /* weighted, about the mean */
};

static double
mean(const CvmSum *total, const CvmSum *weight)
{
	return cvm_sum_value(total) / cvm_sum_value(weight);
}

CvmScoreSheet *
cvm_score_sheet_create(const CvmMeasure *measure)
{
	CvmScoreSheet *sheet = CVM_NEW_ZERO(CvmScoreSheet, 1);
	CvmTask		task = measure->task;
	int			classes = measure->classes;

	sheet->measure = *measure;
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
	double		total = cvm_sum_value(&sheet->weight);
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
	double		pinball = 0;

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
		pinball += weight * cvm_pinball_loss(sheet->measure.quantile, target, prediction);
		if (sheet->measure.family == CVM_POISSON)
			deviance += 2 * weight *
				((target > 0 ? target * log(target / prediction) : 0) - target + prediction);
	}
	cvm_sum_add(&sheet->squares, squares);
	cvm_sum_add(&sheet->absolute, absolute);
	cvm_sum_add(&sheet->deviance, deviance);
	cvm_sum_add(&sheet->pinball, pinball);
}

/* Rows whose probabilities are multiplied before a logarithm is taken. */
#define LOG_ROWS 8

/*
 * Minus the weighted sum of log probability.  The logarithm of a product costs
 * as much as that of a factor; the product of LOG_ROWS probabilities of at
 * least DBL_EPSILON is far from the smallest double.
 */
typedef struct Surprise
{
	double		sum;
	double		product;		/* of probabilities of weight 1 */
	int			factors;
} Surprise;

static inline void
add_surprise(Surprise *surprise, double probability, double weight)
{
	if (probability < DBL_EPSILON)
		probability = DBL_EPSILON;
	if (probability > 1 - DBL_EPSILON)
		probability = 1 - DBL_EPSILON;
	if (weight != 1)
	{
		surprise->sum -= weight * log(probability);
		return;
	}
	surprise->product *= probability;
	if (++surprise->factors < LOG_ROWS)
		return;
	surprise->sum -= log(surprise->product);
	surprise->product = 1;
	surprise->factors = 0;
}

static double
surprise_sum(const Surprise *surprise)
{
	return surprise->sum - log(surprise->product);
}

static void
add_binary(CvmScoreSheet *sheet, int rows, const double *labels,
		   const double *probabilities, const double *weights)
{
	double		threshold = sheet->measure.profit != NULL ? sheet->measure.profit->threshold : 0.5;
	Surprise	log_loss = {.product = 1};
	double		squares = 0;

	for (int i = 0; i < rows; i++)
	{
		bool		positive = labels[i] == 1;
		double		probability = probabilities[i];
		double		error = probability - positive;

		if (!(weights[i] > 0))
			continue;
		sheet->confusion[positive * 2 + (probability > threshold)] += weights[i];
		add_surprise(&log_loss, positive ? probability : 1 - probability, weights[i]);
		squares += weights[i] * error * error;
		cvm_ranking_add(sheet->rankings, positive, probability, weights[i]);
	}
	cvm_sum_add(&sheet->log_loss, surprise_sum(&log_loss));
	cvm_sum_add(&sheet->squares, squares);
}

static void
add_multiclass(CvmScoreSheet *sheet, int rows, const double *labels,
			   const double *probabilities, const double *weights)
{
	Surprise	log_loss = {.product = 1};

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
		add_surprise(&log_loss, own[label], weights[i]);
	}
	cvm_sum_add(&sheet->log_loss, surprise_sum(&log_loss));
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
	cvm_sum_add(&sheet->weight, weight);
	switch (sheet->measure.task)
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
		case CVM_SEGMENTATION:
		case CVM_PROJECTION:
			break;				/* are measured as regressions */
		case CVM_RECOMMENDATION:
			break;				/* is judged by lists (model/list_judge.h) */
	}
}

void
cvm_score_sheet_add(CvmScoreSheet *sheet, double label,
					const double *prediction, double weight)
{
	cvm_score_sheet_add_rows(sheet, 1, &label, prediction, &weight);
}

/* The mean of the AUC of each class against the rest, over the classes that have one. */
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

/* What the decisions about rows are worth, a unit of weight. */
static double
mean_profit(const CvmScoreSheet *sheet)
{
	const double *counts = sheet->confusion;	/* row = actual */

	return cvm_profit_of(sheet->measure.profit, counts[3], counts[1], counts[2] + counts[3],
						 counts[0] + counts[1]) / cvm_sum_value(&sheet->weight);
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

	if (sheet->measure.task == CVM_REGRESSION)
	{
		double		mean_square = mean(&sheet->squares, &sheet->weight);
		double		variance = sheet->target_squares / cvm_sum_value(&sheet->weight);

		put(metrics, &count, "rmse", sqrt(mean_square));
		put(metrics, &count, "mae", mean(&sheet->absolute, &sheet->weight));
		put(metrics, &count, "r2", variance > 0 ? 1 - mean_square / variance : NAN);
		if (sheet->measure.family == CVM_POISSON)
			put(metrics, &count, "deviance", mean(&sheet->deviance, &sheet->weight));
		if (sheet->measure.quantile > 0)
			put(metrics, &count, "pinball_loss", mean(&sheet->pinball, &sheet->weight));
	}
	else
	{
		CvmClassFigures figures;

		if (sheet->measure.task == CVM_BINARY)
			(void) cvm_confusion_class(sheet->confusion, 2, 1, &figures);
		else
			cvm_confusion_means(sheet->confusion, sheet->classes, &figures);
		put(metrics, &count, "accuracy",
			cvm_confusion_accuracy(sheet->confusion, sheet->classes));
		put(metrics, &count, "auc", mean_auc(sheet));
		put(metrics, &count, "log_loss", mean(&sheet->log_loss, &sheet->weight));
		if (sheet->measure.task == CVM_BINARY)
			put(metrics, &count, "brier", mean(&sheet->squares, &sheet->weight));
		put(metrics, &count, "precision", empty ? NAN : figures.precision);
		put(metrics, &count, "recall", empty ? NAN : figures.recall);
		put(metrics, &count, "f1", empty ? NAN : figures.f1);
		if (sheet->measure.profit != NULL)
			put(metrics, &count, "profit", mean_profit(sheet));
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
cvm_primary_metric(const CvmMeasure *measure, bool *more_is_better)
{
	*more_is_better = measure->task == CVM_BINARY || measure->task == CVM_RECOMMENDATION;
	switch (measure->task)
	{
		case CVM_RECOMMENDATION:
			return "ndcg_at_10";
		case CVM_BINARY:
			return "auc";
		case CVM_MULTICLASS:
			return "log_loss";
		case CVM_REGRESSION:
		case CVM_SEGMENTATION:
		case CVM_PROJECTION:
			break;
	}
	if (measure->quantile > 0)
		return "pinball_loss";
	return measure->family == CVM_POISSON ? "deviance" : "rmse";
}
