/*
 * segment_section.h
 *		The segments of a model as a section of its bytes and its JSON.
 */
#ifndef CVM_SEGMENT_SECTION_H
#define CVM_SEGMENT_SECTION_H

#include "model/learner.h"

/* As in CvmModelSection. */
extern bool cvm_model_has_segments(const CvmModel *model);
extern void cvm_model_describe_segments(CvmModel *model, CvmFields *fields);
extern CvmStatus cvm_model_check_segments(const CvmModel *model, CvmError *error);

#endif							/* CVM_SEGMENT_SECTION_H */
