/*
 * sample.c
 *		A bounded sample of training rows, for quantiles.
 *
 * A row is kept while the hash of its number is at most a threshold.  When
 * there is no room left, the threshold is halved and about half of the rows
 * go.  Which rows stay depends on nothing but their number, so the same rows
 * in the same order give the same quantiles.
 */
#include "encode/sample.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/measure/ranking.h"

#define LARGEST_LIMIT 4096
#define LEAST_LIMIT 128
#define LARGEST_CELLS (1 << 21)

#define FIRST_CAPACITY 64

void
cvm_sample_init(CvmSample *sample, int columns)
{
	memset(sample, 0, sizeof(CvmSample));
	sample->columns = columns;
	sample->threshold = UINT64_MAX;
	sample->limit = columns == 0 ? 0 : LARGEST_CELLS / columns;
	if (sample->limit > LARGEST_LIMIT)
		sample->limit = LARGEST_LIMIT;
	if (sample->limit < LEAST_LIMIT)
		sample->limit = LEAST_LIMIT;
}

static void
keep_row(CvmSample *sample, int place, const double *values, double weight, uint64_t hash)
{
	memmove(sample->values + (size_t) place * sample->columns, values,
			sample->columns * sizeof(double));
	sample->weights[place] = weight;
	sample->hashes[place] = hash;
}

static void
thin_out(CvmSample *sample)
{
	int			kept = 0;

	sample->threshold /= 2;
	for (int i = 0; i < sample->count; i++)
		if (sample->hashes[i] <= sample->threshold)
			keep_row(sample, kept++, sample->values + (size_t) i * sample->columns,
					 sample->weights[i], sample->hashes[i]);
	sample->count = kept;
}

static void
grow(CvmSample *sample)
{
	int			capacity = sample->capacity == 0 ? FIRST_CAPACITY : sample->capacity * 2;

	if (capacity > sample->limit)
		capacity = sample->limit;
	sample->hashes = cvm_resize(sample->hashes, capacity, sizeof(uint64_t));
	sample->weights = cvm_resize(sample->weights, capacity, sizeof(double));
	sample->values = cvm_resize(sample->values, (size_t) capacity * sample->columns,
								sizeof(double));
	sample->capacity = capacity;
}

void
cvm_sample_add(CvmSample *sample, const double *values, const double *weights,
			   const uint64_t *hashes, int rows)
{
	if (sample->columns == 0)
		return;
	for (int row = 0; row < rows; row++)
	{
		if (hashes[row] > sample->threshold)
			continue;
		if (sample->count == sample->capacity && sample->capacity < sample->limit)
			grow(sample);
		while (sample->count == sample->capacity)
			thin_out(sample);
		if (hashes[row] <= sample->threshold)
			keep_row(sample, sample->count++, values + (size_t) row * sample->columns,
					 weights[row], hashes[row]);
	}
}

/* The value of a row that is ranked by falling negative values. */
static inline double
value_of(const CvmRankedRow *row)
{
	return 0.0 - cvm_ranked_row_score(row);
}

/*
 * Value k of n sorted ones stands at the middle of its weight, with the first
 * at 0 and the last at 1; in between quantiles are interpolated.  With equal
 * weights that is (k - 1) / (n - 1), as in percentile_cont (definition 7 of
 * Hyndman and Fan, 1996).
 */
static void
interpolate(const CvmRankedRow *values, int count, int parts, double *quantiles)
{
	double		span = 0;
	double		place = 0;		/* of values[k] */
	int			k = 0;

	for (int i = 1; i < count; i++)
		span += (values[i - 1].weight + values[i].weight) / 2;
	for (int part = 0; part < parts; part++)
	{
		double		wanted = span * part / parts;
		double		step = 0;

		for (; k < count - 1; k++)
		{
			step = (values[k].weight + values[k + 1].weight) / 2;
			if (place + step >= wanted)
				break;
			place += step;
		}
		quantiles[part] = value_of(&values[k]);
		if (k < count - 1)
			quantiles[part] += (value_of(&values[k + 1]) - value_of(&values[k])) *
				((wanted - place) / step);
	}
	quantiles[parts] = value_of(&values[count - 1]);
}

void
cvm_sample_quantiles(const CvmSample *sample, int column, int parts, double *quantiles)
{
	CvmRankedRow *values = CVM_NEW(CvmRankedRow, sample->count);
	int			count = 0;

	for (int i = 0; i < sample->count; i++)
	{
		double		value = sample->values[(size_t) i * sample->columns + column];

		if (isnan(value))
			continue;
		values[count].key = cvm_ranking_key(-value);
		values[count].weight = sample->weights[i];
		count++;
	}
	cvm_ranking_sort_rows(values, count);
	if (count > 0)
		interpolate(values, count, parts, quantiles);
	else
		for (int part = 0; part <= parts; part++)
			quantiles[part] = NAN;
	cvm_release(values);
}
