/*
 * train_function.h
 *		The result of a training as the row that cvm.train() returns.
 */
#ifndef CVM_TRAIN_FUNCTION_H
#define CVM_TRAIN_FUNCTION_H

#include "postgres.h"
#include "access/tupdesc.h"

#include "catalog/train.h"

/* Allocated in the current memory context. */
extern Datum cvm_train_result_datum(const char *model, const CvmTrainResult *result,
									TupleDesc columns);

#endif							/* CVM_TRAIN_FUNCTION_H */
