/*
 * target.h
 *		The column to predict: its type, its values, its classes.
 */
#ifndef CVM_TARGET_H
#define CVM_TARGET_H

#include "postgres.h"
#include "access/tupdesc.h"

#include "learn/options.h"
#include "model/learner.h"

typedef struct CvmTarget CvmTarget;

/*
 * learner: NULL for "auto".  column: NULL for a learner without a target, to
 * which every row has the target 0.  Errors: a type that cannot be predicted,
 * or that the learner cannot learn.
 */
extern CvmTarget *cvm_target_create(Form_pg_attribute column, const CvmLearner *learner,
									const CvmOptions *options);

/*
 * Right after _create: task and classes are known beforehand, as those of
 * another model, whatever the training rows say.
 */
extern void cvm_target_expect(CvmTarget *target, CvmTask task, int class_count,
							  const char *const *classes);

/*
 * Reads a value; false: missing (NULL or NaN).  *raw is a number, or for
 * labels their code.  Errors: infinity, a value that the learner cannot use.
 */
extern bool cvm_target_read(CvmTarget *target, Datum value, bool isnull, double *raw);

/* Counts the values of training rows.  Errors: more classes than the learner takes. */
extern void cvm_target_count(CvmTarget *target, int rows, const double *raw,
							 const double *weights);

/* What the training rows say the target is. */
typedef struct CvmTargetResult
{
	const CvmLearner *learner;
	CvmTask		task;
	int			class_count;	/* 0: regression */
	char	  **classes;
	double	   *class_weights;	/* training weight by class */
	char	   *unknown_class;	/* one that was not expected, or NULL */
} CvmTargetResult;

/*
 * After all training rows.  Errors: one class only, an unknown label in
 * option "positive".
 */
extern void cvm_target_resolve(CvmTarget *target, CvmTargetResult *result);

/*
 * The learner's target of a raw value: the number itself or a class index;
 * -1 for a class that no training row has.  Only after _resolve.
 */
extern double cvm_target_encode(const CvmTarget *target, double raw);

#endif							/* CVM_TARGET_H */
