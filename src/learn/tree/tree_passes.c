/*
 * tree_passes.c
 *		The work on rows of trees that are in a file, pass by pass.
 *
 * Keys are stored as key + 1, or of rows that take no part as its negative.
 */
#include "learn/tree/tree_passes.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/tree/held_out.h"
#include "learn/tree/tree_member.h"
#include "learn/tree/tree_quantile.h"
#include "learn/tree/tree_work.h"

/* Leaves whose quantiles are looked for together. */
#define QUANTILES_TOGETHER 512

/* The rows from "first" on that are looked at together. */
static size_t
rows_from(const CvmTreeStream *stream, size_t first, size_t most)
{
	size_t		left = cvm_tree_stream_rows(stream) - first;

	return left < most ? left : most;
}

/* ---- nodes ---- */

size_t
cvm_tree_pass_draw(CvmTreeStream *stream, double share, uint64_t seed)
{
	size_t		drawn = 0;
	size_t		count;

	for (size_t first = 0; (count = rows_from(stream, first, CVM_STREAM_ROWS)) > 0; first += count)
	{
		int32_t    *keys = cvm_tree_stream_buffer(stream, CVM_PART_KEY);

		cvm_check_interrupt();
		for (size_t i = 0; i < count; i++)
		{
			bool		takes_part = cvm_row_is_drawn(first + i, seed, share);

			keys[i] = takes_part ? 1 : -1;
			drawn += takes_part;
		}
		cvm_tree_stream_store(stream, CVM_PART_KEY, first, count);
	}
	return drawn;
}

static inline void
add_row(const CvmHistogramShape *shape, bool classes, const uint8_t *row, int64_t statistic,
		int64_t *sums)
{
	if (classes)
	{
		int			kind = (int) (statistic >> 32);

		for (int i = 0; i < shape->columns; i++)
			sums[((size_t) i * CVM_BIN_PLACES + row[cvm_histogram_column(shape, i)]) *
				 shape->width + kind] += statistic & 0xffffffff;
		return;
	}
	for (int i = 0; i < shape->columns; i++)
	{
		int64_t    *pair = sums +
			2 * ((size_t) i * CVM_BIN_PLACES + row[cvm_histogram_column(shape, i)]);

		pair[0] += statistic >> 32;
		pair[1] += statistic & 0xffffffff;
	}
}

/* The rows of a piece; true: some have moved. */
static bool
route_piece(const CvmHistogramShape *shape, bool classes, CvmTreeRoute *routes,
			const int32_t *route_of_key, const uint8_t *bins, int columns,
			const int64_t *statistics, int32_t *keys, size_t count)
{
	bool		moved = false;

	for (size_t i = 0; i < count; i++, bins += columns)
	{
		bool		takes_part = keys[i] > 0;
		int32_t		route = route_of_key[(takes_part ? keys[i] : -keys[i]) - 1];
		int			side = 0;

		if (route < 0)
			continue;
		if (routes[route].column >= 0)
		{
			int32_t		key;

			side = !routes[route].goes_left[bins[routes[route].column]];
			key = routes[route].left_key + side + 1;
			keys[i] = takes_part ? key : -key;
			moved = true;
		}
		if (!takes_part)
			continue;
		routes[route].rows[side]++;
		add_row(shape, classes, bins, statistics[i], routes[route].sums[side]);
	}
	return moved;
}

void
cvm_tree_pass_route(CvmTreeStream *stream, const CvmHistogramShape *shape, bool classes,
					CvmTreeRoute *routes, int count, int32_t keys)
{
	int32_t    *route_of_key = CVM_NEW(int32_t, keys);
	size_t		piece = cvm_tree_stream_piece(stream);
	size_t		rows;

	memset(route_of_key, -1, keys * sizeof(int32_t));
	for (int r = 0; r < count; r++)
	{
		route_of_key[routes[r].key] = r;
		for (int side = 0; side < (routes[r].column < 0 ? 1 : 2); side++)
		{
			routes[r].rows[side] = 0;
			cvm_histogram_clear(shape, shape->width, routes[r].sums[side]);
		}
	}
	for (size_t first = 0; (rows = rows_from(stream, first, piece)) > 0; first += rows)
	{
		int32_t    *own_keys = cvm_tree_stream_load(stream, CVM_PART_KEY, first, rows);

		if (route_piece(shape, classes, routes, route_of_key,
						cvm_tree_stream_load(stream, CVM_PART_BINS, first, rows),
						shape->bins->columns,
						cvm_tree_stream_load(stream, CVM_PART_STATISTIC, first, rows),
						own_keys, rows))
			cvm_tree_stream_store(stream, CVM_PART_KEY, first, rows);
	}
	cvm_release(route_of_key);
}

static void
collect_row(const CvmTreeArrays *arrays, size_t place, const uint8_t *bins, int64_t statistic)
{
	const CvmBinnedRows *rows = &arrays->rows;

	memcpy(rows->by_row + place * rows->columns, bins, rows->columns);
	for (int c = 0; c < rows->columns; c++)
		rows->by_column[c * rows->rows + place] = bins[c];
	if (arrays->packed != NULL)
		arrays->packed[place] = statistic;
	else
	{
		arrays->classes[place] = (int32_t) (statistic >> 32);
		arrays->weights[place] = (uint16_t) statistic;
	}
}

void
cvm_tree_pass_collect(CvmTreeStream *stream, const int32_t *node_of_key, size_t *places,
					  const CvmTreeArrays *arrays)
{
	size_t		piece = cvm_tree_stream_piece(stream);
	size_t		count;

	for (size_t first = 0; (count = rows_from(stream, first, piece)) > 0; first += count)
	{
		const int32_t *keys = cvm_tree_stream_load(stream, CVM_PART_KEY, first, count);
		const uint8_t *bins = cvm_tree_stream_load(stream, CVM_PART_BINS, first, count);
		const int64_t *statistics = cvm_tree_stream_load(stream, CVM_PART_STATISTIC, first, count);

		for (size_t i = 0; i < count; i++, bins += arrays->rows.columns)
			if (keys[i] > 0 && node_of_key[keys[i] - 1] >= 0)
				collect_row(arrays, places[node_of_key[keys[i] - 1]]++, bins, statistics[i]);
	}
}

/* ---- boosting ---- */

/* The quantile of all targets. */
static double
base_quantile(CvmTreeStream *stream, double quantile)
{
	CvmQuantileSearch search;
	size_t		count;

	cvm_quantile_begin(&search);
	for (int step = 0; step < CVM_QUANTILE_STEPS; step++)
	{
		for (size_t first = 0; (count = rows_from(stream, first, CVM_STREAM_ROWS)) > 0; first += count)
		{
			const double *target = cvm_tree_stream_load(stream, CVM_PART_TARGET, first, count);
			const double *weight = cvm_tree_stream_load(stream, CVM_PART_WEIGHT, first, count);

			for (size_t i = 0; i < count; i++)
				cvm_quantile_add(&search, target[i], weight[i]);
		}
		cvm_quantile_step(&search, quantile);
	}
	return cvm_quantile_value(&search);
}

void
cvm_tree_pass_base(CvmTreeStream *stream, const CvmTreeLoss *loss, double *base)
{
	CvmTargetSums sums = {.classes = CVM_NEW_ZERO(double, loss->outputs)};
	size_t		count;

	for (size_t first = 0; (count = rows_from(stream, first, CVM_STREAM_ROWS)) > 0; first += count)
		cvm_tree_loss_add_targets(loss, count,
								  cvm_tree_stream_load(stream, CVM_PART_TARGET, first, count),
								  cvm_tree_stream_load(stream, CVM_PART_WEIGHT, first, count),
								  &sums);
	if (loss->objective == CVM_OBJECTIVE_QUANTILE)
		base[0] = base_quantile(stream, loss->quantile);
	else
		cvm_tree_loss_base_of(loss, &sums, base);
	cvm_release(sums.classes);
}

double
cvm_tree_pass_losses(CvmTreeStream *stream, const CvmTreeLoss *loss, bool derivatives,
					 float *largest)
{
	double		sum = 0;
	size_t		count;

	if (derivatives)
		memset(largest, 0, 2 * (size_t) loss->outputs * sizeof(float));
	for (size_t first = 0; (count = rows_from(stream, first, CVM_STREAM_ROWS)) > 0; first += count)
	{
		float	   *g = derivatives ? cvm_tree_stream_buffer(stream, CVM_PART_G) : NULL;
		float	   *h = derivatives ? cvm_tree_stream_buffer(stream, CVM_PART_H) : NULL;

		sum += cvm_tree_loss_rows(loss, CVM_STREAM_ROWS, count,
								  cvm_tree_stream_load(stream, CVM_PART_SCORE, first, count),
								  cvm_tree_stream_load(stream, CVM_PART_TARGET, first, count),
								  cvm_tree_stream_load(stream, CVM_PART_WEIGHT, first, count),
								  g, h);
		if (!derivatives)
			continue;
		for (int k = 0; k < loss->outputs; k++)
			cvm_tree_largest(g + (size_t) k * CVM_STREAM_ROWS, h + (size_t) k * CVM_STREAM_ROWS,
							 count, largest + 2 * k);
		cvm_tree_stream_store(stream, CVM_PART_G, first, count);
		cvm_tree_stream_store(stream, CVM_PART_H, first, count);
	}
	return sum;
}

void
cvm_tree_pass_pack(CvmTreeStream *stream, int output, float gradient_scale,
				   float curvature_scale, uint32_t seed)
{
	size_t		place = (size_t) output * CVM_STREAM_ROWS;
	size_t		count;

	for (size_t first = 0; (count = rows_from(stream, first, CVM_STREAM_ROWS)) > 0; first += count)
	{
		const float *g = cvm_tree_stream_load(stream, CVM_PART_G, first, count);
		const float *h = cvm_tree_stream_load(stream, CVM_PART_H, first, count);

		cvm_tree_pack_rows(first, count, g + place, h + place, gradient_scale, curvature_scale,
						   seed, cvm_tree_stream_buffer(stream, CVM_PART_STATISTIC));
		cvm_tree_stream_store(stream, CVM_PART_STATISTIC, first, count);
	}
}

/* ---- leaves ---- */

typedef struct Sums
{
	double		gradient;
	double		curvature;
} Sums;

/* Sums of derivatives, and weights, of the rows of leaves that take part. */
static void
sum_leaves(CvmTreeStream *stream, int output, const int32_t *leaf_of_key, CvmTreeLeaf *leaves,
		   Sums *sums)
{
	size_t		place = (size_t) output * CVM_STREAM_ROWS;
	size_t		count;

	for (size_t first = 0; (count = rows_from(stream, first, CVM_STREAM_ROWS)) > 0; first += count)
	{
		const int32_t *keys = cvm_tree_stream_load(stream, CVM_PART_KEY, first, count);
		const double *weight = cvm_tree_stream_load(stream, CVM_PART_WEIGHT, first, count);
		const float *g = (float *) cvm_tree_stream_load(stream, CVM_PART_G, first, count) + place;
		const float *h = (float *) cvm_tree_stream_load(stream, CVM_PART_H, first, count) + place;

		for (size_t i = 0; i < count; i++)
			if (keys[i] > 0)
			{
				int32_t		leaf = leaf_of_key[keys[i] - 1];

				sums[leaf].gradient += g[i];
				sums[leaf].curvature += h[i];
				leaves[leaf].weight += weight[i];
			}
	}
}

/* The quantiles of what is left of the rows of "count" leaves from "from" on. */
static void
find_quantiles(CvmTreeStream *stream, double quantile, const int32_t *leaf_of_key,
			   CvmTreeLeaf *leaves, int from, int count)
{
	CvmQuantileSearch *searches = CVM_NEW(CvmQuantileSearch, count);
	size_t		rows;

	for (int i = 0; i < count; i++)
		cvm_quantile_begin(&searches[i]);
	for (int step = 0; step < CVM_QUANTILE_STEPS; step++)
	{
		for (size_t first = 0; (rows = rows_from(stream, first, CVM_STREAM_ROWS)) > 0; first += rows)
		{
			const int32_t *keys = cvm_tree_stream_load(stream, CVM_PART_KEY, first, rows);
			const double *target = cvm_tree_stream_load(stream, CVM_PART_TARGET, first, rows);
			const double *weight = cvm_tree_stream_load(stream, CVM_PART_WEIGHT, first, rows);
			const double *scores = cvm_tree_stream_load(stream, CVM_PART_SCORE, first, rows);

			for (size_t i = 0; i < rows; i++)
			{
				int32_t		leaf = keys[i] > 0 ? leaf_of_key[keys[i] - 1] - from : -1;

				if (leaf >= 0 && leaf < count)
					cvm_quantile_add(&searches[leaf], target[i] - scores[i], weight[i]);
			}
		}
		for (int i = 0; i < count; i++)
			cvm_quantile_step(&searches[i], quantile);
	}
	for (int i = 0; i < count; i++)
		leaves[from + i].value = fmin(fmax(cvm_quantile_value(&searches[i]),
										   leaves[from + i].lower), leaves[from + i].upper);
	cvm_release(searches);
}

static void
add_values(CvmTreeStream *stream, int output, const int32_t *leaf_of_key,
		   const CvmTreeLeaf *leaves)
{
	size_t		count;

	for (size_t first = 0; (count = rows_from(stream, first, CVM_STREAM_ROWS)) > 0; first += count)
	{
		const int32_t *keys = cvm_tree_stream_load(stream, CVM_PART_KEY, first, count);
		double	   *scores = (double *) cvm_tree_stream_load(stream, CVM_PART_SCORE, first, count) +
			(size_t) output * CVM_STREAM_ROWS;

		for (size_t i = 0; i < count; i++)
			scores[i] += leaves[leaf_of_key[(keys[i] > 0 ? keys[i] : -keys[i]) - 1]].value;
		cvm_tree_stream_store(stream, CVM_PART_SCORE, first, count);
	}
}

void
cvm_tree_pass_settle(CvmTreeStream *stream, const CvmTreeLoss *loss, int output, double rate,
					 const int32_t *leaf_of_key, CvmTreeLeaf *leaves, int count)
{
	Sums	   *sums = CVM_NEW_ZERO(Sums, count);

	for (int i = 0; i < count; i++)
		leaves[i].weight = 0;
	sum_leaves(stream, output, leaf_of_key, leaves, sums);
	for (int i = 0; i < count && loss->objective != CVM_OBJECTIVE_QUANTILE; i++)
		leaves[i].value = cvm_tree_loss_value(loss, sums[i].gradient, sums[i].curvature,
											  leaves[i].lower, leaves[i].upper);
	for (int from = 0; from < count && loss->objective == CVM_OBJECTIVE_QUANTILE;
		 from += QUANTILES_TOGETHER)
		find_quantiles(stream, loss->quantile, leaf_of_key, leaves, from,
					   count - from < QUANTILES_TOGETHER ? count - from : QUANTILES_TOGETHER);
	for (int i = 0; i < count; i++)
		leaves[i].value *= rate;
	add_values(stream, output, leaf_of_key, leaves);
	cvm_release(sums);
}

void
cvm_tree_pass_walk(CvmTreeStream *stream, const CvmGrownTree *tree, const CvmBins *bins,
				   int output, const double *values)
{
	size_t		piece = cvm_tree_stream_piece(stream);
	size_t		count;

	for (size_t first = 0; (count = rows_from(stream, first, piece)) > 0; first += count)
	{
		double	   *scores = cvm_tree_stream_load(stream, CVM_PART_SCORE, first, count);

		cvm_add_leaf_values(tree, bins, cvm_tree_stream_load(stream, CVM_PART_BINS, first, count),
							count, values, scores + (size_t) output * CVM_STREAM_ROWS);
		cvm_tree_stream_store(stream, CVM_PART_SCORE, first, count);
	}
}
