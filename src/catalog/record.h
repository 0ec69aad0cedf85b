/*
 * record.h
 *		Writing down what a training gave: version, metrics, profile, log.
 */
#ifndef CVM_RECORD_H
#define CVM_RECORD_H

#include "postgres.h"

#include "catalog/score_profile.h"
#include "learn/measure/metrics.h"
#include "model/model.h"

typedef struct CvmEpoch
{
	int			epoch;
	double		training_loss;	/* NaN where there is no figure, as below */
	double		validation_loss;
	double		learning_rate;
	double		gradient_norm;
} CvmEpoch;

/* Takes the model's next version number and stores the version; the caller
 * holds the lock of the registry row. */
extern int	cvm_record_version(const char *name, const CvmModel *model, const char *status,
							   const char *reason, int parent, int run,
							   const char *watermark, double seconds);

/* Metrics without a value (NaN) are left out. */
extern void cvm_record_metrics(const char *name, int version, const char *data_set,
							   const CvmMetric *metrics, int count);

/* Per feature: kind, missing share, mean, deviation, percentiles, category shares. */
extern void cvm_record_profile(const char *name, int version, const CvmProfile *profile,
							   const CvmEncoder *encoder);

/* The same as another version's, which has the same encoding. */
extern void cvm_record_profile_of(const char *name, int version, int other);

/* NULL: nothing. */
extern void cvm_record_scores(const char *name, int version, const CvmScoreProfile *profile);

extern void cvm_record_epochs(const char *name, int run, const CvmEpoch *epochs, int count);

#endif							/* CVM_RECORD_H */
