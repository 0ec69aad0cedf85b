/*
 * check.h
 *		Looking after a model between trainings: drift, decay, probation,
 *		challengers.
 */
#ifndef CVM_CHECK_H
#define CVM_CHECK_H

#include "postgres.h"

/* The cause of a run that trains only if a check finds a reason to. */
#define CVM_CAUSE_CHECK "due for a check"

extern bool cvm_is_check(const char *model, int run);

/*
 * Checks a model: decides about its challenger, ends its probation, measures
 * drift and decay as its schedule asks for.  Whether there is a reason to
 * train it; *reason says which, or why not.  SPI is connected.
 */
extern bool cvm_check(const char *model, char **reason);

#endif							/* CVM_CHECK_H */
