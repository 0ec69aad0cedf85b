/*
 * target.c
 *		The column to predict: its type, its values, its classes.
 *
 * A learner has tasks that it can do: predict a number, tell two classes apart,
 * or more than two; "auto" can do all of them.  Booleans, text and enums are
 * classes.  Numbers are classes for a learner that knows nothing else, and
 * numbers likewise.  Where both is possible integers with up to
 * MOST_INTEGER_CLASSES values are classes, and other numbers are numbers.
 *
 * The rows are read once, so the values of the training rows are collected as
 * they come: numbers in a sorted array, labels in a dictionary.  What the
 * classes are is known at the end, and only values of training rows are
 * classes: one that is met among the held-out rows alone cannot be learned.
 *
 * Classes are sorted: false before true, numbers by value, enums as they were
 * declared, text by its bytes (the same under every locale).  Of two classes
 * the last one is the positive one, so "yes" after "no" and 1 after 0, unless
 * option "positive" says otherwise.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "encode/encoder.h"
#include "frame/column.h"
#include "frame/target.h"
#include "pg/report.h"

#define MOST_CLASSES 1000
#define MOST_INTEGER_CLASSES 20
#define LISTED_CLASSES 10		/* in messages */

struct CvmTarget
{
	const char *name;
	CvmColumnReader *reader;
	CvmInputKind kind;			/* NUMBER, BOOLEAN or CATEGORY */
	bool		integral;
	bool		is_enum;
	const CvmLearner *learner;	/* NULL for "auto" */
	unsigned	tasks;			/* that are open to choice */
	bool		nonnegative;	/* the loss knows no numbers below zero */
	const char *positive;
	MemoryContext context;

	/*
	 * Values of the training rows, as long as there are no more than "most"
	 * of them; most = 0: they are not collected (any more).
	 */
	int			most;
	int			value_count;
	double	   *values;			/* numbers: sorted; labels: unused */
	double	   *weights;		/* of the training rows */
	int			weighted;		/* labels: how many have a weight */

	/* labels, by code */
	CvmProfile *dictionary;
	char	  **labels;
	Datum	   *enums;

	int		   *class_of_value; /* after resolve; -1: no class */

	/* after _expect */
	bool		is_expected;
	CvmTask		expected_task;
	int			expected_count;
	const char *const *expected;
};

#define ALL_TASKS \
	(CVM_TASK_BIT(CVM_REGRESSION) | CVM_TASK_BIT(CVM_BINARY) | CVM_TASK_BIT(CVM_MULTICLASS))

static bool
may_be(const CvmTarget *target, CvmTask task)
{
	return (target->tasks & CVM_TASK_BIT(task)) != 0;
}

static bool
may_be_classes(const CvmTarget *target)
{
	return may_be(target, CVM_BINARY) || may_be(target, CVM_MULTICLASS);
}

/* How many distinct values to collect before giving up on classes. */
static int
most_values(const CvmTarget *target)
{
	if (!may_be_classes(target))
		return 0;
	if (!may_be(target, CVM_MULTICLASS))
		return 2;
	if (target->kind != CVM_INPUT_NUMBER || !may_be(target, CVM_REGRESSION))
		return MOST_CLASSES;
	return target->integral ? MOST_INTEGER_CLASSES : 2;
}

CvmTarget *
cvm_target_create(Form_pg_attribute column, const CvmLearner *learner,
				  const CvmOptions *options)
{
	CvmTarget  *target = palloc0(sizeof(CvmTarget));
	const char *type;

	target->learner = learner;
	target->tasks = learner == NULL ? ALL_TASKS : cvm_learner_tasks(learner, options);
	if (column == NULL)
		return target;
	type = format_type_be(column->atttypid);
	target->name = pstrdup(NameStr(column->attname));
	target->positive = options->positive;
	target->context = CurrentMemoryContext;
	if (!cvm_column_kind(column->atttypid, &target->kind, &target->integral) ||
		(target->kind != CVM_INPUT_NUMBER && target->kind != CVM_INPUT_BOOLEAN &&
		 target->kind != CVM_INPUT_CATEGORY))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("target \"%s\" has type %s, which cannot be predicted",
						target->name, type),
				 errhint("A target is a number, a boolean, or a label (text or enum).")));
	/* counts, and amounts of events */
	target->nonnegative = (learner != NULL &&
						   learner->family(learner, CVM_REGRESSION, options) == CVM_POISSON) ||
		target->tasks == CVM_TASK_BIT(CVM_RECOMMENDATION);
	if (target->kind == CVM_INPUT_CATEGORY && !may_be_classes(target))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("algorithm \"%s\" predicts a number, and target \"%s\" has type %s",
						learner->name, target->name, type),
				 errhint("Use a classifier (logistic, svm, softmax), or algorithm => 'auto'.")));

	target->reader = cvm_column_reader_create(target->name, column->atttypid,
											  target->kind, 0);
	target->most = most_values(target);
	target->values = palloc((MOST_CLASSES + 1) * sizeof(double));
	target->weights = palloc0((MOST_CLASSES + 1) * sizeof(double));
	if (target->kind == CVM_INPUT_CATEGORY)
	{
		CvmColumn	label = {.name = target->name,.kind = CVM_INPUT_CATEGORY};

		target->is_enum = type_is_enum(getBaseType(column->atttypid));
		target->dictionary = cvm_profile_create(&label, 1);
		target->labels = palloc((MOST_CLASSES + 1) * sizeof(char *));
		target->enums = palloc((MOST_CLASSES + 1) * sizeof(Datum));
	}
	return target;
}

/* ---- values as they come ---- */

static void
too_many_classes(const CvmTarget *target)
{
	if (target->most == 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" needs a target of two classes, and \"%s\" has more",
						target->learner->name, target->name),
				 errhint("Use algorithm => 'softmax' for more than two classes%s.",
						 target->kind == CVM_INPUT_CATEGORY ? "" :
						 ", or 'linear' to predict a number")));
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("target \"%s\" has more than %d classes", target->name, MOST_CLASSES),
			 target->kind == CVM_INPUT_CATEGORY ?
			 errhint("Group its rare labels in the source.") :
			 errhint("Use algorithm => 'linear' to predict it as a number.")));
}

/* The code of a label; value: of an enum. */
static int
label_code(CvmTarget *target, const char *text, int length, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(target->context);
	int			code = cvm_profile_code(target->dictionary, 0, text, length);

	MemoryContextSwitchTo(old);
	if (code == target->value_count)
	{
		if (code == MOST_CLASSES)
			too_many_classes(target);
		target->labels[code] = MemoryContextAlloc(target->context, length + 1);
		memcpy(target->labels[code], text, length);
		target->labels[code][length] = '\0';
		target->enums[code] = target->is_enum ? value : (Datum) 0;
		target->value_count++;
	}
	return code;
}

static double
read_label(CvmTarget *target, Datum value)
{
	int			length;
	const char *text = cvm_column_text(target->reader, value, false, &length);

	return label_code(target, text, length, value);
}

bool
cvm_target_read(CvmTarget *target, Datum value, bool isnull, double *raw)
{
	double		number;

	if (target->reader == NULL)
	{
		*raw = 0;
		return true;
	}
	if (isnull)
		return false;
	if (target->kind == CVM_INPUT_CATEGORY)
	{
		*raw = read_label(target, value);
		return true;
	}

	number = cvm_column_number(target->reader, value, false);
	if (isnan(number))
		return false;
	if (isinf(number))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("target \"%s\" is infinite in some row", target->name),
				 errhint("Leave out such rows in the source.")));
	if (number < 0 && target->nonnegative)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" needs a target of zero or more, and \"%s\" is %g in some row",
						target->learner->name, target->name, number),
				 errhint("%sleave out such rows in the source.",
						 may_be(target, CVM_REGRESSION) ? "Use algorithm => 'linear', or " :
						 "Let option \"factorization\" be \"als\" for ratings, or ")));
	*raw = number + 0.0;		/* not -0 */
	return true;
}

/*
 * Index of a number among the sorted values; of the first larger one if
 * absent.  Without branches on the values: which of two classes a row has
 * cannot be predicted.
 */
static inline int
find_value(const CvmTarget *target, double number)
{
	int			first = 0;
	int			count = target->value_count;

	while (count > 0)
	{
		int			half = count / 2;
		int			below = target->values[first + half] < number;

		first += below * (half + 1);
		count = below * (count - half - 1) + (1 - below) * half;
	}
	return first;
}

/* Makes room for a value before the one at "place"; false: there are too many. */
static bool
insert_value(CvmTarget *target, int place, double number)
{
	int			above = target->value_count - place;

	if (target->value_count == target->most)
	{
		if (!may_be(target, CVM_REGRESSION))
			too_many_classes(target);
		target->most = 0;
		return false;
	}
	memmove(&target->values[place + 1], &target->values[place], above * sizeof(double));
	memmove(&target->weights[place + 1], &target->weights[place], above * sizeof(double));
	target->values[place] = number;
	target->weights[place] = 0;
	target->value_count++;
	return true;
}

static void
count_numbers(CvmTarget *target, int rows, const double *raw, const double *weights)
{
	for (int row = 0; row < rows; row++)
	{
		int			place = find_value(target, raw[row]);

		if ((place == target->value_count || target->values[place] != raw[row]) &&
			!insert_value(target, place, raw[row]))
			return;
		target->weights[place] += weights[row];
	}
}

static void
count_labels(CvmTarget *target, int rows, const double *raw, const double *weights)
{
	for (int row = 0; row < rows; row++)
	{
		int			label = (int) raw[row];

		if (target->weights[label] == 0 && ++target->weighted > target->most)
			too_many_classes(target);
		target->weights[label] += weights[row];
	}
}

void
cvm_target_count(CvmTarget *target, int rows, const double *raw, const double *weights)
{
	if (target->most == 0)
		return;
	if (target->kind == CVM_INPUT_CATEGORY)
		count_labels(target, rows, raw, weights);
	else
		count_numbers(target, rows, raw, weights);
}

/* ---- classes ---- */

static char *
value_label(const CvmTarget *target, int value)
{
	char		buffer[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (target->kind == CVM_INPUT_CATEGORY)
		return target->labels[value];
	if (target->kind == CVM_INPUT_BOOLEAN)
		return pstrdup(target->values[value] != 0 ? "true" : "false");
	if (target->integral)
		return psprintf("%.0f", target->values[value]);
	double_to_shortest_decimal_buf(target->values[value], buffer);
	return pstrdup(buffer);
}

static int
compare_labels(const void *a, const void *b, void *argument)
{
	const CvmTarget *target = argument;
	int			left = *(const int *) a;
	int			right = *(const int *) b;

	if (target->is_enum)
		return DatumGetInt32(OidFunctionCall2(F_ENUM_CMP, target->enums[left],
											  target->enums[right]));
	return strcmp(target->labels[left], target->labels[right]);
}

/* Fills order[] with the values that are classes, sorted; returns their number. */
static int
sort_classes(const CvmTarget *target, int *order)
{
	int			count = 0;
	int			value;

	for (value = 0; value < target->value_count; value++)
		if (target->weights[value] > 0)
			order[count++] = value;
	if (target->kind == CVM_INPUT_CATEGORY)
		qsort_arg(order, count, sizeof(int), compare_labels, (void *) target);
	return count;
}

static char *
list_classes(const CvmTarget *target, const int *order, int count)
{
	StringInfoData list;
	int			i;

	initStringInfo(&list);
	for (i = 0; i < Min(count, LISTED_CLASSES); i++)
		appendStringInfo(&list, "%s\"%s\"", i > 0 ? ", " : "",
						 value_label(target, order[i]));
	if (count > LISTED_CLASSES)
		appendStringInfoString(&list, ", ...");
	return list.data;
}

static bool
is_label(const CvmTarget *target, int value, const char *label)
{
	bool		truth;

	if (target->kind == CVM_INPUT_BOOLEAN && parse_bool(label, &truth))
		return truth == (target->values[value] != 0);
	return strcmp(value_label(target, value), label) == 0;
}

/* Makes the class of option "positive" the last of two. */
static void
apply_positive(const CvmTarget *target, int *order, int count)
{
	if (count != 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"positive\" needs a target of two classes, and \"%s\" %s",
						target->name,
						count == 0 ? "is predicted as a number" : "has more"),
				 errhint("Leave the option out.")));
	if (is_label(target, order[0], target->positive))
	{
		int			negative = order[1];

		order[1] = order[0];
		order[0] = negative;
	}
	else if (!is_label(target, order[1], target->positive))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"positive\" names \"%s\", which is no class of target \"%s\"",
						target->positive, target->name),
				 errhint("The classes are %s.", list_classes(target, order, count))));
}

static void
one_class(const CvmTarget *target, int value)
{
	CvmError	error = {{0}};

	cvm_fail(&error, CVM_ONE_CLASS,
			 "target \"%s\" is \"%s\" in every training row, so there is nothing to tell apart",
			 target->name, value_label(target, value));
	cvm_hint(&error, "Take in rows of another class, or see whether the source leaves them out.");
	cvm_report(CVM_ONE_CLASS, &error);
}

/* ---- classes that are known beforehand ---- */

void
cvm_target_expect(CvmTarget *target, CvmTask task, int class_count, const char *const *classes)
{
	target->is_expected = true;
	target->expected_task = task;
	target->expected_count = class_count;
	target->expected = classes;
	if (target->reader == NULL)
		return;
	target->tasks = class_count == 0 ? CVM_TASK_BIT(CVM_REGRESSION) :
		CVM_TASK_BIT(CVM_BINARY) | CVM_TASK_BIT(CVM_MULTICLASS);
	target->most = most_values(target);
	for (int k = 0; k < class_count; k++)
	{
		bool		truth = false;
		double		number;

		if (target->kind == CVM_INPUT_CATEGORY)
		{
			(void) label_code(target, classes[k], strlen(classes[k]), (Datum) 0);
			continue;
		}
		number = target->kind != CVM_INPUT_BOOLEAN ? strtod(classes[k], NULL) :
			parse_bool(classes[k], &truth) && truth;
		(void) insert_value(target, find_value(target, number), number);
	}
}

static int
expected_class(const CvmTarget *target, int value)
{
	for (int k = 0; k < target->expected_count; k++)
		if (is_label(target, value, target->expected[k]))
			return k;
	return -1;
}

static void
resolve_expected(CvmTarget *target, CvmTargetResult *result)
{
	result->learner = target->learner;
	result->task = target->expected_task;
	result->class_count = target->expected_count;
	if (target->expected_count == 0)
		return;
	result->classes = (char **) target->expected;
	result->class_weights = palloc0(target->expected_count * sizeof(double));
	target->class_of_value = palloc(MOST_CLASSES * sizeof(int));
	memset(target->class_of_value, -1, MOST_CLASSES * sizeof(int));
	for (int value = 0; value < target->value_count; value++)
	{
		int			class = expected_class(target, value);

		target->class_of_value[value] = class;
		if (class >= 0)
			result->class_weights[class] += target->weights[value];
		else if (target->weights[value] > 0)
			result->unknown_class = value_label(target, value);
	}
}

/* Whether numbers may be both, so that their values decide. */
static bool
is_open(const CvmTarget *target)
{
	return target->kind == CVM_INPUT_NUMBER && may_be(target, CVM_REGRESSION) &&
		may_be_classes(target);
}

/* Says what was made of integers and of numbers that look like classes. */
static void
notice_choice(const CvmTarget *target, const int *order, int count)
{
	if (!is_open(target))
		return;
	if (target->integral && count > 2)
		ereport(NOTICE,
				(errmsg("target \"%s\" has %d values, which are learned as classes",
						target->name, count),
				 errhint("Use algorithm => 'linear' to predict it as a number.")));
	else if (!target->integral && count == 2)
		ereport(NOTICE,
				(errmsg("target \"%s\" has only the values %s, which are predicted as numbers",
						target->name, list_classes(target, order, count)),
				 errhint("Use algorithm => 'logistic' to learn them as classes.")));
}

void
cvm_target_resolve(CvmTarget *target, CvmTargetResult *result)
{
	int			order[MOST_CLASSES];
	int			count = 0;
	int			i;

	memset(result, 0, sizeof(*result));
	if (target->is_expected)
	{
		resolve_expected(target, result);
		return;
	}
	if (target->reader == NULL)
	{
		result->learner = target->learner;
		result->task = may_be(target, CVM_SEGMENTATION) ? CVM_SEGMENTATION :
			may_be(target, CVM_PROJECTION) ? CVM_PROJECTION : CVM_RECOMMENDATION;
		return;
	}
	if (target->most > 0)
	{
		count = sort_classes(target, order);
		notice_choice(target, order, count);
		/* numbers that are not integers are taken for what they are */
		if (is_open(target) && !target->integral)
			count = 0;
		else if (count == 1)
			one_class(target, order[0]);
	}
	if (target->positive != NULL)
		apply_positive(target, order, count);
	result->task = count == 0 && !may_be(target, CVM_REGRESSION) ? CVM_RECOMMENDATION :
		count == 0 ? CVM_REGRESSION :
		count == 2 && may_be(target, CVM_BINARY) ? CVM_BINARY : CVM_MULTICLASS;
	result->learner = target->learner != NULL ? target->learner :
		cvm_learner_for_task(result->task);
	if (count == 0)
	{
		target->most = 0;
		return;
	}

	result->class_count = count;
	result->classes = palloc(count * sizeof(char *));
	result->class_weights = palloc(count * sizeof(double));
	/* room for labels that come up later, in another pass over the rows */
	target->class_of_value = palloc(MOST_CLASSES * sizeof(int));
	memset(target->class_of_value, -1, MOST_CLASSES * sizeof(int));
	for (i = 0; i < count; i++)
	{
		result->classes[i] = value_label(target, order[i]);
		result->class_weights[i] = target->weights[order[i]];
		target->class_of_value[order[i]] = i;
	}
}

double
cvm_target_encode(const CvmTarget *target, double raw)
{
	int			value;

	if (target->most == 0)
		return raw;
	if (target->kind == CVM_INPUT_CATEGORY)
		return target->class_of_value[(int) raw];
	value = find_value(target, raw);
	if (value == target->value_count || target->values[value] != raw)
		return -1;
	return target->class_of_value[value];
}
