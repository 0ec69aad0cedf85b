/*
 * class_labels.c
 *		The classes that a state has met, in order of appearance.
 *
 * There are few of them, and neighboring rows often share one: the one found
 * last is tried first, then all.
 */
#include "agg/class_labels.h"

#include <string.h>

#include "base/memory.h"
#include "base/random.h"

#define FIRST_CAPACITY 4

int
cvm_class_search_number(CvmClassLabels *labels, double value)
{
	if (labels->last < labels->count && labels->values[labels->last] == value)
		return labels->last;
	for (int code = 0; code < labels->count; code++)
		if (labels->values[code] == value)
			return labels->last = code;
	return -1;
}

static uint32_t
hash_text(const char *text, size_t length)
{
	return (uint32_t) cvm_hash_bytes(text, length, 0);
}

static bool
is_text(const CvmClassLabels *labels, int code, const char *text, size_t length)
{
	return strncmp(labels->texts[code], text, length) == 0 && labels->texts[code][length] == '\0';
}

int
cvm_class_of_text(CvmClassLabels *labels, const char *text, size_t length)
{
	uint32_t	hash;

	if (labels->last < labels->count && is_text(labels, labels->last, text, length))
		return labels->last;
	hash = hash_text(text, length);
	for (int code = 0; code < labels->count; code++)
		if (labels->hashes[code] == hash && is_text(labels, code, text, length))
			return labels->last = code;
	return -1;
}

/* Makes room for a label and returns its code. */
static int
add(CvmClassLabels *labels)
{
	if (labels->count == labels->capacity)
	{
		labels->capacity = labels->capacity == 0 ? FIRST_CAPACITY : 2 * labels->capacity;
		labels->values = cvm_resize(labels->values, labels->capacity, sizeof(double));
		labels->texts = cvm_resize(labels->texts, labels->capacity, sizeof(char *));
		labels->hashes = cvm_resize(labels->hashes, labels->capacity, sizeof(uint32_t));
		labels->rows = cvm_resize(labels->rows, labels->capacity, sizeof(int64_t));
	}
	labels->values[labels->count] = 0;
	labels->texts[labels->count] = NULL;
	labels->hashes[labels->count] = 0;
	labels->rows[labels->count] = 0;
	return labels->count++;
}

int
cvm_class_add_number(CvmClassLabels *labels, double value)
{
	int			code = add(labels);

	labels->values[code] = value;
	return code;
}

int
cvm_class_add_text(CvmClassLabels *labels, const char *text, size_t length)
{
	int			code = add(labels);

	labels->texts[code] = CVM_NEW(char, length + 1);
	memcpy(labels->texts[code], text, length);
	labels->texts[code][length] = '\0';
	labels->hashes[code] = hash_text(text, length);
	return code;
}

static bool
comes_before(const CvmClassLabels *labels, int left, int right)
{
	if (labels->texts[left] != NULL)
		return strcmp(labels->texts[left], labels->texts[right]) < 0;
	return labels->values[left] < labels->values[right];
}

/* By insertion: most come sorted, and there are few. */
void
cvm_class_order(const CvmClassLabels *labels, int *order)
{
	for (int code = 0; code < labels->count; code++)
	{
		int			place = code;

		for (; place > 0 && comes_before(labels, code, order[place - 1]); place--)
			order[place] = order[place - 1];
		order[place] = code;
	}
}
