/*
 * test_factor.c
 *		Hessians in parts: solving, null spaces, minimum norms and inverses
 *		against the whole matrix.
 */
#include "check.h"
#include "learn/linear/factor.h"
#include "learn/linear/objective.h"
#include "linalg/dense.h"
#include "plain_objective.h"
#include "rows_fixture.h"

/* Rows with one category of many levels beside the fixture's columns. */
static void
widen(Rows *rows, int column, int levels, uint64_t seed)
{
	CvmShape   *shape = &rows->shape;
	int			old_slots = shape->slots;
	int			first = shape->dense_columns + column * (FIXTURE_LEVELS - 1);
	int			more = levels - FIXTURE_LEVELS;
	CvmRandom	random;

	cvm_random_seed(&random, seed);
	shape->slots += more;
	rows->source.slots += more;
	for (int b = 0; b < rows->source.blocks; b++)
		for (int i = 0; i < rows->blocks[b]->rows * shape->coded_columns; i++)
		{
			int32_t    *code = &rows->blocks[b]->codes[i];

			if (i % shape->coded_columns == column)
			{
				int			level = (int) cvm_random_below(&random, levels);

				*code = level == 0 ? CVM_SINK(shape->slots) : first + level - 1;
			}
			else if (*code > old_slots)
				*code = CVM_SINK(shape->slots);
			else if (i % shape->coded_columns > column)
				*code += more;
		}
}

/* The Hessian over all rows, whole or in parts, divided by the weight. */
static CvmHessian *
make_hessian(Rows *rows, int wide_column, const double *parameters)
{
	CvmHessian *hessian = cvm_hessian_create(&rows->shape, wide_column);
	double	   *work = CVM_NEW(double, cvm_objective_work_size(&rows->shape));

	cvm_hessian_clear(hessian);
	for (int b = 0; b < rows->source.blocks; b++)
		cvm_objective_add(&rows->shape, 0, rows->blocks[b], parameters, work, NULL, NULL,
						  hessian, NULL);
	cvm_hessian_finish(hessian, 1 / rows->source.total_weight, 0, 0);
	cvm_release(work);
	return hessian;
}

/* y = H x in the order of parameters. */
static void
multiply(const CvmHessian *hessian, const double *x, double *y)
{
	size_t		size = hessian->order + (size_t) hessian->wide_levels * hessian->outputs;
	double	   *from = CVM_NEW(double, size);
	double	   *to = CVM_NEW_ZERO(double, size);

	cvm_hessian_gather(hessian, x, from);
	for (size_t i = 0; i < size; i++)
		cvm_hessian_add_column(hessian, (int) i, from[i], to);
	cvm_hessian_scatter(hessian, to, y);
	cvm_release(from);
	cvm_release(to);
}

static void
test_solve(CvmFamily family, int dense, int coded, int wide_column, int levels)
{
	int			first[4];
	Rows		rows;
	size_t		count;
	double	   *parameters;
	double	   *x;
	double	   *right;
	double	   *solution;
	double	   *whole_solution;
	CvmHessian *whole;
	CvmHessian *parts;
	CvmFactor  *whole_factor;
	CvmFactor  *factor;
	double	   *inverse;
	double	   *whole_inverse;
	CvmRandom	random;
	size_t		stride;
	int			outputs = family == CVM_SOFTMAX ? 3 : 1;

	rows_create(&rows, family, outputs, dense, coded, 3000, 0.3, 21);
	widen(&rows, wide_column, levels, 22);
	for (int c = 0; c < coded; c++)
		first[c] = dense + c * (FIXTURE_LEVELS - 1) +
			(c > wide_column ? levels - FIXTURE_LEVELS : 0);
	rows.shape.coded_first = first;
	stride = rows.shape.slots + 1;
	count = CVM_PARAMETERS(&rows.shape);
	parameters = CVM_NEW_ZERO(double, count);
	x = CVM_NEW(double, count);
	right = CVM_NEW(double, count);
	solution = CVM_NEW(double, count);
	whole_solution = CVM_NEW(double, count);
	cvm_random_seed(&random, 23);
	for (size_t i = 0; i < count; i++)
		x[i] = cvm_random_normal(&random);
	/* softmax: what sums to zero over the outputs */
	for (size_t slot = 0; slot < stride && outputs > 1; slot++)
	{
		double		mean = 0;

		for (int k = 0; k < outputs; k++)
			mean += x[k * stride + slot] / outputs;
		for (int k = 0; k < outputs; k++)
			x[k * stride + slot] -= mean;
	}

	whole = make_hessian(&rows, -1, parameters);
	parts = make_hessian(&rows, wide_column, parameters);
	CHECK(whole->wide_levels == 0 && parts->wide_levels == levels - 1);
	multiply(whole, x, right);
	multiply(parts, x, solution);
	for (size_t i = 0; i < count; i++)
		CHECK_CLOSE(solution[i], right[i], 1e-13);

	whole_factor = cvm_factor_create(whole);
	factor = cvm_factor_create(parts);
	cvm_factor(whole_factor, CVM_TIE_ALL);
	cvm_factor(factor, CVM_TIE_ALL);
	CHECK(cvm_factor_rank(whole_factor) == (int) count);
	CHECK(cvm_factor_rank(factor) == (int) count);
	cvm_factor_solve(whole_factor, right, whole_solution);
	cvm_factor_solve(factor, right, solution);
	for (size_t i = 0; i < count; i++)
	{
		CHECK_CLOSE(whole_solution[i], x[i], 1e-10);
		CHECK_CLOSE(solution[i], x[i], 1e-10);
	}
	inverse = cvm_factor_inverse(factor);
	whole_inverse = cvm_factor_inverse(whole_factor);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j <= i; j++)
			CHECK_CLOSE(inverse[j + i * count] / sqrt(whole_inverse[i + i * count] *
													  whole_inverse[j + j * count]),
						whole_inverse[j + i * count] / sqrt(whole_inverse[i + i * count] *
															whole_inverse[j + j * count]), 1e-9);
	cvm_release(inverse);
	cvm_release(whole_inverse);
	cvm_factor_free(factor);
	cvm_factor_free(whole_factor);
	cvm_hessian_free(parts);
	cvm_hessian_free(whole);
	cvm_release(parameters);
	cvm_release(x);
	cvm_release(right);
	cvm_release(solution);
	cvm_release(whole_solution);
	rows_free(&rows);
}

/*
 * Dependent columns: the third dense column is the sum of the first two plus
 * a constant (the intercept).  The shortest solution is orthogonal to that.
 */
static void
test_null_space(CvmFamily family, int outputs, int wide_column)
{
	int			first[] = {3, 6};
	Rows		rows;
	CvmHessian *hessian;
	CvmFactor  *factor;
	size_t		count;
	size_t		stride;
	double	   *parameters;
	double	   *change;
	int			ties = outputs > 1 ? 1 : 0;

	rows_create(&rows, family, outputs, 3, 2, 1000, 0.3, 31);
	rows.shape.coded_first = first;
	for (int b = 0; b < rows.source.blocks; b++)
		for (int row = 0; row < rows.blocks[b]->rows; row++)
		{
			double	   *x = rows.blocks[b]->dense + 3 * row;

			x[2] = x[0] + x[1] + 5;
		}
	count = CVM_PARAMETERS(&rows.shape);
	stride = rows.shape.slots + 1;
	parameters = CVM_NEW_ZERO(double, count);
	change = CVM_NEW(double, count);
	hessian = make_hessian(&rows, wide_column, parameters);
	factor = cvm_factor_create(hessian);
	cvm_factor(factor, CVM_TIE_ALL);
	CHECK(cvm_factor_rank(factor) == (int) count - (outputs - ties));
	for (int k = 0; k < outputs; k++)
	{
		/* sums to zero over the outputs */
		double		share = outputs == 1 ? 1 : k == 0 ? 1 : -1.0 / (outputs - 1);

		for (size_t slot = 0; slot < stride; slot++)
			parameters[k * stride + slot] = share * (slot + 1);
	}
	memcpy(change, parameters, count * sizeof(double));
	cvm_factor_shorten(factor, parameters);
	for (int k = 0; k < outputs; k++)
	{
		const double *b = parameters + k * stride;
		double		moved = b[2] - change[k * stride + 2];

		CHECK_CLOSE(b[0] + b[1] - b[2], 0, 1e-10);
		CHECK_CLOSE(b[0] - change[k * stride], -moved, 1e-10);
		CHECK_CLOSE(b[stride - 1] - change[k * stride + stride - 1], -5 * moved, 1e-10);
		for (size_t slot = 3; slot < stride - 1; slot++)
			CHECK_CLOSE(b[slot], change[k * stride + slot], 1e-10);
	}
	cvm_factor_free(factor);
	cvm_hessian_free(hessian);
	cvm_release(parameters);
	cvm_release(change);
	rows_free(&rows);
}

int
main(void)
{
	test_solve(CVM_LINEAR, 4, 1, 0, 60);
	test_solve(CVM_LOGISTIC, 0, 1, 0, 60);
	test_solve(CVM_LOGISTIC, 3, 3, 0, 50);
	test_solve(CVM_LOGISTIC, 3, 3, 1, 300);
	test_solve(CVM_SOFTMAX, 3, 3, 2, 50);
	test_null_space(CVM_LINEAR, 1, -1);
	test_null_space(CVM_LINEAR, 1, 0);
	test_null_space(CVM_LOGISTIC, 1, 1);
	test_null_space(CVM_SOFTMAX, 3, -1);
	test_null_space(CVM_SOFTMAX, 3, 1);
	return check_done();
}
