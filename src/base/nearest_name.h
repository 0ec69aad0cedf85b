/*
 * nearest_name.h
 *		The name that may have been meant by one that is misspelled.
 */
#ifndef CVM_NEAREST_NAME_H
#define CVM_NEAREST_NAME_H

#include <stddef.h>

typedef struct CvmNearest
{
	const char *name;			/* that is misspelled */
	size_t		length;
	int			least;			/* edits, fewer than which are wanted */
	const char *found;			/* so far; NULL: none is near */
} CvmNearest;

/*
 * Near is what takes at most two edits, or as many as a third of the name's
 * bytes where those are more, and leaves half of it; the case of ASCII letters
 * does not count.  Names past 128 bytes are near to nothing.  Neither name nor
 * candidates are copied.
 */
extern void cvm_nearest_begin(CvmNearest *nearest, const char *name);
extern void cvm_nearest_consider(CvmNearest *nearest, const char *candidate);

/* The nearest of an array of names. */
extern const char *cvm_nearest_of(const char *name, const char *const *candidates, int count);

/*
 * What a name of another library is called here: pairs of theirs and ours;
 * NULL: it is not among them.
 */
extern const char *cvm_name_elsewhere(const char *name, const char *const (*pairs)[2], int count);

#endif							/* CVM_NEAREST_NAME_H */
