/*
 * network_fit.h
 *		Training a network by epochs of mini-batches.
 */
#ifndef CVM_NETWORK_FIT_H
#define CVM_NETWORK_FIT_H

#include "learn/linear/fit.h"
#include "learn/network/network.h"

typedef struct CvmNetworkFit
{
	double	   *parameters;
	CvmSolver	solver;
	CvmOutcome	outcome;
	int			epochs;
	double		loss;			/* mean training loss a unit of weight, no penalty,
								 * no dropout */
	double		validation_loss;	/* NaN without such rows */
} CvmNetworkFit;

/*
 * Options: hidden_layers and activation are those of the network; all options
 * of mini-batches (learn/batches/epochs.h, learn/batches/stepper.h), solver auto being adam;
 * dropout, adversarial.  The penalty spares the biases.  start: parameters to
 * start from, of the network as it comes in, or NULL: random ones (He and
 * others, 2015, for relu; Glorot and Bengio, 2010, for tanh) over the null
 * model.  Center and scale of the network become those of the rows.
 * CVM_BAD_OPTION for a full-batch solver, CVM_LIMIT for too many parameters,
 * CVM_NO_ROWS.
 */
extern CvmStatus cvm_fit_network(CvmNetwork *network, CvmBlockSource *training,
								 CvmBlockSource *validation, const CvmOptions *options,
								 const double *start, const CvmProgress *progress,
								 CvmNetworkFit *fit, CvmError *error);

/*
 * Training that is pulled to its start: the penalty is l2/2 (w - start)^2 on all
 * parameters, biases included (Li, Grandvalet and Davoine, 2018), and l1 does
 * not count.  Center and scale stay those that the network has.
 */
extern CvmStatus cvm_fit_network_toward(CvmNetwork *network, CvmBlockSource *training,
										const CvmOptions *options, const double *start,
										CvmNetworkFit *fit, CvmError *error);

#endif							/* CVM_NETWORK_FIT_H */
