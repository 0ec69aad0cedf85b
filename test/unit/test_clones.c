/*
 * test_clones.c
 *		Kernels give the same bits whatever the processor: those that the
 *		library picked against the same source compiled for the baseline.
 */
#include "linalg/clones.h"

/* The sources once more, without clones and under names of their own. */
#undef CVM_HAVE_AVX2_CLONES
#undef CVM_CLONES
#define CVM_CLONES
#undef CVM_WIDE_CLONES
#define CVM_WIDE_CLONES
#define cvm_panel_multiply baseline_panel_multiply
#define cvm_panel_add_transposed baseline_panel_add_transposed
#define cvm_panel_work_size baseline_panel_work_size
#define cvm_panel_add_cross_product baseline_panel_add_cross_product
#define cvm_sum baseline_sum
#define cvm_row_losses baseline_row_losses
#define cvm_softmax_losses baseline_softmax_losses
#define cvm_softmax_curvature baseline_softmax_curvature
#define cvm_center_squares baseline_center_squares
#define cvm_nearest_centers baseline_nearest_centers
#include "../../src/linalg/panel.c"
#include "../../src/learn/kmeans/nearest.c"
#include "../../src/learn/linear/row_loss.c"
#undef cvm_panel_multiply
#undef cvm_panel_add_transposed
#undef cvm_panel_work_size
#undef cvm_panel_add_cross_product
#undef cvm_sum
#undef cvm_row_losses
#undef cvm_softmax_losses
#undef cvm_softmax_curvature
#undef cvm_center_squares
#undef cvm_nearest_centers

#include "base/random.h"
#include "check.h"

extern void cvm_panel_multiply(int rows, int columns, const double *x, const double *b, double *y);
extern void cvm_panel_add_transposed(int rows, int columns, const double *x, const double *y,
									 double *g);
extern void cvm_panel_add_cross_product(int rows, int columns, const double *x, const double *h,
										const int *positions, double *a, size_t leading,
										double *work);
extern double cvm_sum(size_t count, const double *x);
extern void cvm_row_losses(const CvmShape *shape, double softening, int rows,
						   const double *eta, const double *target, const double *weight,
						   double *loss, double *g, double *h);
extern void cvm_softmax_losses(int outputs, int rows, double *eta, double *rest,
							   const double *target, const double *weight,
							   double *loss, double *g);
extern void cvm_softmax_curvature(int first, int second, int rows, const double *p,
								  const double *rest, const double *weight, double *h);
extern void cvm_nearest_centers(const double *vectors, int rows, int width, const double *centers,
								const double *center_squares, int segments, double *work,
								int *nearest, double *distances);

#define ROWS 333
#define MOST_COLUMNS 40
#define OUTPUTS 3

static double x[ROWS * MOST_COLUMNS];
static double h[ROWS];
static double work[64 * (MOST_COLUMNS + 8) + 64];
static double mine[MOST_COLUMNS * MOST_COLUMNS + ROWS];
static double theirs[MOST_COLUMNS * MOST_COLUMNS + ROWS];

static void
fill(double *values, int count, double deviation, CvmRandom *random)
{
	for (int i = 0; i < count; i++)
		values[i] = deviation * cvm_random_normal(random);
}

static void
test_panels(CvmRandom *random)
{
	int			positions[MOST_COLUMNS];

	for (int i = 0; i < MOST_COLUMNS; i++)
		positions[i] = i;
	for (int columns = 1; columns <= MOST_COLUMNS; columns++)
	{
		fill(x, ROWS * columns, 1, random);
		fill(h, ROWS, 1, random);
		memset(mine, 0, sizeof(mine));
		memset(theirs, 0, sizeof(theirs));
		baseline_panel_add_cross_product(ROWS, columns, x, h, positions, mine, columns, work);
		cvm_panel_add_cross_product(ROWS, columns, x, h, positions, theirs, columns, work);
		CHECK(memcmp(mine, theirs, sizeof(mine)) == 0);
		baseline_panel_add_transposed(ROWS, columns, x, h, mine);
		cvm_panel_add_transposed(ROWS, columns, x, h, theirs);
		CHECK(memcmp(mine, theirs, sizeof(mine)) == 0);
		baseline_panel_multiply(ROWS, columns, x, h, mine);
		cvm_panel_multiply(ROWS, columns, x, h, theirs);
		CHECK(memcmp(mine, theirs, sizeof(mine)) == 0);
		CHECK(baseline_sum(ROWS - columns, x) == cvm_sum(ROWS - columns, x));
	}
}

static void
test_nearest(CvmRandom *random)
{
	double		centers[9 * MOST_COLUMNS];
	double		squares[9];
	double		distances[2][ROWS];
	int			nearest[2][ROWS];

	for (int columns = 1; columns <= MOST_COLUMNS; columns += 3)
		for (int count = 1; count <= 9; count++)
		{
			int			rows = ROWS - count;

			fill(x, ROWS * columns, 1, random);
			fill(centers, count * columns, 1, random);
			baseline_center_squares(centers, count, columns, squares);
			baseline_nearest_centers(x, rows, columns, centers, squares, count, work, nearest[0],
									 distances[0]);
			cvm_nearest_centers(x, rows, columns, centers, squares, count, work, nearest[1],
								distances[1]);
			CHECK(memcmp(nearest[0], nearest[1], rows * sizeof(int)) == 0);
			CHECK(memcmp(distances[0], distances[1], rows * sizeof(double)) == 0);
		}
}

static void
test_losses(CvmRandom *random)
{
	static double eta[OUTPUTS * CVM_BLOCK_ROWS];
	static double their_eta[OUTPUTS * CVM_BLOCK_ROWS];
	static double target[ROWS];
	static double weight[ROWS];
	static double out[8][OUTPUTS * CVM_BLOCK_ROWS];

	for (int family = 0; family < CVM_FAMILY_COUNT; family++)
		for (double deviation = 0.01; deviation < 1e4; deviation *= 10)
		{
			CvmShape	shape = {(CvmFamily) family, 1, 1, 0, 1, 0.7, NULL};

			fill(eta, OUTPUTS * CVM_BLOCK_ROWS, deviation, random);
			memcpy(their_eta, eta, sizeof(eta));
			for (int i = 0; i < ROWS; i++)
			{
				target[i] = (double) cvm_random_below(random, family == CVM_SOFTMAX ? OUTPUTS : 2);
				weight[i] = cvm_random_uniform(random);
			}
			if (family == CVM_SOFTMAX)
			{
				baseline_softmax_losses(OUTPUTS, ROWS, eta, out[0], target, weight, out[2], out[4]);
				cvm_softmax_losses(OUTPUTS, ROWS, their_eta, out[1], target, weight, out[3], out[5]);
				CHECK(memcmp(eta, their_eta, sizeof(eta)) == 0);
				baseline_softmax_curvature(0, 2, ROWS, eta, out[0], weight, out[6]);
				cvm_softmax_curvature(0, 2, ROWS, eta, out[0], weight, out[7]);
			}
			else
			{
				baseline_row_losses(&shape, 0.3, ROWS, eta, target, weight, out[2], out[4], out[6]);
				cvm_row_losses(&shape, 0.3, ROWS, eta, target, weight, out[3], out[5], out[7]);
			}
			for (int i = 0; i < 8; i += 2)
				CHECK(memcmp(out[i], out[i + 1], sizeof(out[i])) == 0);
		}
}

int
main(void)
{
	CvmRandom	random;

	cvm_random_seed(&random, 3);
	test_panels(&random);
	test_nearest(&random);
	test_losses(&random);
	return check_done();
}
