/*
 * target_classes.c
 *		What the values of the training rows make of the target.
 *
 * A learner has tasks that it can do: predict a number, tell two classes apart,
 * or more than two; "auto" can do all of them.  Booleans, text and enums are
 * classes.  Numbers are classes for a learner that knows nothing else, and
 * numbers likewise.  Where both is possible integers with up to
 * CVM_MOST_INTEGER_CLASSES values are classes, and other numbers are numbers.
 *
 * Classes are sorted: false before true, numbers by value, enums as they were
 * declared, text by its bytes (the same under every locale).  Of two classes
 * the last one is the positive one, so "yes" after "no" and 1 after 0, unless
 * option "positive" says otherwise.
 */
#include "postgres.h"

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"

#include "frame/target_state.h"
#include "pg/report.h"

#define LISTED_CLASSES 10		/* in messages */

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
	target->class_of_value = palloc(CVM_MOST_CLASSES * sizeof(int));
	memset(target->class_of_value, -1, CVM_MOST_CLASSES * sizeof(int));
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
	return target->kind == CVM_INPUT_NUMBER && cvm_target_may_be(target, CVM_REGRESSION) &&
		cvm_target_may_be_classes(target);
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

/* An identifier that was taken for a target, or close to one. */
static void
warn_of_rare_classes(const CvmTarget *target, int count)
{
	if (count <= LISTED_CLASSES || 2 * (int64) count <= target->rows)
		return;
	ereport(WARNING,
			(errmsg("target \"%s\" has %d classes in " INT64_FORMAT " training rows",
					target->name, count, target->rows),
			 errhint("Nothing can be learned of a class that hardly ever comes twice: group rare labels in the source, or predict another column.")));
}

void
cvm_target_resolve(CvmTarget *target, CvmTargetResult *result)
{
	int			order[CVM_MOST_CLASSES];
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
		result->task = cvm_target_may_be(target, CVM_SEGMENTATION) ? CVM_SEGMENTATION :
			cvm_target_may_be(target, CVM_PROJECTION) ? CVM_PROJECTION : CVM_RECOMMENDATION;
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
	warn_of_rare_classes(target, count);
	if (target->positive != NULL)
		apply_positive(target, order, count);
	result->task = count == 0 && !cvm_target_may_be(target, CVM_REGRESSION) ? CVM_RECOMMENDATION :
		count == 0 ? CVM_REGRESSION :
		count == 2 && cvm_target_may_be(target, CVM_BINARY) ? CVM_BINARY : CVM_MULTICLASS;
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
	target->class_of_value = palloc(CVM_MOST_CLASSES * sizeof(int));
	memset(target->class_of_value, -1, CVM_MOST_CLASSES * sizeof(int));
	for (i = 0; i < count; i++)
	{
		result->classes[i] = value_label(target, order[i]);
		result->class_weights[i] = target->weights[order[i]];
		target->class_of_value[order[i]] = i;
	}
}
