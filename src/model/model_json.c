/*
 * model_json.c
 *		Models to JSON text and back.
 *
 * The text is canonical: keys in a fixed order, numbers in their shortest
 * form, options as jsonb writes them, so that equal models have equal texts.
 * Reading goes through jsonb and then through cvm_model_check, the one
 * validator; what is checked here is only that every field is there and of
 * the right JSON type.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/json.h"

#include "base/memory.h"
#include "model/json_fields.h"
#include "model/learner.h"
#include "model/model_section.h"
#include "model/model_type.h"
#include "model/payload_json.h"
#include "pg/compat.h"
#include "pg/report.h"

static const char *const term_kinds[] = {"number", "indicator", "category"};

/* ---- writing ---- */

static void
write_string(StringInfo text, const char *key, const char *value)
{
	cvm_json_begin_field(text, key);
	escape_json(text, value);
}

static void
write_double(StringInfo text, const char *key, double value)
{
	cvm_json_begin_field(text, key);
	cvm_json_write_double(text, value);
}

static void
write_int(StringInfo text, const char *key, int64 value)
{
	cvm_json_begin_field(text, key);
	appendStringInfo(text, INT64_FORMAT, value);
}

/* An index or count where -1 means that there is none. */
static void
write_int_or_null(StringInfo text, const char *key, int value)
{
	if (value >= 0)
		write_int(text, key, value);
	else
	{
		cvm_json_begin_field(text, key);
		appendStringInfoString(text, "null");
	}
}

static void
write_input(StringInfo text, const CvmInput *input)
{
	appendStringInfoChar(text, '{');
	write_string(text, "name", input->name);
	write_string(text, "kind", cvm_input_kind_name(input->kind));
	if (input->kind == CVM_INPUT_ARRAY)
		write_int(text, "elements", input->elements);
	appendStringInfoChar(text, '}');
}

static void
write_term(StringInfo text, const CvmTerm *term, const char *input)
{
	appendStringInfoChar(text, '{');
	write_string(text, "name", term->name);
	write_string(text, "kind", term_kinds[term->kind]);
	write_string(text, "input", input);
	write_int(text, "part", term->part);
	write_double(text, "missing_share", term->missing_share);
	if (term->kind == CVM_TERM_CATEGORY)
	{
		cvm_json_begin_field(text, "levels");
		cvm_json_write_strings(text, term->levels, term->level_count);
		cvm_json_begin_field(text, "level_shares");
		cvm_json_write_doubles(text, term->level_shares, term->level_count);
		write_int_or_null(text, "other_level", term->other_level);
		write_int_or_null(text, "missing_level", term->missing_level);
	}
	else
	{
		write_double(text, "mean", term->mean);
		write_double(text, "deviation", term->deviation);
		write_double(text, "center", term->center);
		write_double(text, "scale", term->scale);
		write_double(text, "fill", term->fill);
		cvm_json_begin_field(text, "flag");
		appendStringInfoString(text, term->flag_slot >= 0 ? "true" : "false");
	}
	appendStringInfoChar(text, '}');
}

static void
write_encoder(StringInfo text, const CvmEncoder *encoder)
{
	cvm_json_begin_field(text, "inputs");
	appendStringInfoChar(text, '[');
	for (int i = 0; i < encoder->input_count; i++)
	{
		if (i > 0)
			appendStringInfoString(text, ", ");
		write_input(text, &encoder->inputs[i]);
	}
	appendStringInfoChar(text, ']');

	cvm_json_begin_field(text, "terms");
	appendStringInfoChar(text, '[');
	for (int i = 0; i < encoder->term_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			appendStringInfoString(text, ", ");
		write_term(text, &encoder->terms[i],
				   encoder->inputs[encoder->terms[i].input].name);
	}
	appendStringInfoChar(text, ']');
}

static void
write_payload(StringInfo text, const CvmModel *model)
{
	CvmModel	described = *model;
	CvmJsonWriterFields fields;

	cvm_fields_to_json(&fields, text);
	model->learner->describe(&described, &fields.fields);
}

static void
write_sections(StringInfo text, const CvmModel *model)
{
	CvmModel	described = *model;
	CvmJsonWriterFields fields;

	cvm_fields_to_json(&fields, text);
	for (int i = 0; i < cvm_model_section_count; i++)
	{
		const CvmModelSection *section = &cvm_model_sections[i];

		if (!section->present(model))
			continue;
		cvm_json_begin_field(text, section->name);
		appendStringInfoChar(text, '{');
		section->describe(&described, &fields.fields);
		appendStringInfoChar(text, '}');
	}
}

void
cvm_model_write_json(StringInfo text, const CvmModel *model, bool nested, bool inherits)
{
	static const CvmEncoder no_inputs;

	appendStringInfoChar(text, '{');
	if (!nested)
		write_int(text, "format", CVM_MODEL_FORMAT);
	write_string(text, "algorithm", model->learner->name);
	write_string(text, "task", cvm_task_name(model->task));
	write_string(text, "target", model->target);
	cvm_json_begin_field(text, "classes");
	cvm_json_write_strings(text, model->classes, model->class_count);
	cvm_json_begin_field(text, "class_shares");
	cvm_json_write_doubles(text, model->class_shares, model->class_count);
	write_encoder(text, inherits ? &no_inputs : &model->encoder);
	write_payload(text, model);
	cvm_json_begin_field(text, "options");
	appendStringInfoString(text, model->options);
	write_string(text, "solver", cvm_solver_name(model->solver));
	write_string(text, "driver", cvm_driver_name(model->driver));
	write_string(text, "outcome", cvm_outcome_name(model->outcome));
	write_int(text, "seed", model->seed);
	write_int(text, "rows", model->rows);
	write_int(text, "rows_left_out", model->rows_left_out);
	write_int(text, "validation_rows", model->validation_rows);
	write_double(text, "total_weight", model->total_weight);
	write_int(text, "iterations", model->iterations);
	write_int_or_null(text, "rank", model->rank);
	write_double(text, "loss", model->loss);
	write_double(text, "validation_loss", model->validation_loss);
	write_double(text, "gradient_norm", model->gradient_norm);
	write_string(text, "library_version", model->library_version);
	write_sections(text, model);
	appendStringInfoChar(text, '}');
}

char *
cvm_model_to_json(const CvmModel *model)
{
	StringInfoData text;

	initStringInfo(&text);
	cvm_model_write_json(&text, model, false, false);
	return text.data;
}

/* ---- reading ---- */

/* The last key belongs to one kind only. */
static const char *const input_keys[] = {"name", "kind", "elements"};

static const char *const number_keys[] = {
	"name", "kind", "input", "part", "missing_share",
	"mean", "deviation", "center", "scale", "fill", "flag"
};

static const char *const category_keys[] = {
	"name", "kind", "input", "part", "missing_share",
	"levels", "level_shares", "other_level", "missing_level"
};

/* Those of the payload come in addition. */
static const char *const model_keys[] = {
	"format", "algorithm", "task", "target", "classes", "class_shares", "inputs", "terms",
	"options", "solver", "driver", "outcome", "seed", "rows", "rows_left_out",
	"validation_rows", "total_weight", "iterations", "rank", "loss", "validation_loss",
	"gradient_norm", "library_version"
};

static const char *
term_kind_name(int kind)
{
	return term_kinds[kind];
}

static const char *
solver_name(int solver)
{
	return cvm_solver_name((CvmSolver) solver);
}

static const char *
driver_name(int driver)
{
	return cvm_driver_name((CvmDriver) driver);
}

/* One of count names, as its number. */
static int
read_choice(const CvmJsonObject *object, const char *key,
			const char *(*name_of) (int), int count)
{
	char	   *name = cvm_json_string(object, key);

	for (int i = 0; i < count; i++)
		if (strcmp(name_of(i), name) == 0)
			return i;
	cvm_json_fail(object, key, psprintf("cannot be \"%s\"", name));
}

/* Refuses names that are not known to one of the cvm_..._from_name functions. */
static void
require_name(const CvmJsonObject *object, const char *key, const char *name, bool known)
{
	if (!known)
		cvm_json_fail(object, key, psprintf("cannot be \"%s\"", name));
}

static void
read_inputs(const CvmJsonObject *object, CvmEncoder *encoder)
{
	CvmJsonArray array;

	cvm_json_array(object, "inputs", &array);
	encoder->input_count = array.count;
	encoder->inputs = CVM_NEW_ZERO(CvmInput, array.count);
	for (int i = 0; i < array.count; i++)
	{
		CvmInput   *input = &encoder->inputs[i];
		CvmJsonObject fields;
		char	   *kind;

		cvm_json_element_object(&array, i, &fields);
		kind = cvm_json_string(&fields, "kind");
		require_name(&fields, "kind", kind, cvm_input_kind_from_name(kind, &input->kind));
		cvm_json_only_keys(&fields, input_keys,
						   lengthof(input_keys) - (input->kind != CVM_INPUT_ARRAY));
		input->name = cvm_json_string(&fields, "name");
		if (input->kind == CVM_INPUT_ARRAY)
			input->elements = cvm_json_int(&fields, "elements");
	}
}

static void
read_category(const CvmJsonObject *fields, CvmTerm *term)
{
	cvm_json_only_keys(fields, category_keys, lengthof(category_keys));
	term->scale = 1;
	term->flag_slot = -1;
	term->levels = cvm_json_strings(fields, "levels", &term->level_count);
	term->level_shares = cvm_json_doubles(fields, "level_shares", term->level_count, false);
	term->other_level = cvm_json_int_or(fields, "other_level", -1);
	term->missing_level = cvm_json_int_or(fields, "missing_level", -1);
}

static void
read_number(const CvmJsonObject *fields, CvmTerm *term)
{
	cvm_json_only_keys(fields, number_keys, lengthof(number_keys));
	term->mean = cvm_json_double(fields, "mean");
	term->deviation = cvm_json_double(fields, "deviation");
	term->center = cvm_json_double(fields, "center");
	term->scale = cvm_json_double(fields, "scale");
	term->fill = cvm_json_double_or_nan(fields, "fill");
	term->flag_slot = cvm_json_bool(fields, "flag") ? 0 : -1;
	term->other_level = -1;
	term->missing_level = -1;
}

/*
 * Terms stand in the order of their inputs, so that a term belongs to the
 * input of the one before or to the next: no need to search.
 */
static void
read_terms(const CvmJsonObject *object, CvmEncoder *encoder)
{
	CvmJsonArray array;
	int			input = -1;

	cvm_json_array(object, "terms", &array);
	encoder->term_count = array.count;
	encoder->terms = CVM_NEW_ZERO(CvmTerm, array.count);
	for (int i = 0; i < array.count; i++)
	{
		CvmTerm    *term = &encoder->terms[i];
		CvmJsonObject fields;
		char	   *name;

		cvm_json_element_object(&array, i, &fields);
		term->name = cvm_json_string(&fields, "name");
		fields.name = psprintf("term \"%s\"", term->name);
		term->kind = (CvmTermKind) read_choice(&fields, "kind", term_kind_name,
											   lengthof(term_kinds));
		name = cvm_json_string(&fields, "input");
		if (input < 0 || strcmp(encoder->inputs[input].name, name) != 0)
			input++;
		if (input >= encoder->input_count || strcmp(encoder->inputs[input].name, name) != 0)
			cvm_json_fail(&fields, "input", "must follow the order of \"inputs\"");
		term->input = input;
		term->part = cvm_json_int(&fields, "part");
		term->missing_share = cvm_json_double(&fields, "missing_share");
		if (term->kind == CVM_TERM_CATEGORY)
			read_category(&fields, term);
		else
			read_number(&fields, term);
	}
}

static void
read_history(const CvmJsonObject *object, CvmModel *model)
{
	Jsonb	   *options = cvm_json_object(object, "options");
	char	   *outcome = cvm_json_string(object, "outcome");

	model->options = JsonbToCString(NULL, &options->root, VARSIZE(options));
	model->solver = (CvmSolver) read_choice(object, "solver", solver_name, CVM_SOLVER_ADAM + 1);
	model->driver = (CvmDriver) read_choice(object, "driver", driver_name,
											CVM_DRIVER_PASSES + 1);
	require_name(object, "outcome", outcome, cvm_outcome_from_name(outcome, &model->outcome));
	model->seed = cvm_json_int64(object, "seed");
	model->rows = cvm_json_int64(object, "rows");
	model->rows_left_out = cvm_json_int64(object, "rows_left_out");
	model->validation_rows = cvm_json_int64(object, "validation_rows");
	model->total_weight = cvm_json_double(object, "total_weight");
	model->iterations = cvm_json_int(object, "iterations");
	model->rank = cvm_json_int_or(object, "rank", -1);
	model->loss = cvm_json_double_or_nan(object, "loss");
	model->validation_loss = cvm_json_double_or_nan(object, "validation_loss");
	model->gradient_norm = cvm_json_double_or_nan(object, "gradient_norm");
	model->library_version = cvm_json_string(object, "library_version");
}

static void
read_section(const CvmJsonObject *object, const CvmModelSection *section, CvmModel *model)
{
	CvmJsonObject inner;
	CvmJsonReaderFields fields;

	cvm_json_inner(object, section->name, &inner);
	cvm_fields_from_json(&fields, &inner);
	section->describe(model, &fields.fields);
	cvm_json_only_keys(&inner, fields.keys, fields.key_count);
}

/*
 * Reads payload and sections, and refuses keys that belong neither to them nor
 * to every model.
 */
static void
read_payload(const CvmJsonObject *object, CvmModel *model, bool nested)
{
	int			count = lengthof(model_keys);
	const char **keys = palloc(sizeof(char *) * (count + CVM_MOST_PAYLOAD_FIELDS +
												 cvm_model_section_count));
	CvmJsonReaderFields fields;

	cvm_fields_from_json(&fields, object);
	model->learner->describe(model, &fields.fields);
	memcpy(keys, model_keys, sizeof(model_keys));
	memcpy(keys + count, fields.keys, fields.key_count * sizeof(char *));
	count += fields.key_count;
	for (int i = 0; i < cvm_model_section_count; i++)
		if (cvm_json_has(object, cvm_model_sections[i].name))
		{
			read_section(object, &cvm_model_sections[i], model);
			keys[count++] = cvm_model_sections[i].name;
		}
	/* the first one is "format" */
	cvm_json_only_keys(object, keys + nested, count - nested);
}

static void
check_format(const CvmJsonObject *object)
{
	int64		format = cvm_json_int64(object, "format");

	if (format < 1)
		cvm_json_fail(object, "format", "is out of range");
	if (format > CVM_MODEL_FORMAT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cvm.model has format " INT64_FORMAT
						", and this version of cvm knows formats up to %d",
						format, CVM_MODEL_FORMAT),
				 errhint("Update the extension cvm on this server.")));
}

CvmModel *
cvm_model_read_json(const CvmJsonObject *object, const CvmModel *outer, bool inherits)
{
	CvmModel   *model = CVM_NEW_ZERO(CvmModel, 1);
	CvmError	error = {0};
	char	   *algorithm;
	char	   *task;

	if (outer != NULL)
		model->depth = outer->depth + 1;
	algorithm = cvm_json_string(object, "algorithm");
	model->learner = cvm_learner_by_name(algorithm);
	require_name(object, "algorithm", algorithm, model->learner != NULL);
	task = cvm_json_string(object, "task");
	require_name(object, "task", task, cvm_task_from_name(task, &model->task) &&
				 (model->learner->tasks & CVM_TASK_BIT(model->task)));
	model->target = cvm_json_string(object, "target");
	model->classes = cvm_json_strings(object, "classes", &model->class_count);
	model->class_shares = cvm_json_doubles(object, "class_shares", model->class_count, false);
	read_inputs(object, &model->encoder);
	read_terms(object, &model->encoder);
	cvm_report(cvm_model_assign_slots(&model->encoder, &error), &error);

	if (inherits)
	{
		if (model->encoder.input_count > 0)
			cvm_json_fail(object, "inputs", "must be empty: they are those of the whole model");
		model->encoder = outer->encoder;
	}

	model->outputs = cvm_prediction_size(model->task, model->class_count);
	read_payload(object, model, outer != NULL);
	read_history(object, model);
	return model;
}

CvmModel *
cvm_model_from_json(Jsonb *json)
{
	CvmJsonObject object;
	CvmModel   *model;
	CvmError	error = {0};
	CvmStatus	status;

	cvm_json_open(&object, "cvm.model", json);
	check_format(&object);
	model = cvm_model_read_json(&object, NULL, false);
	status = cvm_model_check(model, &error);
	if (status == CVM_BAD_FORMAT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("%s", error.message)));
	cvm_report(status, &error);
	return model;
}
