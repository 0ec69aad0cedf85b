/*
 * roles.h
 *		Which column of the source plays which role.
 */
#ifndef CVM_ROLES_H
#define CVM_ROLES_H

#include "frame/collect.h"
#include "frame/frame.h"

/*
 * Finds target, key, weight and features among the columns of the source,
 * sets up the collector for them (its target, weight, split and features with
 * their attributes), and returns the SELECT of just the columns it reads.
 */
extern char *cvm_roles_assign(CvmCollector *collector, const CvmFrameRequest *request);

#endif							/* CVM_ROLES_H */
