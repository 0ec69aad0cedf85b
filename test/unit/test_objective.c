/*
 * test_objective.c
 *		The kernels against their naive twin, against finite differences, and
 *		in the tails.
 */
#include "check.h"
#include "learn/linear/objective.h"
#include "linalg/elementary.h"
#include "linalg/panel.h"
#include "plain_objective.h"
#include "rows_fixture.h"

static const CvmFamily families[] = {
	CVM_LINEAR, CVM_LOGISTIC, CVM_SOFTMAX, CVM_POISSON, CVM_SVM, CVM_HUBER
};

static int
outputs_of(CvmFamily family)
{
	return family == CVM_SOFTMAX ? 4 : 1;
}

static double *
random_parameters(const CvmShape *shape, double deviation, uint64_t seed)
{
	double	   *parameters = CVM_NEW(double, CVM_PARAMETERS(shape));
	CvmRandom	random;

	cvm_random_seed(&random, seed);
	for (int i = 0; i < CVM_PARAMETERS(shape); i++)
		parameters[i] = deviation * cvm_random_normal(&random);
	return parameters;
}

/* The kernels, summed over a source. */
static double
kernel_objective(const CvmShape *shape, CvmBlockSource *source, const double *parameters,
				 double *gradient, double *hessian, double *diagonal)
{
	size_t		count = CVM_PARAMETERS(shape);
	double	   *work = CVM_NEW(double, cvm_objective_work_size(shape));
	double		loss = 0;

	for (size_t i = 0; i < count; i++)
		gradient[i] = diagonal[i] = 0;
	for (size_t i = 0; i < count * count; i++)
		hessian[i] = 0;
	for (int i = 0; i < source->blocks; i++)
		cvm_objective_add_block(shape, source->read(source->state, i), parameters, work,
								&loss, gradient, hessian, diagonal);
	cvm_release(work);
	return loss;
}

/* ---- the naive twin ---- */

static void
compare_with_twin(const Rows *rows, const double *parameters)
{
	const CvmShape *shape = &rows->shape;
	CvmBlockSource source = rows->source;
	size_t		stride = (size_t) shape->slots + 1;
	size_t		count = CVM_PARAMETERS(shape);
	double	   *gradient = CVM_NEW(double, count);
	double	   *diagonal = CVM_NEW(double, count);
	double	   *hessian = CVM_NEW(double, count * count);
	double	   *plain_gradient = CVM_NEW(double, count);
	double	   *plain_hessian = CVM_NEW(double, count * count);
	double		scale = source.total_weight;
	double		plain = plain_objective(shape, &source, parameters, plain_gradient, plain_hessian);
	double		loss = kernel_objective(shape, &source, parameters, gradient, hessian, diagonal);

	CHECK_CLOSE(loss / plain, 1, 1e-13);
	for (size_t i = 0; i < count; i++)
	{
		CHECK_CLOSE(gradient[i] / scale, plain_gradient[i] / scale, 1e-12);
		CHECK_CLOSE(diagonal[i] / scale, plain_hessian[i + i * count] / scale, 1e-12);
		/* the upper triangle of each pair of outputs */
		for (size_t j = i; j < count; j++)
			if (i % stride <= j % stride)
				CHECK_CLOSE(hessian[i + j * count] / scale,
							plain_hessian[i + j * count] / scale, 1e-12);
			else
				CHECK(hessian[i + j * count] == 0);
	}
	cvm_release(gradient);
	cvm_release(diagonal);
	cvm_release(hessian);
	cvm_release(plain_gradient);
	cvm_release(plain_hessian);
}

static void
test_twin(void)
{
	static const int columns[][2] = {{1, 0}, {3, 0}, {7, 2}, {0, 3}, {21, 1}, {13, 9}};

	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++)
		for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		{
			int			dense = columns[i][0];
			int			coded = columns[i][1];
			int			first[9];
			Rows		rows;
			double	   *parameters;

			rows_create(&rows, families[f], outputs_of(families[f]), dense, coded, 777, 0.3, 11 + i);
			parameters = random_parameters(&rows.shape, 0.4, 5 + i);
			compare_with_twin(&rows, parameters);
			/* with indicators where they pay */
			for (int c = 0; c < coded; c++)
				first[c] = dense + c * (FIXTURE_LEVELS - 1);
			rows.shape.coded_first = first;
			compare_with_twin(&rows, parameters);
			cvm_release(parameters);
			rows_free(&rows);
		}
}

/* A Hessian with a column that stands apart has the same elements. */
static void
test_parts(void)
{
	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++)
		for (int wide = 0; wide < 3; wide++)
		{
			int			first[] = {4, 7, 10};
			Rows		rows;
			double	   *parameters;
			double	   *whole;
			double	   *work;
			size_t		count;
			CvmHessian	parts;
			int			stride;

			rows_create(&rows, families[f], outputs_of(families[f]), 4, 3, 300, 0.3, 3);
			rows.shape.coded_first = wide == 1 ? NULL : first;
			count = CVM_PARAMETERS(&rows.shape);
			stride = rows.shape.slots + 1;
			parameters = random_parameters(&rows.shape, 0.4, 8);
			work = CVM_NEW(double, cvm_objective_work_size(&rows.shape));
			whole = CVM_NEW(double, count * count);
			plain_objective(&rows.shape, &rows.source, parameters, NULL, whole);

			parts.outputs = rows.shape.outputs;
			parts.slots = rows.shape.slots;
			parts.wide_column = wide;
			parts.wide_first = first[wide];
			parts.wide_levels = 3;
			parts.core_slots = stride - 3;
			parts.order = parts.outputs * parts.core_slots;
			parts.core = CVM_NEW_ZERO(double, parts.order * parts.order);
			parts.cross = CVM_NEW_ZERO(double, parts.order * 3 * parts.outputs);
			parts.blocks = CVM_NEW_ZERO(double, 3 * parts.outputs * parts.outputs);
			cvm_objective_add(&rows.shape, 0, rows.blocks[0], parameters, work,
							  NULL, NULL, &parts, NULL);
			for (size_t i = 0; i < count; i++)
				for (size_t j = i; j < count; j++)
				{
					int			slot_i = i % stride;
					int			slot_j = j % stride;
					int			output_i = i / stride;
					int			output_j = j / stride;
					bool		wide_i = slot_i >= first[wide] && slot_i < first[wide] + 3;
					bool		wide_j = slot_j >= first[wide] && slot_j < first[wide] + 3;
					int			core_i = output_i * parts.core_slots + slot_i -
						(slot_i >= first[wide] ? 3 : 0);
					int			core_j = output_j * parts.core_slots + slot_j -
						(slot_j >= first[wide] ? 3 : 0);
					int			level_i = (slot_i - first[wide]) * parts.outputs + output_i;
					int			level_j = (slot_j - first[wide]) * parts.outputs + output_j;
					double		element;

					if (slot_i > slot_j && !wide_i && !wide_j)
						continue;
					if (!wide_i && !wide_j)
						element = parts.core[core_i + core_j * parts.order];
					else if (wide_i && wide_j)
						element = slot_i != slot_j ? 0 :
							parts.blocks[level_j * parts.outputs + output_i];
					else
						element = wide_j ? parts.cross[core_i + level_j * parts.order]
							: parts.cross[core_j + level_i * parts.order];
					CHECK_CLOSE(element, whole[i + j * count], 1e-11);
				}
			cvm_release(parts.core);
			cvm_release(parts.cross);
			cvm_release(parts.blocks);
			cvm_release(parameters);
			cvm_release(whole);
			cvm_release(work);
			rows_free(&rows);
		}
}

/* ---- finite differences ---- */

/*
 * Central differences of the loss give the gradient, of the gradient the
 * Hessian.  The kinks of svm and huber have few rows near them.
 */
static void
test_finite_differences(void)
{
	const double step = 1e-5;

	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++)
	{
		bool		kinks = families[f] == CVM_SVM || families[f] == CVM_HUBER;
		Rows		rows;
		const CvmShape *shape = &rows.shape;
		size_t		count;
		size_t		stride;
		double	   *parameters;
		double	   *gradient;
		double	   *low;
		double	   *high;
		double	   *diagonal;
		double	   *hessian;
		double	   *unused;

		rows_create(&rows, families[f], outputs_of(families[f]), 5, 2, 1200, 0.3, 77);
		count = CVM_PARAMETERS(shape);
		stride = shape->slots + 1;
		parameters = random_parameters(shape, 0.3, 78);
		gradient = CVM_NEW(double, count);
		low = CVM_NEW(double, count);
		high = CVM_NEW(double, count);
		diagonal = CVM_NEW(double, count);
		hessian = CVM_NEW(double, count * count);
		unused = CVM_NEW(double, count * count);
		kernel_objective(shape, &rows.source, parameters, gradient, hessian, diagonal);
		for (size_t i = 0; i < count; i++)
		{
			double		value = parameters[i];
			double		low_loss;
			double		high_loss;

			parameters[i] = value - step;
			low_loss = kernel_objective(shape, &rows.source, parameters, low, unused, diagonal);
			parameters[i] = value + step;
			high_loss = kernel_objective(shape, &rows.source, parameters, high, unused, diagonal);
			parameters[i] = value;
			CHECK_CLOSE((high_loss - low_loss) / (2 * step) / rows.source.total_weight,
						gradient[i] / rows.source.total_weight, 1e-8);
			for (size_t j = 0; j < count; j++)
				if (j <= i && j % stride <= i % stride)
					CHECK_CLOSE((high[j] - low[j]) / (2 * step) / rows.source.total_weight,
								hessian[j + i * count] / rows.source.total_weight,
								kinks ? 1e-2 : 1e-8);
		}
		cvm_release(parameters);
		cvm_release(gradient);
		cvm_release(low);
		cvm_release(high);
		cvm_release(diagonal);
		cvm_release(hessian);
		cvm_release(unused);
		rows_free(&rows);
	}
}

/* ---- elementary functions and tails ---- */

static double
ulps(double actual, long double expected)
{
	double		rounded = (double) expected;

	return (double) (fabsl(actual - expected) / (nextafter(fabs(rounded), INFINITY) - fabs(rounded)));
}

static void
test_elementary(void)
{
	double		worst_exp = 0;
	double		worst_log = 0;
	CvmRandom	random;

	cvm_random_seed(&random, 1);
	for (int i = 0; i < 300000; i++)
	{
		double		x = (cvm_random_uniform(&random) - 0.5) * (i % 3 == 0 ? 1410 : i % 3 == 1 ? 40 : 1);
		double		t = cvm_exp(-fabs(x)) * (i % 5 == 0 ? 1000 : 1);

		worst_exp = fmax(worst_exp, ulps(cvm_exp(x), expl(x)));
		worst_log = fmax(worst_log, ulps(cvm_log1p(t), log1pl(t)));
	}
	CHECK(worst_exp < 1.01);
	CHECK(worst_log < 3);
	CHECK(cvm_exp(0) == 1);
	CHECK(cvm_exp(-1000) == 0);
	CHECK(cvm_exp(-INFINITY) == 0);
	CHECK(cvm_exp(710) == INFINITY);
	CHECK(cvm_exp(INFINITY) == INFINITY);
	CHECK(isnan(cvm_exp(NAN)));
	CHECK(cvm_log1p(0) == 0);
	CHECK_CLOSE(cvm_log1p(1e-300) / 1e-300, 1, 1e-15);
}

/* A row of one column far out keeps its digits. */
static void
test_tails(void)
{
	static const double etas[] = {-700, -300, -40, -20, -1e-10, 0, 1e-10, 20, 40, 300, 700};

	for (size_t i = 0; i < sizeof(etas) / sizeof(etas[0]); i++)
		for (int y = 0; y < 2; y++)
		{
			CvmBlock   *block = cvm_block_create(1, 0);
			CvmBlock   *const blocks[] = {block};
			CvmBlockSource source;
			CvmShape	shape = {CVM_LOGISTIC, 1, 1, 0, 1, 0, NULL};
			CvmShape	softmax = {CVM_SOFTMAX, 2, 1, 0, 1, 0, NULL};
			double		parameters[] = {etas[i], 0, 0, 0};
			double		gradient[4];
			double		plain_gradient[4];
			double		hessian[16];
			double		plain_hessian[16];
			double		diagonal[4];
			double		loss;
			double		plain;

			block->rows = 1;
			block->dense[0] = 1;
			block->target[0] = y;
			block->weight[0] = 1;
			cvm_block_source_from_array(&source, blocks, 1, 1, 0, 1);
			plain = plain_objective(&shape, &source, parameters, plain_gradient, plain_hessian);
			loss = kernel_objective(&shape, &source, parameters, gradient, hessian, diagonal);
			CHECK_CLOSE(loss / plain, 1, 1e-14);
			CHECK_CLOSE(gradient[0] / plain_gradient[0], 1, 1e-14);
			CHECK_CLOSE(hessian[0] / plain_hessian[0], 1, 1e-14);
			/* the same probabilities by another road: class 0 has eta */
			loss = kernel_objective(&softmax, &source, parameters, gradient, hessian, diagonal);
			block->target[0] = 1 - y;
			plain = plain_objective(&shape, &source, parameters, plain_gradient, plain_hessian);
			CHECK_CLOSE(loss / plain, 1, 1e-14);
			CHECK_CLOSE(gradient[0] / plain_gradient[0], 1, 1e-14);
			CHECK_CLOSE(diagonal[0] / plain_hessian[0], 1, 1e-14);
			cvm_release(block);
		}
}

/* ---- shapes of panels ---- */

static void
test_panels(void)
{
	static const int widths[] = {1, 2, 3, 4, 5, 11, 12, 13, 24, 33, 61, 300};
	CvmRandom	random;

	cvm_random_seed(&random, 4);
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
		for (int rows = 1; rows < 200; rows = rows * 3 + 1)
		{
			int			n = widths[w];
			double	   *x = CVM_NEW(double, rows * n);
			double	   *h = CVM_NEW(double, rows);
			double	   *a = CVM_NEW_ZERO(double, 2 * n * n);
			double	   *work = CVM_NEW(double, cvm_panel_work_size(n));
			int		   *positions = CVM_NEW(int, n);

			for (int i = 0; i < rows * n; i++)
				x[i] = cvm_random_normal(&random);
			for (int i = 0; i < rows; i++)
				h[i] = cvm_random_normal(&random);
			/* every second place in columns of 2n */
			for (int i = 0; i < n; i++)
				positions[i] = i;
			cvm_panel_add_cross_product(rows, n, x, h, positions, a, 2 * n, work);
			for (int i = 0; i < n; i++)
				for (int j = 0; j < n; j++)
				{
					double		sum = 0;

					for (int row = 0; row < rows; row++)
						sum += x[row * n + j] * (h[row] * x[row * n + i]);
					CHECK_CLOSE(a[i + j * 2 * n], i <= j ? sum : 0, 1e-12);
				}
			cvm_release(x);
			cvm_release(h);
			cvm_release(a);
			cvm_release(work);
			cvm_release(positions);
		}
}

/* The build must not contract products and sums. */
static void
test_contraction(void)
{
	volatile double x = 1 + 0x1p-30;
	double		a = x;
	double		product = a * a;

	CHECK(a * a - product == 0);
}

int
main(void)
{
	test_twin();
	test_parts();
	test_finite_differences();
	test_elementary();
	test_tails();
	test_panels();
	test_contraction();
	return check_done();
}
