/*
 * score_profile.h
 *		How a version's scores were distributed when it was measured, against
 *		which those of today are compared.
 *
 * A score is what cvm.score() gives and logs: the predicted number, the
 * probability of the positive class, or of the predicted one of more than two.
 */
#ifndef CVM_SCORE_PROFILE_H
#define CVM_SCORE_PROFILE_H

#include "postgres.h"

#include "learn/measure/drift.h"
#include "model/model.h"

typedef struct CvmScoreProfile
{
	const char *data_set;		/* static: validation or training */
	int			class_count;
	const char **classes;		/* the model's */
	int64		rows;
	double		mean;
	double	   *class_rows;		/* by predicted class */
	int			edge_count;		/* of the bins, as in learn/measure/drift.h */
	double		edges[CVM_DRIFT_BINS];
	double		bin_rows[CVM_DRIFT_BINS];	/* of the sample */

	double	   *scores;			/* a sample, until cvm_score_profile_finish */
	uint64	   *lots;			/* by which it is drawn */
	int			sampled;
	uint64		lot_mask;
} CvmScoreProfile;

/* NULL for a model whose predictions are not logged, as it has no target. */
extern CvmScoreProfile *cvm_score_profile_create(const CvmModel *model, const char *data_set);

/* predictions: rows x the model's outputs. */
extern void cvm_score_profile_add(CvmScoreProfile *profile, const CvmModel *model, int rows,
								  const double *predictions);

/* Makes bins of what was added. */
extern void cvm_score_profile_finish(CvmScoreProfile *profile);

#endif							/* CVM_SCORE_PROFILE_H */
