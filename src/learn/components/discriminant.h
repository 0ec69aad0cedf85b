/*
 * discriminant.h
 *		Linear discriminant analysis (Fisher, 1936; Rao, 1948): classes as
 *		normal distributions with one covariance matrix.
 */
#ifndef CVM_DISCRIMINANT_H
#define CVM_DISCRIMINANT_H

#include "base/status.h"
#include "learn/components/scatter.h"
#include "linalg/expansion.h"

typedef struct CvmDiscriminant
{
	int			classes;
	int			width;			/* of the expansion */
	double	   *scores;			/* classes x (width + 1): log probability up to a
								 * constant is linear in the row; intercept last */
	int			axes;			/* at most classes - 1 */
	double	   *means;			/* width: of the classes by their priors */
	double	   *loadings;		/* axes x width: directions in which the means of
								 * classes differ most, with within-class variance 1 */
	double	   *explained;		/* axes: shares of the variance between classes */
} CvmDiscriminant;

/*
 * Two passes over blocks whose targets are class indexes.  The covariance is
 * the pooled one, divided by the weight less the number of classes; directions
 * in which rows do not vary within classes (columns that depend on others)
 * are left out.  At most CVM_MOST_PAIRED_COLUMNS columns.  CVM_BAD_DATA when
 * there are no more rows than classes, or nothing varies.
 */
extern CvmStatus cvm_discriminant_fit(const CvmExpansion *expansion, int classes,
									  CvmBlockSource *rows, CvmDiscriminant *learned,
									  CvmError *error);

/* The same in two steps: sums over the rows, a group a class, and what follows
 * from such sums. */
extern void cvm_discriminant_scatter(const CvmExpansion *expansion, int classes,
									 CvmBlockSource *rows, CvmScatter *scatter);
extern CvmStatus cvm_discriminant_of_scatter(const CvmScatter *scatter, CvmDiscriminant *learned,
											 CvmError *error);

#endif							/* CVM_DISCRIMINANT_H */
