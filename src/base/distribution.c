/*
 * distribution.c
 *		Tail probabilities for tests of coefficients and of drift.
 *
 * All are computed as tails, never as one minus something, so that a
 * p-value of 1e-200 has all its digits.
 */
#include "base/distribution.h"

#include <float.h>
#include <math.h>

double
cvm_normal_two_sided(double z)
{
	return erfc(fabs(z) / sqrt(2));
}

/*
 * log(Gamma(a + 1/2) / Gamma(a)).  For large a the two logarithms are large
 * and nearly equal; their asymptotic difference (Tricomi and Erdelyi, 1951)
 * keeps the digits that a subtraction would lose.
 */
static double
log_gamma_ratio(double a)
{
	double		inverse = 1 / a;
	double		square = inverse * inverse;

	if (a < 32)
		return lgamma(a + 0.5) - lgamma(a);
	return 0.5 * log(a) -
		inverse * (1.0 / 8 - square * (1.0 / 192 - square * (1.0 / 640 - square * 17 / 14336)));
}

/*
 * The continued fraction of the incomplete beta function I_x(a, b)
 * (Abramowitz and Stegun 26.5.8), by the modified Lentz method (Thompson and
 * Barnett, 1986).  Converges fast for x < (a + 1) / (a + b + 2).
 */
static double
beta_fraction(double x, double a, double b)
{
	const double tiny = DBL_MIN / DBL_EPSILON;
	double		c = 1;
	double		d = 1 - (a + b) * x / (a + 1);
	double		fraction;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	fraction = d;
	for (int m = 1; m <= 10000; m++)
	{
		double		even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double		odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double		step;

		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		fraction *= d * c;

		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		fraction *= step;
		if (fabs(step - 1) < 2 * DBL_EPSILON)
			break;
	}
	return fraction;
}

/*
 * The normal deviate with the same tail as t, for many degrees of freedom
 * (Hill, 1970, equation 2.2).  There the fraction above would lose digits:
 * all its factors are close to one.
 */
static double
normal_deviate(double t, double freedom)
{
	double		a = freedom - 0.5;
	double		b = 48 * a * a;
	double		y = a * log1p(t * t / freedom);

	return sqrt(y) * (1 + (y + 3) / b -
					  (((0.4 * y + 3.3) * y + 24) * y + 85.5) / (b * b));
}

/*
 * P(|T| >= |t|) = I_x(v / 2, 1 / 2) with x = v / (v + t^2) (Abramowitz and
 * Stegun 26.7.1); for small t by its complement, where the fraction converges.
 */
double
cvm_student_two_sided(double t, double freedom)
{
	double		a = freedom / 2;
	double		squared = t * t;
	double		x = freedom / (freedom + squared);
	double		y = squared / (freedom + squared);
	double		log_front;

	if (isnan(t) || !(freedom > 0))
		return NAN;
	if (squared == 0)
		return 1;
	if (isinf(squared))
		return 0;
	if (freedom > 20000)
		return cvm_normal_two_sided(normal_deviate(t, freedom));

	/* x^a y^(1/2) / B(a, 1/2), with B(a, 1/2) = Gamma(a) sqrt(pi) / Gamma(a + 1/2) */
	log_front = -a * log1p(squared / freedom) + 0.5 * log(y) +
		log_gamma_ratio(a) - 0.5 * log(M_PI);
	if (x < (a + 1) / (a + 2.5))
		return exp(log_front) * beta_fraction(x, a, 0.5) / a;
	return 1 - exp(log_front) * beta_fraction(y, 0.5, a) / 0.5;
}

/*
 * Q(a, x) = Gamma(a, x) / Gamma(a), by its power series for small x (Abramowitz
 * and Stegun 6.5.29) and its continued fraction for large ones (6.5.31,
 * modified Lentz).
 */
double
cvm_chi_squared_tail(double x, double freedom)
{
	const double tiny = DBL_MIN / DBL_EPSILON;
	double		a = freedom / 2;
	double		half = x / 2;
	double		front;
	double		b;
	double		c;
	double		d;
	double		fraction;

	if (isnan(x) || !(freedom > 0))
		return NAN;
	if (x <= 0)
		return 1;
	if (isinf(x))
		return 0;
	front = exp(a * log(half) - half - lgamma(a));
	if (half < a + 1)
	{
		double		term = 1 / a;
		double		sum = term;

		for (int n = 1; n <= 100000 && term > sum * DBL_EPSILON; n++)
		{
			term *= half / (a + n);
			sum += term;
		}
		return 1 - front * sum;
	}

	b = half + 1 - a;
	c = 1 / tiny;
	d = 1 / b;
	fraction = d;
	for (int n = 1; n <= 100000; n++)
	{
		double		step;

		b += 2;
		d = -n * (n - a) * d + b;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = b - n * (n - a) / c;
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		fraction *= step;
		if (fabs(step - 1) < 2 * DBL_EPSILON)
			break;
	}
	return front * fraction;
}

double
cvm_kolmogorov_tail(double distance, double rows)
{
	double		root = sqrt(rows);
	double		lambda = (root + 0.12 + 0.11 / root) * distance;
	double		sum = 0;

	if (isnan(distance) || !(rows > 0))
		return NAN;
	if (lambda < 0.2)			/* one, to all digits */
		return 1;
	for (int k = 1; k <= 100; k++)
	{
		double		term = exp(-2.0 * k * k * lambda * lambda);

		sum += k % 2 == 1 ? term : -term;
		if (term < DBL_EPSILON * sum)
			break;
	}
	return fmin(2 * sum, 1);
}
