/*
 * dictionary.h
 *		Codes for the texts of a category column, and how often each occurs.
 *
 * For src/encode and src/metrics.
 */
#ifndef CVM_DICTIONARY_H
#define CVM_DICTIONARY_H

#include <stddef.h>
#include <stdint.h>

typedef struct CvmDictionaryEntry
{
	const char *text;			/* NUL-terminated; NULL for the overflow code */
	uint32_t	length;
	uint32_t	hash;
	int64_t		rows;			/* training rows that have it */
	double		weight;			/* their weight */
} CvmDictionaryEntry;

#define CVM_DICTIONARY_POOL ((size_t) 32 << 20)

/* What some dictionaries of a profile may use together. */
typedef struct CvmDictionaryPool
{
	size_t		used;			/* bytes past the free share of each dictionary */
	size_t		limit;			/* the most of these; 0: CVM_DICTIONARY_POOL */
} CvmDictionaryPool;

typedef struct CvmDictionary
{
	CvmDictionaryEntry *entries;	/* by code */
	int32_t		count;
	int32_t		capacity;
	int32_t    *table;			/* open addressing: codes, -1 for empty */
	uint32_t	table_size;		/* a power of two */
	int32_t		overflow_code;	/* shared by texts that found no room, or -1 */
	size_t		bytes;			/* used by this dictionary */
	char	   *chunk;			/* of text memory */
	size_t		chunk_left;
} CvmDictionary;

extern void cvm_dictionary_init(CvmDictionary *dictionary);

/*
 * Code of a text, adding it if it is new.  Codes are given out in order of
 * appearance from 0.  When memory is used up, every new text gets the same
 * overflow code.
 */
extern int32_t cvm_dictionary_code(CvmDictionary *dictionary, CvmDictionaryPool *pool,
								   const char *text, size_t length);

#endif							/* CVM_DICTIONARY_H */
