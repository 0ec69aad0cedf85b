/*
 * factors.c
 *		Room for factors, and where they start.
 */
#include "learn/factorization/factors.h"

#include "base/memory.h"
#include "base/random.h"

/* So that first scores are small against what is learned. */
#define START_DEVIATION 0.1

const char *const cvm_factorization_names[] = {"auto", "als", "implicit", "bpr", NULL};

size_t
cvm_factors_size(int users, int items, int width)
{
	return sizeof(double) * ((size_t) width + 1) * ((size_t) users + items);
}

void
cvm_factors_init(CvmFactors *factors, int users, int items, int width)
{
	factors->users = users;
	factors->items = items;
	factors->width = width;
	factors->mean = 0;
	factors->user_factors = CVM_NEW_ZERO(double, (size_t) users * width);
	factors->item_factors = CVM_NEW_ZERO(double, (size_t) items * width);
	factors->user_biases = CVM_NEW_ZERO(double, users);
	factors->item_biases = CVM_NEW_ZERO(double, items);
}

static void
start_side(int count, int width, CvmRandom *random, double *factors)
{
	for (int i = 0; i < count; i++)
	{
		double	   *own = factors + (size_t) i * width;
		bool		empty = true;

		if (i % 1024 == 0)
			cvm_check_interrupt();
		for (int k = 0; k < width; k++)
			empty = empty && own[k] == 0;
		for (int k = 0; k < width; k++)
		{
			double		number = START_DEVIATION * cvm_random_normal(random);

			if (empty)
				own[k] = number;
		}
	}
}

void
cvm_factors_start(CvmFactors *factors, uint64_t seed)
{
	CvmRandom	random;

	cvm_random_seed(&random, seed);
	start_side(factors->users, factors->width, &random, factors->user_factors);
	start_side(factors->items, factors->width, &random, factors->item_factors);
}
