/*
 * model_cache.h
 *		Names of models to decoded models, cached per backend.
 */
#ifndef CVM_MODEL_CACHE_H
#define CVM_MODEL_CACHE_H

#include "postgres.h"
#include "model/model.h"
#include "pg/compat.h"
#include "score/name_cache.h"

/* What the catalog says of a name under the active snapshot. */
typedef struct CvmModelHandle
{
	const char *name;
	int			version;
	const CvmModel *model;		/* pinned until the memory context passed ends */
	bool		current;		/* the latest committed version agrees: safe to
								 * build a cached plan on */
	MemoryContext context;		/* lives as long as the model */
	struct CachedScorer **scorers;	/* of the model; for scorer_cache.c */
	struct CvmRecommending **recommending;	/* likewise; for recommending.c */
} CvmModelHandle;

/*
 * Looks a model up and checks that the current user owns it or was granted
 * it; "model ... does not exist" otherwise.  version 0: the active one.
 * The model stays valid as long as "pin" lives.
 */
extern void cvm_model_lookup(const char *name, int version, MemoryContext pin,
							 CvmModelHandle *handle);

/* The error for a name that no model has which the current user may use. */
pg_noreturn extern void cvm_no_such_model(const char *name);

#endif							/* CVM_MODEL_CACHE_H */
