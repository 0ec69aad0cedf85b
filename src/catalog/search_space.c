/*
 * search_space.c
 *		Combinations of option values to try.
 *
 * Each option is a dimension: a list of JSON values, or a range.  A combination
 * is written as JSON text and read again, so that whatever jsonb takes can be a
 * value; whether an option takes it is found out when it is tried.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "base/random.h"
#include "catalog/search_space.h"
#include "learn/options.h"
#include "pg/compat.h"

#define DEFAULT_STEPS 5
#define MOST_STEPS 1000

typedef struct Dimension
{
	char	   *option;
	int			count;			/* of values; 0: a range */
	char	  **values;			/* as JSON */
	double		low;
	double		high;
	bool		logarithmic;
	bool		integer;
	int			steps;
} Dimension;

typedef struct Space
{
	int			count;
	Dimension  *dimensions;
} Space;

/* ---- reading ---- */

pg_noreturn static void
bad_dimension(const char *option, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("search for option \"%s\" %s", option, what),
			 errhint("For example: '{\"l2\": [0.1, 1, 10], \"learning_rate\": {\"min\": 0.001, \"max\": 0.1, \"scale\": \"log\"}}'.")));
}

static char *
value_text(JsonbValue *value)
{
	Jsonb	   *json = JsonbValueToJsonb(value);

	return JsonbToCString(NULL, &json->root, VARSIZE(json));
}

static void
read_values(Dimension *dimension, JsonbContainer *array)
{
	JsonbIterator *iterator = JsonbIteratorInit(array);
	JsonbValue	value;
	JsonbIteratorToken token;

	dimension->values = palloc(sizeof(char *) * Max(JsonContainerSize(array), 1));
	(void) JsonbIteratorNext(&iterator, &value, true);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) == WJB_ELEM)
		dimension->values[dimension->count++] = value_text(&value);
	if (dimension->count == 0)
		bad_dimension(dimension->option, "has no values");
}

static double
range_number(const Dimension *dimension, const JsonbValue *value)
{
	if (value->type != jbvNumeric)
		bad_dimension(dimension->option, "has a range whose numbers are none");
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											  NumericGetDatum(value->val.numeric)));
}

static bool
is_text(const JsonbValue *value, const char *text)
{
	return value->type == jbvString && value->val.string.len == strlen(text) &&
		memcmp(value->val.string.val, text, strlen(text)) == 0;
}

static void
read_range(Dimension *dimension, JsonbContainer *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbValue	value;

	dimension->low = dimension->high = NAN;
	dimension->steps = DEFAULT_STEPS;
	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY)
	{
		char	   *key = pnstrdup(value.val.string.val, value.val.string.len);

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (strcmp(key, "min") == 0)
			dimension->low = range_number(dimension, &value);
		else if (strcmp(key, "max") == 0)
			dimension->high = range_number(dimension, &value);
		else if (strcmp(key, "steps") == 0)
			dimension->steps = (int) fmin(MOST_STEPS + 1, range_number(dimension, &value));
		else if (strcmp(key, "scale") == 0 && (is_text(&value, "log") || is_text(&value, "linear")))
			dimension->logarithmic = is_text(&value, "log");
		else if (strcmp(key, "integer") == 0 && value.type == jbvBool)
			dimension->integer = value.val.boolean;
		else
			bad_dimension(dimension->option, psprintf("has a range with a wrong \"%s\"", key));
	}
	if (!(dimension->low < dimension->high) || (dimension->logarithmic && !(dimension->low > 0)))
		bad_dimension(dimension->option, dimension->logarithmic ?
					  "needs a range with 0 < min < max" : "needs a range with min < max");
	if (dimension->steps < 2 || dimension->steps > MOST_STEPS)
		bad_dimension(dimension->option, psprintf("needs 2 to %d steps", MOST_STEPS));
}

static Space *
read_space(Jsonb *search)
{
	Space	   *space = palloc0(sizeof(Space));
	JsonbIterator *iterator;
	JsonbValue	value;

	if (search == NULL || !JB_ROOT_IS_OBJECT(search) || JB_ROOT_COUNT(search) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("search must be a JSON object of options to try"),
				 errhint("For example: search => '{\"l2\": [0.1, 1, 10]}'.")));
	space->dimensions = palloc0(sizeof(Dimension) * JB_ROOT_COUNT(search));
	iterator = JsonbIteratorInit(&search->root);
	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY)
	{
		Dimension  *dimension = &space->dimensions[space->count++];

		dimension->option = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (cvm_option_find(dimension->option) == NULL)
		{
			const char *nearest = cvm_option_nearest(dimension->option);

			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" is not known", dimension->option),
					 nearest ? errhint("Did you mean \"%s\"?", nearest)
					 : errhint("SELECT name, help FROM cvm.options() lists all options.")));
		}
		if (value.type != jbvBinary)
			bad_dimension(dimension->option, "is neither a list nor a range");
		if (JsonContainerIsArray(value.val.binary.data))
			read_values(dimension, value.val.binary.data);
		else
			read_range(dimension, value.val.binary.data);
	}
	return space;
}

/* ---- combinations ---- */

static void
append_number(StringInfo json, const Dimension *dimension, double place)
{
	double		number;

	if (dimension->logarithmic)
		number = dimension->low * pow(dimension->high / dimension->low, place);
	else
		number = dimension->low + (dimension->high - dimension->low) * place;
	if (dimension->integer)
		number = rint(number);
	appendStringInfoString(json, float8out_internal(number));
}

static void
append_option(StringInfo json, const Dimension *dimension, bool first)
{
	if (!first)
		appendStringInfoString(json, ", ");
	escape_json(json, dimension->option);
	appendStringInfoString(json, ": ");
}

static Jsonb *
read_jsonb(StringInfo json)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json->data)));
}

static int
steps_of(const Dimension *dimension)
{
	return dimension->count > 0 ? dimension->count : dimension->steps;
}

/* The last option changes fastest. */
static Jsonb *
grid_point(const Space *space, int64 number)
{
	int		   *places = palloc(sizeof(int) * space->count);
	StringInfoData json;

	for (int i = space->count - 1; i >= 0; i--)
	{
		places[i] = number % steps_of(&space->dimensions[i]);
		number /= steps_of(&space->dimensions[i]);
	}
	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < space->count; i++)
	{
		const Dimension *dimension = &space->dimensions[i];

		append_option(&json, dimension, i == 0);
		if (dimension->count > 0)
			appendStringInfoString(&json, dimension->values[places[i]]);
		else
			append_number(&json, dimension, (double) places[i] / (dimension->steps - 1));
	}
	appendStringInfoChar(&json, '}');
	return read_jsonb(&json);
}

Jsonb **
cvm_search_grid(Jsonb *search, int budget, int *count)
{
	Space	   *space = read_space(search);
	int64		points = 1;
	Jsonb	  **result;

	for (int i = 0; i < space->count && points <= budget; i++)
		points *= steps_of(&space->dimensions[i]);
	if (points > budget)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the grid has more combinations than the budget of %d trials", budget),
				 errhint("Raise budget, or use method => 'random' or 'halving'.")));
	*count = (int) points;
	result = palloc(sizeof(Jsonb *) * points);
	for (int i = 0; i < points; i++)
		result[i] = grid_point(space, i);
	return result;
}

static Jsonb *
random_point(const Space *space, CvmRandom *random)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < space->count; i++)
	{
		const Dimension *dimension = &space->dimensions[i];

		append_option(&json, dimension, i == 0);
		if (dimension->count > 0)
			appendStringInfoString(&json, dimension->values[cvm_random_below(random, dimension->count)]);
		else
			append_number(&json, dimension, cvm_random_uniform(random));
	}
	appendStringInfoChar(&json, '}');
	return read_jsonb(&json);
}

Jsonb **
cvm_search_random(Jsonb *search, int budget, uint64 seed, int *count)
{
	Space	   *space = read_space(search);
	Jsonb	  **result = palloc(sizeof(Jsonb *) * budget);
	CvmRandom	random;

	cvm_random_seed(&random, seed);
	*count = budget;
	for (int i = 0; i < budget; i++)
		result[i] = random_point(space, &random);
	return result;
}
