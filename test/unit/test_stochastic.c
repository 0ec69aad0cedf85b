/*
 * test_stochastic.c
 *		Mini-batch fits against the optimum of the full-batch solvers.
 */
#include "check.h"
#include "learn/batches/epochs.h"
#include "learn/batches/shuffle.h"
#include "learn/batches/stochastic.h"
#include "rows_fixture.h"

#include <stdlib.h>

static const CvmSolver solvers[] = {
	CVM_SOLVER_SGD, CVM_SOLVER_MOMENTUM, CVM_SOLVER_ADAGRAD, CVM_SOLVER_ADAM
};

static CvmFit
fit_rows(const Rows *rows, CvmBlockSource *training, CvmBlockSource *validation,
		 const CvmOptions *options, int solver, const double *start)
{
	CvmOptions	chosen = *options;
	CvmFit		fit;
	CvmError	error = {0};

	chosen.solver = solver;
	CHECK(cvm_fit(&rows->shape, training, validation, &chosen, start, NULL, &fit, &error) == CVM_OK);
	return fit;
}

/* The penalized mean objective. */
static double
objective(const Rows *rows, CvmBlockSource *source, const CvmOptions *options,
		  const double *parameters)
{
	int			stride = rows->shape.slots + 1;
	double		penalty = 0;

	for (int i = 0; i < CVM_PARAMETERS(&rows->shape); i++)
		if (i % stride != stride - 1)
			penalty += options->l1 * fabs(parameters[i]) +
				options->l2 / 2 * parameters[i] * parameters[i];
	return cvm_mean_loss(&rows->shape, source, parameters) + penalty / source->total_weight;
}

/* Every family and solver, defaults only. */
static void
test_optimum(void)
{
	for (CvmFamily family = CVM_LINEAR; family < CVM_FAMILY_COUNT; family++)
	{
		CvmOptions	options;
		Rows		rows;
		CvmFit		best;
		double		least;

		cvm_options_for_train(&options);
		rows_create(&rows, family, family == CVM_SOFTMAX ? 3 : 1, 5, 2, 6000, 0.4, 1 + family);
		best = fit_rows(&rows, &rows.source, NULL, &options, CVM_SOLVER_LBFGS, NULL);
		CHECK(best.outcome == CVM_CONVERGED);
		least = objective(&rows, &rows.source, &options, best.parameters);
		for (int s = 0; s < 4; s++)
		{
			CvmFit		fit = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
			double		reached = objective(&rows, &rows.source, &options, fit.parameters);

			CHECK(fit.outcome == CVM_EPOCH_LIMIT || fit.outcome == CVM_CONVERGED);
			CHECK(fit.solver == solvers[s]);
			CHECK(fit.iterations == cvm_epoch_count(&options, 6000));
			CHECK(reached >= least - 1e-12);
			CHECK_CLOSE(reached, least, 1e-4);
			CHECK_CLOSE(fit.loss, cvm_mean_loss(&rows.shape, &rows.source, fit.parameters), 1e-12);
			CHECK(fit.gradient_norm < 0.02);
			cvm_release(fit.parameters);
		}
		cvm_release(best.parameters);
		rows_free(&rows);
	}
}


/* ---- the shuffle ---- */

/* Marks each row by its number, in target. */
static void
number_rows(Rows *rows)
{
	for (uint64_t i = 0; i < rows->source.rows; i++)
		rows->blocks[i / CVM_BLOCK_ROWS]->target[i % CVM_BLOCK_ROWS] = (double) i;
}

/* One epoch: whether each row came once, and in its own company. */
static void
read_epoch(const Rows *rows, CvmShuffle *shuffle, int most, double *order)
{
	uint64_t	count = 0;
	char	   *seen = CVM_NEW_ZERO(char, rows->source.rows);
	bool		whole = true;
	CvmBlock	part;

	cvm_shuffle_begin(shuffle);
	while (cvm_shuffle_next(shuffle, most, &part))
	{
		CHECK(part.rows > 0 && part.rows <= most);
		for (int i = 0; i < part.rows; i++)
		{
			int			row = (int) part.target[i];
			const CvmBlock *block = rows->blocks[row / CVM_BLOCK_ROWS];
			int			at = row % CVM_BLOCK_ROWS;

			whole = whole && !seen[row] && part.weight[i] == block->weight[at] &&
				memcmp(part.dense + i * 3, block->dense + at * 3, 3 * sizeof(double)) == 0 &&
				memcmp(part.codes + i * 2, block->codes + at * 2, 2 * sizeof(int32_t)) == 0;
			seen[row] = 1;
			order[count++] = row;
		}
	}
	CHECK(whole);
	CHECK(count == rows->source.rows);
	cvm_release(seen);
}

/* Correlation of the order with that of the source. */
static double
order_correlation(const double *order, int count)
{
	double		mean = (count - 1) / 2.0;
	double		covariance = 0;
	double		variance = 0;

	for (int i = 0; i < count; i++)
	{
		covariance += (i - mean) * (order[i] - mean);
		variance += (i - mean) * (i - mean);
	}
	return covariance / variance;
}

static void
test_shuffle(void)
{
	const int	counts[] = {1, 511, 512, 513, 1300, 40000};
	static double first[40000];
	static double second[40000];

	for (int c = 0; c < 6; c++)
	{
		int			count = counts[c];
		Rows		rows;
		CvmBlockSource spilled;
		CvmShuffle *shuffle;

		rows_create(&rows, CVM_LINEAR, 1, 3, 2, count, 1, 3);
		number_rows(&rows);
		shuffle = cvm_shuffle_create(&rows.source, 1);
		read_epoch(&rows, shuffle, 512, first);
		if (count > 1000)
			CHECK(fabs(order_correlation(first, count)) < 0.4);
		read_epoch(&rows, shuffle, 100, second);
		if (count > 500)
			CHECK(memcmp(first, second, count * sizeof(double)) != 0);
		cvm_shuffle_free(shuffle);

		/* the same seed, another place */
		spilled = rows_spilled(&rows);
		shuffle = cvm_shuffle_create(&spilled, 1);
		read_epoch(&rows, shuffle, 7, second);
		CHECK(memcmp(first, second, count * sizeof(double)) == 0);
		cvm_shuffle_free(shuffle);

		/* blocks in their order, rows mixed within the window */
		spilled.in_order = true;
		shuffle = cvm_shuffle_create(&spilled, 1);
		read_epoch(&rows, shuffle, 512, second);
		if (count == 40000)
			CHECK(order_correlation(second, count) > 0.9);
		cvm_shuffle_free(shuffle);
		rows_free(&rows);
	}
}

/* ---- determinism ---- */

static bool
same_parameters(const Rows *rows, const CvmFit *left, const CvmFit *right)
{
	return memcmp(left->parameters, right->parameters,
				  CVM_PARAMETERS(&rows->shape) * sizeof(double)) == 0;
}

static void
test_deterministic(void)
{
	for (int s = 0; s < 4; s++)
	{
		CvmOptions	options;
		Rows		rows;
		CvmBlockSource spilled;
		CvmFit		first,
					again,
					other_place,
					other_seed;

		cvm_options_for_train(&options);
		options.epochs = 3;
		options.seed = 42;
		rows_create(&rows, CVM_LOGISTIC, 1, 4, 1, 20000, 0.5, 11);
		spilled = rows_spilled(&rows);
		first = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
		again = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
		other_place = fit_rows(&rows, &spilled, NULL, &options, solvers[s], NULL);
		options.seed = 43;
		other_seed = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
		CHECK(same_parameters(&rows, &first, &again));
		CHECK(same_parameters(&rows, &first, &other_place));
		CHECK(!same_parameters(&rows, &first, &other_seed));
		cvm_release(first.parameters);
		cvm_release(again.parameters);
		cvm_release(other_place.parameters);
		cvm_release(other_seed.parameters);
		rows_free(&rows);
	}
}

/* ---- hard rows ---- */

static int
compare_targets(const void *left, const void *right)
{
	return (*(const double *const *) left)[3] > (*(const double *const *) right)[3] ? 1
		: (*(const double *const *) left)[3] < (*(const double *const *) right)[3] ? -1 : 0;
}

/* Sorts rows of three dense columns by their target. */
static void
sort_rows(Rows *rows)
{
	int			count = (int) rows->source.rows;
	double	  **sorted = CVM_NEW(double *, count);

	for (int i = 0; i < count; i++)
	{
		const CvmBlock *block = rows->blocks[i / CVM_BLOCK_ROWS];

		sorted[i] = CVM_NEW(double, 4);
		memcpy(sorted[i], block->dense + i % CVM_BLOCK_ROWS * 3, 3 * sizeof(double));
		sorted[i][3] = block->target[i % CVM_BLOCK_ROWS];
	}
	qsort(sorted, count, sizeof(double *), compare_targets);
	for (int i = 0; i < count; i++)
	{
		CvmBlock   *block = rows->blocks[i / CVM_BLOCK_ROWS];

		memcpy(block->dense + i % CVM_BLOCK_ROWS * 3, sorted[i], 3 * sizeof(double));
		block->target[i % CVM_BLOCK_ROWS] = sorted[i][3];
		cvm_release(sorted[i]);
	}
	cvm_release(sorted);
}

/* All rows of one class, then all of the other, windows of each. */
static void
test_sorted(void)
{
	CvmOptions	options;
	Rows		rows;
	CvmFit		best,
				fit;

	cvm_options_for_train(&options);
	rows_create(&rows, CVM_LOGISTIC, 1, 3, 0, 50000, 1, 5);
	sort_rows(&rows);
	best = fit_rows(&rows, &rows.source, NULL, &options, CVM_SOLVER_LBFGS, NULL);
	for (int s = 0; s < 4; s++)
	{
		fit = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
		CHECK_CLOSE(fit.loss, best.loss, 1e-3);
		cvm_release(fit.parameters);
	}
	cvm_release(best.parameters);
	rows_free(&rows);
}

/* A linear fit is the same whatever the unit and origin of its target. */
static void
test_units(void)
{
	for (int s = 0; s < 4; s++)
		for (CvmFamily family = CVM_LINEAR; family <= CVM_HUBER; family += CVM_HUBER)
		{
			CvmOptions	options;
			Rows		rows;
			CvmFit		plain,
						large;

			cvm_options_for_train(&options);
			options.epochs = 5;
			options.l1 = 3;
			options.clip = 1;
			rows_create(&rows, family, 1, 3, 1, 3000, 1, 21);
			plain = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
			for (int i = 0; i < 3000; i++)
			{
				double	   *y = &rows.blocks[i / CVM_BLOCK_ROWS]->target[i % CVM_BLOCK_ROWS];

				*y = 1e6 + 1e4 * *y;
			}
			rows.shape.delta *= 1e4;
			options.l1 *= 1e4;
			large = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
			for (int i = 0; i < rows.shape.slots; i++)
				CHECK_CLOSE(large.parameters[i] / 1e4, plain.parameters[i], 1e-8);
			CHECK_CLOSE((large.parameters[rows.shape.slots] - 1e6) / 1e4,
						plain.parameters[rows.shape.slots], 1e-8);
			CHECK_CLOSE(large.loss / 1e8, plain.loss, 1e-8);
			cvm_release(plain.parameters);
			cvm_release(large.parameters);
			rows_free(&rows);
		}
}

/* Batches of one row, of all rows, and of a size that divides nothing. */
static void
test_batch_sizes(void)
{
	const int	sizes[] = {1, 700, 65536};

	for (int b = 0; b < 3; b++)
	{
		CvmOptions	options;
		Rows		rows;
		CvmFit		best,
					fit;

		cvm_options_for_train(&options);
		options.batch_size = sizes[b];
		rows_create(&rows, CVM_LOGISTIC, 1, 3, 1, 3000, 0.5, 9);
		best = fit_rows(&rows, &rows.source, NULL, &options, CVM_SOLVER_LBFGS, NULL);
		for (int s = 0; s < 2; s++)
		{
			fit = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
			CHECK_CLOSE(fit.loss, best.loss, 1e-3);
			cvm_release(fit.parameters);
		}
		cvm_release(best.parameters);
		rows_free(&rows);
	}
}

/* ---- stopping ---- */

typedef struct Curve
{
	int			count;
	int			epochs;
	double		training[1000];
	double		validation[1000];
	double		rate[1000];
} Curve;

static void
record_epoch(void *state, int epoch, int epochs, double training_loss,
			 double validation_loss, double learning_rate, double gradient_norm)
{
	Curve	   *curve = state;

	curve->count++;
	CHECK(epoch == curve->count);
	CHECK(isnan(gradient_norm));
	curve->epochs = epochs;
	curve->training[epoch] = training_loss;
	curve->validation[epoch] = validation_loss;
	curve->rate[epoch] = learning_rate;
}

/* More columns than the training rows bear: the validation loss turns. */
static void
test_early_stopping(void)
{
	CvmOptions	options;
	Rows		rows;
	CvmBlockSource training;
	CvmBlockSource validation;
	Curve	   *curve = CVM_NEW_ZERO(Curve, 1);
	CvmProgress progress = {record_epoch, curve};
	CvmError	error;
	CvmFit		fit,
				last;
	int			best = 1;

	cvm_options_for_train(&options);
	options.l2 = 0;
	options.epochs = 300;
	options.batch_size = 32;
	options.patience = 20;
	options.schedule = CVM_SCHEDULE_CONSTANT;
	rows_create(&rows, CVM_LOGISTIC, 1, 60, 0, 1024, 0.1, 13);
	cvm_block_source_from_array(&training, rows.blocks, 1, 60, 0, 60);
	cvm_block_source_from_array(&validation, rows.blocks + 1, 1, 60, 0, 60);
	CHECK(cvm_fit_stochastic(&rows.shape, &training, &validation, &options, CVM_SOLVER_ADAM,
							 NULL, &progress, &fit, &error) == CVM_OK);
	CHECK(fit.outcome == CVM_EARLY_STOPPED);
	CHECK(fit.iterations == curve->count && curve->count < 300);
	CHECK(curve->epochs == 300);
	for (int i = 2; i <= curve->count; i++)
		if (curve->validation[i] < curve->validation[best])
			best = i;
	CHECK(best == curve->count - 20);
	CHECK(fit.validation_loss == curve->validation[best]);
	CHECK_CLOSE(cvm_mean_loss(&rows.shape, &validation, fit.parameters),
				curve->validation[best], 1e-12);
	CHECK(curve->training[curve->count] < curve->training[1]);

	/* without patience the last weights are the result */
	options.patience = 0;
	last = fit_rows(&rows, &training, &validation, &options, CVM_SOLVER_ADAM, NULL);
	CHECK(last.outcome == CVM_EPOCH_LIMIT);
	CHECK(last.iterations == 300);
	CHECK(last.validation_loss > fit.validation_loss);
	CHECK_CLOSE(cvm_mean_loss(&rows.shape, &validation, last.parameters),
				last.validation_loss, 1e-12);
	cvm_release(last.parameters);
	cvm_release(fit.parameters);
	cvm_release(curve);
	rows_free(&rows);
}

static void
test_divergence(void)
{
	const CvmFamily families[] = {CVM_LINEAR, CVM_POISSON};

	for (int f = 0; f < 2; f++)
	{
		CvmOptions	options;
		Rows		rows;
		CvmFit		fit;

		cvm_options_for_train(&options);
		options.learning_rate = 50;
		options.schedule = CVM_SCHEDULE_CONSTANT;
		rows_create(&rows, families[f], 1, 4, 1, 5000, 0.5, 17);
		fit = fit_rows(&rows, &rows.source, &rows.source, &options, CVM_SOLVER_SGD, NULL);
		CHECK(fit.outcome == CVM_DIVERGED);
		cvm_release(fit.parameters);

		/* short steps, however steep the slope */
		options.clip = 1e-3;
		fit = fit_rows(&rows, &rows.source, NULL, &options, CVM_SOLVER_SGD, NULL);
		CHECK(fit.outcome == CVM_EPOCH_LIMIT);
		cvm_release(fit.parameters);
		rows_free(&rows);
	}
}

/* ---- starting, averaging, penalties ---- */

static void
test_warm_start(void)
{
	for (int s = 0; s < 4; s++)
	{
		CvmOptions	options;
		Rows		rows;
		CvmFit		best,
					fit;

		cvm_options_for_train(&options);
		rows_create(&rows, CVM_LINEAR, 1, 4, 1, 2000, 2, 23);
		best = fit_rows(&rows, &rows.source, NULL, &options, CVM_SOLVER_NEWTON, NULL);
		options.epochs = 1;
		options.learning_rate = 1e-12;
		fit = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], best.parameters);
		for (int i = 0; i < CVM_PARAMETERS(&rows.shape); i++)
			CHECK_CLOSE(fit.parameters[i], best.parameters[i], 1e-8);
		CHECK_CLOSE(fit.loss, best.loss, 1e-8);
		cvm_release(fit.parameters);
		cvm_release(best.parameters);
		rows_free(&rows);
	}
}

/* At a constant rate the average lies nearer to the optimum than the last weights. */
static void
test_averaging(void)
{
	CvmOptions	options;
	Rows		rows;
	CvmFit		best,
				last,
				average;

	cvm_options_for_train(&options);
	options.epochs = 20;
	options.batch_size = 16;
	options.schedule = CVM_SCHEDULE_CONSTANT;
	rows_create(&rows, CVM_LOGISTIC, 1, 10, 0, 5000, 0.5, 29);
	best = fit_rows(&rows, &rows.source, NULL, &options, CVM_SOLVER_NEWTON, NULL);
	for (int s = 0; s < 4; s++)
	{
		double		least = objective(&rows, &rows.source, &options, best.parameters);

		options.averaging = false;
		last = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
		options.averaging = true;
		average = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
		CHECK(objective(&rows, &rows.source, &options, average.parameters) - least <
			  0.5 * (objective(&rows, &rows.source, &options, last.parameters) - least));
		cvm_release(last.parameters);
		cvm_release(average.parameters);
	}
	cvm_release(best.parameters);
	rows_free(&rows);
}

/* The coefficients that the lasso's optimum has at zero are zero. */
static void
test_lasso_zeros(void)
{
	for (CvmFamily family = CVM_LINEAR; family <= CVM_POISSON; family++)
	{
		CvmOptions	options;
		Rows		rows;
		CvmFit		best,
					fit;

		cvm_options_for_train(&options);
		options.l2 = 0;
		options.l1 = family == CVM_LINEAR ? 1500 : family == CVM_POISSON ? 3000 : 400;
		rows_create(&rows, family, family == CVM_SOFTMAX ? 3 : 1, 10, 2, 6000, 0.3, 31);
		best = fit_rows(&rows, &rows.source, NULL, &options, CVM_SOLVER_LBFGS, NULL);
		for (int s = 0; s < 4; s++)
		{
			int			zeros = 0;
			int			agree = 0;

			fit = fit_rows(&rows, &rows.source, NULL, &options, solvers[s], NULL);
			for (int i = 0; i < CVM_PARAMETERS(&rows.shape); i++)
			{
				zeros += best.parameters[i] == 0;
				agree += best.parameters[i] == 0 && fit.parameters[i] == 0;
			}
			CHECK(zeros >= 5);
			CHECK(agree >= zeros - 1);	/* one may be on the verge */
			CHECK_CLOSE(fit.loss, cvm_mean_loss(&rows.shape, &rows.source, fit.parameters), 1e-12);
			CHECK_CLOSE(objective(&rows, &rows.source, &options, fit.parameters),
						objective(&rows, &rows.source, &options, best.parameters), 1e-4);
			cvm_release(fit.parameters);
		}
		cvm_release(best.parameters);
		rows_free(&rows);
	}
}

static void
test_no_rows(void)
{
	CvmOptions	options;
	Rows		rows;
	CvmFit		fit;
	CvmError	error = {0};

	cvm_options_for_train(&options);
	options.solver = CVM_SOLVER_ADAM;
	rows_create(&rows, CVM_LOGISTIC, 1, 2, 0, 0, 1, 1);
	CHECK(cvm_fit(&rows.shape, &rows.source, NULL, &options, NULL, NULL, &fit, &error) ==
		  CVM_NO_ROWS);
	CHECK(error.message[0] != '\0');
	rows_free(&rows);
}

int
main(void)
{
	test_optimum();
	test_shuffle();
	test_deterministic();
	test_sorted();
	test_units();
	test_batch_sizes();
	test_early_stopping();
	test_divergence();
	test_warm_start();
	test_averaging();
	test_lasso_zeros();
	test_no_rows();
	return check_done();
}
