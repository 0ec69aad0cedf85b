/*
 * information.h
 *		What a fit of a linear family knew of its rows, and going on from there.
 *
 * Rows that are gone are stood for by the quadratic that their loss was at the
 * optimum b0: with gradient g0 and Hessian H0 (the observed information) of
 * the unpenalized sum,
 *
 *	  L(b) = L0 + g0'(b - b0) + 1/2 (b - b0)' H0 (b - b0)
 *
 * A partial fit minimizes
 *
 *	  decay L(b) + loss of the new rows at b + l1 |b| + l2/2 |b|^2
 *
 * and keeps loss, gradient and Hessian of its first two parts at the new
 * optimum.  That is the Bayesian update with a Laplace approximation
 * (Spiegelhalter and Lauritzen, 1990) and a power prior for the decay (Ibrahim
 * and Chen, 2000), which also is exponential forgetting (Ljung, 1999).  Squared
 * loss is a quadratic, so without decay the result is the fit of all rows
 * (recursive least squares); for the others it is that but for the third
 * derivatives of the loss times the square of the way from b0.  The gradient is
 * kept because a penalized optimum has one; so penalties count once, as in a
 * fit of as many rows as are left after the decay.
 */
#ifndef CVM_INFORMATION_H
#define CVM_INFORMATION_H

#include "learn/linear/fit.h"

/* Up to so many parameters the whole Hessian is kept, else its diagonal. */
#define CVM_WHOLE_INFORMATION 256

typedef struct CvmInformation
{
	double		loss;			/* sum of row losses */
	const double *gradient;		/* parameters */
	const double *curvature;	/* cvm_information_size numbers: columns of the
								 * upper triangle, or the diagonal */
} CvmInformation;

extern size_t cvm_information_size(size_t parameters);

/* Of these rows at these parameters; one pass. */
extern void cvm_information_of_rows(const CvmShape *shape, CvmBlockSource *rows,
									const double *parameters, CvmInformation *information);

/* What a partial fit goes on from. */
typedef struct CvmKnownRows
{
	const double *parameters;	/* b0, on the scale of the new rows */
	const CvmInformation *information;
	double		decay;
	double		total_weight;	/* decayed */
	double		rows;			/* decayed */
} CvmKnownRows;

/*
 * Newton's method where the whole Hessian is kept, else L-BFGS, whatever
 * options->solver; fit as from cvm_fit, with standard errors where that has
 * them.  learned: what is known now; its arrays are allocated.
 */
extern CvmStatus cvm_partial_fit(const CvmShape *shape, CvmBlockSource *training,
								 CvmBlockSource *validation, const CvmOptions *options,
								 const CvmKnownRows *known, const CvmProgress *progress,
								 CvmFit *fit, CvmInformation *learned, CvmError *error);

#endif							/* CVM_INFORMATION_H */
