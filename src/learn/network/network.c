/*
 * network.c
 *		The layers of a multilayer perceptron, and where their parameters are.
 */
#include "learn/network/network.h"

int
cvm_network_inputs(const CvmNetwork *network, int layer)
{
	return layer == 0 ? network->slots : network->units[layer - 1];
}

int
cvm_network_outputs(const CvmNetwork *network, int layer)
{
	return layer == network->hidden_layers ? network->outputs : network->units[layer];
}

size_t
cvm_network_weights(const CvmNetwork *network, int layer)
{
	size_t		position = 0;

	for (int l = 0; l < layer; l++)
		position += ((size_t) cvm_network_inputs(network, l) + 1) * cvm_network_outputs(network, l);
	return position;
}

size_t
cvm_network_biases(const CvmNetwork *network, int layer)
{
	return cvm_network_weights(network, layer) +
		(size_t) cvm_network_inputs(network, layer) * cvm_network_outputs(network, layer);
}

size_t
cvm_network_parameters(const CvmNetwork *network)
{
	return cvm_network_weights(network, network->hidden_layers + 1);
}
