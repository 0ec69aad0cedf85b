/*
 * newton.h
 *		Newton's method in two files: the way to the optimum (newton.c), and
 *		what is made of it there (newton_finish.c).
 */
#ifndef CVM_NEWTON_H
#define CVM_NEWTON_H

#include "learn/linear/factor.h"
#include "learn/linear/solver.h"

/* Relative change of the loss that rounding may hide. */
#define CVM_NEWTON_INVISIBLE 1e-12

typedef struct CvmNewton
{
	CvmProblem	problem;		/* a copy, for the softening */
	CvmFit	   *fit;
	size_t		count;
	CvmHessian *hessian;
	CvmFactor  *factor;
	double	   *gradient;
	double	   *pseudo;
	double	   *diagonal;
	double	   *largest_diagonal;
	double	   *step;
	double	   *trial;
	double	   *trial_gradient;
	double		value;			/* of the objective, with lasso */
	double		slope;			/* of the objective along the step, or less */
	double		damping;
	bool		full_step;		/* the last one was */
	double		step_size;		/* largest change of a parameter */
	int			long_steps;		/* in a row that did not become shorter */
} CvmNewton;

/* Whether the Hessian is the same everywhere. */
extern bool cvm_newton_is_constant(const CvmNewton *newton);

/* Whether rows may have no curvature at all. */
extern bool cvm_newton_has_kinks(const CvmNewton *newton);

/* Whether the factor is too coarse to tell how columns depend on each other. */
extern bool cvm_newton_is_ill_conditioned(const CvmNewton *newton);

/* The objective, with derivatives into "gradient" unless it is NULL. */
extern double cvm_newton_evaluate(CvmNewton *newton, const double *parameters,
								  double *gradient, bool with_hessian);

/* step and slope from gradient and factor. */
extern void cvm_newton_solve(CvmNewton *newton);

/* Loss, rank, minimum norm, covariance. */
extern void cvm_newton_finish(CvmNewton *newton);

#endif							/* CVM_NEWTON_H */
