/*
 * recommending.h
 *		A model made ready to recommend, for one call of a function or many.
 */
#ifndef CVM_RECOMMENDING_H
#define CVM_RECOMMENDING_H

#include "postgres.h"
#include "fmgr.h"

#include "model/predictor.h"

/* Who or what: users or items of a model. */
typedef enum CvmSubjects
{
	CVM_USERS, CVM_ITEMS
} CvmSubjects;

typedef struct CvmRecommending
{
	MemoryContext context;		/* what is made for the model lives here */
	const CvmModel *model;
	CvmPredictor *predictor;
	const CvmRecommender *recommender;
	int			looked_up[2];	/* how often, by CvmSubjects */
	CvmLevelLookup *lookups[2];	/* made when it pays, or NULL */
} CvmRecommending;

/*
 * The model in argument 0, a name or a value, kept for the next call of the
 * function.  Errors: no such model, one that recommends nothing.
 */
extern CvmRecommending *cvm_recommending(FunctionCallInfo fcinfo, bool by_name);

/* The number of a user or item by its text; -1: unknown. */
extern int	cvm_recommending_find(CvmRecommending *recommending, CvmSubjects subjects,
								  const char *text, int length);

/*
 * The same for an argument of any type; -1 for NULL too.  Errors: a type that
 * cannot be an identifier.
 */
extern int	cvm_recommending_argument(CvmRecommending *recommending, CvmSubjects subjects,
									  FunctionCallInfo fcinfo, int argument);

/* The text that tells a user or item apart. */
extern const char *cvm_recommending_name(const CvmRecommending *recommending,
										 CvmSubjects subjects, int number);

/*
 * Factors and bias of somebody or something new: described by a row, or NULL.
 * Errors: the row lacks a column that describes it.
 */
extern double *cvm_recommending_newcomer(const CvmRecommending *recommending,
										 CvmSubjects subjects, HeapTupleHeader row);

#endif							/* CVM_RECOMMENDING_H */
