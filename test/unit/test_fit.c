/*
 * test_fit.c
 *		Fits as a whole: which solver runs, starts from samples, sources of all
 *		kinds, objectives that are computed elsewhere, limits, errors.
 */
#include "fit_fixture.h"

#include <setjmp.h>
#include <stdlib.h>

/* ---- errors ---- */

static void
test_one_class(void)
{
	static const CvmFamily classifiers[] = {CVM_LOGISTIC, CVM_SOFTMAX, CVM_SVM};

	for (int i = 0; i < 6; i++)
	{
		Rows		rows;
		CvmOptions	options;
		CvmFit		fit;
		CvmError	error;

		rows_create(&rows, classifiers[i % 3], outputs_of(classifiers[i % 3]), 2, 0, 100, 0.3, 45);
		for (int row = 0; row < 100; row++)
			rows.blocks[0]->target[row] = i / 3;
		cvm_options_for_aggregate(&options);
		CHECK(cvm_fit(&rows.shape, &rows.source, NULL, &options, NULL, NULL, &fit, &error) == CVM_ONE_CLASS);
		CHECK(strstr(error.message, "single class") != NULL);
		rows.source.rows = 0;
		CHECK(cvm_fit(&rows.shape, &rows.source, NULL, &options, NULL, NULL, &fit, &error) == CVM_NO_ROWS);
		rows_free(&rows);
	}
}

/* ---- samples, sources, drivers ---- */

static int	reads;

static const CvmBlock *
counting_read(void *state, int index)
{
	reads++;
	return rows_read_copy(state, index);
}

/* The covariance is the inverse of the Hessian at the optimum, of all rows. */
static void
check_covariance(Rows *rows, const CvmFit *fit)
{
	int			count = CVM_PARAMETERS(&rows->shape);
	double	   *hessian = CVM_NEW(double, (size_t) count * count);

	plain_objective(&rows->shape, &rows->source, fit->parameters, NULL, hessian);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++)
		{
			double		sum = 0;

			for (int k = 0; k < count; k++)
				sum += fit->covariance[i * count + k] *
					hessian[k < j ? k + j * count : j + k * count];
			CHECK_CLOSE(sum, i == j, 1e-8);
		}
	cvm_release(hessian);
}

/* Many rows: few passes, the same optimum, whatever the source can do. */
static void
test_samples(void)
{
	static const CvmFamily some[] = {CVM_LOGISTIC, CVM_LINEAR, CVM_HUBER, CVM_SOFTMAX};

	for (int f = 0; f < 4; f++)
	{
		Rows		rows;
		CvmFit		fit;
		CvmFit		again;
		CvmBlockSource memory;

		rows_create(&rows, some[f], outputs_of(some[f]), 6, 1, 200 * CVM_BLOCK_ROWS + 77, 0.3, 75);
		memory = rows.source;
		rows.source = rows_spilled(&rows);
		rows.source.read = counting_read;
		reads = 0;
		fit = fit_rows(&rows, CVM_SOLVER_AUTO, 0, 0, NULL);
		CHECK(fit.outcome == CVM_CONVERGED);
		CHECK(reads < 8 * rows.source.blocks);
		check_optimum(&rows, &fit, 0, 0, 1e-11);
		if (some[f] == CVM_LOGISTIC)
			check_covariance(&rows, &fit);
		/* bit for bit from a source that is read in order */
		rows.source.in_order = true;
		again = fit_rows(&rows, CVM_SOLVER_AUTO, 0, 0, NULL);
		CHECK(fit_distance(&fit, &again, CVM_PARAMETERS(&rows.shape)) == 0);
		fit_release(&again);
		rows.source = memory;
		again = fit_rows(&rows, CVM_SOLVER_AUTO, 0, 0, NULL);
		CHECK(fit_distance(&fit, &again, CVM_PARAMETERS(&rows.shape)) == 0);
		fit_release(&again);
		again = fit_rows(&rows, CVM_SOLVER_AUTO, 0, 0, fit.parameters);
		CHECK(fit_distance(&fit, &again, CVM_PARAMETERS(&rows.shape)) < 1e-9);
		fit_release(&again);
		fit_release(&fit);
		rows_free(&rows);
	}
}

/* L-BFGS with the Hessian of a sample: as many passes as Newton's method, from
 * levels that the sample never met too. */
static void
test_sample_hessian(void)
{
	for (size_t f = 0; f < FAMILIES; f++)
		for (int l1 = 0; l1 < 600; l1 += f % 2 ? 300 : 600)
		{
			int			first[] = {5, 8};
			Rows		rows;
			CvmFit		fit;
			CvmFit		newton;

			rows_create(&rows, families[f], outputs_of(families[f]), 5, 2, 220 * CVM_BLOCK_ROWS, 0.3, 125);
			rows.shape.coded_first = first;
			for (int b = 0; b < rows.source.blocks; b++)
				for (int row = 0; row < rows.blocks[b]->rows && b % 8 != 1; row++)
					if (rows.blocks[b]->codes[2 * row] == 5)
						rows.blocks[b]->codes[2 * row] = 6;
			fit = fit_rows(&rows, CVM_SOLVER_LBFGS, l1, 1, NULL);
			newton = fit_rows(&rows, CVM_SOLVER_NEWTON, l1, 1, NULL);
			CHECK(fit.outcome == CVM_CONVERGED && newton.outcome == CVM_CONVERGED);
			CHECK(fit.iterations < (l1 > 0 ? 50 : 16));
			check_optimum(&rows, &fit, l1, 1, 1e-8);
			CHECK(fit_distance(&fit, &newton, CVM_PARAMETERS(&rows.shape)) < 1e-7);
			for (int i = 0; i < CVM_PARAMETERS(&rows.shape); i++)
				CHECK((fit.parameters[i] == 0) == (newton.parameters[i] == 0));
			fit_release(&fit);
			fit_release(&newton);
			rows_free(&rows);
		}
}

/* The sample has one class, all rows have two. */
static void
test_rare_class(void)
{
	Rows		rows;
	CvmFit		fit;

	rows_create(&rows, CVM_LOGISTIC, 1, 2, 0, 300 * CVM_BLOCK_ROWS, 0.3, 85);
	for (int b = 0; b < rows.source.blocks; b++)
		for (int row = 0; row < CVM_BLOCK_ROWS; row++)
			rows.blocks[b]->target[row] = b < 3 && row < 100;
	fit = fit_rows(&rows, CVM_SOLVER_AUTO, 0, 0, NULL);
	CHECK(fit.outcome == CVM_CONVERGED);
	check_optimum(&rows, &fit, 0, 0, 1e-11);
	fit_release(&fit);
	rows_free(&rows);
}

/* An objective that somebody else computes. */
static void
evaluate_elsewhere(void *state, const double *parameters, double *loss,
				   double *gradient, double *hessian, double *diagonal)
{
	Rows	   *rows = state;
	size_t		count = CVM_PARAMETERS(&rows->shape);
	double	   *all = CVM_NEW(double, count * count);
	double		sum = plain_objective(&rows->shape, &rows->source, parameters, gradient, all);

	if (loss != NULL)
		*loss = sum;
	for (size_t i = 0; i < count; i++)
	{
		if (diagonal != NULL)
			diagonal[i] = all[i + i * count];
		for (size_t j = 0; j <= i && hessian != NULL; j++)
			hessian[j + i * count] = all[j + i * count];
	}
	cvm_release(all);
}

static void
test_objective_elsewhere(void)
{
	for (size_t f = 0; f < FAMILIES; f++)
		for (int solver = CVM_SOLVER_NEWTON; solver <= CVM_SOLVER_LBFGS; solver++)
			for (int l1 = 0; l1 < 60; l1 += 30)
			{
				Rows		rows;
				CvmFit		fit;
				CvmFit		own;
				CvmOptions	options;
				CvmError	error;
				CvmObjective objective;

				rows_create(&rows, families[f], outputs_of(families[f]), 3, 1, 700, 0.3, 95);
				objective.shape = &rows.shape;
				objective.total_weight = rows.source.total_weight;
				objective.rows = rows.source.rows;
				objective.evaluate = evaluate_elsewhere;
				objective.state = &rows;
				cvm_options_for_aggregate(&options);
				options.solver = solver;
				options.l1 = l1;
				options.l2 = l1;
				CHECK(cvm_fit_objective(&objective, &options, NULL, NULL, &fit, &error) == CVM_OK);
				CHECK(fit.outcome == CVM_CONVERGED);
				own = fit_rows(&rows, CVM_SOLVER_NEWTON, l1, l1, NULL);
				CHECK(fit_distance(&fit, &own, CVM_PARAMETERS(&rows.shape)) < 1e-7);
				fit_release(&fit);
				fit_release(&own);
				rows_free(&rows);
			}
}

/* ---- choices and limits ---- */

static CvmSolver
chosen(CvmFamily family, int outputs, int dense, int levels, double l1, double l2)
{
	int			first[] = {dense};
	CvmShape	shape = {
		family, outputs, dense, levels > 0, dense + (levels > 0 ? levels - 1 : 0), 1, first
	};
	CvmBlock   *block = cvm_block_create(dense, levels > 0);
	CvmBlockSource source;
	CvmOptions	options;
	CvmFit		fit;
	CvmError	error;
	CvmRandom	random;
	CvmSolver	solver;

	cvm_random_seed(&random, 7);
	block->rows = CVM_BLOCK_ROWS;
	for (int row = 0; row < CVM_BLOCK_ROWS; row++)
	{
		for (int j = 0; j < dense; j++)
			block->dense[row * dense + j] = cvm_random_normal(&random);
		if (levels > 0)
		{
			int			level = (int) cvm_random_below(&random, levels);

			block->codes[row] = level == 0 ? CVM_SINK(shape.slots) : dense + level - 1;
		}
		block->target[row] = (double) cvm_random_below(&random, outputs > 1 ? outputs : 2);
		block->weight[row] = 1;
	}
	cvm_block_source_from_array(&source, &block, 1, dense, levels > 0, shape.slots);
	cvm_options_for_aggregate(&options);
	options.l1 = l1;
	options.l2 = l2;
	options.epochs = 1;
	CHECK(cvm_fit(&shape, &source, NULL, &options, NULL, NULL, &fit, &error) == CVM_OK);
	solver = fit.solver;
	fit_release(&fit);
	if (solver == CVM_SOLVER_LBFGS)
	{
		options.solver = CVM_SOLVER_NEWTON;
		if (shape.slots >= 1000)
			CHECK(cvm_fit(&shape, &source, NULL, &options, NULL, NULL, &fit, &error) == CVM_BAD_OPTION);
	}
	cvm_release(block);
	return solver;
}

static void
test_choice(void)
{
	CHECK(chosen(CVM_LOGISTIC, 1, 20, 0, 0, 0) == CVM_SOLVER_NEWTON);
	CHECK(chosen(CVM_LOGISTIC, 1, 20, 0, 5, 1) == CVM_SOLVER_NEWTON);
	CHECK(chosen(CVM_LOGISTIC, 1, 100, 0, 0, 0) == CVM_SOLVER_NEWTON);
	CHECK(chosen(CVM_LOGISTIC, 1, 1200, 0, 0, 1) == CVM_SOLVER_LBFGS);
	CHECK(chosen(CVM_LOGISTIC, 1, 5, 10000, 0, 1) == CVM_SOLVER_NEWTON);
	CHECK(chosen(CVM_POISSON, 1, 1, 10000, 0, 0) == CVM_SOLVER_NEWTON);
	CHECK(chosen(CVM_SOFTMAX, 5, 300, 0, 0, 1) == CVM_SOLVER_LBFGS);
}

/* An epoch limit is kept and reported, progress told. */
static int	reports;

static void
count_reports(void *state, int epoch, int epochs, double training_loss,
			  double validation_loss, double learning_rate, double gradient_norm)
{
	CHECK(epoch == reports);
	CHECK(isfinite(training_loss) && isfinite(gradient_norm));
	CHECK(isnan(validation_loss) && isnan(learning_rate));
	reports++;
}

static void
test_limits(void)
{
	for (int solver = CVM_SOLVER_NEWTON; solver <= CVM_SOLVER_LBFGS; solver++)
	{
		CvmProgress progress = {count_reports, NULL};
		Rows		rows;
		Rows		validation;
		CvmOptions	options;
		CvmFit		fit;
		CvmError	error;

		rows_create(&rows, CVM_LOGISTIC, 1, 4, 1, 600, 0.5, 105);
		rows_create(&validation, CVM_LOGISTIC, 1, 4, 1, 100, 0.5, 106);
		cvm_options_for_aggregate(&options);
		options.solver = solver;
		options.epochs = 2;
		reports = 0;
		CHECK(cvm_fit(&rows.shape, &rows.source, &validation.source, &options, NULL, &progress,
					  &fit, &error) == CVM_OK);
		CHECK(fit.outcome == CVM_EPOCH_LIMIT && fit.iterations == 2);
		CHECK(reports == 3);
		CHECK_CLOSE(fit.validation_loss, plain_objective(&rows.shape, &validation.source, fit.parameters, NULL, NULL) /
					validation.source.total_weight, 1e-12);
		fit_release(&fit);
		rows_free(&rows);
		rows_free(&validation);
	}
}

/* ---- interrupts ---- */

static jmp_buf cancel;
static int	calls_left;

static void *
host_alloc(size_t size)
{
	return malloc(size > 0 ? size : 1);
}

static void
host_check_interrupt(void)
{
	if (--calls_left == 0)
		longjmp(cancel, 1);
}

static const CvmRuntime host = {
	.alloc = host_alloc,
	.resize = realloc,
	.release = free,
	.check_interrupt = host_check_interrupt
};

/* Whatever a fit is doing when it is canceled, the next one finds nothing of
 * it; and it asks at least once a block. */
static void
test_interrupts(void)
{
	for (volatile int l1 = 0; l1 < 2; l1++)
		for (volatile int solver = CVM_SOLVER_NEWTON; solver <= CVM_SOLVER_LBFGS; solver++)
		{
			Rows		rows;
			CvmFit		fit;
			CvmFit		again;
			int			calls;

			rows_create(&rows, CVM_LOGISTIC, 1, 5, 1, 20 * CVM_BLOCK_ROWS, 0.4, 115);
			for (int b = 0; b < rows.source.blocks; b++)
				for (int row = 0; row < CVM_BLOCK_ROWS; row++)
					rows.blocks[b]->dense[5 * row] = rows.blocks[b]->dense[5 * row + 1];
			cvm_set_runtime(&host);
			calls_left = INT32_MAX;
			fit = fit_rows(&rows, solver, 5 * l1, 0, NULL);
			calls = INT32_MAX - calls_left;
			CHECK(calls > fit.iterations * rows.source.blocks);
			for (volatile int stop = 1; stop < calls; stop += 1 + stop / 8)
			{
				calls_left = stop;
				if (setjmp(cancel) == 0)
				{
					(void) fit_rows(&rows, solver, 5 * l1, 0, NULL);
					CHECK(false);
				}
			}
			calls_left = INT32_MAX;
			again = fit_rows(&rows, solver, 5 * l1, 0, NULL);
			CHECK(fit_distance(&fit, &again, CVM_PARAMETERS(&rows.shape)) == 0);
			fit_release(&fit);
			fit_release(&again);
			rows_free(&rows);
		}
}

static void
test_outcome_names(void)
{
	for (int i = 0; i <= CVM_SINGLE_PASS; i++)
	{
		CvmOutcome	outcome;

		CHECK(cvm_outcome_from_name(cvm_outcome_name((CvmOutcome) i), &outcome));
		CHECK(outcome == (CvmOutcome) i);
		CHECK(!cvm_outcome_from_name("perfect", &outcome));
	}
}

int
main(void)
{
	test_one_class();
	test_samples();
	test_sample_hessian();
	test_rare_class();
	test_objective_elsewhere();
	test_choice();
	test_limits();
	test_interrupts();
	test_outcome_names();
	return check_done();
}
