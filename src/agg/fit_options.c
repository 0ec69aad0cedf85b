/*
 * fit_options.c
 *		Which training options the fitting aggregates take, and their bytes.
 *
 * A state keeps the options that its user named by their names, so that the
 * table of options may grow and change its order.
 */
#include "agg/fit_options.h"

#include <string.h>

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.fit_state: " __VA_ARGS__)

/* Bits of the methods that an option is for. */
#define FIT		(1 << CVM_METHOD_FIT)
#define SGD		(1 << CVM_METHOD_SGD)
#define DESCEND	(1 << CVM_METHOD_DESCEND)

static const struct
{
	const char *name;
	int			methods;
}			fit_options[] =
{
	{"l2", FIT | SGD | DESCEND}, {"l1", FIT | SGD | DESCEND},
	{"solver", FIT | SGD | DESCEND}, {"learning_rate", FIT | SGD | DESCEND},
	{"class_weight", FIT | SGD | DESCEND}, {"seed", FIT | SGD | DESCEND},
	{"delta", FIT | SGD}, {"positive", FIT | SGD}, {"standardize", FIT | SGD},
	{"batch_size", FIT | SGD}, {"schedule", FIT | SGD}, {"warmup", FIT | SGD},
	{"averaging", FIT | SGD}, {"momentum", FIT | SGD}, {"clip", FIT | SGD},
	{"epochs", FIT}, {"tolerance", FIT}
};

const int	cvm_fit_option_count = sizeof(fit_options) / sizeof(fit_options[0]);

/* Kinds of values in the bytes. */
enum
{
	VALUE_NUMBER = 0, VALUE_BOOLEAN = 1, VALUE_TEXT = 2
};

const CvmOptionSpec *
cvm_fit_option_spec(int index)
{
	return cvm_option_find(fit_options[index].name);
}

int
cvm_fit_option_find(CvmFitMethod method, const char *name)
{
	for (int i = 0; i < cvm_fit_option_count; i++)
		if (strcmp(fit_options[i].name, name) == 0)
			return (fit_options[i].methods >> method & 1) != 0 ? i : -1;
	return -1;
}

/* ---- comparison ---- */

static bool
same_text(const char *left, const char *right)
{
	return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

static bool
same_value(const CvmOptionSpec *spec, const CvmOptions *left, const CvmOptions *right)
{
	const char *a = (const char *) left + spec->offset;
	const char *b = (const char *) right + spec->offset;

	switch (spec->kind)
	{
		case CVM_OPTION_NUMBER:
			return *(const double *) a == *(const double *) b;
		case CVM_OPTION_INTEGER:
		case CVM_OPTION_CHOICE:
			return *(const int *) a == *(const int *) b;
		case CVM_OPTION_INTEGER64:
			return *(const int64_t *) a == *(const int64_t *) b;
		case CVM_OPTION_BOOLEAN:
			return *(const bool *) a == *(const bool *) b;
		case CVM_OPTION_TEXT:
			return same_text(*(char *const *) a, *(char *const *) b);
		case CVM_OPTION_INTEGERS:
		case CVM_OPTION_NAMES:
		case CVM_OPTION_OBJECT:
		case CVM_OPTION_STAGES:
		case CVM_OPTION_NUMBERS:
			break;				/* none of ours */
	}
	return false;
}

const char *
cvm_fit_options_difference(const CvmOptions *left, const CvmOptions *right)
{
	for (int i = 0; i < cvm_fit_option_count; i++)
		if (!same_value(cvm_fit_option_spec(i), left, right))
			return fit_options[i].name;
	return NULL;
}

/* ---- bytes ---- */

static void
write_option(const CvmOptionSpec *spec, const CvmOptions *options, CvmWriter *writer)
{
	const char *field = (const char *) options + spec->offset;
	double		number = 0;

	cvm_write_string(writer, spec->name);
	switch (spec->kind)
	{
		case CVM_OPTION_TEXT:
			cvm_write_u8(writer, VALUE_TEXT);
			cvm_write_string(writer, *(char *const *) field);
			return;
		case CVM_OPTION_CHOICE:
			cvm_write_u8(writer, VALUE_TEXT);
			cvm_write_string(writer, spec->choices[*(const int *) field]);
			return;
		case CVM_OPTION_BOOLEAN:
			cvm_write_u8(writer, VALUE_BOOLEAN);
			cvm_write_u8(writer, *(const bool *) field);
			return;
		case CVM_OPTION_NUMBER:
			number = *(const double *) field;
			break;
		case CVM_OPTION_INTEGER:
			number = *(const int *) field;
			break;
		case CVM_OPTION_INTEGER64:
			number = (double) *(const int64_t *) field;
			break;
		case CVM_OPTION_INTEGERS:
		case CVM_OPTION_NAMES:
		case CVM_OPTION_OBJECT:
		case CVM_OPTION_STAGES:
		case CVM_OPTION_NUMBERS:
			break;				/* none of ours */
	}
	cvm_write_u8(writer, VALUE_NUMBER);
	cvm_write_doubles(writer, &number, 1);
}

void
cvm_fit_options_write(const CvmOptions *options, uint32_t given, CvmWriter *writer)
{
	cvm_write_u32(writer, __builtin_popcount(given));
	for (int i = 0; i < cvm_fit_option_count; i++)
		if (given >> i & 1)
			write_option(cvm_fit_option_spec(i), options, writer);
}

/* A value that cannot be read leaves the reader failed. */
static CvmStatus
read_value(CvmReader *reader, const CvmOptionSpec *spec, CvmOptions *options)
{
	uint8_t		kind = cvm_read_u8(reader);
	const double *number;
	const char *text;
	uint8_t		truth;

	switch (kind)
	{
		case VALUE_NUMBER:
			number = cvm_read_doubles(reader, 1);
			return reader->failed ? CVM_OK : cvm_option_set_number(options, spec, *number, NULL);
		case VALUE_BOOLEAN:
			truth = cvm_read_u8(reader);
			return truth > 1 ? CVM_BAD_OPTION :
				cvm_option_set_boolean(options, spec, truth, NULL);
		case VALUE_TEXT:
			text = cvm_read_string(reader);
			return reader->failed ? CVM_OK : cvm_option_set_text(options, spec, text, NULL);
	}
	return CVM_BAD_OPTION;
}

CvmStatus
cvm_fit_options_read(CvmReader *reader, CvmFitMethod method, CvmOptions *options,
					 uint32_t *given, CvmError *error)
{
	uint32_t	count = cvm_read_u32(reader);
	int			last = -1;

	for (uint32_t i = 0; i < count && !reader->failed; i++)
	{
		const char *name = cvm_read_string(reader);
		int			index = name == NULL ? -1 : cvm_fit_option_find(method, name);

		if (reader->failed)
			break;
		if (index <= last)
			return BAD("option \"%.100s\" is not known or out of place", name);
		if (read_value(reader, cvm_fit_option_spec(index), options) != CVM_OK)
			return BAD("option \"%s\" has a wrong value", name);
		*given |= (uint32_t) 1 << index;
		last = index;
	}
	return CVM_OK;
}
