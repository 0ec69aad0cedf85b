/*
 * distribution.h
 *		Tail probabilities for tests of coefficients and of drift.
 */
#ifndef CVM_DISTRIBUTION_H
#define CVM_DISTRIBUTION_H

/*
 * P(|Z| >= |z|) of the standard normal distribution and P(|T| >= |t|) of
 * Student's t with freedom > 0 degrees of freedom.  NaN in, NaN out.
 */
extern double cvm_normal_two_sided(double z);
extern double cvm_student_two_sided(double t, double freedom);

/* P(X >= x) of the chi-squared distribution, freedom > 0. */
extern double cvm_chi_squared_tail(double x, double freedom);

/*
 * P(D >= distance) of the Kolmogorov-Smirnov distance between a distribution
 * and "rows" rows drawn from it: the limit for many rows with Stephens'
 * correction (1970), good to a few percent from ten rows on.
 */
extern double cvm_kolmogorov_tail(double distance, double rows);

#endif							/* CVM_DISTRIBUTION_H */
