/*
 * dense.c
 *		Dense vectors and symmetric matrices: shims over BLAS and LAPACK.
 *
 * LAPACK's Fortran symbols are in OpenBLAS; they are declared here, so that
 * no LAPACK header is needed to build.
 */
#include "linalg/dense.h"

#include <math.h>

#include "base/memory.h"

extern void dsyrk_(const char *uplo, const char *trans, const int *n, const int *k,
				   const double *alpha, const double *a, const int *lda,
				   const double *beta, double *c, const int *ldc);
extern void dgemm_(const char *transpose_a, const char *transpose_b, const int *m, const int *n,
				   const int *k, const double *alpha, const double *a, const int *lda,
				   const double *b, const int *ldb, const double *beta, double *c,
				   const int *ldc);
extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
extern void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a,
					const int *lda, double *b, const int *ldb, int *info);
extern void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info);
extern void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a,
					const int *lda, double *w, double *work, const int *lwork,
					int *iwork, const int *liwork, int *info);

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

void
cvm_add_cross_product(int order, int rows, const double *x, double *a, size_t leading)
{
	const double one = 1;
	int			lda = order;
	int			ldc = (int) leading;

	if (order > 0 && rows > 0)
		dsyrk_("U", "N", &order, &rows, &one, x, &lda, &one, a, &ldc);
}

/* BLAS is column-major: product' = y x'. */
void
cvm_multiply_transposed(int rows, int columns, int inner, const double *x, const double *y,
						double *product)
{
	double		one = 1;
	double		zero = 0;

	if (rows > 0 && columns > 0 && inner > 0)
		dgemm_("T", "N", &columns, &rows, &inner, &one, y, &inner, x, &inner, &zero,
			   product, &columns);
}

bool
cvm_cholesky(int order, double *a)
{
	int			info;

	dpotrf_("U", &order, a, &order, &info);
	return info == 0;
}

void
cvm_cholesky_solve(int order, const double *factor, double *b)
{
	const int	one = 1;
	int			info;

	dpotrs_("U", &order, &one, factor, &order, b, &order, &info);
}

void
cvm_cholesky_invert(int order, double *factor)
{
	int			info;

	dpotri_("U", &order, factor, &order, &info);
}

bool
cvm_symmetric_eigen(int order, double *a, double *values)
{
	int			work_size = -1;
	int			integer_size = -1;
	double		best_work;
	int			best_integer;
	int			info;
	double	   *work;
	int		   *integers;

	dsyevd_("V", "U", &order, a, &order, values, &best_work, &work_size,
			&best_integer, &integer_size, &info);
	work_size = (int) best_work;
	integer_size = best_integer;
	work = CVM_NEW(double, work_size);
	integers = CVM_NEW(int, integer_size);
	dsyevd_("V", "U", &order, a, &order, values, work, &work_size, integers,
			&integer_size, &info);
	cvm_release(work);
	cvm_release(integers);
	return info == 0;
}
