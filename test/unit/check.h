/*
 * check.h
 *		What every unit test needs: checks that count, and an exit status.
 */
#ifndef CVM_CHECK_H
#define CVM_CHECK_H

#include <math.h>
#include <stdio.h>

static int	check_count;
static int	check_failures;

#define CHECK(condition) \
	do { \
		check_count++; \
		if (!(condition)) \
		{ \
			check_failures++; \
			printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
		} \
	} while (0)

/* Within an absolute tolerance for small values and a relative one for large. */
#define CHECK_CLOSE(actual, expected, tolerance) \
	do { \
		double		check_actual = (actual); \
		double		check_expected = (expected); \
		\
		check_count++; \
		if (!(fabs(check_actual - check_expected) <= \
			  (tolerance) * fmax(1, fabs(check_expected)))) \
		{ \
			check_failures++; \
			printf("%s:%d: %s is %.17g, not %.17g\n", __FILE__, __LINE__, \
				   #actual, check_actual, check_expected); \
		} \
	} while (0)

/* Ends main(): prints the count and gives the exit status. */
static inline int
check_done(void)
{
	printf("%d checks, %d failed\n", check_count, check_failures);
	return check_failures > 0;
}

#endif							/* CVM_CHECK_H */
