/*
 * class_state.c
 *		How often which class was predicted where which was right.
 *
 * Labels of any type are told apart by their text.  Of types that are passed
 * by value the last few values are remembered with their codes, so that a
 * boolean or an integer is turned into text once and not in every row.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/memory.h"
#include "encode/dictionary.h"
#include "metrics/class_state.h"
#include "pg/compat.h"

#define MOST_LABELS 1000
#define REMEMBERED 16

struct CvmClassState
{
	MemoryContext context;
	bool		is_number;		/* labels are in the order of their values */
	Oid			output;			/* of the type; invalid after deserialization */
	bool		by_value;
	bool		is_text;

	CvmDictionary labels;
	CvmDictionaryPool pool;
	int			capacity;		/* rows and columns of the matrix */
	double	   *counts;			/* capacity x capacity, by code */

	Datum		remembered[REMEMBERED];
	int			remembered_codes[REMEMBERED];
	int			remembered_count;
};

static CvmClassState *
create(void)
{
	CvmClassState *state = palloc0(sizeof(CvmClassState));

	state->context = CurrentMemoryContext;
	cvm_dictionary_init(&state->labels);
	return state;
}

CvmClassState *
cvm_class_create(Oid type)
{
	CvmClassState *state = create();
	bool		is_varlena;
	char		category;
	bool		preferred;

	get_type_category_preferred(type, &category, &preferred);
	state->is_number = category == TYPCATEGORY_NUMERIC;
	state->by_value = get_typbyval(type);
	state->is_text = getBaseType(type) == TEXTOID || getBaseType(type) == VARCHAROID;
	getTypeOutputInfo(type, &state->output, &is_varlena);
	return state;
}

/* ---- counting ---- */

static void
widen(CvmClassState *state)
{
	int			capacity = Max(4, state->capacity * 2);
	double	   *counts = CVM_NEW_ZERO(double, (Size) capacity * capacity);

	for (int row = 0; row < state->capacity; row++)
		memcpy(counts + (Size) row * capacity, state->counts + (Size) row * state->capacity,
			   sizeof(double) * state->capacity);
	cvm_release(state->counts);
	state->counts = counts;
	state->capacity = capacity;
}

static int
code_of_text(CvmClassState *state, const char *text, Size length)
{
	MemoryContext caller = MemoryContextSwitchTo(state->context);
	int			code = cvm_dictionary_code(&state->labels, &state->pool, text, length);

	if (state->labels.count > MOST_LABELS || state->labels.overflow_code >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("there are more than %d labels", MOST_LABELS),
				 errhint("Is the first argument a class and not a number?")));
	if (state->labels.count > state->capacity)
		widen(state);
	MemoryContextSwitchTo(caller);
	return code;
}

static int
code_of(CvmClassState *state, Datum label)
{
	int			code;

	if (state->by_value)
		for (int i = 0; i < state->remembered_count; i++)
			if (state->remembered[i] == label)
				return state->remembered_codes[i];

	if (state->is_text)
	{
		text	   *value = DatumGetTextPP(label);

		code = code_of_text(state, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
		if ((Pointer) value != DatumGetPointer(label))
			pfree(value);
	}
	else
	{
		char	   *value = OidOutputFunctionCall(state->output, label);

		code = code_of_text(state, value, strlen(value));
		pfree(value);
	}
	if (state->by_value && state->remembered_count < REMEMBERED)
	{
		state->remembered[state->remembered_count] = label;
		state->remembered_codes[state->remembered_count++] = code;
	}
	return code;
}

void
cvm_class_add(CvmClassState *state, Datum actual, Datum predicted, double weight)
{
	int			row = code_of(state, actual);
	int			column = code_of(state, predicted);

	state->counts[(Size) row * state->capacity + column] += weight;
}

void
cvm_class_merge(CvmClassState *state, const CvmClassState *other)
{
	int			count = other->labels.count;
	int		   *codes = palloc(sizeof(int) * Max(count, 1));

	for (int i = 0; i < count; i++)
		codes[i] = code_of_text(state, other->labels.entries[i].text,
								other->labels.entries[i].length);
	for (int row = 0; row < count; row++)
		for (int column = 0; column < count; column++)
			state->counts[(Size) codes[row] * state->capacity + codes[column]] +=
				other->counts[(Size) row * other->capacity + column];
	pfree(codes);
}

/* ---- results ---- */

static int
compare_texts(const void *a, const void *b, void *argument)
{
	const CvmDictionaryEntry *entries = argument;

	return strcmp(entries[*(const int *) a].text, entries[*(const int *) b].text);
}

static int
compare_numbers(const void *a, const void *b, void *argument)
{
	const CvmDictionaryEntry *entries = argument;
	double		left = strtod(entries[*(const int *) a].text, NULL);
	double		right = strtod(entries[*(const int *) b].text, NULL);

	if (left != right)
		return left < right ? -1 : 1;
	return compare_texts(a, b, argument);
}

int
cvm_class_matrix(const CvmClassState *state, char ***labels, double **counts)
{
	int			count = state->labels.count;
	int		   *order = palloc(sizeof(int) * Max(count, 1));

	for (int i = 0; i < count; i++)
		order[i] = i;
	qsort_arg(order, count, sizeof(int), state->is_number ? compare_numbers : compare_texts,
			  state->labels.entries);
	*labels = palloc(sizeof(char *) * Max(count, 1));
	*counts = palloc(sizeof(double) * Max((Size) count * count, 1));
	for (int row = 0; row < count; row++)
	{
		(*labels)[row] = pstrdup(state->labels.entries[order[row]].text);
		for (int column = 0; column < count; column++)
			(*counts)[(Size) row * count + column] =
				state->counts[(Size) order[row] * state->capacity + order[column]];
	}
	pfree(order);
	return count;
}

int
cvm_class_positive(char **labels, int count)
{
	int			positive = count;

	for (int i = 0; i < count; i++)
		if (strcmp(labels[i], "1") == 0 || strcmp(labels[i], "t") == 0)
			positive = i;
		else if (strcmp(labels[i], "0") != 0 && strcmp(labels[i], "f") != 0)
			return -1;
	return positive;
}

/* ---- parallel parts ---- */

/* The bytes: whether labels are numbers, how many, each, then the matrix. */
bytea *
cvm_class_serialize(const CvmClassState *state)
{
	StringInfoData bytes;
	int			count = state->labels.count;

	pq_begintypsend(&bytes);
	pq_sendbyte(&bytes, state->is_number);
	pq_sendint32(&bytes, count);
	for (int i = 0; i < count; i++)
	{
		pq_sendint32(&bytes, state->labels.entries[i].length);
		pq_sendbytes(&bytes, state->labels.entries[i].text, state->labels.entries[i].length);
	}
	for (int row = 0; row < count; row++)
		for (int column = 0; column < count; column++)
			pq_sendfloat8(&bytes, state->counts[(Size) row * state->capacity + column]);
	return pq_endtypsend(&bytes);
}

CvmClassState *
cvm_class_deserialize(bytea *value)
{
	CvmClassState *state = create();
	StringInfoData bytes;
	int			count;

	initStringInfo(&bytes);
	appendBinaryStringInfo(&bytes, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	state->is_number = pq_getmsgbyte(&bytes) != 0;
	count = pq_getmsgint(&bytes, 4);
	for (int i = 0; i < count; i++)
	{
		int			length = pq_getmsgint(&bytes, 4);

		(void) code_of_text(state, pq_getmsgbytes(&bytes, length), length);
	}
	for (int row = 0; row < count; row++)
		for (int column = 0; column < count; column++)
			state->counts[(Size) row * state->capacity + column] = pq_getmsgfloat8(&bytes);
	pq_getmsgend(&bytes);
	return state;
}
