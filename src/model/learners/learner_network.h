/*
 * learner_network.h
 *		Neural networks in the table of learners.
 */
#ifndef CVM_LEARNER_NETWORK_H
#define CVM_LEARNER_NETWORK_H

#include "model/learner.h"

#define CVM_ALGORITHM_NEURAL_NETWORK 10

/* The payload: a matrix of weights and a vector of biases for each layer. */
typedef struct CvmNetworkPayload
{
	int			activation;		/* CvmActivation */
	int			hidden_layers;
	int			units[CVM_MAX_HIDDEN_LAYERS];
	double		center;			/* of the target of a regression; else 0 and 1 */
	double		scale;
	const double *weights[CVM_MAX_HIDDEN_LAYERS + 1];	/* inputs x outputs */
	const double *biases[CVM_MAX_HIDDEN_LAYERS + 1];
} CvmNetworkPayload;

extern const CvmLearner cvm_learner_neural_network;

#endif							/* CVM_LEARNER_NETWORK_H */
