/*
 * model_cache.h
 *		Names of models to decoded models, cached per backend.
 */
#ifndef CVM_MODEL_CACHE_H
#define CVM_MODEL_CACHE_H

#include "postgres.h"
#include "model/model.h"
#include "pg/compat.h"

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
} CvmModelHandle;

/*
 * Looks a model up and checks that the current user owns it or was granted
 * it; "model ... does not exist" otherwise.  version 0: the active one.
 * The model stays valid as long as "pin" lives.
 */
extern void cvm_model_lookup(const char *name, int version, MemoryContext pin,
							 CvmModelHandle *handle);

/* Whether the current user may use a model of this name; active: and it has an
 * active version, so that cvm_model_lookup would find it. */
extern bool cvm_model_usable(const char *name, bool active);

/* The error for a name that no model has which the current user may use. */
pg_noreturn extern void cvm_no_such_model(const char *name);

/*
 * Changes whenever names, versions or privileges may have changed: who keeps
 * a handle for more than one call looks the name up again when it does.
 */
extern uint64 cvm_model_cache_generation(void);

/* OID of cvm.model_registry, which cached plans depend on. */
extern Oid	cvm_registry_relation(void);

#endif							/* CVM_MODEL_CACHE_H */
