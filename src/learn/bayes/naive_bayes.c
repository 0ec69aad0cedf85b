/*
 * naive_bayes.c
 *		Naive Bayes in one pass over blocks.
 *
 * Means and squared deviations from them are those of a block, twice over its
 * rows, and blocks are added up by Chan, Golub and LeVeque (1979): a class far
 * from the rest of its column keeps the digits of its variance.  Scores
 * are sums of logarithms.
 */
#include "learn/bayes/naive_bayes.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/clones.h"

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

/* Those of a block: classes x dense_columns. */
typedef struct BlockSums
{
	bool	   *met;			/* classes: whether it is in the block */
	double	   *weights;
	double	   *means;
	double	   *squares;
} BlockSums;

/* weights and sums of a row's numbers, as far as they are there. */
CVM_CLONES static void
add_numbers(int count, const double *restrict row, double weight, double *restrict weights,
			double *restrict sums)
{
	for (int i = 0; i < count; i++)
	{
		bool		there = row[i] == row[i];

		weights[i] += there ? weight : 0;
		sums[i] += there ? weight * row[i] : 0;
	}
}

CVM_CLONES static void
add_squares(int count, const double *restrict row, double weight, const double *restrict means,
			double *restrict squares)
{
	for (int i = 0; i < count; i++)
	{
		double		difference = row[i] - means[i];

		squares[i] += difference == difference ? weight * difference * difference : 0;
	}
}

static void
add_block_numbers(int count, const CvmBlock *block, BlockSums *own, CvmBayesSums *sums)
{
	memset(own->met, 0, sums->classes * sizeof(bool));
	for (int row = 0; row < block->rows; row++)
	{
		int			class = (int) block->target[row];
		size_t		at = (size_t) class * count;

		if (!own->met[class])
		{
			memset(own->weights + at, 0, count * sizeof(double));
			memset(own->means + at, 0, count * sizeof(double));
			memset(own->squares + at, 0, count * sizeof(double));
			own->met[class] = true;
		}
		add_numbers(count, block->dense + (size_t) row * count, block->weight[row],
					own->weights + at, own->means + at);
	}
	for (int k = 0; k < sums->classes; k++)
		for (size_t at = (size_t) k * count; own->met[k] && at < (size_t) (k + 1) * count; at++)
			own->means[at] /= own->weights[at] > 0 ? own->weights[at] : 1;
	for (int row = 0; row < block->rows; row++)
	{
		size_t		at = (size_t) block->target[row] * count;

		add_squares(count, block->dense + (size_t) row * count, block->weight[row],
					own->means + at, own->squares + at);
	}
	for (int k = 0; k < sums->classes; k++)
		for (size_t at = (size_t) k * count; own->met[k] && at < (size_t) (k + 1) * count; at++)
			add_moments(&sums->moments[at],
						&(CvmBayesMoments) {own->weights[at], own->means[at], own->squares[at]});
}

static void
add_block_levels(const CvmExpansion *columns, const CvmBlock *block, CvmBayesSums *sums)
{
	for (int row = 0; row < block->rows; row++)
	{
		int			class = (int) block->target[row];
		double		weight = block->weight[row];
		const int32_t *codes = block->codes + (size_t) row * columns->coded_columns;
		double	   *levels = sums->level_weights + (size_t) class * columns->level_total;

		sums->class_weights[class] += weight;
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
	size_t		numbers = (size_t) sums->classes * columns->dense_columns;
	BlockSums	own = {
		.met = CVM_NEW(bool, sums->classes),
		.weights = CVM_NEW(double, numbers),
		.means = CVM_NEW(double, numbers),
		.squares = CVM_NEW(double, numbers)
	};

	for (int b = 0; b < rows->blocks; b++)
	{
		const CvmBlock *block = rows->read(rows->state, b);

		cvm_check_interrupt();
		add_block_numbers(columns->dense_columns, block, &own, sums);
		add_block_levels(columns, block, sums);
	}
	cvm_release(own.met);
	cvm_release(own.weights);
	cvm_release(own.means);
	cvm_release(own.squares);
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
 * log of the density of value is constant - factor (value - mean)^2; of an
 * indicator too, with mean 0: what is 0 or 1 is its own square.
 */
struct CvmBayesScorer
{
	const CvmExpansion *columns;
	int			classes;
	double	   *log_priors;
	double	   *constants;		/* classes x dense_columns */
	double	   *means;
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
	scorer->log_priors = CVM_NEW(double, classes);
	scorer->constants = CVM_NEW(double, numbers);
	scorer->means = CVM_NEW(double, numbers);
	scorer->factors = CVM_NEW(double, numbers);
	scorer->log_levels = CVM_NEW(double, levels);
	for (int k = 0; k < classes; k++)
		scorer->log_priors[k] = log(learned->priors[k]);
	for (size_t i = 0; i < numbers; i++)
	{
		if (columns->is_indicator[i % columns->dense_columns])
		{
			scorer->constants[i] = log1p(-learned->means[i]);
			scorer->means[i] = 0;
			scorer->factors[i] = scorer->constants[i] - log(learned->means[i]);
			continue;
		}
		scorer->constants[i] = -0.5 * log(2 * M_PI * learned->variances[i]);
		scorer->means[i] = learned->means[i];
		scorer->factors[i] = 0.5 / learned->variances[i];
	}
	for (size_t i = 0; i < levels; i++)
		scorer->log_levels[i] = log(learned->level_probabilities[i]);
	return scorer;
}

/* Four numbers side by side, anywhere in memory. */
typedef double Four __attribute__((vector_size(4 * sizeof(double)), aligned(sizeof(double)),
								   may_alias));
typedef int64_t FourBits __attribute__((vector_size(4 * sizeof(double))));

#define FOUR(array, i) (*(const Four *) ((array) + (i)))

/* Four sums side by side: a single one would wait for its last addition.  What
 * is missing adds nothing. */
CVM_CLONES static double
log_densities(int count, const double *restrict row, const double *restrict constants,
			  const double *restrict means, const double *restrict factors)
{
	Four		sums = {0, 0, 0, 0};
	double		rest = 0;
	int			whole = count - count % 4;

	for (int i = 0; i < whole; i += 4)
	{
		Four		difference = FOUR(row, i) - FOUR(means, i);
		Four		density = FOUR(constants, i) - FOUR(factors, i) * (difference * difference);

		sums += (Four) ((FourBits) density & (density == density));
	}
	for (int i = whole; i < count; i++)
	{
		double		difference = row[i] - means[i];
		double		density = constants[i] - factors[i] * (difference * difference);

		rest += density == density ? density : 0;
	}
	return ((sums[0] + sums[2]) + (sums[1] + sums[3])) + rest;
}

static double
log_joint(const CvmBayesScorer *scorer, int class, const double *dense, const int32_t *codes)
{
	const CvmExpansion *columns = scorer->columns;
	size_t		first = (size_t) class * columns->dense_columns;
	const double *levels = scorer->log_levels + (size_t) class * columns->level_total;
	double		sum = scorer->log_priors[class] +
		log_densities(columns->dense_columns, dense, scorer->constants + first,
					  scorer->means + first, scorer->factors + first);

	for (int i = 0; i < columns->coded_columns; i++)
	{
		sum += levels[cvm_expansion_level(columns, i, codes[i])];
		levels += columns->level_counts[i];
	}
	return sum;
}

void
cvm_bayes_scorer_block(const CvmBayesScorer *scorer, const CvmBlock *block, double *scores)
{
	const CvmExpansion *columns = scorer->columns;
	int			classes = scorer->classes;

	for (int row = 0; row < block->rows; row++, scores += classes)
	{
		const double *dense = block->dense + (size_t) row * columns->dense_columns;
		const int32_t *codes = block->codes + (size_t) row * columns->coded_columns;
		bool		any = false;

		for (int k = 0; k < classes; k++)
		{
			scores[k] = log_joint(scorer, k, dense, codes);
			any |= scores[k] > -INFINITY;
		}
		/* so far out that it is infinitely unlikely in every class */
		if (!any)
			memcpy(scores, scorer->log_priors, classes * sizeof(double));
	}
}
