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

/* Models remember what was held out by these values: they stay. */
static void
test_hash_bytes(void)
{
	static const char text[] = "the purchase intent of a customer";
	static const struct
	{
		int			length;
		uint64_t	hash;
	}			expected[] = {
		{0, UINT64_C(0x74b5abcc66b8bdc1)}, {1, UINT64_C(0x713dd0b45569230f)},
		{2, UINT64_C(0xcaef19e10a2cc740)}, {3, UINT64_C(0x909df9ef6c577120)},
		{4, UINT64_C(0x91edeec6dd7fd1e3)}, {5, UINT64_C(0x4732ab0b42bc5794)},
		{7, UINT64_C(0x91fc03f5810c1097)}, {8, UINT64_C(0x0f40d4c8b401afae)},
		{9, UINT64_C(0xbcd6c5ea5044b04c)}, {13, UINT64_C(0xc25955f69b64053c)},
		{16, UINT64_C(0x2472e548d3712fe6)}, {23, UINT64_C(0x051fc6affb0c4c29)},
		{33, UINT64_C(0xa5c1e1dc62d6f4b1)}
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		CHECK(cvm_hash_bytes(text, expected[i].length, 7) == expected[i].hash);
}

int
main(void)
{
	test_generator();
	test_below();
	test_shuffle();
	test_moments();
	test_hash_bytes();
	return check_done();
}
