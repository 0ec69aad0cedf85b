/*
 * pca.h
 *		Principal components: rows as fewer numbers that keep most of their
 *		variance (Pearson, 1901; Hotelling, 1933).
 */
#ifndef CVM_PCA_H
#define CVM_PCA_H

#include "base/status.h"
#include "learn/components/scatter.h"
#include "learn/vectors.h"

typedef struct CvmPrincipal
{
	int			components;
	int			width;
	double	   *means;			/* width */
	double	   *loadings;		/* components x width: orthonormal rows */
	double	   *variances;		/* components: along each, falling */
	double		total_variance;
	int			passes;			/* over the rows */
} CvmPrincipal;

/*
 * Exact: the eigenvectors of the covariance matrix, which is formed about the
 * means; for at most CVM_MOST_PAIRED_COLUMNS columns.  Randomized: the
 * covariance is never formed; a random subspace is multiplied by it and made
 * orthonormal again, several times (Halko, Martinsson and Tropp, 2011).
 *
 * components: how many; 0 for the fewest that explain this share of the
 * variance (of the randomized ones, at most CVM_RANDOMIZED_COMPONENTS).
 * Variances are divided by the weight.  CVM_BAD_DATA when rows do not vary.
 */
#define CVM_RANDOMIZED_COMPONENTS 100

extern CvmStatus cvm_pca_fit(const CvmVectors *vectors, bool randomized, int components,
							 double explained, CvmRandom *random, CvmPrincipal *principal,
							 CvmError *error);

/* The same, exact, in two steps: sums over the rows (one group), and components
 * of such sums. */
extern void cvm_pca_scatter(const CvmVectors *vectors, CvmScatter *scatter);
extern CvmStatus cvm_pca_of_scatter(const CvmScatter *scatter, int components, double explained,
									CvmPrincipal *principal, CvmError *error);

/*
 * Components of rows, and their distance from the mean that the components do
 * not explain.  work: rows x width; values: rows x components; distances may
 * be NULL.
 */
extern void cvm_pca_project(int rows, int width, int components, const double *vectors,
							const double *means, const double *loadings, double *work,
							double *values, double *distances);

#endif							/* CVM_PCA_H */
