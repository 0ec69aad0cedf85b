/*
 * tree_quantile.c
 *		A weighted quantile, found digit by digit.
 *
 * The bits of a number, with the sign turned over, rank numbers as their values
 * do; so this is a search by radix, whose digits are bytes.
 */
#include "learn/tree/tree_quantile.h"

#include <string.h>

#define DIGIT_BITS 8
#define SIGN_BIT (UINT64_C(1) << 63)

static uint64_t
rank_of(double value)
{
	uint64_t	bits;

	memcpy(&bits, &value, sizeof(bits));
	return (bits & SIGN_BIT) ? ~bits : bits | SIGN_BIT;
}

void
cvm_quantile_begin(CvmQuantileSearch *search)
{
	memset(search, 0, sizeof(*search));
}

void
cvm_quantile_add(CvmQuantileSearch *search, double value, double weight)
{
	uint64_t	rank = rank_of(value);
	int			known = DIGIT_BITS * search->steps;

	if (known == 0)
		search->total += weight;
	else if (rank >> (64 - known) != search->prefix)
		return;
	search->weights[(rank >> (64 - known - DIGIT_BITS)) & 255] += weight;
}

void
cvm_quantile_step(CvmQuantileSearch *search, double share)
{
	double		below = search->below;
	int			digit = 0;

	for (int i = 0; i < 256; i++)
	{
		if (search->weights[i] == 0)
			continue;
		/* rounding may leave the last one a little short */
		digit = i;
		search->below = below;
		below += search->weights[i];
		if (below >= share * search->total)
			break;
	}
	search->prefix = search->prefix << DIGIT_BITS | (uint64_t) digit;
	search->steps++;
	memset(search->weights, 0, sizeof(search->weights));
}

double
cvm_quantile_value(const CvmQuantileSearch *search)
{
	uint64_t	bits = (search->prefix & SIGN_BIT) ? search->prefix & ~SIGN_BIT : ~search->prefix;
	double		value;

	if (search->total == 0)
		return 0;
	memcpy(&value, &bits, sizeof(value));
	return value;
}
