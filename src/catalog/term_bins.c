/*
 * term_bins.c
 *		Bins of one term of an encoder, and rows that are counted in them.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/term_bins.h"

/* ---- making them ---- */

static int
by_name(const void *left, const void *right, void *argument)
{
	const CvmTerm *term = argument;

	return strcmp(term->levels[*(const int *) left], term->levels[*(const int *) right]);
}

static void
level_bins(CvmTermBins *bins)
{
	const CvmTerm *term = bins->term;

	bins->bins = term->level_count + 1;
	bins->expected = palloc0(sizeof(double) * (bins->bins + 1));
	bins->sorted = palloc(sizeof(int) * term->level_count);
	for (int i = 0; i < term->level_count; i++)
	{
		int			bin = i == term->missing_level ? bins->bins
			: i == term->other_level ? bins->bins - 1 : i;

		bins->sorted[i] = i;
		bins->expected[bin] += term->level_shares[i];
	}
	qsort_arg(bins->sorted, term->level_count, sizeof(int), by_name, (void *) term);
}

static void
number_bins(CvmTermBins *bins, const double *quantiles)
{
	const CvmTerm *term = bins->term;

	if (term->kind == CVM_TERM_INDICATOR)
	{
		bins->bins = 2;
		bins->expected = palloc0(sizeof(double) * 3);
		bins->expected[0] = 1 - term->mean;
		bins->expected[1] = term->mean;
	}
	else
	{
		bins->expected = palloc0(sizeof(double) * (CVM_DRIFT_BINS + 1));
		if (quantiles != NULL)
			bins->edge_count = cvm_drift_bins(quantiles, CVM_QUANTILES, bins->edges,
											  bins->expected);
		else
			bins->expected[0] = 1;
		bins->bins = bins->edge_count + 1;
	}
	for (int i = 0; i < bins->bins; i++)
		bins->expected[i] *= 1 - term->missing_share;
	bins->expected[bins->bins] = term->missing_share;
}

void
cvm_term_bins_init(CvmTermBins *bins, const CvmTerm *term, const double *quantiles)
{
	memset(bins, 0, sizeof(*bins));
	bins->term = term;
	if (term->kind == CVM_TERM_CATEGORY)
		level_bins(bins);
	else
		number_bins(bins, quantiles);
	bins->counts = palloc0(sizeof(double) * (bins->bins + 1));
}

/* ---- counting ---- */

void
cvm_term_bins_count_number(CvmTermBins *bins, double number)
{
	int			bin = 0;

	if (isnan(number))
		bin = bins->bins;
	else if (bins->term->kind == CVM_TERM_INDICATOR)
		bin = number != 0;
	else
		while (bin < bins->edge_count && number > bins->edges[bin])
			bin++;
	bins->counts[bin]++;
}

/* A level by its name; the last bin but that of missing values: never seen. */
static int
find_level(const CvmTermBins *bins, const char *text, int length)
{
	int			low = 0;
	int			high = bins->term->level_count;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const char *level = bins->term->levels[bins->sorted[middle]];
		int			order = strncmp(level, text, length);

		if (order == 0 && level[length] == '\0')
			return bins->sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return bins->bins - 1;
}

void
cvm_term_bins_count_level(CvmTermBins *bins, const char *text, int length)
{
	const CvmTerm *term = bins->term;
	int			bin = text == NULL ? bins->bins : find_level(bins, text, length);

	/* the names of the shared levels are nobody's category */
	if (text != NULL && (bin == term->other_level || bin == term->missing_level))
		bin = bins->bins - 1;
	bins->counts[bin]++;
}

void
cvm_term_bins_count_part(CvmTermBins *bins, int part)
{
	char		text[12];

	snprintf(text, sizeof(text), "%d", part);
	cvm_term_bins_count_level(bins, part == 0 ? NULL : text, strlen(text));
}
