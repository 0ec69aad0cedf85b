/*
 * registry.h
 *		Models by name: definition, ownership, versions.
 */
#ifndef CVM_REGISTRY_H
#define CVM_REGISTRY_H

#include "postgres.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "model/model.h"
#include "pg/compat.h"

typedef struct CvmDefinition
{
	char	   *model;
	Oid			owner;
	char	   *algorithm;		/* as asked for: "auto" stays "auto" in a retraining */
	char	   *task;
	char	   *source;
	char	   *search_path;
	char	   *target;
	char	  **features;		/* NULL: every other column */
	int			feature_count;
	char	   *key;
	char	   *weight;
	Jsonb	   *options;
	int			active_version; /* 0: none */
	int			last_version;
	TimestampTz created_at;		/* tells models apart that had the same name */
} CvmDefinition;

#define CVM_MAX_MODEL_NAME 128	/* bytes; more would not be shown whole by
								 * anything that lists models */

/* Error for a name that no model can have. */
extern void cvm_check_model_name(const char *name);

/* Error for a name that a model has already. */
pg_noreturn extern void cvm_model_name_in_use(const char *name);

/* In the current memory context; NULL when there is no such model.  lock: FOR UPDATE.  No privilege check. */
extern CvmDefinition *cvm_definition_find(const char *model, bool lock);

/* As above, but errors: "model ... does not exist" (with the nearest name that
 * the caller may see) and, for owner, "must be owner of model ...". */
extern CvmDefinition *cvm_definition_require_use(const char *model);
extern CvmDefinition *cvm_definition_require_owner(const char *model, bool lock);

/* Whether the role owns the model or was granted it (directly or by membership). */
extern bool cvm_may_use(Oid role, Oid owner, const char *model);

/* Inserts or updates the definition (owner is kept on update). */
extern void cvm_definition_store(const CvmDefinition *definition);

/* The number of the active version, or an error. */
extern int	cvm_active_version(const CvmDefinition *definition);

/*
 * A version's cvm.model value, detoasted, in the current memory context.
 * latest: as committed by now, for who holds the lock of the registry row;
 * else under the active snapshot.  Error: no such version.
 */
extern struct varlena *cvm_version_fitted(const CvmDefinition *definition, int version,
										  bool latest);

/* Makes a version the active one; sends the relation-cache invalidation that
 * cached plans and decoded models wait for.  Error: no such version.  The
 * caller has checked rights and holds the lock of the registry row. */
extern void cvm_version_activate(const char *model, int version, const char *reason);

/* Gives a version that is not the active one another status, with its reason. */
extern void cvm_version_set_status(const char *model, int version, const char *status,
								   const char *reason);

/* Challengers but this one are candidates again: there is one at a time. */
extern void cvm_version_replace_challengers(const char *model, int version);

/*
 * Makes "good" the active version again.  "bad", the active one, counts as
 * rejected, so that another rollback goes further back.
 */
extern void cvm_version_roll_back(const char *model, int bad, int good, const char *reason);

#endif							/* CVM_REGISTRY_H */
