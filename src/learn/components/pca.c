/*
 * pca.c
 *		Principal components of rows as vectors.
 */
#include "learn/components/pca.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/components/scatter.h"
#include "linalg/dense.h"
#include "linalg/rows.h"

/* More directions than are asked for, and how often they are multiplied. */
#define OVERSAMPLING 10
#define MULTIPLICATIONS 7

/* ---- passes over the rows ---- */

static void
find_means(const CvmVectors *vectors, double *means)
{
	double		weight = 0;

	memset(means, 0, vectors->width * sizeof(double));
	for (int chunk = 0; chunk < vectors->chunks; chunk++)
	{
		int			rows;
		const double *weights;
		const double *values = vectors->read(vectors->state, chunk, &rows, &weights);

		cvm_check_interrupt();
		cvm_add_sums(rows, vectors->width, values, weights, NULL, &weight, means);
	}
	cvm_sums_to_means(1, vectors->width, &weight, means);
}

void
cvm_pca_scatter(const CvmVectors *vectors, CvmScatter *scatter)
{
	int			width = vectors->width;
	double	   *centered = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * width);
	double	   *products = CVM_NEW_ZERO(double, (size_t) width * width);

	cvm_scatter_init(scatter, 1, width);
	find_means(vectors, scatter->means);
	scatter->weights[0] = vectors->total_weight;
	for (int chunk = 0; chunk < vectors->chunks; chunk++)
	{
		int			rows;
		const double *weights;
		const double *values = vectors->read(vectors->state, chunk, &rows, &weights);

		cvm_check_interrupt();
		cvm_center_rows(rows, width, values, weights, NULL, scatter->means, centered);
		cvm_add_gram(width, rows, centered, products);
	}
	cvm_scatter_pack(scatter, products);
	cvm_release(centered);
	cvm_release(products);
}

/*
 * product = directions (count x width, rows) times the covariance;
 * inside (count x count, lower triangle) = directions times it times directions'.
 * Returns the total variance.
 */
static double
multiply_directions(const CvmVectors *vectors, const double *means, int count,
					const double *directions, double *product, double *inside)
{
	int			width = vectors->width;
	double	   *centered = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * width);
	double	   *scores = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * count);
	double		total = 0;

	memset(product, 0, (size_t) count * width * sizeof(double));
	memset(inside, 0, (size_t) count * count * sizeof(double));
	for (int chunk = 0; chunk < vectors->chunks; chunk++)
	{
		int			rows;
		const double *weights;
		const double *values = vectors->read(vectors->state, chunk, &rows, &weights);

		cvm_check_interrupt();
		cvm_center_rows(rows, width, values, weights, NULL, means, centered);
		cvm_multiply_rows_by_rows(rows, count, width, centered, directions, scores);
		cvm_add_rows_to_product(count, width, rows, scores, centered, product);
		cvm_add_gram(count, rows, scores, inside);
		total += cvm_dot((size_t) rows * width, centered, centered);
	}
	for (size_t i = 0; i < (size_t) count * width; i++)
		product[i] /= vectors->total_weight;
	for (size_t i = 0; i < (size_t) count * count; i++)
		inside[i] /= vectors->total_weight;
	cvm_release(centered);
	cvm_release(scores);
	return total / vectors->total_weight;
}

/* ---- how many ---- */

static int
count_components(const double *variances, int available, int components, double explained,
				 double total)
{
	double		sum = 0;
	int			count = 0;

	if (components > 0)
		return components < available ? components : available;
	while (count < available)
	{
		sum += variances[count++];
		if (sum >= explained * total * (1 - 1e-12))
			break;
	}
	return count;
}

static CvmStatus
take_components(CvmPrincipal *principal, const double *loadings, const double *variances,
				int available, int components, double explained, CvmError *error)
{
	int			count;

	if (!(principal->total_variance > 0))
		return cvm_fail(error, CVM_BAD_DATA, "the rows do not vary, so they have no components");
	count = count_components(variances, available, components, explained,
							 principal->total_variance);
	principal->components = count;
	principal->loadings = CVM_NEW(double, (size_t) count * principal->width);
	principal->variances = CVM_NEW(double, count);
	memcpy(principal->loadings, loadings, (size_t) count * principal->width * sizeof(double));
	/* rounding may leave the last ones a little below zero */
	for (int i = 0; i < count; i++)
		principal->variances[i] = fmax(0, variances[i]);
	return CVM_OK;
}

/* ---- exact ---- */

CvmStatus
cvm_pca_of_scatter(const CvmScatter *scatter, int components, double explained,
				   CvmPrincipal *principal, CvmError *error)
{
	int			width = scatter->width;
	double	   *covariance = CVM_NEW(double, (size_t) width * width);
	double	   *variances = CVM_NEW(double, width);
	CvmStatus	status;

	memset(principal, 0, sizeof(*principal));
	principal->width = width;
	principal->means = CVM_NEW(double, width);
	memcpy(principal->means, scatter->means, width * sizeof(double));
	cvm_scatter_unpack(scatter, 1 / scatter->weights[0], covariance);
	for (int i = 0; i < width; i++)
		principal->total_variance += covariance[(size_t) i * width + i];
	principal->passes = 2;
	if (!cvm_principal_axes(width, covariance, variances))
		return cvm_fail(error, CVM_BAD_DATA, "the components of the rows could not be found");
	status = take_components(principal, covariance, variances, width, components, explained,
							 error);
	cvm_release(covariance);
	cvm_release(variances);
	return status;
}

/* ---- randomized ---- */

/* Rows of loadings: the axes within the subspace, in terms of its directions. */
static void
combine(int count, int width, const double *axes, const double *directions, double *loadings)
{
	for (int i = 0; i < count; i++)
	{
		double	   *loading = loadings + (size_t) i * width;
		int			largest = 0;

		memset(loading, 0, width * sizeof(double));
		for (int j = 0; j < count; j++)
			cvm_add_scaled(width, axes[(size_t) i * count + j], directions + (size_t) j * width,
						   loading);
		for (int j = 1; j < width; j++)
			if (fabs(loading[j]) > fabs(loading[largest]))
				largest = j;
		if (loading[largest] < 0)
			for (int j = 0; j < width; j++)
				loading[j] = -loading[j];
	}
}

static CvmStatus
fit_randomized(const CvmVectors *vectors, int components, double explained, CvmRandom *random,
			   CvmPrincipal *principal, CvmError *error)
{
	int			width = vectors->width;
	int			wanted = components > 0 ? components : CVM_RANDOMIZED_COMPONENTS;
	int			count = wanted + OVERSAMPLING < width ? wanted + OVERSAMPLING : width;
	size_t		cells = (size_t) count * width;
	double	   *directions = CVM_NEW(double, cells);
	double	   *product = CVM_NEW(double, cells);
	double	   *inside = CVM_NEW(double, (size_t) count * count);
	double	   *variances = CVM_NEW(double, count);
	CvmStatus	status;

	for (size_t i = 0; i < cells; i++)
		directions[i] = cvm_random_normal(random);
	cvm_orthonormalize(count, width, directions);
	for (int i = 0; i < MULTIPLICATIONS; i++)
	{
		(void) multiply_directions(vectors, principal->means, count, directions, product, inside);
		memcpy(directions, product, cells * sizeof(double));
		cvm_orthonormalize(count, width, directions);
	}
	principal->total_variance = multiply_directions(vectors, principal->means, count, directions,
													product, inside);
	principal->passes = MULTIPLICATIONS + 2;
	if (!cvm_principal_axes(count, inside, variances))
		return cvm_fail(error, CVM_BAD_DATA, "the components of the rows could not be found");
	combine(count, width, inside, directions, product);
	status = take_components(principal, product, variances, wanted < count ? wanted : count,
							 components, explained, error);
	cvm_release(directions);
	cvm_release(product);
	cvm_release(inside);
	cvm_release(variances);
	return status;
}

static CvmStatus
fit_exact(const CvmVectors *vectors, int components, double explained, CvmPrincipal *principal,
		  CvmError *error)
{
	CvmScatter	scatter;
	CvmStatus	status;

	cvm_pca_scatter(vectors, &scatter);
	status = cvm_pca_of_scatter(&scatter, components, explained, principal, error);
	cvm_scatter_free(&scatter);
	return status;
}

CvmStatus
cvm_pca_fit(const CvmVectors *vectors, bool randomized, int components, double explained,
			CvmRandom *random, CvmPrincipal *principal, CvmError *error)
{
	if (!randomized)
		return fit_exact(vectors, components, explained, principal, error);
	memset(principal, 0, sizeof(*principal));
	principal->width = vectors->width;
	principal->means = CVM_NEW(double, vectors->width);
	find_means(vectors, principal->means);
	return fit_randomized(vectors, components, explained, random, principal, error);
}

/* ---- projecting ---- */

void
cvm_pca_project(int rows, int width, int components, const double *vectors, const double *means,
				const double *loadings, double *work, double *values, double *distances)
{
	cvm_center_rows(rows, width, vectors, NULL, NULL, means, work);
	cvm_multiply_rows_by_rows(rows, components, width, work, loadings, values);
	for (int row = 0; row < rows && distances != NULL; row++)
	{
		const double *centered = work + (size_t) row * width;
		const double *value = values + (size_t) row * components;

		distances[row] = sqrt(fmax(0, cvm_dot(width, centered, centered) -
								   cvm_dot(components, value, value)));
	}
}
