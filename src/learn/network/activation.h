/*
 * activation.h
 *		What hidden layers do to their sums.
 */
#ifndef CVM_ACTIVATION_H
#define CVM_ACTIVATION_H

#include <stddef.h>

typedef enum CvmActivation
{
	CVM_RELU = 0,				/* values are part of the model format */
	CVM_TANH = 1
} CvmActivation;

/* "relu", "tanh", NULL; the index is the value. */
extern const char *const cvm_activation_names[];

/* z becomes max(0, z) or tanh(z), the latter to within 2e-7. */
extern void cvm_activate(int activation, size_t count, float *z);

/*
 * delta *= derivative of the activation, where a are its values.  mask is NULL,
 * or holds the factors by which dropout multiplied them: 0 or 1 / kept.
 */
extern void cvm_activation_backward(int activation, size_t count, const float *a,
									const float *mask, float kept, float *delta);

#endif							/* CVM_ACTIVATION_H */
