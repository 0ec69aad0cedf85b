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

/*
 * Whether an error is the server's own answer to a cancel or a timeout.  A
 * function can raise errors under the same code, but not from that place.
 */
extern bool cvm_is_cancel(const ErrorData *failure);

#endif							/* CVM_REPORT_H */
