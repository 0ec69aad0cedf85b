/*
 * hessian.h
 *		A Hessian whose largest category column stands apart.
 *
 * Two levels of one category never meet in a row, so their part of the
 * Hessian is diagonal (for K outputs: a K x K block a level).  With that
 * column set apart as the "wide" one, and everything else in the "core",
 *
 *	  H = ( core    cross  )
 *		  ( cross'  blocks )
 *
 * takes memory and time that grow linearly with its levels.  Without a wide
 * column the core is all of it, and laid out as fit.h says.
 */
#ifndef CVM_HESSIAN_H
#define CVM_HESSIAN_H

#include "learn/linear/fit.h"

typedef struct CvmHessian
{
	int			outputs;
	int			slots;
	int			wide_column;	/* a coded column, or -1 */
	int			wide_first;		/* its first slot */
	int			wide_levels;	/* its slots; 0 without it */
	int			core_slots;		/* of an output in the core, with the intercept */
	int			order;			/* outputs * core_slots */
	double	   *core;			/* order x order, upper triangle, column-major */
	double	   *cross;			/* order x (wide_levels * outputs), column-major: a
								 * column for each level and, within it, output */
	double	   *blocks;			/* outputs x outputs for each level, upper triangle,
								 * column-major */
} CvmHessian;

/* The coded column that is worth setting apart, or -1. */
extern int	cvm_hessian_wide_column(const CvmShape *shape);

/* Numbers that the Hessian holds; may be huge. */
extern double cvm_hessian_size(const CvmShape *shape, int wide_column);

extern CvmHessian *cvm_hessian_create(const CvmShape *shape, int wide_column);
extern void cvm_hessian_free(CvmHessian *hessian);
extern void cvm_hessian_clear(CvmHessian *hessian);

/*
 * After the sums over rows: multiplies by scale, adds l2 to the diagonal (its
 * own to the intercepts), and fills in both triangles of the core.
 */
extern void cvm_hessian_finish(CvmHessian *hessian, double scale, double l2,
							   double intercept_l2);

/*
 * Positions: where a parameter (output * (slots + 1) + slot) is.  Of the core
 * 0 .. order - 1; of the wide column from order on, level * outputs + output.
 */
extern int	cvm_hessian_position(const CvmHessian *hessian, int output, int slot);

/* From the order of parameters to that of positions, and back. */
extern void cvm_hessian_gather(const CvmHessian *hessian, const double *parameters,
							   double *positioned);
extern void cvm_hessian_scatter(const CvmHessian *hessian, const double *positioned,
								double *parameters);

/* Gets the diagonal, or adds to it, in the order of parameters. */
extern void cvm_hessian_diagonal(const CvmHessian *hessian, double *diagonal);
extern void cvm_hessian_add_diagonal(CvmHessian *hessian, double factor, const double *diagonal);

/* y += factor times column "position" of H, all in the order of positions. */
extern void cvm_hessian_add_column(const CvmHessian *hessian, int position, double factor,
								   double *y);

#endif							/* CVM_HESSIAN_H */
