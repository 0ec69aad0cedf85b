/*
 * key_watch.c
 *		Whether an integer column looks like a key.
 *
 * The rule.  Of at least 50 rows with a value, nearly every one has a
 * different value, and
 *
 *	- the values rise, or fall, from each row to the next (keys come in the
 *	  order of insertion), or
 *	- they lie densely: at least LEAST_DISTINCT of the rows are distinct, in a
 *	  range of at most LARGEST_RANGE times as many integers as rows.
 *
 * A measurement does not look like that by chance: n independent draws from
 * 4 n integers have at most 4 (1 - exp(-1/4)) = 0.885 n different values.
 * Gaps of a key (deleted rows, rows held out for validation) make its range
 * wider, which is why it is not asked to be n.
 *
 * Distinct values are counted by HyperLogLog (Flajolet, Fusy, Gandouet and
 * Meunier, 2007) with the estimator of Ertl (2017), which has no bias at small
 * counts.  Most integer columns repeat themselves soon; they are looked at no
 * further.
 */
#include "encode/key_watch.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

#define LEAST_DISTINCT 0.94
#define LARGEST_RANGE 4.0

/* Fewer distinct values than this share of the rows: not a key. */
#define GIVE_UP_BELOW 0.8

#define REGISTER_BITS 12
#define HASH_BITS (64 - REGISTER_BITS)

#define FIRST_LOOK 256

void
cvm_key_watch_init(CvmKeyWatch *watch)
{
	memset(watch, 0, sizeof(CvmKeyWatch));
	watch->watching = true;
	watch->rising = true;
	watch->falling = true;
	watch->next_look = FIRST_LOOK;
}

static void
count_value(CvmKeyWatch *watch, double value)
{
	uint64_t	bits;
	uint64_t	hash;
	uint64_t	rest;
	uint8_t		rank;
	uint8_t    *place;

	value += 0.0;				/* -0 is 0 */
	memcpy(&bits, &value, sizeof(bits));
	hash = cvm_hash64(bits, 0);
	place = &watch->registers[hash >> HASH_BITS];
	rest = hash << REGISTER_BITS;
	rank = rest == 0 ? HASH_BITS + 1 : (uint8_t) (__builtin_clzll(rest) + 1);
	if (rank > *place)
		*place = rank;
}

void
cvm_key_watch_add(CvmKeyWatch *watch, const double *values, ptrdiff_t stride, int rows)
{
	if (!watch->watching)
		return;
	for (int row = 0; row < rows; row++)
	{
		double		value = values[row * stride];

		if (isnan(value))
			continue;
		if (watch->present++ > 0)
		{
			watch->rising &= value > watch->last;
			watch->falling &= value < watch->last;
		}
		watch->last = value;
		count_value(watch, value);
	}
	if (watch->present >= watch->next_look)
	{
		watch->watching = cvm_key_watch_distinct(watch) >= GIVE_UP_BELOW * watch->present;
		watch->next_look = 2 * watch->present;
	}
}

/* The two series of Ertl's estimator. */
static double
ertl_sigma(double x)
{
	double		power = 1;
	double		sum = x;
	double		before;

	if (x == 1)
		return INFINITY;
	do
	{
		x *= x;
		before = sum;
		sum += x * power;
		power += power;
	} while (sum != before);
	return sum;
}

static double
ertl_tau(double x)
{
	double		power = 1;
	double		sum = 1 - x;
	double		before;

	if (x == 0 || x == 1)
		return 0;
	do
	{
		x = sqrt(x);
		before = sum;
		power *= 0.5;
		sum -= (1 - x) * (1 - x) * power;
	} while (sum != before);
	return sum / 3;
}

double
cvm_key_watch_distinct(const CvmKeyWatch *watch)
{
	const double registers = CVM_KEY_REGISTERS;
	int			histogram[HASH_BITS + 2] = {0};
	double		sum;

	for (int i = 0; i < CVM_KEY_REGISTERS; i++)
		histogram[watch->registers[i]]++;
	sum = registers * ertl_tau(1 - histogram[HASH_BITS + 1] / registers);
	for (int rank = HASH_BITS; rank >= 1; rank--)
		sum = 0.5 * (sum + histogram[rank]);
	sum += registers * ertl_sigma(histogram[0] / registers);
	return registers * registers / (2 * M_LN2 * sum);
}

bool
cvm_key_watch_is_key(const CvmKeyWatch *watch, double minimum, double maximum)
{
	if (!watch->watching || watch->present < CVM_KEY_LEAST_ROWS)
		return false;
	if (watch->rising || watch->falling)
		return true;
	return maximum - minimum + 1 <= LARGEST_RANGE * watch->present &&
		cvm_key_watch_distinct(watch) >= LEAST_DISTINCT * watch->present;
}
