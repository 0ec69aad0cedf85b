/*
 * class_labels.h
 *		The classes that a state has met, in order of appearance.
 *
 * Rows keep the code of their class; what the order of classes is, is known
 * only at the end.
 */
#ifndef CVM_CLASS_LABELS_H
#define CVM_CLASS_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How targets come; values are part of the format. */
typedef enum CvmTargetKind
{
	CVM_TARGET_NUMBER = 0,
	CVM_TARGET_BOOLEAN = 1,
	CVM_TARGET_INTEGER = 2,
	CVM_TARGET_TEXT = 3
} CvmTargetKind;

#define CVM_TARGET_KIND_COUNT 4

#define CVM_MOST_CLASSES 1000

typedef struct CvmClassLabels
{
	int			count;
	int			capacity;
	int			last;			/* code found last */
	double	   *values;			/* numbers, booleans, integers */
	char	  **texts;			/* texts; else NULL */
	uint32_t   *hashes;			/* of texts */
	int64_t    *rows;			/* that have the class */
} CvmClassLabels;

/* Code of a label, -1 if it was not met.  text: not NUL-terminated. */
extern int	cvm_class_search_number(CvmClassLabels *labels, double value);
extern int	cvm_class_of_text(CvmClassLabels *labels, const char *text, size_t length);

/* Which of two classes comes next cannot be predicted: no branch depends on it. */
static inline int
cvm_class_of_number(CvmClassLabels *labels, double value)
{
	if (labels->count == 2)
	{
		int			code = value == labels->values[1];

		return labels->values[code] == value ? code : -1;
	}
	return cvm_class_search_number(labels, value);
}

/* Adds a label that was not met; returns its code. */
extern int	cvm_class_add_number(CvmClassLabels *labels, double value);
extern int	cvm_class_add_text(CvmClassLabels *labels, const char *text, size_t length);

/*
 * order: codes sorted by label, numbers by value and texts by their bytes, as
 * cvm.train sorts classes.
 */
extern void cvm_class_order(const CvmClassLabels *labels, int *order);

#endif							/* CVM_CLASS_LABELS_H */
