/*
 * status.c
 *		Filling in error messages of the core.
 */
#include "base/status.h"

#include <stdio.h>

CvmStatus
cvm_fail(CvmError *error, CvmStatus status, const char *format,...)
{
	va_list		arguments;

	if (error == NULL)
		return status;
	error->detail[0] = '\0';
	error->hint[0] = '\0';
	va_start(arguments, format);
	(void) vsnprintf(error->message, sizeof(error->message), format, arguments);
	va_end(arguments);
	return status;
}

void
cvm_detail(CvmError *error, const char *format,...)
{
	va_list		arguments;

	if (error == NULL)
		return;
	va_start(arguments, format);
	(void) vsnprintf(error->detail, sizeof(error->detail), format, arguments);
	va_end(arguments);
}

void
cvm_hint(CvmError *error, const char *format,...)
{
	va_list		arguments;

	if (error == NULL)
		return;
	va_start(arguments, format);
	(void) vsnprintf(error->hint, sizeof(error->hint), format, arguments);
	va_end(arguments);
}
