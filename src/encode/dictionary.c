/*
 * dictionary.c
 *		Codes for the texts of a category column, and how often each occurs.
 *
 * Memory is bounded, whatever the columns hold: each dictionary may use
 * FREE_BYTES, and all of a pool together what the pool allows more.  A column of long
 * free texts may empty the pool, but not take away what is enough for some
 * ten thousand levels of every other column.  Past its bound a dictionary
 * keeps the codes that it has and gives all new texts one overflow code.
 */
#include "encode/dictionary.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

#define FREE_BYTES ((size_t) 1 << 20)

#define FIRST_CAPACITY 16
#define FIRST_CHUNK 256
#define LARGEST_CHUNK 65536

/* What an entry takes besides its text: itself and four places in the table. */
#define ENTRY_BYTES (sizeof(CvmDictionaryEntry) + 4 * sizeof(int32_t))

void
cvm_dictionary_init(CvmDictionary *dictionary)
{
	memset(dictionary, 0, sizeof(CvmDictionary));
	dictionary->overflow_code = -1;
}

/* Claims room for a text; false: there is none. */
static bool
claim(CvmDictionary *dictionary, CvmDictionaryPool *pool, size_t length)
{
	size_t		before = dictionary->bytes;
	size_t		after;
	size_t		from_pool;
	size_t		limit = pool->limit > 0 ? pool->limit : CVM_DICTIONARY_POOL;

	if (length > limit)
		return false;
	after = before + length + 1 + ENTRY_BYTES;
	from_pool = after <= FREE_BYTES ? 0 :
		after - (before > FREE_BYTES ? before : FREE_BYTES);
	if (pool->used + from_pool > limit)
		return false;
	pool->used += from_pool;
	dictionary->bytes = after;
	return true;
}

static const char *
keep_text(CvmDictionary *dictionary, const char *text, size_t length)
{
	size_t		size = length + 1;
	char	   *copy;

	if (size > dictionary->chunk_left)
	{
		/* chunks grow with what is there already, so that small columns stay small */
		size_t		chunk_size = dictionary->bytes / 2;

		if (chunk_size < FIRST_CHUNK)
			chunk_size = FIRST_CHUNK;
		if (chunk_size > LARGEST_CHUNK)
			chunk_size = LARGEST_CHUNK;
		if (chunk_size < size)
			chunk_size = size;
		dictionary->chunk = CVM_NEW(char, chunk_size);
		dictionary->chunk_left = chunk_size;
	}
	copy = dictionary->chunk;
	memcpy(copy, text, length);
	copy[length] = '\0';
	dictionary->chunk += size;
	dictionary->chunk_left -= size;
	return copy;
}

static void
grow(CvmDictionary *dictionary)
{
	int32_t		capacity = dictionary->capacity == 0 ? FIRST_CAPACITY :
		dictionary->capacity * 2;
	uint32_t	size = (uint32_t) capacity * 4;

	dictionary->entries = cvm_resize(dictionary->entries, capacity, sizeof(CvmDictionaryEntry));
	dictionary->capacity = capacity;
	cvm_release(dictionary->table);
	dictionary->table = CVM_NEW(int32_t, size);
	dictionary->table_size = size;
	memset(dictionary->table, -1, size * sizeof(int32_t));
	for (int32_t code = 0; code < dictionary->count; code++)
	{
		uint32_t	place = dictionary->entries[code].hash & (size - 1);

		if (code == dictionary->overflow_code)
			continue;
		while (dictionary->table[place] >= 0)
			place = (place + 1) & (size - 1);
		dictionary->table[place] = code;
	}
}

static int32_t
add_entry(CvmDictionary *dictionary, const char *text, size_t length, uint32_t hash)
{
	CvmDictionaryEntry *entry = &dictionary->entries[dictionary->count];

	entry->text = text;
	entry->length = (uint32_t) length;
	entry->hash = hash;
	entry->rows = 0;
	entry->weight = 0;
	return dictionary->count++;
}

/*
 * memcmp() without a call, for texts as levels of a category are: the first
 * and the last bytes, some of them twice.
 */
static inline bool
same_text(const char *left, const char *right, size_t length)
{
	uint64_t	long_words[4];
	uint32_t	words[4];

	if (length >= 8 && length <= 16)
	{
		memcpy(&long_words[0], left, 8);
		memcpy(&long_words[1], right, 8);
		memcpy(&long_words[2], left + length - 8, 8);
		memcpy(&long_words[3], right + length - 8, 8);
		return long_words[0] == long_words[1] && long_words[2] == long_words[3];
	}
	if (length >= 4 && length < 8)
	{
		memcpy(&words[0], left, 4);
		memcpy(&words[1], right, 4);
		memcpy(&words[2], left + length - 4, 4);
		memcpy(&words[3], right + length - 4, 4);
		return words[0] == words[1] && words[2] == words[3];
	}
	return memcmp(left, right, length) == 0;
}

int32_t
cvm_dictionary_code(CvmDictionary *dictionary, CvmDictionaryPool *pool,
					const char *text, size_t length)
{
	uint32_t	hash = (uint32_t) cvm_hash_bytes(text, length, 0);
	uint32_t	place;
	int32_t		code;

	if (dictionary->count == dictionary->capacity)
		grow(dictionary);
	place = hash & (dictionary->table_size - 1);
	while ((code = dictionary->table[place]) >= 0)
	{
		const CvmDictionaryEntry *entry = &dictionary->entries[code];

		if (entry->hash == hash && entry->length == length &&
			same_text(entry->text, text, length))
			return code;
		place = (place + 1) & (dictionary->table_size - 1);
	}

	if (dictionary->overflow_code >= 0)
		return dictionary->overflow_code;
	if (!claim(dictionary, pool, length))
		return dictionary->overflow_code = add_entry(dictionary, NULL, 0, 0);
	code = add_entry(dictionary, keep_text(dictionary, text, length), length, hash);
	dictionary->table[place] = code;
	return code;
}
