/*
 * scatter.c
 *		Sums over rows as vectors.
 */
#include "learn/components/scatter.h"

#include <math.h>
#include <stddef.h>

#include "base/memory.h"
#include "linalg/dense.h"
#include "linalg/rows.h"

void
cvm_scatter_init(CvmScatter *scatter, int groups, int width)
{
	scatter->groups = groups;
	scatter->width = width;
	scatter->weights = CVM_NEW_ZERO(double, groups);
	scatter->means = CVM_NEW_ZERO(double, (size_t) groups * width);
	scatter->squares = CVM_NEW_ZERO(double, CVM_SCATTER_SQUARES(width));
}

void
cvm_scatter_free(CvmScatter *scatter)
{
	cvm_release(scatter->weights);
	cvm_release(scatter->means);
	cvm_release(scatter->squares);
}

void
cvm_scatter_pack(CvmScatter *scatter, const double *matrix)
{
	double	   *square = scatter->squares;

	for (int i = 0; i < scatter->width; i++)
		for (int j = 0; j <= i; j++)
			*square++ = matrix[(size_t) i * scatter->width + j];
}

void
cvm_scatter_unpack(const CvmScatter *scatter, double factor, double *matrix)
{
	const double *square = scatter->squares;

	for (int i = 0; i < scatter->width; i++)
		for (int j = 0; j <= i; j++)
			matrix[(size_t) i * scatter->width + j] = factor * *square++;
}

/* One group: what the difference of the means adds, and the common mean. */
static void
merge_group(CvmScatter *scatter, const CvmScatter *other, double factor, int group)
{
	int			width = scatter->width;
	double	   *mean = scatter->means + (size_t) group * width;
	const double *other_mean = other->means + (size_t) group * width;
	double		weight = scatter->weights[group];
	double		added = factor * other->weights[group];
	double	   *square = scatter->squares;

	if (!(added > 0))
		return;
	for (int i = 0; i < width; i++)
		for (int j = 0; j <= i; j++)
			*square++ += weight * added / (weight + added) *
				(other_mean[i] - mean[i]) * (other_mean[j] - mean[j]);
	for (int i = 0; i < width; i++)
		mean[i] += (other_mean[i] - mean[i]) * added / (weight + added);
	scatter->weights[group] = weight + added;
}

void
cvm_scatter_merge(CvmScatter *scatter, const CvmScatter *other, double factor)
{
	for (size_t i = 0; i < CVM_SCATTER_SQUARES(scatter->width); i++)
		scatter->squares[i] += factor * other->squares[i];
	for (int group = 0; group < scatter->groups; group++)
		merge_group(scatter, other, factor, group);
}

/* ---- from rows ---- */

static inline int
group_of(const double *group, int row)
{
	return group == NULL ? 0 : (int) group[row];
}

void
cvm_add_sums(int rows, int width, const double *vectors, const double *row_weights,
			 const double *group, double *weights, double *sums)
{
	for (int row = 0; row < rows; row++)
	{
		int			own = group_of(group, row);

		weights[own] += row_weights[row];
		cvm_add_scaled(width, row_weights[row], vectors + (size_t) row * width,
					   sums + (size_t) own * width);
	}
}

void
cvm_sums_to_means(int groups, int width, const double *weights, double *sums)
{
	for (int k = 0; k < groups; k++)
		for (int i = 0; i < width && weights[k] > 0; i++)
			sums[(size_t) k * width + i] /= weights[k];
}

void
cvm_center_rows(int rows, int width, const double *vectors, const double *row_weights,
				const double *group, const double *means, double *centered)
{
	for (int row = 0; row < rows; row++)
	{
		const double *mean = means + (size_t) group_of(group, row) * width;
		double		factor = row_weights == NULL ? 1 : sqrt(row_weights[row]);

		for (int i = 0; i < width; i++)
			centered[i] = factor * (vectors[i] - mean[i]);
		vectors += width;
		centered += width;
	}
}

static void
fix_sign(int width, double *vector)
{
	int			largest = 0;

	for (int i = 1; i < width; i++)
		if (fabs(vector[i]) > fabs(vector[largest]))
			largest = i;
	if (vector[largest] < 0)
		for (int i = 0; i < width; i++)
			vector[i] = -vector[i];
}

bool
cvm_principal_axes(int width, double *matrix, double *values)
{
	if (!cvm_symmetric_eigen(width, matrix, values))
		return false;
	for (int i = 0; i < width / 2; i++)
	{
		int			other = width - 1 - i;
		double		value = values[i];

		values[i] = values[other];
		values[other] = value;
		for (int j = 0; j < width; j++)
		{
			double		entry = matrix[(size_t) i * width + j];

			matrix[(size_t) i * width + j] = matrix[(size_t) other * width + j];
			matrix[(size_t) other * width + j] = entry;
		}
	}
	for (int i = 0; i < width; i++)
		fix_sign(width, matrix + (size_t) i * width);
	return true;
}
