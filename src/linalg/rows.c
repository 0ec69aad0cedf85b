/*
 * rows.c
 *		Matrices of rows through BLAS and LAPACK.
 *
 * Both are column-major, and a row-major matrix is its transpose there: the
 * product x y' is theirs of y and x, a lower triangle their upper one, and rows
 * are columns.
 */
#include "linalg/rows.h"

#include "base/memory.h"

extern void dgemm_(const char *transa, const char *transb, const int *m, const int *n,
				   const int *k, const double *alpha, const double *a, const int *lda,
				   const double *b, const int *ldb, const double *beta, double *c,
				   const int *ldc);
extern void dsyrk_(const char *uplo, const char *trans, const int *n, const int *k,
				   const double *alpha, const double *a, const int *lda,
				   const double *beta, double *c, const int *ldc);
extern void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau,
					double *work, const int *lwork, int *info);
extern void dorgqr_(const int *m, const int *n, const int *k, double *a, const int *lda,
					const double *tau, double *work, const int *lwork, int *info);
extern void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a,
					const int *lda, double *w, double *work, const int *lwork,
					int *iwork, const int *liwork, int *info);

static const double one = 1;
static const double zero = 0;

void
cvm_multiply_rows_by_rows(int rows, int columns, int inner, const double *x, const double *y,
						  double *product)
{
	if (rows > 0 && columns > 0 && inner > 0)
		dgemm_("T", "N", &columns, &rows, &inner, &one, y, &inner, x, &inner, &zero,
			   product, &columns);
}

void
cvm_add_rows_to_product(int rows, int columns, int inner, const double *x, const double *y,
						double *product)
{
	if (rows > 0 && columns > 0 && inner > 0)
		dgemm_("N", "T", &columns, &rows, &inner, &one, y, &columns, x, &rows, &one,
			   product, &columns);
}

void
cvm_add_gram(int width, int rows, const double *x, double *gram)
{
	if (width > 0 && rows > 0)
		dsyrk_("U", "N", &width, &rows, &one, x, &width, &one, gram, &width);
}

void
cvm_orthonormalize(int count, int length, double *a)
{
	int			work_size = 64 * count;
	double	   *work = CVM_NEW(double, work_size);
	double	   *factors = CVM_NEW(double, count);
	int			info;

	dgeqrf_(&length, &count, a, &length, factors, work, &work_size, &info);
	dorgqr_(&length, &count, &count, a, &length, factors, work, &work_size, &info);
	cvm_release(work);
	cvm_release(factors);
}

bool
cvm_symmetric_eigen(int width, double *a, double *values)
{
	int			work_size = -1;
	int			integer_size = -1;
	double		best_work;
	int			best_integer;
	int			info;
	double	   *work;
	int		   *integers;

	dsyevd_("V", "U", &width, a, &width, values, &best_work, &work_size, &best_integer,
			&integer_size, &info);
	work_size = (int) best_work;
	integer_size = best_integer;
	work = CVM_NEW(double, work_size);
	integers = CVM_NEW(int, integer_size);
	dsyevd_("V", "U", &width, a, &width, values, work, &work_size, integers, &integer_size,
			&info);
	cvm_release(work);
	cvm_release(integers);
	return info == 0;
}
