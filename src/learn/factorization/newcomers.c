/*
 * newcomers.c
 *		Factors of users and items that no row was of, from what describes them.
 *
 * Attributes stand in every row of a user, so a row counts by the inverse of
 * their number: where they change from row to row it is their average that
 * counts.  A row has few attributes that are not zero, one for each category,
 * and only these are summed up.
 */
#include "learn/factorization/newcomers.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/dense.h"

/* Where there is no penalty: so much keeps the matrix regular. */
#define LEAST_RIDGE 1e-8

/* What is not zero of a row's attributes; room: 1 + dense_count + coded_count. */
static int
places_of_row(const CvmAttributes *attributes, const CvmBlock *block, int row, int *places,
			  double *values)
{
	const double *dense = block->dense + (size_t) row * attributes->dense_columns;
	const int32_t *codes = block->codes + (size_t) row * attributes->coded_columns;
	int			next = 1 + attributes->dense_count;
	int			count = 0;

	places[count] = 0;
	values[count++] = 1;
	for (int i = 0; i < attributes->dense_count; i++)
	{
		places[count] = 1 + i;
		values[count++] = dense[attributes->dense[i]];
	}
	for (int i = 0; i < attributes->coded_count; i++)
	{
		int			level = codes[attributes->coded[i]] - attributes->first_slots[i] + 1;

		/* the code of the reference level is a slot past all others */
		places[count] = next + (level < attributes->level_counts[i] ? level : 0);
		values[count++] = 1;
		next += attributes->level_counts[i];
	}
	return count;
}

static int
room_of(const CvmAttributes *attributes)
{
	return 1 + attributes->dense_count + attributes->coded_count;
}

static int
subject_of(const CvmPairLayout *layout, bool users, const CvmBlock *block, int row)
{
	int			user;
	int			item;

	cvm_pair_of_row(layout, block, row, &user, &item);
	return users ? user : item;
}

/* By user or item: the inverse of its number of rows. */
static double *
row_weights(const CvmPairLayout *layout, bool users, CvmBlockSource *source)
{
	int			count = users ? layout->users : layout->items;
	double	   *weights = CVM_NEW_ZERO(double, count);

	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++)
		{
			int			subject = subject_of(layout, users, block, row);

			if (subject >= 0)
				weights[subject]++;
		}
	}
	for (int i = 0; i < count; i++)
		weights[i] = weights[i] > 0 ? 1 / weights[i] : 0;
	return weights;
}

/* Solves matrix x = right for each column of right (width x columns, row-major). */
static void
solve(int width, int columns, double *matrix, double *right)
{
	double	   *column = CVM_NEW(double, width);

	if (!cvm_cholesky(width, matrix))
		memset(right, 0, sizeof(double) * width * columns);
	else
		for (int k = 0; k < columns; k++)
		{
			cvm_check_interrupt();
			for (int i = 0; i < width; i++)
				column[i] = right[(size_t) i * columns + k];
			cvm_solve_transposed(width, matrix, width, column);
			cvm_solve_upper(width, matrix, width, column);
			for (int i = 0; i < width; i++)
				right[(size_t) i * columns + k] = column[i];
		}
	cvm_release(column);
}

void
cvm_newcomers_fit(const CvmAttributes *attributes, const CvmPairLayout *layout, bool users,
				  CvmBlockSource *source, const CvmFactors *factors, double l2, double *weights)
{
	int			width = attributes->width;
	int			columns = factors->width + 1;
	const double *own_factors = users ? factors->user_factors : factors->item_factors;
	const double *biases = users ? factors->user_biases : factors->item_biases;
	double	   *row_weight = row_weights(layout, users, source);
	double	   *matrix = CVM_NEW_ZERO(double, (size_t) width * width);
	int		   *places = CVM_NEW(int, room_of(attributes));
	double	   *values = CVM_NEW(double, room_of(attributes));

	memset(weights, 0, sizeof(double) * width * columns);
	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++)
		{
			int			subject = subject_of(layout, users, block, row);
			int			count = places_of_row(attributes, block, row, places, values);

			for (int i = 0; subject >= 0 && i < count; i++)
			{
				double		value = row_weight[subject] * values[i];
				double	   *right = weights + (size_t) places[i] * columns;
				double	   *column = matrix + (size_t) places[i] * width;

				/* places rise, so this is the upper triangle of column-major order */
				for (int j = 0; j <= i; j++)
					column[places[j]] += value * values[j];
				for (int k = 0; k < factors->width; k++)
					right[k] += value * own_factors[(size_t) subject * factors->width + k];
				right[factors->width] += value * biases[subject];
			}
		}
	}
	for (int i = 0; i < width; i++)
		matrix[(size_t) i * width + i] += i > 0 ? fmax(l2, LEAST_RIDGE) : LEAST_RIDGE;
	solve(width, columns, matrix, weights);
	cvm_release(row_weight);
	cvm_release(matrix);
	cvm_release(places);
	cvm_release(values);
}

void
cvm_newcomer(const CvmAttributes *attributes, const double *weights, int factor_width,
			 const CvmBlock *block, int row, double *factors)
{
	int		   *places = CVM_NEW(int, room_of(attributes));
	double	   *values = CVM_NEW(double, room_of(attributes));
	int			count = places_of_row(attributes, block, row, places, values);
	int			columns = factor_width + 1;

	memset(factors, 0, sizeof(double) * columns);
	for (int i = 0; i < count; i++)
		cvm_add_scaled(columns, values[i], weights + (size_t) places[i] * columns, factors);
	cvm_release(places);
	cvm_release(values);
}
