/*
 * test_encode_profile.c
 *		Moments, quantiles, dictionaries and keys against naive twins.
 */
#include "check.h"

#include "encode/dictionary.h"
#include "encode/key_watch.h"
#include "encode/moments.h"
#include "encode/sample.h"
#include "encode_fixture.h"

/* ---- moments ---- */

typedef struct Naive
{
	int			present;
	double		mean;
	double		deviation;
	double		minimum;
	double		maximum;
} Naive;

/* Two passes in long double. */
static Naive
naive_moments(const double *values, int columns, int rows, const double *weights)
{
	Naive		naive = {0, 0, 0, INFINITY, -INFINITY};
	long double weight = 0;
	long double mean = 0;
	long double square = 0;

	for (int row = 0; row < rows; row++)
		if (!isnan(values[row * columns]))
		{
			naive.present++;
			weight += weights[row];
			mean += (long double) weights[row] * values[row * columns];
			naive.minimum = fmin(naive.minimum, values[row * columns]);
			naive.maximum = fmax(naive.maximum, values[row * columns]);
		}
	mean /= weight;
	for (int row = 0; row < rows; row++)
		if (!isnan(values[row * columns]))
			square += weights[row] * (values[row * columns] - mean) * (values[row * columns] - mean);
	naive.mean = mean;
	naive.deviation = sqrtl(square / weight);
	return naive;
}

#define CHECK_RELATIVE(actual, expected, tolerance) \
	CHECK_CLOSE((actual) / (expected), 1, tolerance)

static void
check_against(const CvmMoments *moments, const Naive *naive)
{
	CHECK(moments->present == naive->present);
	CHECK(moments->minimum == naive->minimum);
	CHECK(moments->maximum == naive->maximum);
	CHECK(fabs(cvm_moments_mean(moments) - naive->mean) <=
		  1e-14 * (fabs(naive->mean) + naive->deviation));
	CHECK_RELATIVE(cvm_moments_deviation(moments), naive->deviation, 1e-12);
}

/* Columns of one kind: mean + spread * normal, some missing; in one piece and in two. */
static void
check_moments(int columns, int rows, double mean, double spread, double missing, bool weighted)
{
	double	   *values = CVM_NEW(double, (size_t) rows * columns);
	double	   *weights = CVM_NEW(double, rows);
	CvmMoments *moments = CVM_NEW(CvmMoments, 3 * columns);
	int		   *present = CVM_NEW(int, columns);
	CvmRandom	random;

	cvm_random_seed(&random, columns + rows);
	for (int i = 0; i < rows * columns; i++)
		values[i] = cvm_random_uniform(&random) < missing ? NAN :
			mean + spread * cvm_random_normal(&random);
	for (int i = 0; i < rows; i++)
		weights[i] = weighted ? 0.01 + 10 * cvm_random_uniform(&random) : 1;
	for (int i = 0; i < 3 * columns; i++)
		cvm_moments_init(&moments[i]);
	for (int row = 0; row < rows; row += CVM_BLOCK_ROWS)
		for (int part = 0; part <= 1; part++)
			cvm_moments_add(moments + part * (1 + row / CVM_BLOCK_ROWS % 2) * columns, columns,
							values + (size_t) row * columns,
							rows - row < CVM_BLOCK_ROWS ? rows - row : CVM_BLOCK_ROWS,
							weighted ? weights + row : NULL, present);
	for (int i = 0; i < columns; i++)
	{
		Naive		naive = naive_moments(values + i, columns, rows, weights);

		check_against(&moments[i], &naive);
		cvm_moments_merge(&moments[columns + i], &moments[2 * columns + i]);
		check_against(&moments[columns + i], &naive);
	}
	cvm_release(values);
	cvm_release(weights);
	cvm_release(moments);
	cvm_release(present);
}

static void
test_moments(void)
{
	for (int columns = 1; columns <= 9; columns++)
	{
		check_moments(columns, 1500, 3, 2, 0, false);
		check_moments(columns, 1500, 3, 2, 0.3, false);
		check_moments(columns, 1500, -3, 2, 0.3, true);
		check_moments(columns, 7, 0, 1, 0, true);
	}
	/* a mean that is large beside the deviation */
	check_moments(3, 2000, 1e9, 1, 0.1, false);
	check_moments(3, 2000, 1e9, 1, 0.1, true);
	/* squares that overflow or vanish */
	check_moments(5, 2000, 1e300, 1e299, 0.1, true);
	check_moments(5, 2000, 0, 1e300, 0.1, false);
	check_moments(5, 2000, 1e-300, 1e-300, 0.1, true);
	check_moments(5, 2000, 0, 1e-300, 0, false);
}

/* Blocks that differ in size by hundreds of powers of ten. */
static void
test_changing_units(void)
{
	static const double sizes[] = {0, 1e-320, 1e-300, 1e-200, 1, 1e5, 1e250, 3e306, 2};
	int			count = sizeof(sizes) / sizeof(sizes[0]);
	double	   *values = CVM_NEW(double, CVM_BLOCK_ROWS * count);
	double	   *weights = CVM_NEW(double, CVM_BLOCK_ROWS * count);

	for (int i = 0; i < CVM_BLOCK_ROWS * count; i++)
	{
		values[i] = sizes[i / CVM_BLOCK_ROWS] * (i % 7 - 2.5);
		weights[i] = 1 + i % 3;
	}
	for (int last = 3; last <= count; last++)
	{
		CvmMoments	moments;
		Naive		naive = naive_moments(values, 1, last * CVM_BLOCK_ROWS, weights);
		int			present;

		cvm_moments_init(&moments);
		for (int block = 0; block < last; block++)
			cvm_moments_add(&moments, 1, values + block * CVM_BLOCK_ROWS, CVM_BLOCK_ROWS,
							weights + block * CVM_BLOCK_ROWS, &present);
		CHECK_RELATIVE(cvm_moments_deviation(&moments), naive.deviation, 1e-12);
		CHECK(fabs(cvm_moments_mean(&moments) - naive.mean) <= 1e-13 * naive.deviation);
	}
	cvm_release(values);
	cvm_release(weights);
}

static void
test_bad_numbers(void)
{
	static const CvmColumn columns[] = {
		{.name = "age",.kind = CVM_INPUT_NUMBER},
		{.name = "scores",.kind = CVM_INPUT_ARRAY,.elements = 3}
	};
	static const struct
	{
		double		numbers[4];
		const char *message;
	}			cases[] = {
		{{1, INFINITY, 2, 3}, "element 1 of column \"scores\" is infinite in some row"},
		{{-INFINITY, 1, NAN, 3}, "column \"age\" is infinite in some row"},
		{{1, 1, 1, -1.5e308},
			"element 3 of column \"scores\" is -1.5e+308 in some row, too large to compute with"}
	};

	for (int i = 0; i < 3; i++)
	{
		static const double good[] = {1, 2, 3, 4};
		Table		table;
		CvmError	error = {{0}};

		table_init(&table, columns, 2);
		for (int row = 0; row < 700; row++)
			table_add(&table, row == 600 ? cases[i].numbers : good, NULL, 1);
		CHECK(table_count(&table, &error) == CVM_OUT_OF_RANGE);
		CHECK(strcmp(error.message, cases[i].message) == 0);
		CHECK(error.hint[0] != '\0');
	}
}

static void
test_heavy_weights(void)
{
	static const CvmColumn column = {.name = "age",.kind = CVM_INPUT_NUMBER};
	Table		table;
	CvmError	error = {{0}};
	double		number = 1;

	table_init(&table, &column, 1);
	table_add(&table, &number, NULL, 1e200);
	CHECK(table_count(&table, &error) == CVM_OUT_OF_RANGE);
	CHECK(strstr(error.message, "weights") != NULL);
}

/* ---- quantiles ---- */

static void
test_quantiles(void)
{
	static const double weights[] = {1, 2, 1, 1, 3};
	uint64_t	hashes[CVM_BLOCK_ROWS];
	double		values[CVM_BLOCK_ROWS];
	double		ones[CVM_BLOCK_ROWS];
	double		quantiles[11];
	CvmSample	sample;

	/* numpy.quantile([3, 1, 4, 1.5, 9], [0, .1, .. 1]) */
	static const double few[] = {3, 1, 4, 1.5, 9};
	static const double expected[] = {1, 1.2, 1.4, 1.8, 2.4, 3, 3.4, 3.8, 5, 7, 9};

	for (int i = 0; i < CVM_BLOCK_ROWS; i++)
	{
		hashes[i] = cvm_hash64(i, 0);
		values[i] = i % 5 == 4 ? NAN : i;
		ones[i] = 1;
	}
	cvm_sample_init(&sample, 1);
	cvm_sample_add(&sample, few, ones, hashes, 5);
	cvm_sample_quantiles(&sample, 0, 10, quantiles);
	for (int i = 0; i <= 10; i++)
		CHECK_CLOSE(quantiles[i], expected[i], 1e-14);

	/* weighted ones stand at 0, 1.5, 3, 4, 6 of 6 when sorted 1 1.5 3 4 9 by
	 * weights 2 1 1 1 3 */
	cvm_sample_init(&sample, 1);
	cvm_sample_add(&sample, few, weights, hashes, 5);
	cvm_sample_quantiles(&sample, 0, 2, quantiles);
	CHECK(quantiles[0] == 1 && quantiles[2] == 9);
	CHECK_CLOSE(quantiles[1], 3 + (2.75 - 2.5), 1e-14);

	cvm_sample_init(&sample, 1);
	cvm_sample_quantiles(&sample, 0, 10, quantiles);
	CHECK(isnan(quantiles[0]) && isnan(quantiles[10]));

	/* many rows: bounded, and near the truth */
	cvm_sample_init(&sample, 1);
	for (int block = 0; block < 1000; block++)
	{
		for (int i = 0; i < CVM_BLOCK_ROWS; i++)
		{
			int			row = block * CVM_BLOCK_ROWS + i;

			hashes[i] = cvm_hash64(row, 0);
			values[i] = row % 5 == 4 ? NAN : row;
		}
		cvm_sample_add(&sample, values, ones, hashes, CVM_BLOCK_ROWS);
		CHECK(sample.count <= 4096);
	}
	CHECK(sample.count > 1500);
	cvm_sample_quantiles(&sample, 0, 10, quantiles);
	for (int i = 0; i <= 10; i++)
		CHECK_CLOSE(quantiles[i] / 512000, i / 10.0, 0.04);
}

static void
test_profile_quantiles(void)
{
	static const CvmColumn columns[] = {
		{.name = "constant",.kind = CVM_INPUT_NUMBER},
		{.name = "city",.kind = CVM_INPUT_CATEGORY},
		{.name = "age",.kind = CVM_INPUT_NUMBER},
		{.name = "scores",.kind = CVM_INPUT_ARRAY,.elements = 2}
	};
	static const char *const cities[] = {"a", "b", NULL};
	Table		table;
	CvmEncoder *encoder;
	double		quantiles[CVM_QUANTILES];

	table_init(&table, columns, 4);
	for (int row = 0; row < 1001; row++)
	{
		double		numbers[] = {5, row % 4 == 0 ? NAN : row, 7, -(double) row};

		table_add(&table, numbers, &cities[row % 3], 1);
	}
	encoder = table_learn(&table, &plain_options, NULL);
	CHECK(strcmp(left_out, "constant:constant;scores[1]:constant;") == 0);
	CHECK(encoder->term_count == 3);
	CHECK(!cvm_profile_quantiles(table.profile, encoder, 0, quantiles));
	CHECK(cvm_profile_quantiles(table.profile, encoder, 1, quantiles));
	CHECK(quantiles[0] == 1 && quantiles[CVM_QUANTILES - 1] == 999);
	CHECK_CLOSE(quantiles[CVM_QUANTILES / 2], 500, 1e-3);
	CHECK(cvm_profile_quantiles(table.profile, encoder, 2, quantiles));
	CHECK(quantiles[0] == -1000 && quantiles[CVM_QUANTILES - 1] == 0 &&
		  quantiles[CVM_QUANTILES / 2] == -500);
	CHECK(cvm_profile_missing_cells(table.profile) == 251 + 333);
}

/* ---- dictionaries ---- */

static void
test_dictionary(void)
{
	CvmDictionary dictionary;
	CvmDictionaryPool pool = {0};
	char		text[32];

	cvm_dictionary_init(&dictionary);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 50000; i++)
			CHECK(cvm_dictionary_code(&dictionary, &pool, text,
									  snprintf(text, sizeof(text), "city %d", i)) == i);
	/* a text is its bytes: nothing is cut off, folded or trimmed */
	CHECK(cvm_dictionary_code(&dictionary, &pool, "", 0) == 50000);
	CHECK(cvm_dictionary_code(&dictionary, &pool, "Z\303\274rich", 7) == 50001);
	CHECK(cvm_dictionary_code(&dictionary, &pool, "Zu\314\210rich", 8) == 50002);
	CHECK(cvm_dictionary_code(&dictionary, &pool, "z\303\274rich", 7) == 50003);
	CHECK(cvm_dictionary_code(&dictionary, &pool, "city 1 ", 7) == 50004);
	CHECK(cvm_dictionary_code(&dictionary, &pool, "city 1 ", 6) == 1);
	CHECK(cvm_dictionary_code(&dictionary, &pool, "", 0) == 50000);
	CHECK(strcmp(dictionary.entries[50001].text, "Z\303\274rich") == 0);
}

/* Long texts use the pool up; another dictionary still has room of its own. */
static void
test_full_dictionary(void)
{
	CvmDictionary notes;
	CvmDictionary cities;
	CvmDictionaryPool pool = {0};
	char	   *note = CVM_NEW(char, 1 << 20);
	int32_t		overflow;
	int32_t		code;
	int			added = 0;

	memset(note, 'x', 1 << 20);
	cvm_dictionary_init(&notes);
	cvm_dictionary_init(&cities);
	do
	{
		memcpy(note, &added, sizeof(added));
		code = cvm_dictionary_code(&notes, &pool, note, 1 << 20);
		CHECK(code == added);
	} while (notes.overflow_code < 0 && ++added < 1000);
	overflow = notes.overflow_code;
	CHECK(added > 20 && added < 40 && overflow == added);
	CHECK(cvm_dictionary_code(&notes, &pool, "new", 3) == overflow);
	CHECK(cvm_dictionary_code(&notes, &pool, "newer", 5) == overflow);
	added = 3;
	memcpy(note, &added, sizeof(added));
	CHECK(cvm_dictionary_code(&notes, &pool, note, 1 << 20) == 3);
	for (int i = 0; i < 10000; i++)
		CHECK(cvm_dictionary_code(&cities, &pool, (const char *) &i, sizeof(i)) == i);
	cvm_release(note);
}

/* ---- keys ---- */

static void
watch(CvmKeyWatch *key, const double *values, int rows)
{
	cvm_key_watch_init(key);
	for (int row = 0; row < rows; row += CVM_BLOCK_ROWS)
		cvm_key_watch_add(key, values + row, 1,
						  rows - row < CVM_BLOCK_ROWS ? rows - row : CVM_BLOCK_ROWS);
}

static void
test_keys(void)
{
	int			rows = 20000;
	double	   *values = CVM_NEW(double, rows);
	int32_t    *order = CVM_NEW(int32_t, rows);
	CvmKeyWatch key;
	CvmRandom	random;

	cvm_random_seed(&random, 1);
	for (int i = 0; i < rows; i++)
		order[i] = i;
	cvm_random_shuffle(&random, order, rows);

	/* the numbers of the rows, in order or not, with gaps */
	for (int i = 0; i < rows; i++)
		values[i] = i % 7 == 3 ? NAN : order[i];
	watch(&key, values, rows);
	CHECK(!key.rising && !key.falling);
	CHECK_CLOSE(cvm_key_watch_distinct(&key) / (rows * 6 / 7), 1, 0.05);
	CHECK(cvm_key_watch_is_key(&key, 0, rows - 1));
	for (int i = 0; i < rows; i++)
		values[i] = 1e9 - 1000.0 * i * i;
	watch(&key, values, rows);
	CHECK(key.falling && cvm_key_watch_is_key(&key, values[rows - 1], values[0]));

	/* draws from a wide range differ, but do not lie densely */
	for (int i = 0; i < rows; i++)
		values[i] = floor(cvm_random_uniform(&random) * 1e9);
	watch(&key, values, rows);
	CHECK(!cvm_key_watch_is_key(&key, 0, 1e9));
	/* draws from a narrow one repeat themselves */
	for (int i = 0; i < rows; i++)
		values[i] = floor(cvm_random_uniform(&random) * 4 * rows);
	watch(&key, values, rows);
	CHECK(!cvm_key_watch_is_key(&key, 0, 4 * rows));
	/* ages */
	for (int i = 0; i < rows; i++)
		values[i] = 18 + order[i] % 70;
	watch(&key, values, rows);
	CHECK(!key.watching && !cvm_key_watch_is_key(&key, 18, 88));
	/* few rows say nothing */
	for (int i = 0; i < 49; i++)
		values[i] = i;
	watch(&key, values, 49);
	CHECK(!cvm_key_watch_is_key(&key, 0, 48));
	cvm_release(values);
	cvm_release(order);
}

static void
test_distinct(void)
{
	static const int counts[] = {1, 10, 100, 1000, 5000, 12000, 50000, 300000};

	for (int i = 0; i < 8; i++)
	{
		CvmKeyWatch key;

		cvm_key_watch_init(&key);
		for (int k = 0; k < counts[i]; k++)
		{
			double		value = 31.0 * k;

			cvm_key_watch_add(&key, &value, 1, 1);
		}
		CHECK_CLOSE(cvm_key_watch_distinct(&key) / counts[i], 1, 0.05);
	}
}

int
main(void)
{
	test_moments();
	test_changing_units();
	test_bad_numbers();
	test_heavy_weights();
	test_quantiles();
	test_profile_quantiles();
	test_dictionary();
	test_full_dictionary();
	test_keys();
	test_distinct();
	return check_done();
}
