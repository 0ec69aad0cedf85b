/*
 * scorer_cache.h
 *		Scorers that stay with a cached model.
 */
#ifndef CVM_SCORER_CACHE_H
#define CVM_SCORER_CACHE_H

#include "postgres.h"
#include "utils/array.h"

#include "score/model_cache.h"
#include "score/scorer.h"

/*
 * A scorer for arguments with these names (text[]) and types, or NULL when the
 * model has an input of another name.  It lives as long as the pin of the
 * handle, at least.
 */
extern CvmScorer *cvm_scorer_for_arguments(const CvmModelHandle *handle, ArrayType *names,
										   const Oid *types, int count);

/* A scorer for features by position. */
extern CvmScorer *cvm_scorer_for_array(const CvmModelHandle *handle);

#endif							/* CVM_SCORER_CACHE_H */
