/*
 * fit_options.h
 *		Which training options the fitting aggregates take.
 *
 * An aggregate sees an array of numbers and stores nothing, so options about
 * sources, categories and versions are refused rather than ignored.  One pass
 * does not know how many rows will come, and one step has no schedule.
 */
#ifndef CVM_FIT_OPTIONS_H
#define CVM_FIT_OPTIONS_H

#include "agg/fit_state.h"

/* At most 32: CvmFitState.given has a bit for each. */
extern const int cvm_fit_option_count;

extern const CvmOptionSpec *cvm_fit_option_spec(int index);

/* The index of a name that the method takes, or -1. */
extern int	cvm_fit_option_find(CvmFitMethod method, const char *name);

/* The first option that differs, or NULL. */
extern const char *cvm_fit_options_difference(const CvmOptions *left, const CvmOptions *right);

/* The options that were given, as part of a state's bytes.  CVM_BAD_FORMAT. */
extern void cvm_fit_options_write(const CvmOptions *options, uint32_t given, CvmWriter *writer);
extern CvmStatus cvm_fit_options_read(CvmReader *reader, CvmFitMethod method,
									  CvmOptions *options, uint32_t *given, CvmError *error);

#endif							/* CVM_FIT_OPTIONS_H */
