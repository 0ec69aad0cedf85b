/*
 * tree_payload.h
 *		The payload of models of trees: its fields, and the validator.
 */
#ifndef CVM_TREE_PAYLOAD_H
#define CVM_TREE_PAYLOAD_H

#include "model/learners/learner_tree.h"

/* The family whose link and metrics an objective has. */
extern CvmFamily cvm_tree_family(CvmTreeObjective objective);

extern void cvm_tree_describe(CvmModel *model, CvmFields *fields);
extern CvmStatus cvm_tree_check(const CvmModel *model, CvmError *error);

#endif							/* CVM_TREE_PAYLOAD_H */
