/*
 * curvature.h
 *		Adds sums of h x x' over the rows of a block to a Hessian.
 */
#ifndef CVM_CURVATURE_H
#define CVM_CURVATURE_H

#include "learn/linear/hessian.h"

/* One block made ready; lives in the work area. */
typedef struct CvmCurvature
{
	const CvmShape *shape;
	const CvmBlock *block;
	CvmHessian *hessian;
	int			panel_columns;	/* dense ones and indicators */
	int		   *positions;		/* of the panel's columns in the core */
	int32_t    *levels;			/* of the other columns: see curvature.c */
	double	   *panel;
	double	   *product_work;
} CvmCurvature;

extern size_t cvm_curvature_work_size(const CvmShape *shape);
extern void cvm_curvature_begin(CvmCurvature *curvature, const CvmShape *shape,
								CvmHessian *hessian, const CvmBlock *block, double *work);

/* The part for outputs first <= second. */
extern void cvm_curvature_add(CvmCurvature *curvature, const double *h, int first, int second);

#endif							/* CVM_CURVATURE_H */
