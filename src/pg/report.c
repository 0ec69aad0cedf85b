/*
 * report.c
 *		From a status of the core to ereport.
 */
#include "postgres.h"

#include "pg/report.h"

/* The table of doc/errors.md: a status and its SQLSTATE. */
static int
sqlstate_of(CvmStatus status)
{
	switch (status)
	{
		case CVM_OK:
			break;
		case CVM_BAD_OPTION:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case CVM_BAD_DATA:
			return ERRCODE_DATA_EXCEPTION;
		case CVM_NO_ROWS:
		case CVM_ONE_CLASS:
		case CVM_NO_FEATURES:
			return ERRCODE_NO_DATA_FOUND;
		case CVM_BAD_FORMAT:
			return ERRCODE_INVALID_BINARY_REPRESENTATION;
		case CVM_FUTURE_FORMAT:
			return ERRCODE_FEATURE_NOT_SUPPORTED;
		case CVM_MISMATCH:
			return ERRCODE_DATATYPE_MISMATCH;
		case CVM_LIMIT:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
	}
	return ERRCODE_INTERNAL_ERROR;
}

void
cvm_report(CvmStatus status, const CvmError *error)
{
	if (status == CVM_OK)
		return;

	ereport(ERROR,
			(errcode(sqlstate_of(status)),
			 errmsg("%s", error->message),
			 error->detail[0] ? errdetail("%s", error->detail) : 0,
			 error->hint[0] ? errhint("%s", error->hint) : 0));
}
