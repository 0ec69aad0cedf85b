/*
 * discriminant.c
 *		Linear discriminant analysis through the within-class covariance.
 *
 * The covariance is factored into eigenvectors; divided by the square roots
 * of the eigenvalues these whiten the rows: within a class they then have unit
 * covariance, so that the nearest class mean (with regard to the priors) is
 * the most probable one, and the axes are the principal components of the
 * class means.
 */
#include "learn/components/discriminant.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/components/scatter.h"
#include "linalg/dense.h"
#include "linalg/rows.h"

/* Eigenvalues below this share of the largest one are taken for zero. */
#define RANK_TOLERANCE 1e-9

typedef struct Whitening
{
	int			rank;
	double	   *axes;			/* rank x width: eigenvector / sqrt(eigenvalue) */
	double	   *priors;			/* classes */
	const double *means;		/* classes x width */
	double	   *white;			/* classes x rank: whitened means about the overall one */
} Whitening;

/* ---- passes ---- */

static const double *
vectors_of(const CvmExpansion *expansion, const CvmBlock *block, double *buffer)
{
	if (expansion->level_total == 0)
		return block->dense;
	cvm_expand_block(expansion, block, buffer);
	return buffer;
}

static void
find_means(const CvmExpansion *expansion, int classes, CvmBlockSource *rows, double *buffer,
		   double *weights, double *means)
{
	for (int b = 0; b < rows->blocks; b++)
	{
		const CvmBlock *block = rows->read(rows->state, b);

		cvm_check_interrupt();
		cvm_add_sums(block->rows, expansion->width, vectors_of(expansion, block, buffer),
					 block->weight, block->target, weights, means);
	}
	cvm_sums_to_means(classes, expansion->width, weights, means);
}

static void
find_products(const CvmExpansion *expansion, CvmBlockSource *rows, double *buffer,
			  const double *means, double *products)
{
	int			width = expansion->width;
	double	   *centered = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * width);

	for (int b = 0; b < rows->blocks; b++)
	{
		const CvmBlock *block = rows->read(rows->state, b);

		cvm_check_interrupt();
		cvm_center_rows(block->rows, width, vectors_of(expansion, block, buffer), block->weight,
						block->target, means, centered);
		cvm_add_gram(width, block->rows, centered, products);
	}
	cvm_release(centered);
}

void
cvm_discriminant_scatter(const CvmExpansion *expansion, int classes, CvmBlockSource *rows,
						 CvmScatter *scatter)
{
	int			width = expansion->width;
	double	   *buffer = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * width);
	double	   *products = CVM_NEW_ZERO(double, (size_t) width * width);

	cvm_scatter_init(scatter, classes, width);
	find_means(expansion, classes, rows, buffer, scatter->weights, scatter->means);
	find_products(expansion, rows, buffer, scatter->means, products);
	cvm_scatter_pack(scatter, products);
	cvm_release(buffer);
	cvm_release(products);
}

/* ---- whitening ---- */

static CvmStatus
whiten(const CvmScatter *sums, Whitening *whitening, CvmError *error)
{
	int			classes = sums->groups;
	int			width = sums->width;
	double	   *values = CVM_NEW(double, width);
	double	   *scatter = CVM_NEW_ZERO(double, (size_t) width * width);
	double		total_weight = 0;
	double		freedom;

	for (int k = 0; k < classes; k++)
		total_weight += sums->weights[k];
	freedom = total_weight - classes;
	whitening->priors = CVM_NEW(double, classes);
	whitening->means = sums->means;
	whitening->axes = scatter;
	if (!(freedom > 0))
		return cvm_fail(error, CVM_BAD_DATA, "algorithm \"discriminant\" needs more rows than classes");
	for (int k = 0; k < classes; k++)
		whitening->priors[k] = sums->weights[k] / total_weight;
	cvm_scatter_unpack(sums, 1, scatter);
	if (!cvm_principal_axes(width, scatter, values) || !(values[0] > 0))
	{
		cvm_fail(error, CVM_BAD_DATA, "no column varies within a class");
		cvm_hint(error, "The columns give the class away; algorithm \"naive_bayes\" can do with that.");
		return CVM_BAD_DATA;
	}
	while (whitening->rank < width && values[whitening->rank] > RANK_TOLERANCE * values[0])
	{
		double		factor = sqrt(freedom / values[whitening->rank]);

		for (int i = 0; i < width; i++)
			scatter[(size_t) whitening->rank * width + i] *= factor;
		whitening->rank++;
	}
	cvm_release(values);
	return CVM_OK;
}

static void
whiten_means(Whitening *whitening, int classes, int width, const double *overall)
{
	double	   *centered = CVM_NEW(double, (size_t) classes * width);

	whitening->white = CVM_NEW(double, (size_t) classes * whitening->rank);
	cvm_center_rows(classes, width, whitening->means, NULL, NULL, overall, centered);
	cvm_multiply_rows_by_rows(classes, whitening->rank, width, centered, whitening->axes,
							whitening->white);
	cvm_release(centered);
}

/* ---- what is learned ---- */

static void
learn_scores(const Whitening *whitening, CvmDiscriminant *learned)
{
	int			width = learned->width;
	int			rank = whitening->rank;

	for (int k = 0; k < learned->classes; k++)
	{
		const double *white = whitening->white + (size_t) k * rank;
		double	   *own = learned->scores + (size_t) k * (width + 1);

		for (int r = 0; r < rank; r++)
			cvm_add_scaled(width, white[r], whitening->axes + (size_t) r * width, own);
		own[width] = log(whitening->priors[k]) - 0.5 * cvm_dot(rank, white, white) -
			cvm_dot(width, own, learned->means);
	}
}

/*
 * The principal axes of the weighted means, through the matrix of their
 * products, which has one row for each class.
 */
static CvmStatus
learn_axes(const Whitening *whitening, CvmDiscriminant *learned, CvmError *error)
{
	int			classes = learned->classes;
	int			rank = whitening->rank;
	int			width = learned->width;
	double	   *weighted = CVM_NEW(double, (size_t) classes * rank);
	double	   *products = CVM_NEW(double, (size_t) classes * classes);
	double	   *values = CVM_NEW(double, classes);
	double		total = 0;

	for (int k = 0; k < classes; k++)
		for (int r = 0; r < rank; r++)
			weighted[(size_t) k * rank + r] =
				sqrt(whitening->priors[k]) * whitening->white[(size_t) k * rank + r];
	cvm_multiply_rows_by_rows(classes, classes, rank, weighted, weighted, products);
	if (!cvm_principal_axes(classes, products, values))
		return cvm_fail(error, CVM_BAD_DATA, "the axes of the classes could not be found");
	for (int k = 0; k < classes; k++)
		total += fmax(0, values[k]);
	while (learned->axes < classes - 1 && learned->axes < rank &&
		   values[learned->axes] > RANK_TOLERANCE * total)
	{
		const double *mix = products + (size_t) learned->axes * classes;
		double	   *loading = learned->loadings + (size_t) learned->axes * width;
		double		length = sqrt(values[learned->axes]);

		for (int r = 0; r < rank; r++)
		{
			double		entry = 0;

			for (int k = 0; k < classes; k++)
				entry += mix[k] * weighted[(size_t) k * rank + r] / length;
			cvm_add_scaled(width, entry, whitening->axes + (size_t) r * width, loading);
		}
		learned->explained[learned->axes] = values[learned->axes] / total;
		learned->axes++;
	}
	cvm_release(weighted);
	cvm_release(products);
	cvm_release(values);
	return CVM_OK;
}

CvmStatus
cvm_discriminant_of_scatter(const CvmScatter *scatter, CvmDiscriminant *learned, CvmError *error)
{
	int			width = scatter->width;
	int			classes = scatter->groups;
	Whitening	whitening = {0};
	CvmStatus	status;

	memset(learned, 0, sizeof(*learned));
	learned->classes = classes;
	learned->width = width;
	learned->scores = CVM_NEW_ZERO(double, (size_t) classes * (width + 1));
	learned->means = CVM_NEW_ZERO(double, width);
	learned->loadings = CVM_NEW_ZERO(double, (size_t) classes * width);
	learned->explained = CVM_NEW_ZERO(double, classes);
	status = whiten(scatter, &whitening, error);
	if (status != CVM_OK)
		return status;
	for (int k = 0; k < classes; k++)
		cvm_add_scaled(width, whitening.priors[k], whitening.means + (size_t) k * width,
					   learned->means);
	whiten_means(&whitening, classes, width, learned->means);
	learn_scores(&whitening, learned);
	status = learn_axes(&whitening, learned, error);
	cvm_release(whitening.axes);
	cvm_release(whitening.priors);
	cvm_release(whitening.white);
	return status;
}

CvmStatus
cvm_discriminant_fit(const CvmExpansion *expansion, int classes, CvmBlockSource *rows,
					 CvmDiscriminant *learned, CvmError *error)
{
	CvmScatter	scatter;
	CvmStatus	status;

	cvm_discriminant_scatter(expansion, classes, rows, &scatter);
	status = cvm_discriminant_of_scatter(&scatter, learned, error);
	cvm_scatter_free(&scatter);
	return status;
}
