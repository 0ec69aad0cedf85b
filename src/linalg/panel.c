/*
 * panel.c
 *		Kernels over a panel of rows.
 *
 * The cross product takes most of the time of a Newton step.  It goes over
 * the rows in chunks that stay in the nearest cache, scales them once, and
 * keeps a tile of the result in registers while it runs down a chunk.  For
 * panels of up to a few hundred columns this is faster than scaling by sqrt(h)
 * and BLAS' dsyrk (see src/linalg/README.md), takes negative weights, and its
 * result does not depend on the processor.
 */
#include "linalg/panel.h"

#include <string.h>

#include "linalg/clones.h"

/* Rows a chunk: less for wide panels. */
#define CHUNK_ROWS 64
#define WIDE_PANEL 256
#define WIDE_CHUNK_ROWS 16

/* A tile reads at most so many doubles past the end of a row. */
#define OVERREAD 16

#define NAME(name) name##_baseline
#define LANES 2
#define WIDE 2
#define TILE 4
#define TARGET
#include "linalg/panel_tile.h"

#ifdef CVM_HAVE_AVX2_CLONES
#define NAME(name) name##_avx2
#define LANES 4
#define WIDE 3
#define TILE 4
#define TARGET __attribute__((target("avx2")))
#include "linalg/panel_tile.h"
#endif

/* Four numbers side by side, anywhere in memory. */
typedef double Four __attribute__((vector_size(4 * sizeof(double)), aligned(sizeof(double)),
								   may_alias));

#define SUM_OF_FOUR(sums) (((sums)[0] + (sums)[2]) + ((sums)[1] + (sums)[3]))

/*
 * Four sums side by side: a single one would wait for its last addition.
 */
CVM_CLONES void
cvm_panel_multiply(int rows, int columns, const double *restrict x,
				   const double *restrict b, double *restrict y)
{
	int			whole = columns - columns % 4;

	for (int row = 0; row < rows; row++)
	{
		Four		sums = {0, 0, 0, 0};
		double		rest = 0;

		for (int j = 0; j < whole; j += 4)
			sums += *(const Four *) (x + j) * *(const Four *) (b + j);
		for (int j = whole; j < columns; j++)
			rest += x[j] * b[j];
		y[row] = SUM_OF_FOUR(sums) + rest;
		x += columns;
	}
}

/* Four rows at a time, so that g is read and written once for all of them. */
CVM_CLONES void
cvm_panel_add_transposed(int rows, int columns, const double *restrict x,
						 const double *restrict y, double *restrict g)
{
	int			row = 0;

	for (; row + 4 <= rows; row += 4, x += 4 * (size_t) columns)
	{
		const double *x1 = x + columns;
		const double *x2 = x1 + columns;
		const double *x3 = x2 + columns;

		for (int j = 0; j < columns; j++)
			g[j] = (((g[j] + y[row] * x[j]) + y[row + 1] * x1[j])
					+ y[row + 2] * x2[j]) + y[row + 3] * x3[j];
	}
	for (; row < rows; row++, x += columns)
		for (int j = 0; j < columns; j++)
			g[j] += y[row] * x[j];
}

static int
scaled_stride(int columns)
{
	return (columns + 7) / 8 * 8;
}

size_t
cvm_panel_work_size(int columns)
{
	int			rows = columns > WIDE_PANEL ? WIDE_CHUNK_ROWS : CHUNK_ROWS;

	return (size_t) rows * scaled_stride(columns) + OVERREAD;
}

CVM_CLONES static void
scale_rows(int rows, int columns, const double *restrict x, const double *restrict h,
		   double *restrict scaled, int stride)
{
	for (int row = 0; row < rows; row++)
	{
		for (int j = 0; j < columns; j++)
			scaled[j] = h[row] * x[j];
		for (int j = columns; j < stride; j++)
			scaled[j] = 0;
		x += columns;
		scaled += stride;
	}
}

void
cvm_panel_add_cross_product(int rows, int columns, const double *x, const double *h,
							const int *positions, double *a, size_t leading,
							double *work)
{
	int			chunk = columns > WIDE_PANEL ? WIDE_CHUNK_ROWS : CHUNK_ROWS;
	int			stride = scaled_stride(columns);

	for (int first = 0; first < rows; first += chunk)
	{
		int			count = rows - first < chunk ? rows - first : chunk;
		const double *at = x + (size_t) first * columns;

		scale_rows(count, columns, at, h + first, work, stride);
		memset(work + (size_t) count * stride, 0, OVERREAD * sizeof(double));
#ifdef CVM_HAVE_AVX2_CLONES
		if (__builtin_cpu_supports("avx2"))
		{
			add_tiles_avx2(count, columns, at, work, stride, positions, a, leading);
			continue;
		}
#endif
		add_tiles_baseline(count, columns, at, work, stride, positions, a, leading);
	}
}

CVM_CLONES double
cvm_sum(size_t count, const double *x)
{
	Four		sums = {0, 0, 0, 0};
	double		rest = 0;
	size_t		whole = count - count % 4;

	for (size_t i = 0; i < whole; i += 4)
		sums += *(const Four *) (x + i);
	for (size_t i = whole; i < count; i++)
		rest += x[i];
	return SUM_OF_FOUR(sums) + rest;
}
