/*
 * test_drift.c
 *		Indices of drift against figures worked out by hand and by scipy 1.10.1.
 */
#include "check.h"

#include <math.h>

#include "base/distribution.h"
#include "learn/measure/drift.h"

int
main(void)
{
	double		even[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	double		moved[10] = {50, 50, 100, 100, 100, 100, 100, 100, 150, 150};
	double		expected[3] = {0.25, 0.5, 0.25};
	double		counts[3] = {30, 50, 20};
	double		open[4] = {0.25, 0.5, 0.25, 0};
	double		opened[4] = {30, 50, 20, 7};
	double		quantiles[101];
	double		plain[101];
	double		same[101];
	double		numbers[100];
	double		edges[CVM_DRIFT_BINS];
	double		shares[CVM_DRIFT_BINS];
	int			freedom;

	CHECK(cvm_drift_psi(even, even, 10) == 0);
	CHECK_CLOSE(cvm_drift_psi(even, moved, 10), 0.10986122886681095, 1e-12);
	CHECK_CLOSE(cvm_drift_ks(even, moved, 10), 0.1, 1e-12);
	CHECK_CLOSE(cvm_drift_chi_squared(expected, counts, 3, &freedom), 2, 1e-12);
	CHECK(freedom == 2);
	CHECK_CLOSE(cvm_chi_squared_tail(2, 2), 0.36787944117144245, 1e-12);

	/* a level that was never seen: an index, but no part of the test */
	CHECK_CLOSE(cvm_drift_chi_squared(open, opened, 4, &freedom), 2, 1e-12);
	CHECK(freedom == 2);
	CHECK(isfinite(cvm_drift_psi(open, opened, 4)) && cvm_drift_psi(open, opened, 4) > 0.2);

	/* no rows at all */
	CHECK(isfinite(cvm_drift_psi(even, (double[10]) {0}, 10)));
	CHECK(cvm_drift_chi_squared(expected, (double[3]) {0}, 3, &freedom) == 0);

	/* bins of percentiles: a quarter each of 0, 1, 2, 3; of 2000 numbers; of one */
	for (int i = 0; i <= 100; i++)
	{
		quantiles[i] = i < 100 ? i / 25 : 3;
		plain[i] = 20 * i;
		same[i] = 3;
	}
	CHECK(cvm_drift_bins(quantiles, 101, edges, shares) == 4);
	for (int i = 0; i < 4; i++)
	{
		CHECK(edges[i] == i);
		CHECK_CLOSE(shares[i], 0.25, 0.01);
	}
	CHECK(shares[4] == 0);
	CHECK(cvm_drift_bins(plain, 101, edges, shares) == 9);
	for (int i = 0; i < 9; i++)
	{
		CHECK(edges[i] == 200 * (i + 1));
		CHECK_CLOSE(shares[i], 0.1, 1e-12);
	}
	CHECK_CLOSE(shares[9], 0.1, 1e-12);
	CHECK(cvm_drift_bins(same, 101, edges, shares) == 1);
	CHECK(edges[0] == 3 && shares[0] == 1 && shares[1] == 0);
	/* of numbers: a hundred different ones, three that many have, one, none */
	for (int i = 0; i < 100; i++)
		numbers[i] = i;
	CHECK(cvm_drift_bins_between(numbers, 100, edges, shares) == 9);
	for (int i = 0; i < 9; i++)
	{
		CHECK(edges[i] == 10 * (i + 1) - 0.5);
		CHECK_CLOSE(shares[i], 0.1, 1e-12);
	}
	CHECK_CLOSE(shares[9], 0.1, 1e-12);
	for (int i = 0; i < 100; i++)
		numbers[i] = i < 45 ? 0 : i < 99 ? 1 : 5;
	CHECK(cvm_drift_bins_between(numbers, 100, edges, shares) == 2);
	CHECK(edges[0] == 0.5 && edges[1] == 3);
	CHECK_CLOSE(shares[0], 0.45, 1e-12);
	CHECK_CLOSE(shares[1], 0.54, 1e-12);
	CHECK_CLOSE(shares[2], 0.01, 1e-12);
	for (int i = 0; i < 100; i++)
		numbers[i] = i < 50 ? 1 : nextafter(1, 2);
	CHECK(cvm_drift_bins_between(numbers, 100, edges, shares) == 1);
	CHECK(edges[0] >= 1 && edges[0] < numbers[99]);
	CHECK(cvm_drift_bins_between(same, 101, edges, shares) == 0);
	CHECK(shares[0] == 1);
	CHECK(cvm_drift_bins_between(same, 0, edges, shares) == 0);
	CHECK(shares[0] == 1);

	return check_done();
}
