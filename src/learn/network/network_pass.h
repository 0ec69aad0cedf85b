/*
 * network_pass.h
 *		Rows through a network, forward and backward.
 *
 * A pass is work space for blocks of rows.  Computing is in single precision,
 * which is twice as fast and as good as the noise of batches.
 */
#ifndef CVM_NETWORK_PASS_H
#define CVM_NETWORK_PASS_H

#include "base/random.h"
#include "learn/network/network.h"
#include "linalg/block.h"

typedef struct CvmNetworkPass CvmNetworkPass;

/* The network must live as long as the pass. */
extern CvmNetworkPass *cvm_network_pass_create(const CvmNetwork *network);
extern void cvm_network_pass_free(CvmNetworkPass *pass);

/*
 * The parameters to use from now on: a copy in single precision, or such a one
 * in memory of others.
 */
extern void cvm_network_load(CvmNetworkPass *pass, const double *parameters);
extern void cvm_network_use(CvmNetworkPass *pass, const float *parameters);
extern void cvm_network_to_single(size_t count, const double *parameters, float *single);

/* Linear predictors of a block: eta is rows x outputs, row-major. */
extern void cvm_network_predict(CvmNetworkPass *pass, const CvmBlock *block, double *eta);

/*
 * Training.  dropout: the share of hidden units that each row does without;
 * those that stay count more in turn (Srivastava and others, 2014).
 * adversarial: besides the rows themselves, with half the weight each, their
 * worst neighbors are learned from, whose dense columns differ by that much
 * (fast gradient sign method; Goodfellow, Shlens and Szegedy, 2015).
 */
typedef struct CvmNetworkNoise
{
	double		dropout;
	double		adversarial;
	CvmRandom	random;
} CvmNetworkNoise;

/*
 * The weighted loss of a block, and its gradient: cvm_network_parameters
 * numbers, of the loss in units of scale^2.
 */
extern double cvm_network_gradient(CvmNetworkPass *pass, const CvmBlock *block,
								   CvmNetworkNoise *noise, float *gradient);

/* Weighted sum of the losses of a block without any noise. */
extern double cvm_network_loss(CvmNetworkPass *pass, const CvmBlock *block);

#endif							/* CVM_NETWORK_PASS_H */
