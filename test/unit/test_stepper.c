/*
 * test_stepper.c
 *		Steps against formulas written out, schedules against their values.
 */
#include "check.h"
#include "learn/batches/stepper.h"
#include "rows_fixture.h"

/* Two rows of one column, linear family: the gradient can be done by hand. */
static double hand_dense[] = {1, 2};
static double hand_target[] = {3, 5};
static double hand_weight[] = {1, 3};

static CvmBlock hand_batch = {2, hand_dense, NULL, hand_target, hand_weight};
static const CvmShape hand_shape = {CVM_LINEAR, 1, 1, 0, 1, 1};

static CvmOptions
plain_options(void)
{
	CvmOptions	options;

	cvm_options_for_aggregate(&options);
	options.averaging = false;
	return options;
}

typedef struct Hand
{
	CvmStepper	stepper;
	double		memory[32];
	double		work[8192];
} Hand;

static void
hand_begin(Hand *hand, CvmSolver solver, const CvmOptions *options)
{
	memset(hand, 0, sizeof(*hand));
	CHECK(cvm_stepper_size(solver, 2, options->averaging) <= 32);
	CHECK(cvm_stepper_work_size(&hand_shape) <= 8192);
	cvm_stepper_bind(&hand->stepper, solver, 2, options->averaging, hand->memory);
}

static double
hand_step(Hand *hand, const CvmOptions *options, double rate)
{
	return cvm_stepper_take(&hand->stepper, &hand_shape, &hand_batch, options, rate, 10,
							hand->work);
}

/*
 * At w = b = 0: residuals -3 and -5, mean loss (1 * 9/2 + 3 * 25/2) / 4,
 * gradient (1 * -3 * 1 + 3 * -5 * 2) / 4 = -8.25 and (-3 - 15) / 4 = -4.5.
 */
static void
test_sgd(void)
{
	CvmOptions	options = plain_options();
	Hand		hand;
	double		residual1,
				residual2,
				slope;

	hand_begin(&hand, CVM_SOLVER_SGD, &options);
	CHECK_CLOSE(hand_step(&hand, &options, 0.1), (4.5 + 37.5) / 4, 1e-14);
	CHECK_CLOSE(hand.stepper.weights[0], 0.825, 1e-14);
	CHECK_CLOSE(hand.stepper.weights[1], 0.45, 1e-14);
	CHECK(hand.stepper.step[0] == 1);

	/* the second step with l2: 5 over a total weight of 10; none on the intercept */
	options.l2 = 5;
	residual1 = 0.45 + 0.825 - 3;
	residual2 = 0.45 + 2 * 0.825 - 5;
	slope = (residual1 + 6 * residual2) / 4 + 0.5 * 0.825;
	hand_step(&hand, &options, 0.1);
	CHECK_CLOSE(hand.stepper.weights[0], 0.825 - 0.1 * slope, 1e-14);
	CHECK_CLOSE(hand.stepper.weights[1], 0.45 - 0.1 * (residual1 + 3 * residual2) / 4, 1e-14);
	CHECK(cvm_stepper_result(&hand.stepper) == hand.stepper.weights);
}

static void
test_lasso(void)
{
	CvmOptions	options = plain_options();
	Hand		hand;

	/* threshold 0.1 * 20 / 10 = 0.2, for the coefficient only */
	options.l1 = 20;
	hand_begin(&hand, CVM_SOLVER_SGD, &options);
	hand_step(&hand, &options, 0.1);
	CHECK_CLOSE(hand.stepper.weights[0], 0.825 - 0.2, 1e-14);
	CHECK_CLOSE(hand.stepper.weights[1], 0.45, 1e-14);

	/* past zero it stays at zero, exactly */
	options.l1 = 100;
	hand_begin(&hand, CVM_SOLVER_SGD, &options);
	hand_step(&hand, &options, 0.1);
	CHECK(hand.stepper.weights[0] == 0);
}

static void
test_clip(void)
{
	CvmOptions	options = plain_options();
	double		norm = sqrt(8.25 * 8.25 + 4.5 * 4.5);
	Hand		hand;

	options.clip = 2;
	hand_begin(&hand, CVM_SOLVER_SGD, &options);
	hand_step(&hand, &options, 0.1);
	CHECK_CLOSE(hand.stepper.weights[0], 0.1 * 2 * 8.25 / norm, 1e-14);
	CHECK_CLOSE(hand.stepper.weights[1], 0.1 * 2 * 4.5 / norm, 1e-14);

	options.clip = 10;			/* longer than the gradient */
	hand_begin(&hand, CVM_SOLVER_SGD, &options);
	hand_step(&hand, &options, 0.1);
	CHECK_CLOSE(hand.stepper.weights[0], 0.825, 1e-14);
}

/* The gradient of the hand batch at w, b. */
static void
hand_gradient(const double *weights, double *gradient)
{
	double		residual1 = weights[1] + weights[0] - 3;
	double		residual2 = weights[1] + 2 * weights[0] - 5;

	gradient[0] = (residual1 + 6 * residual2) / 4;
	gradient[1] = (residual1 + 3 * residual2) / 4;
}

/* Twenty steps of each solver against its published recursion. */
static void
test_recursions(void)
{
	CvmOptions	options = plain_options();
	const CvmSolver solvers[] = {CVM_SOLVER_MOMENTUM, CVM_SOLVER_ADAGRAD, CVM_SOLVER_ADAM};

	options.momentum = 0.8;
	for (int s = 0; s < 3; s++)
	{
		CvmSolver	solver = solvers[s];
		double		weights[2] = {0, 0};
		double		first[2] = {0, 0};
		double		second[2] = {0, 0};
		Hand		hand;

		hand_begin(&hand, solver, &options);
		for (int t = 1; t <= 20; t++)
		{
			double		gradient[2];

			hand_gradient(weights, gradient);
			for (int i = 0; i < 2; i++)
			{
				double		g = gradient[i];

				if (solver == CVM_SOLVER_MOMENTUM)
				{
					first[i] = 0.8 * first[i] + g;
					weights[i] -= 0.05 * first[i];
				}
				else if (solver == CVM_SOLVER_ADAGRAD)
				{
					second[i] += g * g;
					weights[i] -= 0.05 * g / (sqrt(second[i]) + 1e-10);
				}
				else
				{
					first[i] = 0.9 * first[i] + 0.1 * g;
					second[i] = 0.999 * second[i] + 0.001 * g * g;
					weights[i] -= 0.05 * first[i] / (1 - pow(0.9, t)) /
						(sqrt(second[i] / (1 - pow(0.999, t))) + 1e-8);
				}
			}
			hand_step(&hand, &options, 0.05);
			for (int i = 0; i < 2; i++)
				CHECK_CLOSE(hand.stepper.weights[i], weights[i], 1e-12);
		}
	}
}

/* However a solver scales its steps, the lasso's optimum is the same point. */
static void
test_lasso_optimum(void)
{
	CvmOptions	options = plain_options();
	double		optimum[2];
	Hand		hand;

	/*
	 * x with weights 1/4, 3/4: mean 1.75, variance 3/16; y: mean 4.5,
	 * covariance 3/8; w = (cov - l1) / var
	 */
	options.l1 = 1.5;			/* 0.15 a unit of weight */
	optimum[0] = (0.375 - 0.15) / 0.1875;
	optimum[1] = 4.5 - 1.75 * optimum[0];
	for (CvmSolver solver = CVM_SOLVER_SGD; solver <= CVM_SOLVER_ADAM; solver++)
	{
		hand_begin(&hand, solver, &options);
		for (int t = 0; t < 20000; t++)
			hand_step(&hand, &options, (solver == CVM_SOLVER_ADAGRAD ? 1 : 0.05) /
					  (1 + (solver == CVM_SOLVER_ADAM ? t / 500.0 : 0)));
		CHECK_CLOSE(hand.stepper.weights[0], optimum[0], 1e-4);
		CHECK_CLOSE(hand.stepper.weights[1], optimum[1], 1e-4);
	}
}

static void
test_averaging(void)
{
	CvmOptions	options = plain_options();
	double		sum[2] = {0, 0};
	double		total = 0;
	Hand		hand;

	/* weights of step t as C(t + 2, 3), which is (t^3 + ...) / 6 */
	options.averaging = true;
	hand_begin(&hand, CVM_SOLVER_SGD, &options);
	CHECK(cvm_stepper_result(&hand.stepper) == hand.stepper.weights);
	for (int t = 1; t <= 30; t++)
	{
		double		share = t * (t + 1.0) * (t + 2.0);

		hand_step(&hand, &options, 0.2);
		total += share;
		for (int i = 0; i < 2; i++)
			sum[i] += share * hand.stepper.weights[i];
		for (int i = 0; i < 2; i++)
			CHECK_CLOSE(cvm_stepper_result(&hand.stepper)[i], sum[i] / total, 1e-12);
	}
	CHECK(hand.stepper.step[1] == 30);
}

/* A batch in parts, and one larger than a block, are the same step. */
static void
test_parts(void)
{
	CvmOptions	options = plain_options();
	Rows		rows;
	CvmBlock   *large = CVM_NEW(CvmBlock, 1);
	CvmStepper	whole,
				parts;
	size_t		size;
	double	   *work;
	double		loss;

	rows_create(&rows, CVM_SOFTMAX, 3, 3, 2, 2 * CVM_BLOCK_ROWS, 0.5, 7);
	size = cvm_stepper_size(CVM_SOLVER_ADAM, CVM_PARAMETERS(&rows.shape), false);
	work = CVM_NEW(double, cvm_stepper_work_size(&rows.shape));
	cvm_stepper_bind(&whole, CVM_SOLVER_ADAM, CVM_PARAMETERS(&rows.shape), false,
					 CVM_NEW_ZERO(double, size));
	cvm_stepper_bind(&parts, CVM_SOLVER_ADAM, CVM_PARAMETERS(&rows.shape), false,
					 CVM_NEW_ZERO(double, size));

	/* one block of 1,024 rows in arrays of their own */
	large->rows = 2 * CVM_BLOCK_ROWS;
	large->dense = CVM_NEW(double, 3 * large->rows);
	large->codes = CVM_NEW(int32_t, 2 * large->rows);
	large->target = CVM_NEW(double, large->rows);
	large->weight = CVM_NEW(double, large->rows);
	for (int i = 0; i < 2; i++)
	{
		memcpy(large->dense + i * 3 * CVM_BLOCK_ROWS, rows.blocks[i]->dense,
			   3 * CVM_BLOCK_ROWS * sizeof(double));
		memcpy(large->codes + i * 2 * CVM_BLOCK_ROWS, rows.blocks[i]->codes,
			   2 * CVM_BLOCK_ROWS * sizeof(int32_t));
		memcpy(large->target + i * CVM_BLOCK_ROWS, rows.blocks[i]->target,
			   CVM_BLOCK_ROWS * sizeof(double));
		memcpy(large->weight + i * CVM_BLOCK_ROWS, rows.blocks[i]->weight,
			   CVM_BLOCK_ROWS * sizeof(double));
	}
	for (int t = 0; t < 5; t++)
	{
		loss = cvm_stepper_take(&whole, &rows.shape, large, &options, 0.1,
								rows.source.total_weight, work);
		if (t == 0)
			CHECK_CLOSE(loss, log(3), 1e-12);	/* of equal probabilities */
		cvm_stepper_begin(&parts, work);
		cvm_stepper_add(&parts, &rows.shape, rows.blocks[0], work);
		cvm_stepper_add(&parts, &rows.shape, rows.blocks[1], work);
		CHECK_CLOSE(cvm_stepper_finish(&parts, &rows.shape, &options, 0.1,
									   rows.source.total_weight, work), loss, 1e-12);
		for (int i = 0; i < whole.parameters; i++)
			CHECK_CLOSE(parts.weights[i], whole.weights[i], 1e-10);
	}
	cvm_release(large->dense);
	cvm_release(large->codes);
	cvm_release(large->target);
	cvm_release(large->weight);
	cvm_release(large);
	cvm_release(whole.step);
	cvm_release(parts.step);
	cvm_release(work);
	rows_free(&rows);
}

static void
test_schedules(void)
{
	CvmOptions	options = plain_options();

	options.learning_rate = 0.5;
	options.schedule = CVM_SCHEDULE_CONSTANT;
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 1e6, 10, 100), 0.5, 1e-15);

	options.schedule = CVM_SCHEDULE_INVERSE;
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 0, 10, 100), 0.5, 1e-15);
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 10, 10, 100), 0.25, 1e-15);
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 1000, 0, 0), 0.25, 1e-15);

	options.schedule = CVM_SCHEDULE_COSINE;
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 0, 10, 100), 0.5, 1e-15);
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 50, 10, 100), 0.25, 1e-15);
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 100, 10, 100), 0, 1e-15);
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 500, 10, 100), 0, 1e-15);
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 500, 0, 0), 0.5, 1e-15);

	options.warmup = 2;			/* 20 steps */
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 0, 10, 100), 0.5 / 20, 1e-15);
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 9, 10, 100), 0.25, 1e-15);
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 19, 10, 100), 0.5, 1e-15);
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 60, 10, 100), 0.25, 1e-15);

	/* warm-up may be shorter than a step, or all there is */
	options.warmup = 0.01;
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 0, 10, 100), 0.5, 1e-15);
	options.warmup = 10;
	CHECK_CLOSE(cvm_learning_rate(&options, CVM_SOLVER_SGD, 120, 10, 100), 0.5, 1e-15);

	options.learning_rate = 0;
	options.warmup = 0;
	for (CvmSolver solver = CVM_SOLVER_SGD; solver <= CVM_SOLVER_ADAM; solver++)
		CHECK(cvm_learning_rate(&options, solver, 0, 10, 100) ==
			  cvm_default_learning_rate(solver));
}

int
main(void)
{
	test_sgd();
	test_lasso();
	test_clip();
	test_recursions();
	test_lasso_optimum();
	test_averaging();
	test_parts();
	test_schedules();
	return check_done();
}
