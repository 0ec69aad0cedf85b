/*
 * held_out.h
 *		Held-out rows of boosting, in bins: their scores and their loss, by which
 *		it is decided when to stop.
 */
#ifndef CVM_HELD_OUT_H
#define CVM_HELD_OUT_H

#include "learn/tree/grow.h"

typedef struct CvmHeldOut CvmHeldOut;

/* Reads all of the source. */
extern CvmHeldOut *cvm_held_out_open(const CvmBins *bins, CvmBlockSource *source,
									 const CvmTreeLoss *loss, const CvmFirstScores *first,
									 bool in_file);
extern void cvm_held_out_close(CvmHeldOut *held_out);

/* Adds the values of a tree's leaves ([node]) to the scores of an output. */
extern void cvm_held_out_add(CvmHeldOut *held_out, const CvmGrownTree *tree, int output,
							 const double *values);

/* The mean loss. */
extern double cvm_held_out_loss(const CvmHeldOut *held_out);

/* The same for any rows in bins: adds to scores. */
extern void cvm_add_leaf_values(const CvmGrownTree *tree, const CvmBins *bins,
								const uint8_t *by_row, size_t rows, const double *values,
								double *scores);

#endif							/* CVM_HELD_OUT_H */
