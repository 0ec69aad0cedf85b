/*
 * status.c
 *		Filling in an error: printf into fixed fields, never past their end.
 *
 * A text that is too long is cut; PostgreSQL sees valid bytes of whatever
 * encoding only up to the cut, so the cut steps back over a split UTF-8
 * character.
 */
#include "base/status.h"

#include <stdio.h>
#include <string.h>

static void format_field(char *field, size_t size, const char *format, va_list arguments)
			__attribute__((format(printf, 3, 0)));

static void
format_field(char *field, size_t size, const char *format, va_list arguments)
{
	int			length = vsnprintf(field, size, format, arguments);

	if (length < 0)
		field[0] = '\0';
	else if ((size_t) length >= size)
	{
		size_t		end = size - 1;

		while (end > 0 && ((unsigned char) field[end - 1] & 0xC0) == 0x80)
			end--;
		if (end > 0 && ((unsigned char) field[end - 1] & 0xC0) == 0xC0)
			end--;
		field[end] = '\0';
	}
}

CvmStatus
cvm_fail(CvmError *error, CvmStatus status, const char *format,...)
{
	va_list		arguments;

	if (error == NULL)
		return status;
	memset(error, 0, sizeof(*error));
	va_start(arguments, format);
	format_field(error->message, sizeof(error->message), format, arguments);
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
	format_field(error->detail, sizeof(error->detail), format, arguments);
	va_end(arguments);
}

void
cvm_hint(CvmError *error, const char *format,...)
{
	va_list		arguments;

	if (error == NULL)
		return;
	va_start(arguments, format);
	format_field(error->hint, sizeof(error->hint), format, arguments);
	va_end(arguments);
}
