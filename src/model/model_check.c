/*
 * model_check.c
 *		The one validator of models, wherever they come from.
 *
 * After it, scoring may index by every number in the model without looking:
 * inputs, parts, levels and slots are in range, terms own disjoint slots that
 * fill 0 .. slots - 1, and the learner has found nothing wrong with its
 * payload.  Names are compared through a hash table, because a forged model
 * may have millions of them.
 */
#include "model/model_section.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

/* How much of a name goes into a message. */
#define NAME "\"%.100s\""

/* Sums of weights round; a share may be off by as much. */
#define SHARE_TOLERANCE 1e-9

static bool
is_share(double value)
{
	return value >= -SHARE_TOLERANCE && value <= 1 + SHARE_TOLERANCE;
}

static bool
is_measure(double value)
{
	return isfinite(value) && value >= 0;
}

static bool
is_measure_or_missing(double value)
{
	return isnan(value) || is_measure(value);
}

/*
 * The first of count names that occurred before, or NULL.  name_of may give
 * NULL for a name that does not count.
 */
static const char *
find_duplicate(const void *items, int count, const char *(*name_of) (const void *items, int index))
{
	uint64_t	size = 16;
	int32_t    *table;
	const char *duplicate = NULL;

	while (size < 2 * (uint64_t) count)
		size *= 2;
	table = CVM_NEW(int32_t, size);
	memset(table, -1, size * sizeof(int32_t));

	for (int i = 0; i < count && duplicate == NULL; i++)
	{
		const char *name = name_of(items, i);
		uint64_t	place;

		if (i % 1024 == 0)
			cvm_check_interrupt();
		if (name == NULL)
			continue;
		place = cvm_hash_bytes(name, strlen(name), 0) & (size - 1);
		while (table[place] >= 0 && strcmp(name_of(items, table[place]), name) != 0)
			place = (place + 1) & (size - 1);
		if (table[place] >= 0)
			duplicate = name;
		table[place] = i;
	}
	cvm_release(table);
	return duplicate;
}

static const char *
class_name(const void *items, int index)
{
	return ((const CvmModel *) items)->classes[index];
}

static const char *
input_name(const void *items, int index)
{
	return ((const CvmEncoder *) items)->inputs[index].name;
}

/* The shared level and the level of NULL may be called like a real one. */
static const char *
level_name(const void *items, int index)
{
	const CvmTerm *term = (const CvmTerm *) items;

	if (index == term->other_level || index == term->missing_level)
		return NULL;
	return term->levels[index];
}

static CvmStatus
check_answer(const CvmModel *model, CvmError *error)
{
	const char *duplicate;

	if (model->learner == NULL)
		return BAD("its algorithm is not known");
	if ((int) model->task < CVM_REGRESSION || (int) model->task >= CVM_TASK_COUNT ||
		!(model->learner->tasks & CVM_TASK_BIT(model->task)))
		return BAD("the algorithm cannot have task %d", (int) model->task);
	if (model->target == NULL)
		return BAD("the target is missing");
	if (!cvm_task_has_classes(model->task) ? model->class_count != 0 :
		model->task == CVM_BINARY ? model->class_count != 2 : model->class_count < 2)
		return BAD("wrong number of classes, %d", model->class_count);
	for (int i = 0; i < model->class_count; i++)
		if (model->classes[i] == NULL || !is_share(model->class_shares[i]))
			return BAD("class %d has no label or a wrong share", i + 1);
	duplicate = find_duplicate(model, model->class_count, class_name);
	if (duplicate != NULL)
		return BAD("class " NAME " occurs twice", duplicate);
	return CVM_OK;
}

static CvmStatus
check_inputs(const CvmEncoder *encoder, CvmError *error)
{
	const char *duplicate;

	if (encoder->input_count < 0 || encoder->term_count < 0)
		return BAD("negative number of inputs or terms");
	for (int i = 0; i < encoder->input_count; i++)
	{
		const CvmInput *input = &encoder->inputs[i];

		if (input->name == NULL || input->name[0] == '\0')
			return BAD("input %d has no name", i + 1);
		if ((int) input->kind < 0 || (int) input->kind >= CVM_INPUT_KIND_COUNT)
			return BAD("input " NAME " has kind %d, which is not known",
					   input->name, (int) input->kind);
		if (input->kind == CVM_INPUT_ARRAY ?
			input->elements < 1 || input->elements > CVM_MODEL_MAX_COEFFICIENTS :
			input->elements != 0)
			return BAD("input " NAME " has a wrong number of elements, %d",
					   input->name, input->elements);
	}
	duplicate = find_duplicate(encoder, encoder->input_count, input_name);
	if (duplicate != NULL)
		return BAD("input " NAME " occurs twice", duplicate);
	return CVM_OK;
}

/* kept: missing numbers stay missing, and all are as they are. */
static CvmStatus
check_number(const CvmTerm *term, bool kept, CvmError *error)
{
	if (term->level_count != 0 || term->other_level != -1 || term->missing_level != -1)
		return BAD("term " NAME " is a number and cannot have levels", term->name);
	if (!isfinite(term->mean) || !is_measure(term->deviation))
		return BAD("term " NAME " has a mean or deviation that cannot be", term->name);
	if (!isfinite(term->center) || !isfinite(term->scale) || term->scale <= 0)
		return BAD("term " NAME " has a center or scale that cannot be", term->name);
	if (kept ? !isnan(term->fill) : !isfinite(term->fill))
		return BAD("term " NAME " has %s fill value", term->name, kept ? "a" : "no finite");
	if (kept && (term->center != 0 || term->scale != 1 || term->flag_slot >= 0))
		return BAD("term " NAME " is not encoded as the algorithm needs it", term->name);
	return CVM_OK;
}

static CvmStatus
check_category(const CvmTerm *term, CvmError *error)
{
	const char *duplicate;

	if (term->level_count < 1)
		return BAD("term " NAME " has no levels", term->name);
	if (term->other_level < -1 || term->other_level >= term->level_count ||
		term->missing_level < -1 || term->missing_level >= term->level_count ||
		(term->other_level >= 0 && term->other_level == term->missing_level))
		return BAD("term " NAME " has its shared or missing level out of place", term->name);
	for (int level = 0; level < term->level_count; level++)
		if (term->levels[level] == NULL || !is_share(term->level_shares[level]))
			return BAD("level %d of term " NAME " has no name or a wrong share",
					   level + 1, term->name);
	duplicate = find_duplicate(term, term->level_count, level_name);
	if (duplicate != NULL)
		return BAD("level " NAME " of term " NAME " occurs twice", duplicate, term->name);
	return CVM_OK;
}

/* Which kind of term a part of an input can be. */
static bool
part_can_be(const CvmInput *input, int part, CvmTermKind kind)
{
	bool		category = kind == CVM_TERM_CATEGORY;

	switch (input->kind)
	{
		case CVM_INPUT_NUMBER:
		case CVM_INPUT_BOOLEAN:
		case CVM_INPUT_INTERVAL:
			return part == 0 && !category;
		case CVM_INPUT_CATEGORY:
		case CVM_INPUT_IDENTIFIER:
			return part == 0 && category;
		case CVM_INPUT_TIME:
			return part <= 2 && category == (part > 0);
		case CVM_INPUT_ARRAY:
			return part < input->elements && !category;
	}
	return false;
}

/*
 * Terms come in the order of inputs and parts, and every input has one: then
 * none can occur twice, and no input is asked for in vain.
 */
static CvmStatus
check_terms(const CvmEncoder *encoder, bool kept, CvmError *error)
{
	int			input = -1;
	int			part = -1;

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];
		CvmStatus	status;

		if (i % 1024 == 0)
			cvm_check_interrupt();
		if (term->name == NULL || term->name[0] == '\0')
			return BAD("term %d has no name", i + 1);
		if ((int) term->kind < CVM_TERM_NUMBER || (int) term->kind > CVM_TERM_CATEGORY)
			return BAD("term " NAME " has kind %d, which is not known",
					   term->name, (int) term->kind);
		if (term->input < 0 || term->input >= encoder->input_count || term->part < 0 ||
			!part_can_be(&encoder->inputs[term->input], term->part, term->kind))
			return BAD("term " NAME " does not fit its input", term->name);
		if (term->input == input ? term->part <= part : term->input != input + 1)
			return BAD("term " NAME " is out of order", term->name);
		input = term->input;
		part = term->part;
		if (!is_share(term->missing_share))
			return BAD("term " NAME " has a wrong share of missing values", term->name);
		if (encoder->inputs[term->input].kind == CVM_INPUT_IDENTIFIER &&
			(term->other_level != term->level_count - 1 || term->missing_level != -1))
			return BAD("identifier " NAME " has its shared or missing level out of place",
					   term->name);
		status = term->kind == CVM_TERM_CATEGORY ?
			check_category(term, error) : check_number(term, kept, error);
		if (status != CVM_OK)
			return status;
	}
	if (input + 1 != encoder->input_count)
		return BAD("input " NAME " has no term", encoder->inputs[input + 1].name);
	return CVM_OK;
}

/* Places a term at "next"; returns the next free slot. */
static int64_t
place_term(const CvmTerm *term, int64_t next, int64_t *slot, int64_t *flag_slot)
{
	*slot = next;
	*flag_slot = -1;
	if (term->kind == CVM_TERM_CATEGORY)
		return next + term->level_count - 1;
	next++;
	if (term->flag_slot >= 0)
		*flag_slot = next++;
	return next;
}

/*
 * Walks over the terms in slot order, storing what belongs there or comparing
 * with it.  Returns whether all agreed (and no slot is past the limit).
 */
static bool
walk_slots(const CvmEncoder *encoder, CvmEncoder *store)
{
	int64_t		next = 0;
	int64_t		dense = 0;
	int			coded = 0;

	for (int categories = 0; categories <= 1; categories++)
	{
		for (int i = 0; i < encoder->term_count; i++)
		{
			const CvmTerm *term = &encoder->terms[i];
			int64_t		slot;
			int64_t		flag_slot;

			if ((term->kind == CVM_TERM_CATEGORY) != (categories == 1))
				continue;
			coded += categories;
			next = place_term(term, next, &slot, &flag_slot);
			if (next > CVM_MODEL_MAX_COEFFICIENTS)
				return false;
			if (store != NULL)
			{
				store->terms[i].slot = (int) slot;
				store->terms[i].flag_slot = (int) flag_slot;
			}
			else if (term->slot != slot || term->flag_slot != flag_slot)
				return false;
		}
		if (categories == 0)
			dense = next;
	}
	if (store != NULL)
	{
		store->dense_columns = (int) dense;
		store->coded_columns = coded;
		store->slots = (int) next;
	}
	return encoder->dense_columns == dense && encoder->coded_columns == coded &&
		encoder->slots == next;
}

CvmStatus
cvm_model_assign_slots(CvmEncoder *encoder, CvmError *error)
{
	if (!walk_slots(encoder, encoder))
		return cvm_fail(error, CVM_LIMIT, "a model has at most %d coefficients",
						CVM_MODEL_MAX_COEFFICIENTS);
	return CVM_OK;
}

static CvmStatus
check_encoder(const CvmEncoder *encoder, bool kept, CvmError *error)
{
	CvmStatus	status;

	if ((status = check_inputs(encoder, error)) != CVM_OK ||
		(status = check_terms(encoder, kept, error)) != CVM_OK)
		return status;
	if (!walk_slots(encoder, NULL))
		return BAD("slots do not follow from the terms");
	return CVM_OK;
}

CvmStatus
cvm_encoder_check(const CvmEncoder *encoder, CvmError *error)
{
	return check_encoder(encoder, false, error);
}

static CvmStatus
check_history(const CvmModel *model, CvmError *error)
{
	if (model->options == NULL || model->library_version == NULL)
		return BAD("options or library version are missing");
	if ((int) model->solver < CVM_SOLVER_AUTO || (int) model->solver > CVM_SOLVER_ADAM ||
		(int) model->driver < CVM_DRIVER_AUTO || (int) model->driver > CVM_DRIVER_PASSES ||
		(int) model->outcome < CVM_CONVERGED || (int) model->outcome > CVM_SINGLE_PASS)
		return BAD("solver, driver or outcome is not known");
	if (model->rows < 0 || model->rows_left_out < 0 || model->validation_rows < 0 ||
		!is_measure(model->total_weight))
		return BAD("numbers of rows and their weight cannot be negative");
	if (model->iterations < 0 || model->rank < -1)
		return BAD("iterations or rank cannot be");
	if (isinf(model->loss) || isinf(model->validation_loss) ||
		!is_measure_or_missing(model->gradient_norm))
		return BAD("losses and gradient norm must be finite");
	return CVM_OK;
}

CvmStatus
cvm_model_check(const CvmModel *model, CvmError *error)
{
	CvmStatus	status;

	if ((status = check_answer(model, error)) != CVM_OK ||
		(status = check_encoder(&model->encoder, model->learner->keeps_missing,
								error)) != CVM_OK)
		return status;
	if (model->outputs != cvm_prediction_size(model->task, model->class_count))
		return BAD("wrong number of outputs, %d", model->outputs);
	if (model->payload == NULL)
		return BAD("nothing was fitted");
	if (cvm_model_nesting(model, CVM_MODEL_MAX_DEPTH + 1) > CVM_MODEL_MAX_DEPTH)
		return BAD("models are nested deeper than %d", CVM_MODEL_MAX_DEPTH);
	if ((status = model->learner->check(model, error)) != CVM_OK)
		return status;
	for (int i = 0; i < cvm_model_section_count; i++)
		if (cvm_model_sections[i].present(model) &&
			(status = cvm_model_sections[i].check(model, error)) != CVM_OK)
			return status;
	return check_history(model, error);
}
