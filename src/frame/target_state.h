/*
 * target_state.h
 *		What target.c collects and target_classes.c looks at.
 */
#ifndef CVM_TARGET_STATE_H
#define CVM_TARGET_STATE_H

#include "encode/encoder.h"
#include "frame/column.h"
#include "frame/target.h"

#define CVM_MOST_CLASSES 1000
#define CVM_MOST_INTEGER_CLASSES 20

struct CvmTarget
{
	const char *name;
	CvmColumnReader *reader;
	CvmInputKind kind;			/* NUMBER, BOOLEAN or CATEGORY */
	bool		integral;
	bool		is_enum;
	const CvmLearner *learner;	/* NULL for "auto" */
	unsigned	tasks;			/* that are open to choice */
	bool		nonnegative;	/* the loss knows no numbers below zero */
	const char *positive;
	MemoryContext context;

	/*
	 * Values of the training rows, as long as there are no more than "most"
	 * of them; most = 0: they are not collected (any more).
	 */
	int			most;
	int			value_count;
	int64		rows;			/* that they were counted in */
	double	   *values;			/* numbers: sorted; labels: unused */
	double	   *weights;		/* of the training rows */
	int			weighted;		/* labels: how many have a weight */

	/* labels, by code */
	CvmProfile *dictionary;
	char	  **labels;
	Datum	   *enums;

	int		   *class_of_value; /* after resolve; -1: no class */

	/* after _expect */
	bool		is_expected;
	CvmTask		expected_task;
	int			expected_count;
	const char *const *expected;
};

static inline bool
cvm_target_may_be(const CvmTarget *target, CvmTask task)
{
	return (target->tasks & CVM_TASK_BIT(task)) != 0;
}

static inline bool
cvm_target_may_be_classes(const CvmTarget *target)
{
	return cvm_target_may_be(target, CVM_BINARY) || cvm_target_may_be(target, CVM_MULTICLASS);
}

#endif							/* CVM_TARGET_STATE_H */
