/*
 * report.c
 *		From a status of the core to ereport.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

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
		case CVM_OUT_OF_RANGE:
			return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
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

/*
 * The core cuts long messages at a byte and may quote names out of damaged
 * values: what is sent to the client ends before the first invalid character.
 */
static const char *
valid_text(const char *text)
{
	return pnstrdup(text, pg_encoding_verifymbstr(GetDatabaseEncoding(), text, strlen(text)));
}

void
cvm_report(CvmStatus status, const CvmError *error)
{
	if (status == CVM_OK)
		return;

	ereport(ERROR,
			(errcode(sqlstate_of(status)),
			 errmsg("%s", valid_text(error->message)),
			 error->detail[0] ? errdetail("%s", valid_text(error->detail)) : 0,
			 error->hint[0] ? errhint("%s", valid_text(error->hint)) : 0));
}

bool
cvm_is_cancel(const ErrorData *failure)
{
	return failure->sqlerrcode == ERRCODE_QUERY_CANCELED &&
		failure->filename != NULL && strcmp(failure->filename, "postgres.c") == 0;
}
