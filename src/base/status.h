/*
 * status.h
 *		What the numeric core says when it cannot go on.
 *
 * The core does not know PostgreSQL: a function that can fail returns a
 * CvmStatus and describes the failure in a CvmError.  src/pg/report.c turns
 * the two into ereport() with the SQLSTATE of doc/errors.md.
 */
#ifndef CVM_STATUS_H
#define CVM_STATUS_H

#include <stdarg.h>

typedef enum CvmStatus
{
	CVM_OK = 0,
	CVM_BAD_OPTION,				/* an option's value cannot be used */
	CVM_BAD_DATA,				/* the rows cannot be used: ragged arrays, wrong
								 * target */
	CVM_OUT_OF_RANGE,			/* a number is infinite or too large to compute with */
	CVM_NO_ROWS,				/* nothing left to learn from */
	CVM_ONE_CLASS,				/* a classifier met a single class */
	CVM_NO_FEATURES,			/* every column was left out */
	CVM_BAD_FORMAT,				/* bytes that are no model or fit state */
	CVM_FUTURE_FORMAT,			/* written by a newer version of cvm */
	CVM_MISMATCH,				/* two values that do not belong together */
	CVM_LIMIT					/* a size past what the format can hold */
} CvmStatus;

typedef struct CvmError
{
	char		message[512];	/* lower case, no full stop */
	char		detail[512];	/* sentences, or empty */
	char		hint[512];		/* sentences, or empty */
} CvmError;

/*
 * Fills error->message (error may be NULL) and returns status, so that a
 * failing function can end with "return cvm_fail(...)".  cvm_hint and
 * cvm_detail add to an error that was filled before.
 */
extern CvmStatus cvm_fail(CvmError *error, CvmStatus status, const char *format,...)
			__attribute__((format(printf, 3, 4)));
extern void cvm_detail(CvmError *error, const char *format,...)
			__attribute__((format(printf, 2, 3)));
extern void cvm_hint(CvmError *error, const char *format,...)
			__attribute__((format(printf, 2, 3)));

#endif							/* CVM_STATUS_H */
