/*
 * target.c
 *		The column to predict: its type and its values.
 *
 * The rows are read once, so the values of the training rows are collected as
 * they come: numbers in a sorted array, labels in a dictionary.  What the
 * classes are is known at the end (target_classes.c), and only values of
 * training rows are classes: one that is met among the held-out rows alone
 * cannot be learned.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "frame/target_state.h"

#define ALL_TASKS \
	(CVM_TASK_BIT(CVM_REGRESSION) | CVM_TASK_BIT(CVM_BINARY) | CVM_TASK_BIT(CVM_MULTICLASS))

/* How many distinct values to collect before giving up on classes. */
static int
most_values(const CvmTarget *target)
{
	if (!cvm_target_may_be_classes(target))
		return 0;
	if (!cvm_target_may_be(target, CVM_MULTICLASS))
		return 2;
	if (target->kind != CVM_INPUT_NUMBER || !cvm_target_may_be(target, CVM_REGRESSION))
		return CVM_MOST_CLASSES;
	return target->integral ? CVM_MOST_INTEGER_CLASSES : 2;
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
	if (target->kind == CVM_INPUT_CATEGORY && !cvm_target_may_be_classes(target))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("algorithm \"%s\" predicts a number, and target \"%s\" has type %s",
						learner->name, target->name, type),
				 errhint("Use a classifier (logistic, svm, softmax), or algorithm => 'auto'.")));

	target->reader = cvm_column_reader_create(target->name, column->atttypid,
											  target->kind, 0);
	target->most = most_values(target);
	target->values = palloc((CVM_MOST_CLASSES + 1) * sizeof(double));
	target->weights = palloc0((CVM_MOST_CLASSES + 1) * sizeof(double));
	if (target->kind == CVM_INPUT_CATEGORY)
	{
		CvmColumn	label = {.name = target->name,.kind = CVM_INPUT_CATEGORY};

		target->is_enum = type_is_enum(getBaseType(column->atttypid));
		target->dictionary = cvm_profile_create(&label, 1);
		target->labels = palloc((CVM_MOST_CLASSES + 1) * sizeof(char *));
		target->enums = palloc((CVM_MOST_CLASSES + 1) * sizeof(Datum));
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
			 errmsg("target \"%s\" has more than %d classes", target->name, CVM_MOST_CLASSES),
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
		if (code == CVM_MOST_CLASSES)
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
						 cvm_target_may_be(target, CVM_REGRESSION) ? "Use algorithm => 'linear', or " :
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
		if (!cvm_target_may_be(target, CVM_REGRESSION))
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
	target->rows += rows;
	if (target->kind == CVM_INPUT_CATEGORY)
		count_labels(target, rows, raw, weights);
	else
		count_numbers(target, rows, raw, weights);
}

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
