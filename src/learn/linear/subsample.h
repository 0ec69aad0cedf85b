/*
 * subsample.h
 *		Every n-th block of a source, as a source.
 */
#ifndef CVM_SUBSAMPLE_H
#define CVM_SUBSAMPLE_H

#include "linalg/block.h"

typedef struct CvmSubsample
{
	CvmBlockSource source;
	CvmBlockSource *whole;
	int			stride;
	CvmBlock  **copies;			/* of a whole that is read in order only */
} CvmSubsample;

/* Bytes of the copies that an in-order source would take. */
extern double cvm_subsample_size(const CvmBlockSource *whole, int stride);

/* Reads the whole once if it is in order only. */
extern void cvm_subsample_open(CvmSubsample *subsample, CvmBlockSource *whole, int stride);
extern void cvm_subsample_close(CvmSubsample *subsample);

#endif							/* CVM_SUBSAMPLE_H */
