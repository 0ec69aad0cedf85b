/*
 * report.h
 *		From a status of the core to ereport.
 */
#ifndef CVM_REPORT_H
#define CVM_REPORT_H

#include "postgres.h"
#include "base/status.h"

/* Raises ERROR for any status but CVM_OK; SQLSTATEs in doc/errors.md. */
extern void cvm_report(CvmStatus status, const CvmError *error);

#endif							/* CVM_REPORT_H */
