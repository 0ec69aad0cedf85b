/*
 * train_function.h
 *		The result of a training as the row that cvm.train() returns.
 */
#ifndef CVM_TRAIN_FUNCTION_H
#define CVM_TRAIN_FUNCTION_H

#include "postgres.h"

#include "fmgr.h"
#include "access/tupdesc.h"

#include "catalog/train.h"

/* Allocated in the current memory context. */
extern Datum cvm_train_result_datum(const char *model, const CvmTrainResult *result,
									TupleDesc columns);

/* source, target, algorithm, features, key, weight, options: from argument "first" on. */
extern void cvm_definition_from_arguments(FunctionCallInfo fcinfo, int first,
										  CvmDefinition *definition);

/* The name of the model, argument 0, checked. */
extern char *cvm_model_argument(FunctionCallInfo fcinfo);

/* Refuses early what would be refused when the version is stored. */
extern void cvm_check_may_train(const char *model);

#endif							/* CVM_TRAIN_FUNCTION_H */
