/*
 * cross_validate.h
 *		How good models of a definition are, by folds of its rows.
 */
#ifndef CVM_CROSS_VALIDATE_H
#define CVM_CROSS_VALIDATE_H

#include "postgres.h"

#include "catalog/registry.h"
#include "learn/measure/metrics.h"

#define CVM_MOST_FOLDS 100

/* One metric over the folds. */
typedef struct CvmFoldedMetric
{
	const char *name;			/* static */
	int			count;			/* folds in which it has a value */
	double		mean;
	double		deviation;		/* of the folds, sample; NaN for one fold */
	double	   *values;			/* by fold, NaN where it has none */
} CvmFoldedMetric;

typedef struct CvmCrossValidation
{
	int			folds;
	int			metric_count;
	CvmFoldedMetric metrics[CVM_MAX_METRICS];
	const char *primary;		/* the metric that versions are compared by */
	bool		more_is_better;
} CvmCrossValidation;

/*
 * Reads the source once a fold, with the current user's rights; SPI is
 * connected.  Rows of one key stay together; without a key the rows of each
 * class are dealt out evenly.  by_time: each fold is later than what it is
 * measured with (options time_column).  share: of the rows, 1 for all.
 */
extern CvmCrossValidation *cvm_cross_validate_definition(CvmDefinition *definition, int folds,
														 bool by_time, double share);

/* Of the primary metric. */
extern const CvmFoldedMetric *cvm_folded_primary(const CvmCrossValidation *validation);

extern void cvm_check_folds(int folds);

#endif							/* CVM_CROSS_VALIDATE_H */
