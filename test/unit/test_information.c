/*
 * test_information.c
 *		Partial fits of the linear families: against fits of all rows, against
 *		weights in the place of decay, against numpy, and as optima of what they
 *		minimize.
 *
 * Reference figures: test/reference/partial_fit_numpy.py.
 */
#include "fit_fixture.h"
#include "learn/bayes/naive_bayes.h"
#include "learn/linear/information.h"

#define ROWS 3000

/* Blocks first .. last - 1 of the rows. */
static CvmBlockSource
part_of(Rows *rows, int first, int last)
{
	CvmBlockSource part;

	cvm_block_source_from_array(&part, rows->blocks + first, last - first,
								rows->shape.dense_columns, rows->shape.coded_columns,
								rows->shape.slots);
	return part;
}

static CvmFit
fit_source(const CvmShape *shape, CvmBlockSource *source, const CvmOptions *options)
{
	CvmFit		fit;
	CvmError	error = {{0}};

	CHECK(cvm_fit(shape, source, NULL, options, NULL, NULL, &fit, &error) == CVM_OK);
	return fit;
}

/* Fits the first blocks, then goes on with one part after another. */
static CvmFit
fit_in_parts(Rows *rows, const CvmOptions *options, int block_step, CvmInformation *information)
{
	CvmBlockSource first = part_of(rows, 0, block_step);
	CvmFit		fit = fit_source(&rows->shape, &first, options);
	CvmError	error = {{0}};
	double		total_weight = first.total_weight;
	double		count = first.rows;

	cvm_information_of_rows(&rows->shape, &first, fit.parameters, information);
	for (int block = block_step; block < rows->source.blocks; block += block_step)
	{
		int			last = block + block_step < rows->source.blocks ? block + block_step :
			rows->source.blocks;
		CvmBlockSource part = part_of(rows, block, last);
		CvmKnownRows known = {
			.parameters = fit.parameters,.information = information,.decay = options->decay,
			.total_weight = options->decay * total_weight,.rows = options->decay * count
		};
		CvmInformation learned;
		CvmFit		next;

		CHECK(cvm_partial_fit(&rows->shape, &part, NULL, options, &known, NULL, &next, &learned,
							  &error) == CVM_OK);
		CHECK(next.outcome == CVM_CONVERGED || next.outcome == CVM_SINGULAR);
		*information = learned;
		total_weight = known.total_weight + part.total_weight;
		count = known.rows + part.rows;
		fit_release(&fit);
		fit = next;
	}
	return fit;
}

/* Parts against all rows at once, whose weights say what decay leaves of them. */
static void
test_against_all(CvmFamily family, double l1, double l2, double decay, double tolerance)
{
	CvmOptions	options;
	CvmInformation information;
	CvmFit		parts;
	CvmFit		all;
	Rows		rows;
	int			step = 2;

	rows_create(&rows, family, outputs_of(family), 4, 1, ROWS, 0.5, 11);
	cvm_options_for_aggregate(&options);
	options.l1 = l1;
	options.l2 = l2;
	options.decay = decay;
	options.tolerance = 1e-12;
	parts = fit_in_parts(&rows, &options, step, &information);
	for (int i = 0; i < rows.source.blocks; i++)
		for (int row = 0; row < rows.blocks[i]->rows; row++)
			rows.blocks[i]->weight[row] *= pow(decay, (rows.source.blocks - 1) / step - i / step);
	rows.source = part_of(&rows, 0, rows.source.blocks);
	all = fit_source(&rows.shape, &rows.source, &options);
	CHECK_CLOSE(fit_distance(&parts, &all, CVM_PARAMETERS(&rows.shape)), 0, tolerance);
	CHECK_CLOSE(parts.loss, all.loss, tolerance);
	CHECK((parts.covariance == NULL) == (all.covariance == NULL));
	if (parts.covariance != NULL && decay == 1)
		for (int i = 0; i < CVM_PARAMETERS(&rows.shape); i++)
		{
			int			at = i * (CVM_PARAMETERS(&rows.shape) + 1);

			CHECK_CLOSE(sqrt(parts.covariance[at] / all.covariance[at]), 1,
						family == CVM_LINEAR ? 1e-8 : 0.05);
		}
	fit_release(&parts);
	fit_release(&all);
	rows_free(&rows);
}

/* ---- against numpy and scikit-learn ---- */

#define PARTS 3
#define PART_ROWS 200

/* The rows of the reference, a block each part. */
static void
make_parts(CvmBlock **blocks)
{
	for (int i = 0; i < PARTS * PART_ROWS; i++)
	{
		CvmBlock   *block = blocks[i / PART_ROWS];
		int			row = i % PART_ROWS;
		double	   *x;

		if (row == 0)
			block = blocks[i / PART_ROWS] = cvm_block_create(2, 0);
		x = block->dense + 2 * row;
		block->rows = row + 1;
		x[0] = sin(12.9898 * i);
		x[1] = cos(4.1414 * i) + 0.2 * sin(12.9898 * i);
		block->target[row] = 0.8 * x[0] - 0.6 * x[1] + (i >= 400 ? -0.5 : 0.3) +
			sin(78.233 * i + 1) > 0;
		block->weight[row] = 1 + i % 3 / 2.0;
	}
}

static void
test_logistic_against_numpy(void)
{
	static const double expected[PARTS][3] = {
		{1.5581943106042453, -1.2296100590057357, 0.5642827539653882},
		{1.6486909976147166, -1.2090214279863456, 0.578931976518315},
		{1.5064249605519493, -1.1381292769246374, -0.08075867269490156}
	};
	CvmShape	shape = {.family = CVM_LOGISTIC,.outputs = 1,.dense_columns = 2,.slots = 2};
	CvmInformation information;
	CvmBlock   *blocks[PARTS];
	CvmOptions	options;
	CvmFit		fit = {NULL};
	double		total_weight = 0;
	double		count = 0;

	make_parts(blocks);
	cvm_options_for_aggregate(&options);
	options.l2 = 0.5;
	options.decay = 0.8;
	options.tolerance = 1e-12;
	for (int p = 0; p < PARTS; p++)
	{
		CvmBlockSource part;
		CvmInformation learned;
		CvmError	error = {{0}};
		CvmFit		next;

		cvm_block_source_from_array(&part, &blocks[p], 1, 2, 0, 2);
		if (p == 0)
		{
			next = fit_source(&shape, &part, &options);
			cvm_information_of_rows(&shape, &part, next.parameters, &learned);
		}
		else
		{
			CvmKnownRows known = {
				.parameters = fit.parameters,.information = &information,.decay = options.decay,
				.total_weight = options.decay * total_weight,.rows = options.decay * count
			};

			CHECK(cvm_partial_fit(&shape, &part, NULL, &options, &known, NULL, &next, &learned,
								  &error) == CVM_OK);
		}
		total_weight = options.decay * total_weight + part.total_weight;
		count = options.decay * count + part.rows;
		for (int i = 0; i < 3; i++)
			CHECK_CLOSE(next.parameters[i], expected[p][i], 1e-9);
		fit_release(&fit);
		fit = next;
		information = learned;
	}
	fit_release(&fit);
}

static void
test_bayes_against_sklearn(void)
{
	static const double means[] = {
		-0.26659524521527983, 0.19408366381872705, 0.27065611079094054, -0.16637017841813098
	};
	static const double variances[] = {
		0.42692147969671773, 0.49583339295725437, 0.4299928527375987, 0.4782911638632213
	};
	static bool is_indicator[] = {false, false};
	static const CvmExpansion columns = {.dense_columns = 2,.is_indicator = is_indicator,.width = 2};
	CvmBlock   *blocks[PARTS];
	CvmBayesSums sums;
	CvmNaiveBayes learned;
	double		total_weight = 0;

	make_parts(blocks);
	cvm_bayes_sums_init(&sums, &columns, 2);
	for (int p = 0; p < PARTS; p++)
	{
		CvmBlockSource part;

		cvm_block_source_from_array(&part, &blocks[p], 1, 2, 0, 2);
		cvm_bayes_sums_add(&sums, &columns, &part);
		total_weight += part.total_weight;
	}
	cvm_naive_bayes_settle(&sums, &columns, total_weight, 1, 0, &learned);
	for (int i = 0; i < 4; i++)
	{
		CHECK_CLOSE(learned.means[i], means[i], 1e-12);
		CHECK_CLOSE(learned.variances[i], variances[i], 1e-12);
	}
	cvm_bayes_sums_free(&sums);
}

/* Gradients of what is minimized, by the definition. */
static void
test_optimum_of_diagonal(void)
{
	const int	dense = 300;
	CvmInformation information;
	CvmInformation learned;
	CvmKnownRows known = {.information = &information,.decay = 0.5};
	CvmBlockSource first;
	CvmBlockSource second;
	CvmOptions	options;
	CvmError	error = {{0}};
	CvmFit		start;
	CvmFit		fit;
	Rows		rows;
	double	   *gradient = CVM_NEW(double, dense + 1);

	rows_create(&rows, CVM_LOGISTIC, 1, dense, 0, 4 * CVM_BLOCK_ROWS, 0.1, 5);
	first = part_of(&rows, 0, 2);
	second = part_of(&rows, 2, 4);
	cvm_options_for_aggregate(&options);
	options.l2 = 1;
	options.tolerance = 1e-9;
	start = fit_source(&rows.shape, &first, &options);
	cvm_information_of_rows(&rows.shape, &first, start.parameters, &information);
	CHECK(cvm_information_size(dense + 1) == (size_t) dense + 1);
	known.parameters = start.parameters;
	known.total_weight = 0.5 * first.total_weight;
	known.rows = 0.5 * first.rows;
	CHECK(cvm_partial_fit(&rows.shape, &second, &first, &options, &known, NULL, &fit, &learned,
						  &error) == CVM_OK);
	CHECK(fit.solver == CVM_SOLVER_LBFGS && fit.validation_loss > 0);
	plain_objective(&rows.shape, &second, fit.parameters, gradient, NULL);
	for (int i = 0; i <= dense; i++)
	{
		double		way = fit.parameters[i] - start.parameters[i];
		double		slope = gradient[i] +
			0.5 * (information.gradient[i] + information.curvature[i] * way);

		CHECK_CLOSE(learned.gradient[i], slope, 1e-8);
		CHECK_CLOSE((slope + (i < dense ? fit.parameters[i] : 0)) / 1000, 0, 1e-6);
	}
	fit_release(&start);
	fit_release(&fit);
	cvm_release(gradient);
	rows_free(&rows);
}

/* What nobody has learned, as from a forged model, ends somehow. */
static void
test_nonsense(CvmFamily family)
{
	CvmOptions	options;
	CvmInformation information;
	CvmFit		fit;
	CvmFit		next;
	CvmInformation learned;
	CvmError	error = {{0}};
	Rows		rows;
	CvmKnownRows known = {.information = &information,.decay = 1};

	rows_create(&rows, family, outputs_of(family), 3, 1, ROWS, 0.5, 3);
	cvm_options_for_aggregate(&options);
	fit = fit_source(&rows.shape, &rows.source, &options);
	cvm_information_of_rows(&rows.shape, &rows.source, fit.parameters, &information);
	for (size_t i = 0; i < cvm_information_size(CVM_PARAMETERS(&rows.shape)); i++)
		((double *) information.curvature)[i] *= i % 3 == 0 ? -1e6 : 1e6;
	known.parameters = fit.parameters;
	known.total_weight = rows.source.total_weight;
	known.rows = rows.source.rows;
	CHECK(cvm_partial_fit(&rows.shape, &rows.source, NULL, &options, &known, NULL, &next, &learned,
						  &error) == CVM_OK);
	fit_release(&fit);
	fit_release(&next);
	rows_free(&rows);
}

int
main(void)
{
	for (size_t i = 0; i < FAMILIES; i++)
		test_nonsense(families[i]);
	/* squared loss is a quadratic: with penalties and decay too */
	test_against_all(CVM_LINEAR, 0, 0, 1, 1e-8);
	test_against_all(CVM_LINEAR, 0, 3, 1, 1e-8);
	test_against_all(CVM_LINEAR, 40, 1, 1, 1e-8);
	test_against_all(CVM_LINEAR, 0, 0, 0.5, 1e-8);
	test_against_all(CVM_LINEAR, 40, 3, 0.7, 1e-8);
	/* others as far as one thousand rows tell the curvature of all */
	test_against_all(CVM_LOGISTIC, 0, 0, 1, 0.02);
	test_against_all(CVM_LOGISTIC, 0, 3, 0.5, 0.05);
	test_against_all(CVM_LOGISTIC, 10, 0, 1, 0.02);
	test_against_all(CVM_SOFTMAX, 0, 0, 1, 0.03);
	test_against_all(CVM_SOFTMAX, 0, 1, 1, 0.03);
	test_against_all(CVM_POISSON, 0, 0, 1, 0.05);
	test_against_all(CVM_SVM, 0, 1, 1, 0.05);
	test_against_all(CVM_HUBER, 0, 0, 1, 0.02);
	test_optimum_of_diagonal();
	test_logistic_against_numpy();
	test_bayes_against_sklearn();
	return check_done();
}
