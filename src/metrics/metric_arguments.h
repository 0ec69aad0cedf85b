/*
 * metric_arguments.h
 *		What the transition functions of metric aggregates have in common.
 */
#ifndef CVM_METRIC_ARGUMENTS_H
#define CVM_METRIC_ARGUMENTS_H

#include "postgres.h"
#include "fmgr.h"

/* The aggregate's memory context; an error where there is no aggregate. */
extern MemoryContext cvm_metric_context(FunctionCallInfo fcinfo);

/* A label of two classes: boolean, or a number that has to be 0 or 1. */
extern bool cvm_metric_label(double number);

/* Argument "n" is the weight where the call has as many; else 1. */
extern double cvm_metric_weight(FunctionCallInfo fcinfo, int n);

/* Whether argument first or one after it is NULL: the row does not count. */
extern bool cvm_metric_has_null(FunctionCallInfo fcinfo, int first);

/* An argument that has to be the same in every row of an aggregate. */
extern void cvm_metric_require_same(double first, double now, const char *name);

#endif							/* CVM_METRIC_ARGUMENTS_H */
