/*
 * factor.h
 *		A factored Hessian: solves with it, and knows its null space.
 *
 * Parameters that the rows do not determine (columns that depend on others)
 * get no part in a solution: it is the one in which some of them are zero.
 * cvm_factor_shorten() turns it into the one of minimum norm.
 *
 * Softmax: H maps vectors that are the same for every output to zero.  Tying
 * the outputs adds t J/K (J: all ones) over the outputs of each slot, which
 * leaves H as it is on vectors that sum to zero over the outputs.
 */
#ifndef CVM_FACTOR_H
#define CVM_FACTOR_H

#include "learn/linear/hessian.h"

typedef struct CvmFactor
{
	const CvmHessian *hessian;	/* may change after factoring */
	int			size;			/* parameters */
	int			tied_slots;		/* which slots were tied: none, all, or only the
								 * intercept */
	double	   *ties;			/* slots + 1, what they were tied with */

	/* the core, after the wide column is eliminated */
	double	   *upper;			/* order x order, upper triangle */
	double	   *scale;			/* order */
	int		   *pivots;			/* order */
	int			rank;			/* of the core */
	double		least_pivot;	/* square of the least pivot, relative to 1 */

	/* the wide column */
	double	   *cross;			/* cross times the inverse of upper blocks */
	double	   *upper_blocks;	/* inverses of the blocks' upper factors */
	int			wide_rank;

	/* where upper was not good enough: see sharpen.h */
	double	   *vectors;		/* size x size: the first "rank" columns B have
								 * B'HB = I, the others span the null space */

	double	   *work;			/* 2 size */
	double	   *null_vectors;	/* size x nullity, parameters' order, orthonormal
								 * without intercepts; NULL before they are wanted */
} CvmFactor;

enum
{
	CVM_TIE_NOTHING, CVM_TIE_INTERCEPTS, CVM_TIE_ALL
};

extern CvmFactor *cvm_factor_create(const CvmHessian *hessian);
extern void cvm_factor_free(CvmFactor *factor);

/* Factors H, outputs tied as said. */
extern void cvm_factor(CvmFactor *factor, int tied_slots);

/* Parameters that are determined, of the size (with those tied). */
extern int	cvm_factor_rank(const CvmFactor *factor);

/* solution = H^+ right, both in the order of parameters. */
extern void cvm_factor_solve(CvmFactor *factor, const double *right, double *solution);

/* Takes out of the parameters what the null space can, so that without the
 * intercepts they have minimum norm. */
extern void cvm_factor_shorten(CvmFactor *factor, double *parameters);

/* Size x size, upper triangle, of the minimum-norm solution; without the ties. */
extern double *cvm_factor_inverse(CvmFactor *factor);

#endif							/* CVM_FACTOR_H */
