/*
 * dense.c
 *		Dense vectors and matrices: shims over BLAS and LAPACK.
 *
 * LAPACK's Fortran symbols are in OpenBLAS; they are declared here, so that
 * no LAPACK header is needed to build.
 */
#include "linalg/dense.h"

#include <math.h>

#include "base/memory.h"

extern void dgemv_(const char *trans, const int *m, const int *n, const double *alpha,
				   const double *a, const int *lda, const double *x, const int *incx,
				   const double *beta, double *y, const int *incy);
extern void dgemm_(const char *transa, const char *transb, const int *m, const int *n,
				   const int *k, const double *alpha, const double *a, const int *lda,
				   const double *b, const int *ldb, const double *beta, double *c,
				   const int *ldc);
extern void dsyrk_(const char *uplo, const char *trans, const int *n, const int *k,
				   const double *alpha, const double *a, const int *lda,
				   const double *beta, double *c, const int *ldc);
extern void dtrmm_(const char *side, const char *uplo, const char *trans,
				   const char *diag, const int *m, const int *n, const double *alpha,
				   const double *a, const int *lda, double *b, const int *ldb);
extern void dtrsv_(const char *uplo, const char *trans, const char *diag, const int *n,
				   const double *a, const int *lda, double *x, const int *incx);
extern void dtrtri_(const char *uplo, const char *diag, const int *n, double *a,
					const int *lda, int *info);
extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
extern void dpstrf_(const char *uplo, const int *n, double *a, const int *lda, int *piv,
					int *rank, const double *tol, double *work, int *info);

static const double one = 1;
static const double zero = 0;
static const int step = 1;

double
cvm_dot(size_t count, const double *x, const double *y)
{
	double		sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += x[i] * y[i];
	return sum;
}

double
cvm_norm(size_t count, const double *x)
{
	return sqrt(cvm_dot(count, x, x));
}

void
cvm_add_scaled(size_t count, double factor, const double *x, double *y)
{
	for (size_t i = 0; i < count; i++)
		y[i] += factor * x[i];
}

bool
cvm_cholesky(int order, double *a)
{
	int			info;

	dpotrf_("U", &order, a, &order, &info);
	return info == 0;
}

int
cvm_pivoted_cholesky(int order, double *a, double tolerance, int *pivots)
{
	double	   *work = CVM_NEW(double, 2 * (size_t) order);
	int			rank = 0;		/* not set where there is no pivot at all */
	int			info;

	dpstrf_("U", &order, a, &order, pivots, &rank, &tolerance, work, &info);
	for (int i = 0; i < order; i++)
		pivots[i]--;
	cvm_release(work);
	return rank;
}

void
cvm_solve_transposed(int order, const double *u, int leading, double *b)
{
	dtrsv_("U", "T", "N", &order, u, &leading, b, &step);
}

void
cvm_solve_upper(int order, const double *u, int leading, double *b)
{
	dtrsv_("U", "N", "N", &order, u, &leading, b, &step);
}

void
cvm_invert_upper(int order, double *u, int leading)
{
	int			info;

	dtrtri_("U", "N", &order, u, &leading, &info);
}

void
cvm_multiply_upper(int order, int columns, const double *u, int leading,
				   double *b, int leading_b)
{
	if (order > 0 && columns > 0)
		dtrmm_("L", "U", "N", "N", &order, &columns, &one, u, &leading, b, &leading_b);
}

void
cvm_add_product(int rows, int columns, double factor, const double *a,
				const double *x, double *y)
{
	if (rows > 0 && columns > 0)
		dgemv_("N", &rows, &columns, &factor, a, &rows, x, &step, &one, y, &step);
}

void
cvm_add_transposed_product(int rows, int columns, double factor, const double *a,
						   const double *x, double *y)
{
	if (rows > 0 && columns > 0)
		dgemv_("T", &rows, &columns, &factor, a, &rows, x, &step, &one, y, &step);
}

/* product' = A'x' */
void
cvm_multiply_rows(int rows, int columns, int inner, const double *x,
				  const double *a, int leading, double *product)
{
	if (rows > 0 && columns > 0 && inner > 0)
		dgemm_("T", "N", &columns, &rows, &inner, &one, a, &leading, x, &inner, &zero,
			   product, &columns);
}

void
cvm_multiply(int rows, int columns, int inner, const double *a, const double *b,
			 int leading_b, double *c)
{
	if (rows > 0 && columns > 0)
		dgemm_("N", "N", &rows, &columns, &inner, &one, a, &rows, b, &leading_b,
			   &zero, c, &rows);
}

void
cvm_add_outer_products(int order, int columns, double factor, const double *u, double *s)
{
	if (order > 0 && columns > 0)
		dsyrk_("U", "N", &order, &columns, &factor, u, &order, &one, s, &order);
}
