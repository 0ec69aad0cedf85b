/*
 * encoded_rows.h
 *		Rows of fit, encoded as they are read.
 */
#ifndef CVM_ENCODED_ROWS_H
#define CVM_ENCODED_ROWS_H

#include "agg/fit_object.h"
#include "model/model.h"

/* What the rows hold: from this the encoder is learned. */
extern CvmProfile *cvm_encoded_rows_profile(const CvmFitObject *object);

/*
 * A source of blocks, encoded by the model's encoder, whose targets are its
 * classes; order: codes of the state's labels by class.  Allocated in the
 * current memory context; object, model and profile must outlive it.
 */
extern void cvm_encoded_rows_open(const CvmFitObject *object, const CvmModel *model,
								  const int *order, const CvmProfile *profile,
								  CvmBlockSource *source);

#endif							/* CVM_ENCODED_ROWS_H */
