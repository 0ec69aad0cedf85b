/*
 * hessian.c
 *		A Hessian whose largest category column stands apart.
 */
#include "learn/linear/hessian.h"

#include <string.h>

#include "base/memory.h"
#include "linalg/dense.h"

/* Fewer levels are not worth the trouble. */
#define FEWEST_WIDE_LEVELS 48

int
cvm_hessian_wide_column(const CvmShape *shape)
{
	int			widest = -1;
	int			most = FEWEST_WIDE_LEVELS - 1;

	if (shape->coded_first == NULL)
		return -1;
	for (int c = 0; c < shape->coded_columns; c++)
	{
		int			levels = cvm_coded_levels(shape, c);

		if (levels > most)
		{
			widest = c;
			most = levels;
		}
	}
	return widest;
}

double
cvm_hessian_size(const CvmShape *shape, int wide_column)
{
	double		levels = wide_column < 0 ? 0 : cvm_coded_levels(shape, wide_column);
	double		outputs = shape->outputs;
	double		order = outputs * (shape->slots + 1 - levels);

	return order * order + order * levels * outputs + levels * outputs * outputs;
}

CvmHessian *
cvm_hessian_create(const CvmShape *shape, int wide_column)
{
	CvmHessian *hessian = CVM_NEW_ZERO(CvmHessian, 1);
	size_t		outputs = shape->outputs;
	size_t		order;

	hessian->outputs = shape->outputs;
	hessian->slots = shape->slots;
	hessian->wide_column = wide_column;
	if (wide_column >= 0)
	{
		hessian->wide_first = shape->coded_first[wide_column];
		hessian->wide_levels = cvm_coded_levels(shape, wide_column);
	}
	hessian->core_slots = shape->slots + 1 - hessian->wide_levels;
	hessian->order = shape->outputs * hessian->core_slots;
	order = hessian->order;
	hessian->core = CVM_NEW(double, order * order);
	hessian->cross = CVM_NEW(double, order * outputs * hessian->wide_levels);
	hessian->blocks = CVM_NEW(double, outputs * outputs * hessian->wide_levels);
	return hessian;
}

void
cvm_hessian_free(CvmHessian *hessian)
{
	cvm_release(hessian->core);
	cvm_release(hessian->cross);
	cvm_release(hessian->blocks);
	cvm_release(hessian);
}

void
cvm_hessian_clear(CvmHessian *hessian)
{
	size_t		order = hessian->order;
	size_t		outputs = hessian->outputs;

	memset(hessian->core, 0, order * order * sizeof(double));
	memset(hessian->cross, 0, order * outputs * hessian->wide_levels * sizeof(double));
	memset(hessian->blocks, 0, outputs * outputs * hessian->wide_levels * sizeof(double));
}

/* Fills the lower triangles: of the parts for two outputs, then of the core. */
static void
complete(CvmHessian *hessian)
{
	size_t		slots = hessian->core_slots;
	size_t		order = hessian->order;
	double	   *core = hessian->core;

	for (int k = 0; k < hessian->outputs; k++)
		for (int l = 0; l < k; l++)
		{
			double	   *part = core + l * slots + k * slots * order;

			for (size_t column = 0; column < slots; column++)
				for (size_t row = 0; row < column; row++)
					part[column + row * order] = part[row + column * order];
		}
	for (size_t column = 0; column < order; column++)
		for (size_t row = 0; row < column; row++)
			core[column + row * order] = core[row + column * order];
}

void
cvm_hessian_finish(CvmHessian *hessian, double scale, double l2, double intercept_l2)
{
	size_t		order = hessian->order;
	size_t		outputs = hessian->outputs;

	for (size_t column = 0; column < order; column++)
		for (size_t row = 0; row <= column; row++)
			hessian->core[row + column * order] *= scale;
	for (size_t i = 0; i < order * outputs * hessian->wide_levels; i++)
		hessian->cross[i] *= scale;
	for (size_t i = 0; i < outputs * outputs * hessian->wide_levels; i++)
		hessian->blocks[i] *= scale;
	complete(hessian);

	for (size_t i = 0; i < order; i++)
		hessian->core[i + i * order] +=
			(int) (i % hessian->core_slots) != hessian->core_slots - 1 ? l2 : intercept_l2;
	for (size_t i = 0; i < outputs * hessian->wide_levels; i++)
		hessian->blocks[i * outputs + i % outputs] += l2;
}

int
cvm_hessian_position(const CvmHessian *hessian, int output, int slot)
{
	int			level = slot - hessian->wide_first;

	if (level >= 0 && level < hessian->wide_levels)
		return hessian->order + level * hessian->outputs + output;
	return output * hessian->core_slots + slot - (level >= 0 ? hessian->wide_levels : 0);
}

void
cvm_hessian_gather(const CvmHessian *hessian, const double *parameters, double *positioned)
{
	for (int output = 0; output < hessian->outputs; output++)
		for (int slot = 0; slot <= hessian->slots; slot++)
			positioned[cvm_hessian_position(hessian, output, slot)] = *parameters++;
}

void
cvm_hessian_scatter(const CvmHessian *hessian, const double *positioned, double *parameters)
{
	for (int output = 0; output < hessian->outputs; output++)
		for (int slot = 0; slot <= hessian->slots; slot++)
			*parameters++ = positioned[cvm_hessian_position(hessian, output, slot)];
}

/* Where the diagonal element of a position is. */
static double *
diagonal_element(const CvmHessian *hessian, size_t position)
{
	size_t		order = hessian->order;
	size_t		outputs = hessian->outputs;

	return position < order ? &hessian->core[position + position * order]
		: &hessian->blocks[(position - order) * outputs + (position - order) % outputs];
}

void
cvm_hessian_diagonal(const CvmHessian *hessian, double *diagonal)
{
	for (int output = 0; output < hessian->outputs; output++)
		for (int slot = 0; slot <= hessian->slots; slot++)
			*diagonal++ = *diagonal_element(hessian, cvm_hessian_position(hessian, output, slot));
}

void
cvm_hessian_add_diagonal(CvmHessian *hessian, double factor, const double *diagonal)
{
	for (int output = 0; output < hessian->outputs; output++)
		for (int slot = 0; slot <= hessian->slots; slot++)
			*diagonal_element(hessian, cvm_hessian_position(hessian, output, slot)) +=
				factor * *diagonal++;
}

void
cvm_hessian_add_column(const CvmHessian *hessian, int position, double factor, double *y)
{
	size_t		order = hessian->order;
	size_t		outputs = hessian->outputs;
	size_t		column = position;

	if (column < order)
	{
		cvm_add_scaled(order, factor, hessian->core + column * order, y);
		for (size_t i = 0; i < outputs * hessian->wide_levels; i++)
			y[order + i] += factor * hessian->cross[column + i * order];
	}
	else
	{
		size_t		level = (column - order) / outputs;
		size_t		output = (column - order) % outputs;
		const double *block = hessian->blocks + level * outputs * outputs;

		cvm_add_scaled(order, factor, hessian->cross + (column - order) * order, y);
		for (size_t k = 0; k < outputs; k++)
			y[order + level * outputs + k] += factor *
				(k <= output ? block[k + output * outputs] : block[output + k * outputs]);
	}
}
