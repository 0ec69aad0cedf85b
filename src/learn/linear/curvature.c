/*
 * curvature.c
 *		Adds sums of h x x' over the rows of a block to a Hessian.
 *
 * Three kinds of columns:
 *
 *	  panel		dense columns, and the indicators of categories with few
 *				levels: their products are made by cvm_panel_add_cross_product.
 *	  scattered	other categories: each row adds to the column of its level.
 *	  wide		the category that stands apart (hessian.h).
 *
 * Indicators cost arithmetic for their zeros, but the kernel does some fifteen
 * products in the time that one scattered addition takes.
 */
#include "learn/linear/curvature.h"

#include <string.h>

#include "linalg/clones.h"
#include "linalg/dense.h"
#include "linalg/panel.h"

/* Most levels that may become indicators. */
#define MOST_INDICATORS 8

/* Rows for which a panel is made at a time. */
#define PANEL_ROWS 64

/*
 * A row's levels, in curvature->levels: counts of the next two kinds; level of
 * the wide column or -1; positions in the core of the scattered columns;
 * then, from LEVELS + coded_columns on, panel columns of the indicators.
 * Reference levels are not among them.
 */
enum
{
	SCATTERED, INDICATORS, WIDE, LEVELS
};

static int
levels_stride(const CvmShape *shape)
{
	return LEVELS + 2 * shape->coded_columns;
}

/* ---- which column is of which kind ---- */

/* Columns of the panel if every category of few levels became indicators. */
static int
widest_panel(const CvmShape *shape)
{
	int			columns = shape->dense_columns;

	if (shape->coded_first == NULL)
		return columns;
	for (int c = 0; c < shape->coded_columns; c++)
		if (cvm_coded_levels(shape, c) <= MOST_INDICATORS)
			columns += cvm_coded_levels(shape, c);
	return columns;
}

/* Indicators multiply with the whole panel, a scattered level with each column. */
static bool
becomes_indicators(const CvmShape *shape, int column, int widest)
{
	int			levels;

	if (shape->coded_first == NULL)
		return false;
	levels = cvm_coded_levels(shape, column);
	return levels <= MOST_INDICATORS &&
		(int64_t) levels * widest <= 10 * (int64_t) shape->coded_columns +
		2 * (int64_t) shape->dense_columns + 30;
}

/* ---- the work area ---- */

static size_t
in_doubles(size_t integers)
{
	return (integers + 1) / 2;
}

size_t
cvm_curvature_work_size(const CvmShape *shape)
{
	size_t		columns = widest_panel(shape);

	return in_doubles(columns) + shape->coded_columns +
		in_doubles((size_t) CVM_BLOCK_ROWS * levels_stride(shape)) +
		PANEL_ROWS * columns + cvm_panel_work_size((int) columns);
}

static int
core_position(const CvmHessian *hessian, int slot)
{
	return slot - (slot >= hessian->wide_first ? hessian->wide_levels : 0);
}

/* How the levels of a coded column are placed. */
typedef struct Placing
{
	int			list;			/* SCATTERED, INDICATORS or WIDE */
	int			shift;			/* from a slot to what is listed */
} Placing;

/* Decides for each column, and gives the indicators their panel columns. */
static void
place_columns(CvmCurvature *curvature, int widest, Placing *placings)
{
	const CvmShape *shape = curvature->shape;
	const CvmHessian *hessian = curvature->hessian;
	int			columns = shape->dense_columns;

	for (int j = 0; j < columns; j++)
		curvature->positions[j] = j;
	for (int c = 0; c < shape->coded_columns; c++)
	{
		Placing    *placing = &placings[c];

		if (c == hessian->wide_column)
			*placing = (Placing) {WIDE, -hessian->wide_first};
		else if (becomes_indicators(shape, c, widest))
		{
			*placing = (Placing) {INDICATORS, columns - shape->coded_first[c]};
			for (int l = 0; l < cvm_coded_levels(shape, c); l++)
				curvature->positions[columns++] =
					core_position(hessian, shape->coded_first[c] + l);
		}
		else
		{
			/* columns after the wide one move up */
			*placing = (Placing) {SCATTERED, 0};
			if (hessian->wide_column >= 0 && c > hessian->wide_column)
				placing->shift = -hessian->wide_levels;
		}
	}
	curvature->panel_columns = columns;
}

/* The levels of each row by kind; reference levels are written and not counted. */
static void
list_levels(CvmCurvature *curvature, const Placing *placings)
{
	const CvmShape *shape = curvature->shape;
	int			coded = shape->coded_columns;
	int			slots = shape->slots;
	const int32_t *codes = curvature->block->codes;
	int32_t    *levels = curvature->levels;

	for (int row = 0; row < curvature->block->rows; row++)
	{
		int			counts[] = {0, 0};
		int32_t    *lists[] = {levels + LEVELS, levels + LEVELS + coded};

		levels[WIDE] = -1;
		for (int c = 0; c < coded; c++)
		{
			int			list = placings[c].list;
			int			slot = codes[c];

			if (list == WIDE)
				levels[WIDE] = slot < slots ? slot + placings[c].shift : -1;
			else
			{
				lists[list][counts[list]] = slot + placings[c].shift;
				counts[list] += slot < slots;
			}
		}
		levels[SCATTERED] = counts[SCATTERED];
		levels[INDICATORS] = counts[INDICATORS];
		codes += coded;
		levels += levels_stride(shape);
	}
}

void
cvm_curvature_begin(CvmCurvature *curvature, const CvmShape *shape,
					CvmHessian *hessian, const CvmBlock *block, double *work)
{
	int			widest = widest_panel(shape);
	Placing    *placings;

	curvature->shape = shape;
	curvature->hessian = hessian;
	curvature->block = block;
	curvature->positions = (int *) work;
	work += in_doubles(widest);
	placings = (Placing *) work;
	work += shape->coded_columns;
	curvature->levels = (int32_t *) work;
	work += in_doubles((size_t) CVM_BLOCK_ROWS * levels_stride(shape));
	curvature->panel = work;
	curvature->product_work = work + PANEL_ROWS * (size_t) widest;

	place_columns(curvature, widest, placings);
	if (shape->coded_columns > 0)
		list_levels(curvature, placings);
}

/* ---- sums ---- */

/* The rows [from, from + rows) of the panel. */
static const double *
make_panel(const CvmCurvature *curvature, int from, int rows)
{
	int			dense = curvature->shape->dense_columns;
	int			coded = curvature->shape->coded_columns;
	int			columns = curvature->panel_columns;
	const double *x = curvature->block->dense + (size_t) from * dense;
	const int32_t *levels = curvature->levels + (size_t) from * levels_stride(curvature->shape);
	double	   *panel = curvature->panel;

	if (columns == dense)
		return x;
	for (int row = 0; row < rows; row++)
	{
		memcpy(panel, x, dense * sizeof(double));
		memset(panel + dense, 0, (columns - dense) * sizeof(double));
		for (int i = 0; i < levels[INDICATORS]; i++)
			panel[levels[LEVELS + coded + i]] = 1;
		panel += columns;
		x += dense;
		levels += levels_stride(curvature->shape);
	}
	return curvature->panel;
}

/* column += h times the design of a row, but for its scattered levels. */
static inline void
add_row(const CvmCurvature *curvature, const double *x, const int32_t *levels,
		double h, double *column)
{
	const CvmShape *shape = curvature->shape;

	for (int j = 0; j < shape->dense_columns; j++)
		column[j] += h * x[j];
	for (int i = 0; i < levels[INDICATORS]; i++)
		column[curvature->positions[levels[LEVELS + shape->coded_columns + i]]] += h;
}

/* Scattered levels of a row, in the part of the core for two outputs. */
static inline void
add_scattered(const CvmCurvature *curvature, const double *x, const int32_t *levels,
			  double h, double *part, size_t leading)
{
	const CvmShape *shape = curvature->shape;
	int			intercept = curvature->hessian->core_slots - 1;

	for (int i = 0; i < levels[SCATTERED]; i++)
	{
		int			own = levels[LEVELS + i];
		double	   *column = part + own * leading;

		for (int j = 0; j < shape->dense_columns; j++)
			column[j] += h * x[j];
		for (int other = 0; other <= i; other++)
			column[levels[LEVELS + other]] += h;
		for (int other = 0; other < levels[INDICATORS]; other++)
		{
			int			position =
				curvature->positions[levels[LEVELS + shape->coded_columns + other]];

			/* in the upper triangle */
			if (position < own)
				column[position] += h;
			else
				part[position * leading + own] += h;
		}
		part[intercept * leading + own] += h;
	}
}

/* The level of the wide column: "column" is that of its output in cross. */
static inline void
add_wide(const CvmCurvature *curvature, const double *x, const int32_t *levels,
		 double h, double *column)
{
	add_row(curvature, x, levels, h, column);
	for (int i = 0; i < levels[SCATTERED]; i++)
		column[levels[LEVELS + i]] += h;
	column[curvature->hessian->core_slots - 1] += h;
}

CVM_CLONES static void
add_levels(const CvmCurvature *curvature, const double *h, int first, int second, double *part)
{
	const CvmShape *shape = curvature->shape;
	CvmHessian *hessian = curvature->hessian;
	size_t		leading = hessian->order;
	size_t		outputs = hessian->outputs;
	double	   *last = part + (hessian->core_slots - 1) * leading;
	const double *x = curvature->block->dense;
	const int32_t *levels = curvature->levels;

	for (int row = 0; row < curvature->block->rows; row++)
	{
		for (int i = 0; i < levels[INDICATORS]; i++)
			last[curvature->positions[levels[LEVELS + shape->coded_columns + i]]] += h[row];
		add_scattered(curvature, x, levels, h[row], part, leading);
		if (levels[WIDE] >= 0)
		{
			size_t		level = levels[WIDE];

			add_wide(curvature, x, levels, h[row], hessian->cross +
					 (level * outputs + second) * leading + first * hessian->core_slots);
			if (first != second)
				add_wide(curvature, x, levels, h[row], hessian->cross +
						 (level * outputs + first) * leading + second * hessian->core_slots);
			hessian->blocks[(level * outputs + second) * outputs + first] += h[row];
		}
		x += shape->dense_columns;
		levels += levels_stride(shape);
	}
}

void
cvm_curvature_add(CvmCurvature *curvature, const double *h, int first, int second)
{
	const CvmBlock *block = curvature->block;
	const CvmHessian *hessian = curvature->hessian;
	size_t		leading = hessian->order;
	double	   *part = hessian->core + first * hessian->core_slots +
		second * hessian->core_slots * leading;
	double	   *last = part + (hessian->core_slots - 1) * leading;

	for (int from = 0; from < block->rows; from += PANEL_ROWS)
	{
		int			rows = block->rows - from < PANEL_ROWS ? block->rows - from : PANEL_ROWS;
		const double *panel = make_panel(curvature, from, rows);

		cvm_panel_add_cross_product(rows, curvature->panel_columns, panel, h + from,
									curvature->positions, part, leading,
									curvature->product_work);
	}
	cvm_panel_add_transposed(block->rows, curvature->shape->dense_columns, block->dense, h, last);
	last[hessian->core_slots - 1] += cvm_sum(block->rows, h);
	if (curvature->shape->coded_columns > 0)
		add_levels(curvature, h, first, second, part);
}
