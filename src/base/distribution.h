/*
 * distribution.h
 *		Tail probabilities for tests of coefficients.
 */
#ifndef CVM_DISTRIBUTION_H
#define CVM_DISTRIBUTION_H

/*
 * P(|Z| >= |z|) of the standard normal distribution and P(|T| >= |t|) of
 * Student's t with freedom > 0 degrees of freedom.  NaN in, NaN out.
 */
extern double cvm_normal_two_sided(double z);
extern double cvm_student_two_sided(double t, double freedom);

#endif							/* CVM_DISTRIBUTION_H */
