/*
 * housekeeping.h
 *		Old versions, runs and alerts of a model that is retrained for years.
 */
#ifndef CVM_HOUSEKEEPING_H
#define CVM_HOUSEKEEPING_H

/*
 * Drops the versions past the newest cvm.keep_versions, but those that are
 * active, challengers, or what a rollback would go to; runs past the newest
 * cvm.keep_runs with their learning curves, and alerts likewise.  SPI is
 * connected.
 */
extern void cvm_prune(const char *model);

/* Models of roles that were dropped belong to nobody, which is an alert each;
 * grants to such roles go. */
extern void cvm_forget_dropped_roles(void);

#endif							/* CVM_HOUSEKEEPING_H */
