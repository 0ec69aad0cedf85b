/*
 * test_random.c
 *		Random numbers: published values, and the shapes of distributions.
 */
#include "check.h"
#include "base/random.h"

/* xoshiro256** from the state 1, 2, 3, 4: what other implementations give. */
static void
test_generator(void)
{
	const uint64_t expected[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
	CvmRandom	random = {{1, 2, 3, 4}};

	for (int i = 0; i < 4; i++)
		CHECK(cvm_random_next(&random) == expected[i]);
}

/* Chi-squared of counts over "bound" values stays below its 99.99 % point. */
static void
test_below(void)
{
	const uint64_t bounds[] = {1, 2, 3, 10, 100, UINT64_C(3) << 30, UINT64_C(3) << 62};
	const double limits[] = {0, 15.2, 18.5, 33.8, 161.4, 18.5, 18.5};
	const int	draws = 300000;

	for (int b = 0; b < 7; b++)
	{
		/* large bounds are counted by thirds of their range */
		uint64_t	part = bounds[b] > 100 ? bounds[b] / 3 : 1;
		int			parts = (int) (bounds[b] / part);
		int			counts[100] = {0};
		double		squared = 0;
		CvmRandom	random;

		cvm_random_seed(&random, b);
		for (int i = 0; i < draws; i++)
		{
			uint64_t	draw = cvm_random_below(&random, bounds[b]);

			CHECK(draw < bounds[b]);
			counts[draw / part]++;
		}
		for (int i = 0; i < parts; i++)
			squared += pow(counts[i] - (double) draws / parts, 2) * parts / draws;
		CHECK(squared <= limits[b]);
	}
	CHECK(cvm_random_below(&(CvmRandom) {{1, 2, 3, 4}}, 0) == 0);
}

/* All orders of four things come equally often. */
static void
test_shuffle(void)
{
	int			counts[256] = {0};
	double		squared = 0;
	CvmRandom	random;

	cvm_random_seed(&random, 5);
	for (int i = 0; i < 240000; i++)
	{
		int32_t		items[] = {0, 1, 2, 3};

		cvm_random_shuffle(&random, items, 4);
		counts[items[0] | items[1] << 2 | items[2] << 4 | items[3] << 6]++;
	}
	for (int i = 0; i < 256; i++)
		squared += counts[i] > 0 ? pow(counts[i] - 10000, 2) / 10000 : 0;
	CHECK(squared < 57.1);		/* 23 degrees of freedom, 99.99 % */
}

static void
test_moments(void)
{
	const int	draws = 400000;
	double		uniform = 0;
	double		normal = 0;
	double		square = 0;
	double		fourth = 0;
	CvmRandom	random;

	cvm_random_seed(&random, 9);
	for (int i = 0; i < draws; i++)
	{
		double		u = cvm_random_uniform(&random);
		double		z = cvm_random_normal(&random);

		CHECK(u >= 0 && u < 1);
		uniform += u / draws;
		normal += z / draws;
		square += z * z / draws;
		fourth += z * z * z * z / draws;
	}
	CHECK_CLOSE(uniform, 0.5, 0.002);
	CHECK_CLOSE(normal, 0, 0.01);
	CHECK_CLOSE(square, 1, 0.01);
	CHECK_CLOSE(fourth, 3, 0.05);
}

int
main(void)
{
	test_generator();
	test_below();
	test_shuffle();
	test_moments();
	return check_done();
}
