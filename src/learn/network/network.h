/*
 * network.h
 *		A multilayer perceptron: layers, and where their parameters are.
 *
 * Layer l of 0 .. hidden_layers turns the outputs of the layer below (for
 * l = 0, an encoded row) into
 *
 *		z = a W + b,	W: inputs x outputs, row-major,	b: outputs
 *
 * Hidden layers have a = activation(z).  Of z of the last layer,
 * center + scale z are the linear predictors of a family (learn/family.h):
 * linear, logistic or softmax.  Center and scale are those of the target of
 * linear, so that networks compute with numbers of size 1, and else 0 and 1.
 * A coded column of the row picks a row of W of the first layer, so categories
 * are never expanded.
 *
 * A parameter vector holds, layer by layer, W and then b.
 */
#ifndef CVM_NETWORK_H
#define CVM_NETWORK_H

#include <stddef.h>

#include "learn/family.h"
#include "learn/options.h"

typedef struct CvmNetwork
{
	CvmFamily	family;
	int			activation;		/* CvmActivation */
	int			dense_columns;
	int			coded_columns;
	int			slots;			/* inputs of the first layer */
	int			hidden_layers;	/* 1 .. CVM_MAX_HIDDEN_LAYERS */
	int			units[CVM_MAX_HIDDEN_LAYERS];
	int			outputs;
	double		center;
	double		scale;
} CvmNetwork;

/* More would take more memory than a server should give to one model. */
#define CVM_NETWORK_MAX_PARAMETERS (1 << 22)

extern int	cvm_network_inputs(const CvmNetwork *network, int layer);
extern int	cvm_network_outputs(const CvmNetwork *network, int layer);

/* Where W and b of a layer start in a parameter vector, and its length. */
extern size_t cvm_network_weights(const CvmNetwork *network, int layer);
extern size_t cvm_network_biases(const CvmNetwork *network, int layer);
extern size_t cvm_network_parameters(const CvmNetwork *network);

#endif							/* CVM_NETWORK_H */
