/*
 * ties.c
 *		What ranked rows say, read tie by tie from the highest score down.
 */
#include "learn/measure/ties.h"

#include <math.h>
#include <string.h>

double
cvm_ties_auc(CvmTies *ties)
{
	double		above = 0;		/* positives of higher scores */
	double		area = 0;
	CvmTie		tie;

	while (ties->next(ties->state, &tie))
	{
		area += tie.negative * (above + tie.positive / 2);
		above += tie.positive;
	}
	if (ties->positives <= 0 || ties->negatives <= 0)
		return NAN;
	return area / (ties->positives * ties->negatives);
}

double
cvm_ties_average_precision(CvmTies *ties)
{
	double		positives = 0;
	double		rows = 0;
	double		sum = 0;
	CvmTie		tie;

	while (ties->next(ties->state, &tie))
	{
		positives += tie.positive;
		rows += tie.positive + tie.negative;
		sum += tie.positive * (positives / rows);
	}
	return ties->positives > 0 ? sum / ties->positives : NAN;
}

double
cvm_ties_lift(CvmTies *ties, double share)
{
	double		rows = ties->positives + ties->negatives;
	double		left = share * rows;
	double		hits = 0;
	CvmTie		tie;

	while (ties->next(ties->state, &tie))
	{
		double		weight = tie.positive + tie.negative;

		if (left <= 0)
			continue;
		hits += weight <= left ? tie.positive : tie.positive * (left / weight);
		left -= weight;
	}
	return ties->positives > 0 ? hits / (share * ties->positives) : NAN;
}

void
cvm_ties_bins(CvmTies *ties, int bins, CvmScoreBin *result)
{
	double		rows = ties->positives + ties->negatives;
	double		done = 0;		/* weight before the tie's rest */
	int			bin = 0;
	CvmTie		tie;

	memset(result, 0, bins * sizeof(CvmScoreBin));
	while (ties->next(ties->state, &tie))
	{
		double		weight = tie.positive + tie.negative;
		double		left = weight;

		while (left > 0)
		{
			double		room = rows * (bin + 1) / bins - done;
			double		part = bin == bins - 1 || left <= room ? left : room;

			if (part > 0)
			{
				result[bin].lowest = tie.score;
				result[bin].positive += tie.positive * (part / weight);
				result[bin].negative += tie.negative * (part / weight);
				done += part;
			}
			left = part == left ? 0 : left - part;
			if (left > 0)
				bin++;
		}
	}
}

/* Between two neighbors, as seen from the nearer one. */
static double
interpolate(double low, double high, double share)
{
	return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}

/*
 * The quantile of share q is at place q (rows - 1) of the rising scores, from
 * 0.  Places are met from above.
 */
void
cvm_ties_quantiles(CvmTies *ties, int bins, double *edges)
{
	double		last = ties->positives + ties->negatives - 1;
	double		top = last;		/* place of the first row of the tie */
	double		above = NAN;	/* score of the row before */
	int			edge = bins - 1;
	CvmTie		tie;

	while (edge > 0 && ties->next(ties->state, &tie))
	{
		double		lowest = top - (tie.positive + tie.negative) + 1;
		double		place;

		while (edge > 0 && (place = last * edge / bins) >= lowest)
		{
			double		share = place - floor(place);

			/* the upper neighbor is in this tie unless the lower is its first row */
			edges[edge - 1] = floor(place) + 1 > top && share > 0 ?
				interpolate(tie.score, above, share) : tie.score;
			edge--;
		}
		above = tie.score;
		top = lowest - 1;
	}
}
