/*
 * learner_ensemble.h
 *		Several models as one: their predictions averaged, or weighed by a model
 *		of their own.
 */
#ifndef CVM_LEARNER_ENSEMBLE_H
#define CVM_LEARNER_ENSEMBLE_H

#include "learn/stacking.h"
#include "model/learner.h"

#define CVM_ALGORITHM_ENSEMBLE 31

typedef enum CvmEnsembleMethod
{
	CVM_ENSEMBLE_AVERAGE = 0,	/* values are part of the model format */
	CVM_ENSEMBLE_STACK = 1
} CvmEnsembleMethod;

/* Of the option "method" and of the payload. */
extern const char *const cvm_ensemble_method_names[];

/* What it holds. */
typedef struct CvmEnsemble
{
	int			method;			/* CvmEnsembleMethod */
	CvmModelList members;		/* at least 2 */
	const double *weights;		/* by member, >= 0; average: their sum is 1 */
	const double *biases;		/* stack: by class, or one */
} CvmEnsemble;

/* What options stand for, found by src/catalog: the models, in their order. */
typedef struct CvmMembers
{
	CvmModelList list;
	const char *const *names;	/* for messages */
} CvmMembers;

extern const CvmLearner cvm_learner_ensemble;

/*
 * The inputs of all members together: numbers as they are, categories with
 * every level that some member knows.  CVM_MISMATCH: one input of two kinds;
 * CVM_LIMIT.
 */
extern CvmStatus cvm_ensemble_encoder(const CvmMembers *members, CvmEncoder *encoder,
									  CvmError *error);

/* From a row of the ensemble's encoder to one of a member's (ensemble_rows.c). */
typedef struct CvmMemberRows CvmMemberRows;

/*
 * NULL: the member reads something that the ensemble does not.  encodes: rows
 * will be encoded, which allocates no more then.
 */
extern CvmMemberRows *cvm_member_rows_create(const CvmEncoder *encoder, const CvmEncoder *member,
											 bool encodes);
extern const CvmBlock *cvm_member_rows_encode(CvmMemberRows *rows, const CvmBlock *block);

#endif							/* CVM_LEARNER_ENSEMBLE_H */
