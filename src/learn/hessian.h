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

#include "learn/fit.h"

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

#endif							/* CVM_HESSIAN_H */
