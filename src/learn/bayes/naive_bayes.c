/*
 * naive_bayes.c
 *		Naive Bayes in one pass over blocks.
 *
 * Means and sums of squared deviations are updated value by value (Welford,
 * 1962; with weights West, 1979): a class far from the rest of its column
 * keeps the digits of its variance.  Predictions are sums of logarithms, and
 * become probabilities by log-sum-exp.
 */
#include "learn/bayes/naive_bayes.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/family.h"

static void
add_value(CvmBayesMoments *moments, double value, double weight)
{
	double		difference = value - moments->mean;

	moments->weight += weight;
	moments->mean += difference * weight / moments->weight;
	moments->squares += weight * difference * (value - moments->mean);
}

/* Chan, Golub and LeVeque (1979). */
static void
add_moments(CvmBayesMoments *moments, const CvmBayesMoments *other)
{
	double		difference = other->mean - moments->mean;
	double		weight = moments->weight + other->weight;

	if (other->weight == 0)
		return;
	moments->mean += difference * other->weight / weight;
	moments->squares += other->squares +
		difference * difference * moments->weight * other->weight / weight;
	moments->weight = weight;
}

static double
variance_of(const CvmBayesMoments *moments)
{
	return moments->weight > 0 ? moments->squares / moments->weight : 0;
}

/* ---- learning ---- */

static void
add_block(const CvmExpansion *columns, const CvmBlock *block, CvmBayesSums *sums)
{
	for (int row = 0; row < block->rows; row++)
	{
		int			class = (int) block->target[row];
		double		weight = block->weight[row];
		const double *dense = block->dense + (size_t) row * columns->dense_columns;
		const int32_t *codes = block->codes + (size_t) row * columns->coded_columns;
		CvmBayesMoments *moments = sums->moments + (size_t) class * columns->dense_columns;
		double	   *levels = sums->level_weights + (size_t) class * columns->level_total;

		sums->class_weights[class] += weight;
		for (int i = 0; i < columns->dense_columns; i++)
			if (!isnan(dense[i]))
				add_value(&moments[i], dense[i], weight);
		for (int i = 0; i < columns->coded_columns; i++)
		{
			levels[cvm_expansion_level(columns, i, codes[i])] += weight;
			levels += columns->level_counts[i];
		}
	}
}

/* Weighted share of 1, or of a level, pulled towards equal shares. */
static double
smoothed(double weight, double total, int levels, double smoothing)
{
	return (weight + smoothing) / (total + smoothing * levels);
}

static void
settle_numbers(const CvmExpansion *columns, const CvmBayesSums *sums, double smoothing,
			   double variance_smoothing, double *means, double *variances)
{
	for (int i = 0; i < columns->dense_columns; i++)
	{
		CvmBayesMoments all = {0, 0, 0};

		for (int k = 0; k < sums->classes; k++)
			add_moments(&all, &sums->moments[(size_t) k * columns->dense_columns + i]);
		for (int k = 0; k < sums->classes; k++)
		{
			size_t		at = (size_t) k * columns->dense_columns + i;
			const CvmBayesMoments *own = &sums->moments[at];

			if (columns->is_indicator[i])
			{
				means[at] = smoothed(own->mean * own->weight, own->weight, 2, smoothing);
				variances[at] = NAN;
				continue;
			}
			if (own->weight == 0)
				own = &all;
			means[at] = own->mean;
			variances[at] = variance_of(own) + variance_smoothing * variance_of(&all);
			/* a number that is constant wherever it is there tells nothing */
			if (!(variances[at] > 0))
				variances[at] = 1;
		}
	}
}

static void
settle_levels(const CvmExpansion *columns, const CvmBayesSums *sums, double smoothing,
			  double *probabilities)
{
	const double *weights = sums->level_weights;

	for (int k = 0; k < sums->classes; k++)
		for (int i = 0; i < columns->coded_columns; i++)
		{
			int			count = columns->level_counts[i];

			for (int level = 0; level < count; level++)
				*probabilities++ = smoothed(*weights++, sums->class_weights[k], count, smoothing);
		}
}

void
cvm_bayes_sums_init(CvmBayesSums *sums, const CvmExpansion *columns, int classes)
{
	sums->classes = classes;
	sums->class_weights = CVM_NEW_ZERO(double, classes);
	sums->moments = CVM_NEW_ZERO(CvmBayesMoments, (size_t) classes * columns->dense_columns);
	sums->level_weights = CVM_NEW_ZERO(double, (size_t) classes * columns->level_total);
}

void
cvm_bayes_sums_free(CvmBayesSums *sums)
{
	cvm_release(sums->class_weights);
	cvm_release(sums->moments);
	cvm_release(sums->level_weights);
}

void
cvm_bayes_sums_decay(CvmBayesSums *sums, const CvmExpansion *columns, double factor)
{
	for (int k = 0; k < sums->classes; k++)
		sums->class_weights[k] *= factor;
	for (size_t i = 0; i < (size_t) sums->classes * columns->dense_columns; i++)
	{
		sums->moments[i].weight *= factor;
		sums->moments[i].squares *= factor;
	}
	for (size_t i = 0; i < (size_t) sums->classes * columns->level_total; i++)
		sums->level_weights[i] *= factor;
}

void
cvm_bayes_sums_add(CvmBayesSums *sums, const CvmExpansion *columns, CvmBlockSource *rows)
{
	for (int b = 0; b < rows->blocks; b++)
	{
		cvm_check_interrupt();
		add_block(columns, rows->read(rows->state, b), sums);
	}
}

void
cvm_naive_bayes_settle(const CvmBayesSums *sums, const CvmExpansion *columns, double total_weight,
					   double smoothing, double variance_smoothing, CvmNaiveBayes *learned)
{
	int			classes = sums->classes;
	size_t		numbers = (size_t) classes * columns->dense_columns;
	double	   *priors = CVM_NEW(double, classes);
	double	   *means = CVM_NEW(double, numbers);
	double	   *variances = CVM_NEW(double, numbers);
	double	   *probabilities = CVM_NEW(double, (size_t) classes * columns->level_total);

	for (int k = 0; k < classes; k++)
		priors[k] = sums->class_weights[k] / total_weight;
	settle_numbers(columns, sums, smoothing, variance_smoothing, means, variances);
	settle_levels(columns, sums, smoothing, probabilities);
	learned->priors = priors;
	learned->means = means;
	learned->variances = variances;
	learned->level_probabilities = probabilities;
}

void
cvm_naive_bayes_fit(const CvmExpansion *columns, int classes, CvmBlockSource *rows,
					double smoothing, double variance_smoothing, CvmNaiveBayes *learned)
{
	CvmBayesSums sums;

	cvm_bayes_sums_init(&sums, columns, classes);
	cvm_bayes_sums_add(&sums, columns, rows);
	cvm_naive_bayes_settle(&sums, columns, rows->total_weight, smoothing, variance_smoothing,
						   learned);
	cvm_bayes_sums_free(&sums);
}

/* ---- predicting ---- */

/*
 * log of the density of value is constant - factor (value - mean)^2 for a
 * number, and constant + value * factor for an indicator.
 */
struct CvmBayesScorer
{
	const CvmExpansion *columns;
	int			classes;
	const double *means;
	double	   *log_priors;
	double	   *constants;		/* classes x dense_columns */
	double	   *factors;
	double	   *log_levels;		/* classes x level_total */
};

CvmBayesScorer *
cvm_bayes_scorer_create(const CvmExpansion *columns, int classes,
						const CvmNaiveBayes *learned)
{
	CvmBayesScorer *scorer = CVM_NEW(CvmBayesScorer, 1);
	size_t		numbers = (size_t) classes * columns->dense_columns;
	size_t		levels = (size_t) classes * columns->level_total;

	scorer->columns = columns;
	scorer->classes = classes;
	scorer->means = learned->means;
	scorer->log_priors = CVM_NEW(double, classes);
	scorer->constants = CVM_NEW(double, numbers);
	scorer->factors = CVM_NEW(double, numbers);
	scorer->log_levels = CVM_NEW(double, levels);
	for (int k = 0; k < classes; k++)
		scorer->log_priors[k] = log(learned->priors[k]);
	for (size_t i = 0; i < numbers; i++)
	{
		if (columns->is_indicator[i % columns->dense_columns])
		{
			scorer->constants[i] = log1p(-learned->means[i]);
			scorer->factors[i] = log(learned->means[i]) - scorer->constants[i];
			continue;
		}
		scorer->constants[i] = -0.5 * log(2 * M_PI * learned->variances[i]);
		scorer->factors[i] = 0.5 / learned->variances[i];
	}
	for (size_t i = 0; i < levels; i++)
		scorer->log_levels[i] = log(learned->level_probabilities[i]);
	return scorer;
}

static double
log_joint(const CvmBayesScorer *scorer, int class, const double *dense, const int32_t *codes)
{
	const CvmExpansion *columns = scorer->columns;
	size_t		first = (size_t) class * columns->dense_columns;
	const double *levels = scorer->log_levels + (size_t) class * columns->level_total;
	double		sum = scorer->log_priors[class];

	for (int i = 0; i < columns->dense_columns; i++)
	{
		double		difference = dense[i] - scorer->means[first + i];

		if (isnan(dense[i]))
			continue;
		sum += scorer->constants[first + i];
		if (columns->is_indicator[i])
			sum += dense[i] * scorer->factors[first + i];
		else
			sum -= difference * difference * scorer->factors[first + i];
	}
	for (int i = 0; i < columns->coded_columns; i++)
	{
		sum += levels[cvm_expansion_level(columns, i, codes[i])];
		levels += columns->level_counts[i];
	}
	return sum;
}

/* A row so far out that it is infinitely unlikely in every class falls back
 * on the priors. */
static void
normalize(const CvmBayesScorer *scorer, double *scores)
{
	int			classes = scorer->classes;
	bool		any = false;

	for (int k = 0; k < classes; k++)
		any |= scores[k] > -INFINITY;
	if (!any)
		memcpy(scores, scorer->log_priors, classes * sizeof(double));
	cvm_family_mean(CVM_SOFTMAX, classes, scores, scores);
}

void
cvm_bayes_scorer_block(const CvmBayesScorer *scorer, const CvmBlock *block, double *probabilities)
{
	const CvmExpansion *columns = scorer->columns;

	for (int row = 0; row < block->rows; row++)
	{
		const double *dense = block->dense + (size_t) row * columns->dense_columns;
		const int32_t *codes = block->codes + (size_t) row * columns->coded_columns;

		for (int k = 0; k < scorer->classes; k++)
			probabilities[k] = log_joint(scorer, k, dense, codes);
		normalize(scorer, probabilities);
		probabilities += scorer->classes;
	}
}
