/*
 * name_cache.h
 *		Names of models to owner, grantees and active version, cached per backend.
 */
#ifndef CVM_NAME_CACHE_H
#define CVM_NAME_CACHE_H

#include "postgres.h"

#define CVM_NAME_SIZE 132		/* the catalog's limit of 128 bytes, and a NUL */

/* What the catalog says of a name under the active snapshot. */
typedef struct CvmNamedModel
{
	Oid			owner;
	int			active_version; /* 0: none */
	Oid		   *grantees;
	int			grantee_count;
	bool		current;		/* the latest committed state agrees */
} CvmNamedModel;

/* false: no model has the name.  Grantees in the current memory context. */
extern bool cvm_name_find(const char *name, CvmNamedModel *model);

/* Whether the current user owns the model or was granted it. */
extern bool cvm_name_caller_may_use(const CvmNamedModel *model);

/* Whether the current user may use a model of this name; active: and it has an
 * active version, so that cvm_model_lookup would find it. */
extern bool cvm_model_usable(const char *name, bool active);

/*
 * Changes whenever names, versions or privileges may have changed: who keeps
 * a handle for more than one call looks the name up again when it does.
 */
extern uint64 cvm_model_cache_generation(void);

/* OID of cvm.model_registry, which cached plans depend on. */
extern Oid	cvm_registry_relation(void);

#endif							/* CVM_NAME_CACHE_H */
