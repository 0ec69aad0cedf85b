/*
 * nearest_name.c
 *		The name that may have been meant by one that is misspelled.
 */
#include "base/nearest_name.h"

#include <limits.h>
#include <string.h>

#define LONGEST_NAME 128

static int
smaller(int a, int b)
{
	return a < b ? a : b;
}

static char
folded(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char) (letter - 'A' + 'a') : letter;
}

/*
 * Edits that make one name of the other: insertion, deletion, change, and
 * swap of neighbors (optimal string alignment).
 */
static int
edit_distance(const char *left, size_t left_length, const char *right, size_t right_length)
{
	int			rows[3][LONGEST_NAME + 1];	/* of the table of distances, in turn */

	if (left_length > LONGEST_NAME || right_length > LONGEST_NAME)
		return INT_MAX;
	for (size_t i = 0; i <= left_length; i++)
	{
		int		   *row = rows[i % 3];
		const int  *above = rows[(i + 2) % 3];
		const int  *two_above = rows[(i + 1) % 3];

		row[0] = (int) i;
		for (size_t j = 1; j <= right_length; j++)
		{
			char		l = i > 0 ? folded(left[i - 1]) : '\0';
			char		r = folded(right[j - 1]);

			row[j] = row[j - 1] + 1;
			if (i == 0)
				continue;
			row[j] = smaller(row[j], smaller(above[j] + 1, above[j - 1] + (l != r)));
			if (i > 1 && j > 1 && l == folded(right[j - 2]) && folded(left[i - 2]) == r)
				row[j] = smaller(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[left_length % 3][right_length];
}

void
cvm_nearest_begin(CvmNearest *nearest, const char *name)
{
	size_t		length = strlen(name);
	int			short_length = smaller(LONGEST_NAME, length > INT_MAX ? INT_MAX : (int) length);
	int			third = short_length / 3;

	nearest->name = name;
	nearest->length = length;
	nearest->least = smaller(third > 2 ? third : 2, short_length / 2) + 1;
	nearest->found = NULL;
}

void
cvm_nearest_consider(CvmNearest *nearest, const char *candidate)
{
	int			distance = edit_distance(nearest->name, nearest->length,
										 candidate, strlen(candidate));

	if (distance < nearest->least)
	{
		nearest->least = distance;
		nearest->found = candidate;
	}
}

const char *
cvm_nearest_of(const char *name, const char *const *candidates, int count)
{
	CvmNearest	nearest;

	cvm_nearest_begin(&nearest, name);
	for (int i = 0; i < count; i++)
		cvm_nearest_consider(&nearest, candidates[i]);
	return nearest.found;
}

const char *
cvm_name_elsewhere(const char *name, const char *const (*pairs)[2], int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(name, pairs[i][0]) == 0)
			return pairs[i][1];
	return NULL;
}
