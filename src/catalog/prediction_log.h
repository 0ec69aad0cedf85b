/*
 * prediction_log.h
 *		What was predicted and what happened.
 */
#ifndef CVM_PREDICTION_LOG_H
#define CVM_PREDICTION_LOG_H

#include "postgres.h"
#include "nodes/pg_list.h"
#include "utils/timestamp.h"

#include "catalog/registry.h"

/* Predictions of one version, by row. */
typedef struct CvmLogChunk
{
	int			version;
	bool		shadow;
	int			rows;
	int			class_count;	/* > 2: probabilities are kept too */
	char	  **keys;
	double	   *scores;
	const char **classes;		/* NULL for numbers */
	double	   *probabilities;	/* rows x class_count, or NULL */
} CvmLogChunk;

/* Makes the partition of a time if there is none. */
extern void cvm_log_make_partition(TimestampTz at);

extern void cvm_log_predictions(const char *model, TimestampTz at, const CvmLogChunk *chunk);

/*
 * Versions besides the active one that are scored where predictions are
 * logged: challengers, and the one before an active version on probation.
 */
extern List *cvm_shadow_versions(const CvmDefinition *definition);

/* Drops the partitions that are older than cvm.log_retention. */
extern void cvm_log_drop_old_partitions(void);

#endif							/* CVM_PREDICTION_LOG_H */
