/*
 * left_out.h
 *		NOTICEs for columns that a fit does without.
 */
#ifndef CVM_LEFT_OUT_H
#define CVM_LEFT_OUT_H

#include "encode/encoder.h"

/* A CvmLeftOutReport; state is not used. */
extern void cvm_report_left_out(void *state, const char *term_name, CvmLeftOut why);

#endif							/* CVM_LEFT_OUT_H */
